// Random modules on V8 and as machine code (test/boot/native/compare.ts): used by `npm run fuzz:native` and by a test.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Call, differences } from "../boot/native/compare.js";
import { readSections } from "../../boot/native/sections.js";
import { randomNumbers, RandomModules } from "./randomModules.js";

export interface FuzzReport {
  readonly modules: number;
  readonly calls: number;
  /** Modules that the compiler refused, with the reason: those hold what it does not take. */
  readonly refused: ReadonlyMap<string, number>;
  readonly problems: readonly string[];
}

const SIZES = [300, 1000, 3000, 8000, 20000];
const PASSES: readonly (readonly string[])[] = [[], ["-O1"], ["-O3"], []];

/** Tries `count` modules from a seed on; every seed makes one module. */
export async function fuzzNative(
  first: number,
  count: number,
  progress: (done: number, problems: readonly string[]) => void = () => undefined,
): Promise<FuzzReport> {
  const source = new RandomModules();
  const refused = new Map<string, number>();
  const problems: string[] = [];
  let calls = 0;
  for (let seed = first; seed < first + count; seed++) {
    const random = randomNumbers(seed);
    const bytes = new Uint8Array(SIZES[random() % SIZES.length]).map(() => random());
    const wasm = await source.fromBytes(bytes, PASSES[random() % PASSES.length]);
    const list = callsOf(wasm, random);
    calls += list.length;
    try {
      const found = differences(wasm, list);
      if (found.length > 0) {
        problems.push(`seed ${seed}: ${found.slice(0, 3).join("; ")}`);
        if (process.env.STVM_KEEP !== undefined) writeFileSync(join(process.env.STVM_KEEP, `${seed}.wasm`), wasm);
      }
    } catch (error) {
      const reason = (error as Error).message;
      if (/build the module without/.test(reason)) refused.set(reason, (refused.get(reason) ?? 0) + 1);
      else problems.push(`seed ${seed}: ${reason}`);
    }
    progress(seed - first + 1, problems);
  }
  return { modules: count, calls, refused, problems };
}

/** Each exported function twice, with random arguments: small, large, special. */
function callsOf(wasm: Uint8Array, random: () => number): Call[] {
  const sections = readSections(wasm);
  const imported = sections.importedFunctions.length;
  const functions = sections.exports.filter(({ kind }) => kind === "function");
  return [...functions, ...functions].map(({ name, index }) => {
    const type = index < imported ? sections.importedFunctions[index].type : sections.functionTypes[index - imported];
    return { name, arguments: sections.types[type].parameters.map(() => argument(random)) };
  });
}

function argument(random: () => number): bigint {
  const word = BigInt(random());
  const kind = random() % 4;
  if (kind === 0) return word & 15n;
  if (kind === 1) return (word << 32n) | BigInt(random());
  if (kind === 2) return 0x8000000080000000n >> (word & 63n);
  return 0x4010000000000000n | (word << 16n);
}
