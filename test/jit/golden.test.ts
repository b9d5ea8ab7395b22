// What each shape of method becomes: a file of golden/ holds bytecode set, class and source, and below the line the
// bytecodes beside their WebAssembly, as `stvm jit` shows them. `UPDATE=1` writes all that is below the lines anew.

import { describe, expect, test } from "@jest/globals";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { listerFor, listingText } from "../../tools/jit/listing.js";
import { translationsOf } from "../../tools/jit/translation.js";
import { BYTECODE_SETS } from "../../tools/smalltalk/image/recipe.js";
import { expectGolden } from "../golden.js";
import { putMethod, smallSession } from "./smallImage.js";

const FOLDER = "test/jit/golden";
const LINE = "-".repeat(72);

const session = await smallSession();
const list = await listerFor(session);

describe("code of each shape", () => {
  test.each(readdirSync(FOLDER))("%s", (file) => {
    expectGolden(join(FOLDER, file), (text) => {
      const [input] = text.split(`${LINE}\n`);
      return `${input}${LINE}\n${listingsOf(input)}`;
    });
  });
});

/** The listings of a file's method: its first line is `sista Class` or `v3 Class`, the rest the source. */
function listingsOf(input: string): string {
  const [head, ...source] = input.trimEnd().split("\n");
  const [, set, className] = /^(sista|v3) (.+)$/.exec(head) ?? [];
  expect(className).toBeDefined();
  const method = putMethod(session, className, BYTECODE_SETS[set], source.join("\n"));
  return translationsOf(session, method)
    .map((translation) => listingText(list(translation)))
    .join("\n");
}
