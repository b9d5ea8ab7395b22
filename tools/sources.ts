// The source text of methods, from the .sources and .changes files beside an image, or the .sources.json of one that we
// have built.

import { closeSync, existsSync, openSync, readdirSync, readSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Address } from "../vm/embed/heap.js";
import { methodParts } from "./methods.js";
import type { Reflection } from "../vm/embed/reflection.js";
import { type Recorded, RecordedSources } from "./recordedSources.js";
import type { SourcePlace } from "./smalltalk/sourcesFile.js";

const CHUNK_READ_BYTES = 8192;
const MAX_CHUNK_BYTES = 1 << 20;
const BANG = 0x21;
const CUIS_POINTER_SCALE = 32;

/** Where a source pointer leads: file 1 is the sources, 2 the changes; a byte position. */
interface Place {
  file: 1 | 2;
  position: number;
}

export interface SourceText {
  readonly text: string;
  /** The file that it was found in. */
  readonly path: string;
  /** What more a build has recorded, or compiling it again tells. */
  readonly recorded?: Recorded;
}

/** Finds sources for the methods of one image; `imagePath` says beside what to look. */
export class Sources {
  private placeOf: ((pointer: number) => Place) | undefined;
  private readonly paths: Record<1 | 2, string[]>;
  private readonly recorded: RecordedSources;

  constructor(
    private readonly reflection: Reflection,
    imagePath: string,
  ) {
    this.recorded = new RecordedSources(reflection, imagePath);
    const folder = dirname(imagePath);
    const changes = imagePath.replace(/\.image$/i, "") + ".changes";
    const sources = existsSync(folder) ? readdirSync(folder).filter((name) => /\.sources$/i.test(name)) : [];
    this.paths = { 1: sources.sort().map((name) => join(folder, name)), 2: existsSync(changes) ? [changes] : [] };
  }

  /** The text of a method, or why there is none. */
  sourceOf(method: Address): SourceText | string {
    const home = this.reflection.homeMethodOf(method);
    const { sourcePointer } = methodParts(this.reflection.heap, home);
    if (sourcePointer === 0) return this.recordedSourceOf(method);
    this.placeOf ??= sourcePlaces(this.reflection);
    const { file, position } = this.placeOf(sourcePointer);
    const selector = this.reflection.selectorOf(home);
    for (const path of this.paths[file]) {
      const text = readChunk(path, position);
      if (text === undefined || (selector !== undefined && selectorOfSource(text) !== selector)) continue;
      const { recorded } = this;
      return {
        text,
        path,
        get recorded() {
          return recorded.recompiled(method, text, path);
        },
      };
    }
    const wanted = file === 1 ? ".sources" : ".changes";
    const found = this.paths[file].map((path) => basename(path)).join(", ");
    return found === ""
      ? `no ${wanted} file lies beside the image`
      : `${found} does not hold it: not this image's file`;
  }

  /**
   * File, line and column of where an activation is, as far as the image's build recorded it; `isWaiting` for one that
   * has called another, whose pc is behind the send.
   */
  recordedPlaceOf(method: Address, pc: number, isWaiting: boolean): SourcePlace | undefined {
    return this.recorded.of(method)?.placeAt(isWaiting ? pc - 1 : pc);
  }

  private recordedSourceOf(method: Address): SourceText | string {
    const recorded = this.recorded.of(method);
    if (recorded === undefined) return "the method has no source pointer";
    return { text: recorded.text, path: recorded.path, recorded };
  }
}

/**
 * How an image numbers source positions. Squeak and Pharo (SourceFileArray): bit 24 says the sources file, the bits above
 * extend the position. Cuis (CuisSourceFileArray): bit 25 says the changes file, and positions are scaled.
 */
function sourcePlaces(reflection: Reflection): (pointer: number) => Place {
  const cuisClass = reflection.classNamed("CuisSourceFileArray");
  if (cuisClass === undefined) return squeakPlace;
  // A snapshot drops the array; a new one has the scale that its `initialize` sets.
  const [array] = reflection.instancesOf(cuisClass);
  const index = reflection.allInstanceVariablesOf(cuisClass).indexOf("pointerScale");
  const scale = (array === undefined ? undefined : reflection.heap.integer(array, index)) ?? CUIS_POINTER_SCALE;
  return (pointer) => ({
    file: ((pointer - 0x1000000) & 0x2000000) !== 0 ? 2 : 1,
    position: ((pointer - 0x1000000) & 0x1ffffff) * scale,
  });
}

function squeakPlace(pointer: number): Place {
  const isSources = Math.floor(pointer / 0x1000000) % 2 === 1;
  const high = Math.floor(pointer / 0x2000000) - (isSources ? 0 : 1);
  return { file: isSources ? 1 : 2, position: high * 0x1000000 + (pointer % 0x1000000) };
}

/** The chunk at a position: up to a single exclamation mark, doubled ones halved. Undefined past the file's end. */
function readChunk(path: string, position: number): string | undefined {
  const file = openSync(path, "r");
  try {
    const parts: Buffer[] = [];
    let size = 0;
    while (size < MAX_CHUNK_BYTES) {
      const part = Buffer.alloc(CHUNK_READ_BYTES);
      const count = readSync(file, part, 0, part.length, position + size);
      if (count === 0) break;
      parts.push(part.subarray(0, count));
      size += count;
      const bytes = Buffer.concat(parts);
      const end = chunkEnd(bytes);
      if (end >= 0) return decodeText(bytes.subarray(0, end)).replaceAll("!!", "!");
    }
    return undefined;
  } finally {
    closeSync(file);
  }
}

/** Where the first exclamation mark stands that is not doubled; -1 where the bytes end before it is known. */
function chunkEnd(bytes: Buffer): number {
  for (let at = bytes.indexOf(BANG); at >= 0 && at + 1 < bytes.length; at = bytes.indexOf(BANG, at + 2)) {
    if (bytes[at + 1] !== BANG) return at;
  }
  return -1;
}

/** A method's text, without the white space around it. */
function decodeText(bytes: Buffer): string {
  const text = decodeSource(bytes).trimStart();
  // A method may end in the literal of a space.
  return /\$\s+$/.test(text) ? text : text.trimEnd();
}

/** UTF-8 as Squeak and Pharo write it, or one byte a character as Cuis does; lines end in newlines. */
export function decodeSource(bytes: Buffer): string {
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    text = bytes.toString("latin1");
  }
  return text.replaceAll("\r\n", "\n").replaceAll("\r", "\n");
}

/** The selector that the message pattern at the start of a method names. */
export function selectorOfSource(source: string): string {
  const words = source.matchAll(/\s*(?:("(?:[^"]|"")*")|([A-Za-z_][\w.]*:(?!=))|([A-Za-z_]\w*)|([^\s\w"]+))/gy);
  let selector = "";
  let wantsArgument = false;
  for (const [, comment, keyword, name, operator] of words) {
    if (comment !== undefined) continue;
    if (wantsArgument) {
      wantsArgument = false;
      if (operator !== undefined) break;
      if (!selector.endsWith(":")) break;
      continue;
    }
    if (keyword !== undefined && (selector === "" || selector.endsWith(":"))) {
      selector += keyword;
      wantsArgument = true;
    } else if (selector === "") return name ?? operator ?? "";
    else break;
  }
  return selector;
}
