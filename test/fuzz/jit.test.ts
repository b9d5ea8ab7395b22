// Some images of random methods: compiled code shows what the interpreter shows. `npm run fuzz:jit` runs more of them.

import { expect, test } from "@jest/globals";
import { casesOf, fuzzSeed } from "./jitFuzz.js";
import {
  BASELINE,
  differences,
  FORCED_OPTIMISED_WAYS,
  FORCED_WAYS,
  imageOf,
  INTERPRETED,
  OPTIMISED,
  run,
} from "./jitImages.js";
import { reportOf } from "./jitReport.js";
import type { Node } from "./jitTrees.js";

const ALL_WAYS = [BASELINE, OPTIMISED, ...FORCED_WAYS, ...FORCED_OPTIMISED_WAYS];
/** Those that take long are left to `npm run fuzz:jit`. */
const WAYS = ALL_WAYS.filter(({ name }) => /^(baseline|slices|optimised(-slices|-exits)?|everything)$/.test(name));

test.each([1, 2])("seed %i", async (seed) => {
  const findings = await fuzzSeed(seed, seed % 2 === 0 ? "sista" : "v3", WAYS);
  expect(await Promise.all(findings.map((finding) => reportOf(finding)))).toEqual([]);
});

test("a context made for a frame of optimised code has the frame's arguments", async () => {
  // background: makes a closure while its argument is in a local only; a full collection follows.
  const image = imageOf(casesOf(910_159).slice(1, 2), "v3");
  const expected = await run(image, INTERPRETED);
  for (const slicePolls of [4, 5, 7]) {
    expect(differences(expected, await run(image, { ...OPTIMISED, slicePolls }))).toEqual([]);
  }
});

test("code waits for a frame that the interpreter comes to right behind an exit", async () => {
  const way = FORCED_OPTIMISED_WAYS.filter(({ name }) => name === "optimised-exits");
  expect(await fuzzSeed(912_003, "v3", way)).toEqual([]);
});

test("a closure that is compared with a number is made when its frame is in memory", async () => {
  const way = FORCED_OPTIMISED_WAYS.filter(({ name }) => name === "optimised-exits");
  expect(await fuzzSeed(20_263_084, "sista", way)).toEqual([]);
});

const NIL: Node = { kind: "constant", value: "nil" };
const SELF: Node = { kind: "constant", value: "self" };
const send = (selector: string, ...operands: Node[]): Node => ({ kind: "send", selector, operands, isSuper: false });

/** Bodies of methods without arguments in which compiled code has been wrong once. */
const BODIES: readonly (readonly [what: string, body: Node])[] = [
  [
    "what mustBeBoolean answered stays below the operands",
    { kind: "if", jumpsOn: false, condition: NIL, yes: send("thaw", SELF), no: NIL },
  ],
  [
    "what a refused store answered stays below the operands",
    {
      kind: "sequence",
      nodes: [
        send("freezeMyself", SELF),
        { kind: "set", place: { kind: "variable", index: 1, isLong: false }, value: NIL },
        send("echo:", SELF, send("thaw", SELF)),
      ],
    },
  ],
];

test.each(BODIES)("%s", async (_, body) => {
  const tree = { selector: "wrongOnce", argumentCount: 0, tempCount: 0, hasVector: false, body };
  for (const set of ["sista", "v3"] as const) {
    const image = imageOf([{ methods: [tree], calls: [[], [], [], []] }], set);
    const expected = await run(image, INTERPRETED);
    expect(expected.fault).toBeUndefined();
    for (const way of WAYS) expect(differences(expected, await run(image, way))).toEqual([]);
  }
});
