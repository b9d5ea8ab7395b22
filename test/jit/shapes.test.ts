// What the compiler writes in line answers as the interpreter does, in both bytecode sets: an image of methods of each
// shape runs them with operands of all kinds and prints every answer; all lines must be the same.

import { afterAll, describe, expect, test } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildImage } from "../../tools/smalltalk/image/buildImage.js";
import { BYTECODE_SETS, readRecipe } from "../../tools/smalltalk/image/recipe.js";
import { compile } from "../../tools/smalltalk/compiler.js";
import { renderDiagnostic } from "../../tools/smalltalk/diagnostics.js";
import { readTonelPackage } from "../../tools/smalltalk/tonel.js";

const folder = mkdtempSync(join(tmpdir(), "stvm-shapes-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The lines that the image prints. */
function linesOf(image: string, option: string): string[] {
  const run = spawnSync(process.execPath, ["bin/stvm.mjs", "run", option, image], {
    encoding: "utf8",
    timeout: 100_000,
    maxBuffer: 1 << 26,
  });
  expect({ status: run.status, stderr: run.stderr }).toEqual({ status: 0, stderr: "" });
  return run.stdout.split("\n");
}

describe.each(Object.keys(BYTECODE_SETS))("%s", (set) => {
  test("every shape answers the same compiled and interpreted", () => {
    const result = buildImage(
      { ...readRecipe("test/jit/shapes"), bytecodes: BYTECODE_SETS[set] },
      { compile, readTonelPackage },
    );
    if (result.kind === "errors") throw new Error(result.errors.map(renderDiagnostic).join("\n"));
    const image = join(folder, `${set}.image`);
    writeFileSync(image, result.image.bytes);
    const expected = linesOf(image, "--jit=off");
    expect(expected.length).toBeGreaterThan(10_000);
    const compiled = linesOf(image, "--jit-threshold=1");
    const different = expected.flatMap((line, index) =>
      line === compiled[index] ? [] : [`interpreted ${line}\ncompiled    ${compiled[index]}`],
    );
    expect(different.slice(0, 10)).toEqual([]);
    expect(compiled.length).toBe(expected.length);
  }, 200_000);
});
