// Decodes a whole JPEG file into the pixels of a Form: markers and scans into coefficients, these into samples, and the
// samples, brought to one size, into colours. Working memory is ordinary objects, garbage when the primitive returns.

import { Address, bodyOf, CLASS_INDEX_BYTE_ARRAY, ERROR_NO_MEMORY, fail, newBytes } from "../../vm/plugin";
import { Pixels } from "../bitblt/operation";
import { position, startBits } from "./bits";
import { writeRow } from "./colors";
import {
  Component,
  component,
  componentCount,
  continueAt,
  FRAME,
  height,
  next,
  openFile,
  quantisersAt,
  readMarkers,
  SCAN,
  width,
} from "./frame";
import { decodeScan } from "./scan";
import { inverseTransform } from "./transform";
import { sampleRow } from "./upsample";

/** More scans than any encoder makes; a file of nothing but scans would take its time else. */
const MAX_SCANS: u32 = 1000;

/** Reads a file's size and number of components (see frame.ts); false where it is no JPEG file that can be decoded. */
export function readHeader(start: Address, end: Address): bool {
  return openFile(start, end) && readMarkers(end) == FRAME;
}

/**
 * Decodes a file of which the header has been read into pixels of at least its size. Answers false, the pixels left as
 * they were, where there is nothing to decode; fails without memory. A file cut short gives what it has.
 */
export function decodeInto(end: Address, pixels: Pixels, dithered: bool): bool {
  for (let i: u32 = 0; i < componentCount; i++) {
    component(i).coefficients = allocate(component(i), 128);
    component(i).samples = allocate(component(i), 64);
  }
  const rowBytes = (width + 31) & ~15;
  const rows = newBytes(rowBytes * 4, CLASS_INDEX_BYTE_ARRAY);
  if (rows == 0) fail(ERROR_NO_MEMORY);
  if (!hasMemory() || rows == 0) return false;
  if (decodeScans(end) == 0) return false;

  for (let i: u32 = 0; i < componentCount; i++) transformBlocks(component(i));
  for (let y: u32 = 0; y < height; y++) {
    for (let i: u32 = 0; i < componentCount; i++) sampleRow(component(i), y, bodyOf(rows) + i * rowBytes);
    writeRow(pixels, y, bodyOf(rows), rowBytes, dithered);
  }
  return true;
}

/** Decodes all scans; answers how many there were. */
function decodeScans(end: Address): u32 {
  let scans: u32 = 0;
  while (scans < MAX_SCANS && readMarkers(end) == SCAN) {
    startBits(next, end);
    decodeScan();
    continueAt(position);
    scans++;
  }
  return scans;
}

function allocate(part: Component, blockBytes: u64): Address {
  const bytes = blockBytes * part.stride * part.rows;
  const object = bytes < 1 << 31 ? newBytes(<u32>bytes, CLASS_INDEX_BYTE_ARRAY) : 0;
  if (object == 0) fail(ERROR_NO_MEMORY);
  return object == 0 ? 0 : bodyOf(object);
}

function hasMemory(): bool {
  for (let i: u32 = 0; i < componentCount; i++) {
    if (component(i).coefficients == 0 || component(i).samples == 0) return false;
  }
  return true;
}

function transformBlocks(part: Component): void {
  const quantisers = quantisersAt(part.quantiser);
  const rowBytes = part.stride << 3;
  for (let y: u32 = 0; y < part.blocksDown; y++) {
    for (let x: u32 = 0; x < part.blocksAcross; x++) {
      const block = part.coefficients + ((y * part.stride + x) << 7);
      inverseTransform(block, quantisers, part.samples + (y << 3) * rowBytes + (x << 3), rowBytes);
    }
  }
}
