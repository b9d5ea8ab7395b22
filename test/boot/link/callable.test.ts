// What the compilers of methods import is what programs list for them: a name that is not would make every module that
// calls it one that cannot be installed, and its methods stay slow without a word.

import { expect, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { isCallable } from "../../../boot/link/callable.js";

test.each(["vm/jit/moduleHead.ts", "vm/optimiser/imports.ts"])(
  "all functions that %s imports can be called",
  (file) => {
    const names = [...readFileSync(file, "utf8").matchAll(/importFunction\("(\w+)"/g)].map(([, name]) => name!);
    expect(names.length).toBeGreaterThan(5);
    expect(names.filter((name) => !isCallable(name))).toEqual([]);
  },
);
