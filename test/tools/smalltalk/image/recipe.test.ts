// Recipes: what they say, and everything that may be wrong with one.

import { afterAll, describe, expect, test } from "@jest/globals";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readRecipe } from "../../../../tools/smalltalk/image/recipe.js";

const folder = mkdtempSync(join(tmpdir(), "stvm-recipe-"));
const path = join(folder, "recipe.json");
afterAll(() => rmSync(folder, { recursive: true }));

function recipeOf(content: object | string) {
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return readRecipe(folder);
}

function faultOf(content: object | string): string {
  try {
    recipeOf(content);
  } catch (error) {
    return (error as Error).message;
  }
  return "no error";
}

const SMALL = { packages: ["../Kernel"], entry: "Start start" };

describe("a recipe", () => {
  test("has defaults for all but packages and entry", () => {
    expect(recipeOf(SMALL)).toMatchObject({
      path,
      packages: [join(folder, "..", "Kernel")],
      entry: { className: "Start", selector: "start" },
      bytecodes: "SistaV1",
      strip: "none",
      keep: [],
      globals: {},
      preemptionYields: true,
    });
  });

  test("is found by its folder or by its name", () => {
    expect(readRecipe(path)).toEqual(recipeOf(SMALL));
  });

  test("names its entry in any of the usual ways", () => {
    for (const entry of ["Start start", "Start class>>start", "Start>>start", " Start class start "]) {
      expect(recipeOf({ ...SMALL, entry }).entry).toEqual({ className: "Start", selector: "start" });
    }
  });

  test("keeps classes, methods and selectors", () => {
    const keep = ["Point", "Point>>x", "Test*>>test*", "Point class>>x:y:", "#foo:bar:"];
    expect(recipeOf({ ...SMALL, keep }).keep).toEqual([
      { kind: "members", className: "Point", isClassSide: false, selector: "*" },
      { kind: "members", className: "Point", isClassSide: false, selector: "x" },
      { kind: "members", className: "Test*", isClassSide: false, selector: "test*" },
      { kind: "members", className: "Point", isClassSide: true, selector: "x:y:" },
      { kind: "selector", selector: "foo:bar:" },
    ]);
  });
});

describe("what is wrong with one", () => {
  test("is said of the file", () => {
    expect(() => readRecipe("nosuch")).toThrow(/^nosuch: no such file or folder; /);
    expect(() => readRecipe(tmpdir())).toThrow(/has no recipe.json; /);
    expect(faultOf("{")).toMatch(/recipe.json: .*JSON.*; a recipe is a JSON object/);
    expect(faultOf("[]")).toMatch(/recipe.json: holds no object; /);
  });

  test("is said of every key, all at once", () => {
    const lines = faultOf({ pakages: [], strip: "all", keep: "x", stackPages: -1, comments: 1, entry: "start" }).split(
      "\n",
    );
    expect(lines.length).toBe(7);
    expect(lines.join()).toMatch(/"packages" is missing.*"pakages" is no key of a recipe; did you mean packages\?/s);
    expect(lines.join()).toMatch(/"strip" is one of none, unreachable; it is "all"/);
    expect(lines.join()).toMatch(/"entry" is a class and a unary selector.*; it is "start"/);
    expect(faultOf({ ...SMALL, globals: { A: [] } })).toMatch(/"globals" has a null/);
    expect(faultOf({ ...SMALL, globals: { A: 1.5 } })).toMatch(/"globals" has a null/);
    expect(faultOf({ ...SMALL, bytecodes: "v4" })).toMatch(/is one of v3, sista/);
  });
});
