// A profile as others read it: a file for speedscope (https://www.speedscope.app), a list of hot methods for
// `stvm build --aot`, and tables for people.

import type { Profile, ProfiledFrame, Tier } from "./sampler.js";

export interface HotMethod {
  /** `Class>>selector`; its blocks are counted with it. */
  readonly method: string;
  /** Samples in which it was innermost. */
  readonly samples: number;
}

/** Methods in which time was spent, the hottest first. */
export function hotMethods({ frames, samples }: Profile): HotMethod[] {
  const counts = new Map<string, number>();
  for (const stack of samples) {
    const top = stack.at(-1);
    if (top === undefined) continue;
    const method = homeName(frames[top]);
    counts.set(method, (counts.get(method) ?? 0) + 1);
  }
  return [...counts]
    .map(([method, count]) => ({ method, samples: count }))
    .sort((a, b) => b.samples - a.samples || (a.method < b.method ? -1 : 1));
}

function homeName({ name }: ProfiledFrame): string {
  return name.replace(/^\[\] in /, "");
}

/** A sampled profile in speedscope's format; the tier stands where it looks for a file. */
export function speedscope({ frames, samples, weights }: Profile, name: string, exporter: string): object {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return {
    $schema: "https://www.speedscope.app/file-format-schema.json",
    exporter,
    name,
    activeProfileIndex: 0,
    shared: { frames: frames.map((frame) => ({ name: frame.name, file: frame.tier })) },
    profiles: [{ type: "sampled", name, unit: "milliseconds", startValue: 0, endValue: total, samples, weights }],
  };
}

export interface FrameTimes {
  readonly name: string;
  /** Milliseconds in which it was innermost, and in which it was anywhere on the stack. */
  readonly self: number;
  readonly total: number;
  /** Milliseconds of `self` by tier. */
  readonly tiers: Readonly<Record<Tier, number>>;
}

/** The times of every method and block, by the time spent in themselves. */
export function frameTimes({ frames, samples, weights }: Profile): FrameTimes[] {
  const times = new Map<string, { self: number; total: number; tiers: Record<Tier, number> }>();
  const entry = (index: number) => {
    const { name } = frames[index];
    const known = times.get(name) ?? { self: 0, total: 0, tiers: { interpreted: 0, baseline: 0, optimised: 0 } };
    times.set(name, known);
    return known;
  };
  samples.forEach((stack, position) => {
    const weight = weights[position];
    const seen = new Set(stack.map(entry));
    for (const each of seen) each.total += weight;
    const top = stack.at(-1);
    if (top === undefined) return;
    entry(top).self += weight;
    entry(top).tiers[frames[top].tier] += weight;
  });
  return [...times].map(([name, each]) => ({ name, ...each })).sort((a, b) => b.self - a.self || b.total - a.total);
}

/** The hottest methods as lines, and the shares of the tiers. */
export function tableLines(profile: Profile, count: number): string[] {
  const times = frameTimes(profile);
  const whole = profile.weights.reduce((sum, weight) => sum + weight, 0);
  const share = (milliseconds: number) => `${((100 * milliseconds) / Math.max(whole, 1e-9)).toFixed(1)}%`.padStart(7);
  const sum = (tier: Tier) => times.reduce((total, each) => total + each.tiers[tier], 0);
  return [
    `${profile.samples.length} samples in ${(whole / 1000).toFixed(2)} s; idle ${(profile.idleMilliseconds / 1000).toFixed(2)} s`,
    `interpreted${share(sum("interpreted"))}, baseline${share(sum("baseline"))}, optimised${share(sum("optimised"))}`,
    "",
    "    self   total  tier         method",
    ...times
      .slice(0, count)
      .map(({ name, self, total, tiers }) => ` ${share(self)} ${share(total)}  ${mainTier(tiers).padEnd(12)} ${name}`),
  ];
}

/** The tier in which most of the time went; several where none has nine tenths. */
function mainTier(tiers: Readonly<Record<Tier, number>>): string {
  const all = Object.entries(tiers).sort(([, a], [, b]) => b - a);
  const whole = all.reduce((sum, [, milliseconds]) => sum + milliseconds, 0);
  if (whole === 0) return "";
  return all[0][1] >= 0.9 * whole ? all[0][0] : `${all[0][0].slice(0, 4)}+${all[1][0].slice(0, 4)}`;
}
