// Locals that live through loops without being named in them: inner loops must not take their registers.

import { expect, test } from "@jest/globals";
import wabt from "wabt";
import { differences } from "./compare.js";

/** `keep` is read behind three loops, of which the inner ones end by going on with the next around them. */
const NESTED_LOOPS = `(module (func (export "count") (param $n i32) (result i32)
  (local $keep i32) (local $i i32) (local $j i32) (local $k i32) (local $sum i32)
  (local.set $keep (i32.add (local.get $n) (i32.const 1000)))
  (block $out (loop $outer
    (br_if $out (i32.ge_u (local.get $i) (local.get $n)))
    (local.set $j (i32.const 0))
    (block $endj (loop $inner
      (br_if $endj (i32.ge_u (local.get $j) (local.get $n)))
      (local.set $k (i32.const 0))
      (block $endk (loop $innermost
        (br_if $endk (i32.ge_u (local.get $k) (local.get $n)))
        (local.set $sum (i32.add (local.get $sum) (local.get $k)))
        (local.set $k (i32.add (local.get $k) (i32.const 1)))
        (br $innermost)))
      (local.set $j (i32.add (local.get $j) (i32.const 1)))
      (br $inner)))
    (local.set $i (i32.add (local.get $i) (i32.const 1)))
    (br $outer)))
  (i32.add (local.get $keep) (local.get $sum))))`;

test("what is read behind nested loops keeps its register through them", async () => {
  const { parseWat } = await wabt();
  const wasm = parseWat("nested.wat", NESTED_LOOPS).toBinary({}).buffer;
  const calls = [0n, 1n, 3n, 7n].map((n) => ({ name: "count", arguments: [n] }));
  expect(differences(wasm, calls)).toEqual([]);
});
