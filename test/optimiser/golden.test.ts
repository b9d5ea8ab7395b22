// What the second tier makes of each shape of method: a file of golden/ holds bytecode set and method, an expression that
// has it run, and sources; below the line the bytecodes beside their WebAssembly, as `stvm jit --tier=optimised` shows
// them at the end. `UPDATE=1` writes all that is below the lines anew.

import { describe, expect, test } from "@jest/globals";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runOptimised } from "../../tools/jit/optimised.js";
import { optimisedText } from "../../tools/jit/optimisedListing.js";
import type { MethodDefinition, PackageDefinition } from "../../tools/smalltalk/compiledMethod.js";
import { compile } from "../../tools/smalltalk/compiler.js";
import { renderDiagnostic } from "../../tools/smalltalk/diagnostics.js";
import { buildImage } from "../../tools/smalltalk/image/buildImage.js";
import { BYTECODE_SETS, readRecipe } from "../../tools/smalltalk/image/recipe.js";
import { readTonelPackage } from "../../tools/smalltalk/tonel.js";
import { expectGoldenOf } from "../golden.js";

const FOLDER = "test/optimiser/golden";
const LINE = "-".repeat(72);
/** Short, so that what runs is found active soon; one after another until the method is what is found. */
const SLICE_POLLS = [50, 23, 11, 7, 3];

const files = readdirSync(FOLDER);
const images = new Map<string, Uint8Array>();

describe("optimised code of each shape", () => {
  test.each(files)("%s", async (file) => {
    await expectGoldenOf(join(FOLDER, file), async (text) => {
      const [input] = text.split(`${LINE}\n`);
      return `${input}${LINE}\n${await listingOf(input!)}`;
    });
  });
});

/** The listing of a file's method: its first line is `sista Class>>selector`, with "exits" behind where these are shown. */
async function listingOf(input: string): Promise<string> {
  const [head, expression] = input.split("\n");
  const [, set, name, exits] = /^(sista|v3) (\S+)( exits)?$/.exec(head!) ?? [];
  expect(name).toBeDefined();
  for (const slicePolls of SLICE_POLLS) {
    const text = await listed(set as "sista" | "v3", name!, expression!, exits !== undefined, slicePolls);
    if (text !== undefined) return text;
  }
  return "not optimised\n";
}

/** The listing after a run; undefined where the method was not optimised in it. */
async function listed(
  set: "sista" | "v3",
  name: string,
  expression: string,
  areExitsWhole: boolean,
  slicePolls: number,
): Promise<string | undefined> {
  const run = await runOptimised(
    {
      image: imageOf(set),
      arguments: ["-e", expression],
      jitThreshold: 1,
      slicePolls,
      stdout: () => {},
    },
    () => false,
    async () => {},
    areExitsWhole,
  );
  run.close();
  expect(run.end).toBe("exit code 0");
  const listing = run.code.find((one) => one.name === name)?.listing;
  return listing === undefined ? undefined : optimisedText(listing);
}

/** The default image with the classes of shapes/ and the methods of all golden files. */
function imageOf(set: "sista" | "v3"): Uint8Array {
  const known = images.get(set);
  if (known !== undefined) return known;
  const recipe = { ...readRecipe("test/optimiser/shapes"), bytecodes: BYTECODE_SETS[set] };
  const result = buildImage(recipe, {
    compile,
    readTonelPackage(folder) {
      const { content, errors } = readTonelPackage(folder);
      return { content: content.name === "Shapes" ? withMethods(content) : content, errors };
    },
  });
  if (result.kind === "errors") throw new Error(result.errors.map(renderDiagnostic).join("\n"));
  images.set(set, result.image.bytes);
  return result.image.bytes;
}

function withMethods(content: PackageDefinition): PackageDefinition {
  const added = files.flatMap((file) => methodsOf(file));
  const classes = content.classes.map((each) => ({
    ...each,
    methods: [...each.methods, ...added.filter(({ className }) => className === each.name)],
  }));
  return { ...content, classes };
}

/** The methods of a file: each begins with `Class >> ` before its pattern. */
function methodsOf(file: string): MethodDefinition[] {
  const [input] = readFileSync(join(FOLDER, file), "utf8").split(`${LINE}\n`);
  const sources = input!.split(/^(?=\w+ >> )/m).slice(1);
  return sources.map((source) => {
    const [, className, text] = /^(\w+) >> ([^]*)$/.exec(source.trimEnd())!;
    const pattern = text!.split("\n")[0]!;
    const keywords = pattern.match(/\w+:/g);
    const selector = keywords === null ? pattern.trim() : keywords.join("");
    return { className: className!, isClassSide: false, selector, protocol: "golden", source: { text: text!, file } };
  });
}
