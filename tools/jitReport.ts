// What `--jit-stats` prints.

import type { JitStatistics, TierStatistics } from "../vm/embed/jitStatistics.js";

/** A line for each kind of count, its numbers behind it. */
export function jitReport(statistics: JitStatistics): string {
  const { baseline, optimised, microseconds, slices, drops, exits, thrownAway, notTaken } = statistics;
  const { untold, ...told } = microseconds;
  const total = Object.values(told).reduce((sum, each) => sum + each, 0);
  const share = (part: number) => (total === 0 ? "" : ` (${Math.round((100 * part) / total)} %)`);
  const samples = Object.values(slices).reduce((sum, each) => sum + each, 0);
  const causes = Object.entries(exits).filter(([, count]) => count > 0);
  const rows = [
    ["baseline", tierText(baseline)],
    ["optimised", tierText(optimised)],
    ["compiling", `${milliseconds(baseline.compileMicroseconds + optimised.compileMicroseconds)} in all`],
    ["refused", `${statistics.refused} methods and blocks`],
    [
      "not taken",
      notTaken.modules === 0
        ? "none"
        : `${notTaken.modules} modules by the host (the last with error ${notTaken.lastError})`,
    ],
    [
      "time",
      `${Object.entries(told)
        .map(([tier, time]) => `${tier} ${milliseconds(time)}${share(time)}`)
        .join(", ")}; by where slices end, ${samples} of them; ${milliseconds(untold)} after the last`,
    ],
    ["exits", causes.length === 0 ? "none" : causes.map(([cause, count]) => `${count} by ${cause}`).join(", ")],
    ["thrown away", `${thrownAway.leftTooOften} left too often, ${thrownAway.outOfDate} out of date`],
    ["epochs", `${1 + drops.full + drops.moved + drops.become + drops.debugger}`],
    [
      "drops",
      `${drops.full} without room, ${drops.moved} after old objects moved, ${drops.become} by become, ${drops.debugger} by a debugger`,
    ],
  ];
  return rows.map(([name, text]) => `  ${name!.padEnd(11)} ${text}`).join("\n");
}

function tierText({ methods, blocks, modules, bytes, compileMicroseconds }: TierStatistics): string {
  return `${methods} methods, ${blocks} blocks in ${modules} modules of ${bytes} bytes in all, ${milliseconds(compileMicroseconds)}`;
}

function milliseconds(microseconds: number): string {
  return `${(microseconds / 1000).toFixed(1)} ms`;
}
