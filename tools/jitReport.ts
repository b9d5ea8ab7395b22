// What `--jit-stats` prints.

import type { JitStatistics } from "../vm/embed/jitStatistics.js";

/** A line for each kind of count, its numbers behind it. */
export function jitReport(statistics: JitStatistics): string {
  const { baseline, optimised, slices, drops, exits } = statistics;
  const total = slices.interpreter + slices.baseline + slices.optimised;
  const share = (part: number) => `${total === 0 ? 0 : Math.round((100 * part) / total)} %`;
  const causes = exits.map((count, cause) => [cause, count] as const).filter(([, count]) => count > 0);
  const rows = [
    ["baseline", `${baseline.methods} methods, ${baseline.blocks} blocks`],
    ["optimised", `${optimised.methods} methods, ${optimised.blocks} blocks`],
    ["refused", `${statistics.refused} methods and blocks`],
    ["modules", `${statistics.modules} of ${statistics.bytes} bytes in all`],
    ["compiling", `${(statistics.compileMicroseconds / 1000).toFixed(1)} ms`],
    ["epochs", `${1 + drops.full + drops.moved + drops.become + drops.debugger}`],
    [
      "drops",
      `${drops.full} without room, ${drops.moved} after old objects moved, ${drops.become} by become, ${drops.debugger} by a debugger`,
    ],
    [
      "slices",
      `${share(slices.interpreter)} ended in the interpreter, ${share(slices.baseline)} in baseline, ${share(slices.optimised)} in optimised code (${total} samples, one at the end of each slice)`,
    ],
    ["exits", causes.length === 0 ? "none" : causes.map(([cause, count]) => `${count} by cause ${cause}`).join(", ")],
  ];
  return rows.map(([name, text]) => `  ${name!.padEnd(10)} ${text}`).join("\n");
}
