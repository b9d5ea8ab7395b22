// A doesNotUnderstand: that causes itself: reported, not followed until memory is full.

import { expect } from "@jest/globals";
import { readFileSync } from "node:fs";
import { createVm } from "../../vm/embed/node.js";
import { imagePath, testWithImages } from "../images.js";

// The image divides by the milliseconds of a short benchmark: none with a clock that stands still, and its
// doesNotUnderstand: is not up to a division by zero.
testWithImages("recursive doesNotUnderstand: ends the run with the stack", () => {
  const clock = {
    utcMicroseconds: () => 1_700_000_000_000_000n,
    monotonicMicroseconds: () => 0n,
    timezoneOffsetSeconds: () => 0,
  };
  return createVm({ image: readFileSync(imagePath("candle/candle-64")), clock, log: () => undefined }).then((vm) => {
    for (let slices = 0; slices < 100; slices++) {
      const outcome = vm.run();
      if (outcome.kind === "slice") continue;
      expect(outcome.kind).toBe("fatal");
      if (outcome.kind !== "fatal") break;
      expect(outcome.message).toContain("recursive doesNotUnderstand:");
      expect(outcome.stack.length).toBeGreaterThan(100);
      return;
    }
    throw new Error("the image did not end within 100 slices");
  });
});
