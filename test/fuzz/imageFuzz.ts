// Damaged images must end in a status that the embedder has words for, or load as sound heaps. Used by the short run in
// `npm test` and by the long one, `npm run fuzz:image`.

import { readImageFile } from "../../tools/imageReader.js";
import { type Loaded, type Loader } from "../image/loader.js";
import { type Damage, mutations, truncations } from "./imageMutations.js";

export interface FuzzResult {
  /** How often the loader said what; "" for an image that it took. */
  readonly messages: Map<string, number>;
  /** Damages that did not end as they must. */
  readonly failures: string[];
  readonly slowestMilliseconds: number;
}

/** Longest that one image may take. */
const LIMIT_MILLISECONDS = 5000;
/** Of the mutated images that are taken, one in so many is read back whole. */
const READ_BACK_EVERY = 64;

export function fuzzImage(load: Loader, image: Uint8Array, cuts: number, count: number, seed: number): FuzzResult {
  const messages = new Map<string, number>();
  const failures: string[] = [];
  let slowestMilliseconds = 0;
  let taken = 0;
  const attempt = (damage: Damage, mayBeTaken: boolean) => {
    const start = performance.now();
    const problem = judge(damage, mayBeTaken);
    const milliseconds = performance.now() - start;
    slowestMilliseconds = Math.max(slowestMilliseconds, milliseconds);
    if (problem !== undefined) failures.push(`${damage.what}: ${problem}`);
    else if (milliseconds > LIMIT_MILLISECONDS) failures.push(`${damage.what}: took ${milliseconds.toFixed(0)} ms`);
  };
  for (const damage of truncations(image, cuts)) attempt(damage, false);
  for (const damage of mutations(image, count, seed)) attempt(damage, true);
  return { messages, failures, slowestMilliseconds };

  function judge(damage: Damage, mayBeTaken: boolean): string | undefined {
    let loaded: Loaded;
    try {
      loaded = load(damage.image);
    } catch (error) {
      return `trap: ${String(error)}`;
    }
    const said = loaded.message.replace(/\d{5,}|at byte \d+/g, "N");
    messages.set(said, (messages.get(said) ?? 0) + 1);
    if (/status \d+ of the loader/.test(loaded.message)) return `no words for status ${loaded.status}`;
    if (loaded.status !== 0) return undefined;
    if (!mayBeTaken) return "was taken, though its end is missing";
    return taken++ % READ_BACK_EVERY === 0 ? soundness(loaded) : undefined;
  }
}

/** Whether every reference of an image that was taken leads to an object. */
function soundness(loaded: Loaded): string | undefined {
  const image = readImageFile(loaded.snapshot());
  for (const object of image.objects) {
    const slots = image.pointerSlots(object);
    if (slots > object.slots) return `the object at ${object.offset} has more references than slots`;
    for (let i = 0; i < slots; i++) {
      if (image.slot(object, i).kind === "dangling") return `slot ${i} of the object at ${object.offset} dangles`;
    }
  }
  return undefined;
}
