// Many methods that are compiled, changed and compiled again: `node churnRun.js [METHODS [THRESHOLD]]` prints what that took,
// as JSON; `npm run measure:churn` does it with as many as the goal says. The image is made in one process and run in
// another, of which the memory is measured.

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createVm } from "../../vm/embed/node.js";
import { type JitStatistics, jitStatistics } from "../../vm/embed/jitStatistics.js";
import { buildImage } from "../../tools/smalltalk/image/buildImage.js";
import { BYTECODE_SETS, readRecipe } from "../../tools/smalltalk/image/recipe.js";
import type { MethodDefinition } from "../../tools/smalltalk/compiledMethod.js";
import { compile } from "../../tools/smalltalk/compiler.js";
import { renderDiagnostic } from "../../tools/smalltalk/diagnostics.js";
import { readTonelPackage } from "../../tools/smalltalk/tonel.js";

export interface ChurnReport {
  /** The most memory that the process had. */
  readonly megabytes: number;
  readonly seconds: number;
  readonly output: string;
  readonly statistics: JitStatistics;
}

function method(selector: string, body: string): MethodDefinition {
  const source = { text: body, file: selector };
  return { className: "Churn", isClassSide: false, selector, protocol: "made", source };
}

function churnImage(count: number): Uint8Array {
  const made: MethodDefinition[] = [];
  for (let index = 1; index <= count; index++) {
    made.push(method(`m${index}:`, `m${index}: x\n\t^ (x max: ${index}) + (x bitAnd: ${index % 64}) - ${index % 7}`));
  }
  made.push(
    method(
      "methodCount",
      `methodCount
	^ ${count}`,
    ),
  );
  const recipe = { ...readRecipe("test/jit/churn"), bytecodes: BYTECODE_SETS.sista };
  const result = buildImage(recipe, {
    compile,
    readTonelPackage(folder) {
      const { content, errors } = readTonelPackage(folder);
      const classes = content.classes.map((each) =>
        each.name === "Churn" ? { ...each, methods: [...each.methods, ...made] } : each,
      );
      return { content: { ...content, classes }, errors };
    },
  });
  if (result.kind === "errors") throw new Error(result.errors.map(renderDiagnostic).join("\n"));
  return result.image.bytes;
}

/** Runs an image with so many methods for each threshold: calls before one is compiled, "off" for never. */
export function runChurn(count: number, thresholds: readonly string[]): ChurnReport[] {
  const folder = mkdtempSync(join(tmpdir(), "stvm-churn-"));
  try {
    const image = join(folder, "churn.image");
    writeFileSync(image, churnImage(count));
    return thresholds.map((threshold) => {
      const words = [fileURLToPath(import.meta.url), "run", image, threshold];
      const { stdout, stderr, status } = spawnSync(process.execPath, words, { encoding: "utf8", timeout: 600_000 });
      if (status !== 0) throw new Error(`churn: exit code ${status}; ${stderr}`);
      return JSON.parse(stdout) as ChurnReport;
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function runImage(image: string, threshold: string): Promise<ChurnReport> {
  const start = performance.now();
  let output = "";
  const vm = await createVm({
    image,
    jitThreshold: threshold === "off" ? undefined : Number(threshold),
    // Short slices: what waits is compiled before much has happened.
    slicePolls: 5000,
    stdout: (bytes) => void (output += Buffer.from(bytes).toString("latin1")),
  });
  const outcome = await vm.runToEnd();
  if (outcome.kind !== "quit" || outcome.code !== 0) throw new Error(`churn: ${JSON.stringify(outcome)}`);
  const statistics = jitStatistics(vm.exports);
  return { megabytes: mostMegabytes(), seconds: (performance.now() - start) / 1000, output, statistics };
}

/**
 * The most memory that this program has had. What the system says of the process (maxRSS) may be more: it includes what the
 * process that started it had at that moment.
 */
function mostMegabytes(): number {
  const status = existsSync("/proc/self/status") ? readFileSync("/proc/self/status", "latin1") : "";
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? process.resourceUsage().maxRSS;
  return Math.round(Number(kilobytes) / 1024);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [first = "20000", second = "2", third = "off"] = process.argv.slice(2);
  if (first === "run") console.log(JSON.stringify(await runImage(second, third)));
  else for (const report of runChurn(Number(first), [second])) console.log(JSON.stringify(report));
}
