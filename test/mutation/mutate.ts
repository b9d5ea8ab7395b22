// `npm run mutate [-- --only TEXT,…] [--seed NUMBER] [--jobs NUMBER] [--timeout SECONDS] [--json]`: proves the conformance
// image by faults. The virtual machine is built once with all faults of faults.ts asleep (seeding.ts); then each is awoken
// alone, and the image must notice: a test fails, or the machine stops, hangs or refuses the image. Exit code 0 if each
// is caught, 1 if one is not.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { buildImages, RECIPE } from "../../tools/commands/test.js";
import { runSuite } from "../../tools/conformance/runSuite.js";
import { FAULTS } from "./faults.js";
import { awaken, type Fault, SWITCH_FILE, switchSource, withFaults } from "./seeding.js";

const SETS = ["sista", "v3"] as const;
const FOLDER = "build/mutants";
const MODULE = join(FOLDER, "build/stvm-names.wasm");
/** What the image that saves itself holds on to; little, for speed. */
const MEGABYTES = 8;
/** A fault may make an image ask for memory without end. */
const MAX_OLD_SPACE_BYTES = 1 << 30;

interface Options {
  readonly only?: string;
  readonly seed?: number;
  readonly jobs: number;
  readonly timeoutSeconds: number;
  readonly json: boolean;
}

interface Verdict {
  readonly fault: string;
  readonly file: string;
  readonly isCaught: boolean;
  /** The bytecode set and the test that noticed, and what it said. */
  readonly by?: string;
  readonly message?: string;
  readonly seconds: number;
}

process.exitCode = await main(readOptions());

async function main(options: Options): Promise<number> {
  const wanted = FAULTS.map((fault, index) => ({ fault, number: index + 1 })).filter(({ fault }) =>
    (options.only ?? "").split(",").some((part) => fault.name.includes(part)),
  );
  if (wanted.length === 0) throw new Error(`--only=${options.only}: no fault has that in its name; see faults.ts`);
  buildModule();
  const module = readFileSync(MODULE);
  const folder = mkdtempSync(join(tmpdir(), "stvm-mutate-"));
  try {
    const images = await buildImages(RECIPE, SETS, folder);
    const verdictOn = (number: number, name: string, file: string) =>
      judge(awaken(module, number), images, join(folder, name), options).then((verdict) => ({
        fault: name,
        file,
        ...verdict,
      }));
    const control = await verdictOn(0, "control", "");
    if (control.isCaught) {
      console.error(`without any fault: ${control.by}: ${control.message}; first make \`stvm test\` pass`);
      return 1;
    }
    if (!options.json) console.log(`control: no fault, all tests pass (${control.seconds.toFixed(1)} s)`);
    const verdicts: Verdict[] = [];
    const queue = [...wanted];
    const work = async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const verdict = await verdictOn(next.number, next.fault.name, next.fault.file);
        verdicts.push(verdict);
        if (!options.json) console.log(lineOf(verdict));
      }
    };
    await Promise.all(Array.from({ length: options.jobs }, work));
    return report(verdicts, options.json);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs the images with one module, the second set only where the first has noticed nothing. */
async function judge(
  wasm: Uint8Array,
  images: ReadonlyMap<string, string>,
  folder: string,
  { seed, timeoutSeconds }: Options,
): Promise<Omit<Verdict, "fault" | "file">> {
  const start = performance.now();
  for (const set of SETS) {
    const own = join(folder, set);
    mkdirSync(own, { recursive: true });
    const results = await runSuite({
      image: images.get(set)!,
      folder: own,
      seed,
      megabytes: MEGABYTES,
      timeoutSeconds,
      wasm,
      maxOldSpaceBytes: MAX_OLD_SPACE_BYTES,
      untilFailure: true,
      progress: () => {},
    });
    rmSync(own, { recursive: true, force: true });
    const failure = results.find(({ outcome }) => outcome === "failed");
    if (failure === undefined) continue;
    const message = failure.message.split("\n")[0];
    return { isCaught: true, by: `${set} ${failure.name}`, message, seconds: secondsSince(start) };
  }
  return { isCaught: false, seconds: secondsSince(start) };
}

function secondsSince(start: number): number {
  return (performance.now() - start) / 1000;
}

function lineOf({ fault, isCaught, by, message, seconds }: Verdict): string {
  const time = `(${seconds.toFixed(1)} s)`;
  if (!isCaught) return `NOT CAUGHT ${fault} ${time}`;
  return `caught ${fault} by ${by}: ${message!.slice(0, 100)} ${time}`;
}

function report(verdicts: readonly Verdict[], json: boolean): number {
  const missed = verdicts.filter(({ isCaught }) => !isCaught);
  const caught = verdicts.length - missed.length;
  if (json) console.log(JSON.stringify({ faults: verdicts.length, caught, verdicts }, undefined, 2));
  else console.log(`mutation check: ${verdicts.length} faults, ${caught} caught, ${missed.length} not caught`);
  return missed.length === 0 ? 0 : 1;
}

/** Builds the module with all faults asleep, unless the present one is of these sources and faults. */
function buildModule(): void {
  const digest = digestOfSources();
  const stamp = join(FOLDER, ".stamp");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === digest && existsSync(MODULE)) return;
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(join(FOLDER, "build"), { recursive: true });
  for (const path of ["vm", "primitives", "tools/generate.mjs", "asconfig.json"]) {
    cpSync(path, join(FOLDER, path), { recursive: true });
  }
  writeFileSync(join(FOLDER, SWITCH_FILE), switchSource());
  for (const [file, faults] of faultsByFile()) {
    writeFileSync(join(FOLDER, file), withFaults(readFileSync(file, "utf8"), file, faults));
  }
  const main = join(FOLDER, "vm/main.ts");
  writeFileSync(main, `${readFileSync(main, "utf8")}\nexport { seededFault } from "./seededFault";\n`);
  console.error("mutate: building the module with all faults asleep …");
  const run = (...words: string[]) => execFileSync(process.execPath, words, { cwd: FOLDER, stdio: "inherit" });
  run("--input-type=module", "-e", 'import { generate } from "./tools/generate.mjs"; generate();');
  run(resolve("node_modules/assemblyscript/bin/asc.js"), "--config", "asconfig.json", "--target", "release");
  writeFileSync(stamp, digest);
}

function faultsByFile(): Map<string, Map<number, Fault>> {
  const files = new Map<string, Map<number, Fault>>();
  FAULTS.forEach((fault, index) => {
    const faults = files.get(fault.file) ?? new Map<number, Fault>();
    files.set(fault.file, faults.set(index + 1, fault));
  });
  return files;
}

function digestOfSources(): string {
  const digest = createHash("sha256").update(JSON.stringify(FAULTS)).update(switchSource());
  const add = (path: string) => {
    if (statSync(path).isDirectory()) for (const name of readdirSync(path).sort()) add(join(path, name));
    else digest.update(path).update("\0").update(readFileSync(path));
  };
  for (const path of ["vm", "primitives", "tools/generate.mjs", "asconfig.json"]) add(path);
  return digest.digest("hex");
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      only: { type: "string" },
      seed: { type: "string" },
      jobs: { type: "string", default: "1" },
      timeout: { type: "string", default: "30" },
      json: { type: "boolean", default: false },
    },
  });
  return {
    only: values.only,
    seed: values.seed === undefined ? undefined : Number(values.seed),
    jobs: Number(values.jobs),
    timeoutSeconds: Number(values.timeout),
    json: values.json,
  };
}
