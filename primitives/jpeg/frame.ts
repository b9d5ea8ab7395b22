// What a JPEG file says before and between its scans: size, components, tables, restarts, colours. Markers are read here;
// the scans are decoded in scan.ts. ITU-T T.81, annex B.

import { Address } from "../../vm/plugin";
import { clearTables, defineTable, tableAt } from "./bits";
import { naturalPosition } from "./tables";

/** A component, its samples in blocks of eight by eight. */
@unmanaged
export class Component {
  id: u32;
  /** Samples a unit has of it across and down, 1 to 4. */
  across: u32;
  down: u32;
  quantiser: u32;
  dcTable: u32;
  acTable: u32;
  /** Samples that it has in all, and blocks that these fill. */
  width: u32;
  height: u32;
  blocksAcross: u32;
  blocksDown: u32;
  /** Blocks of a row in memory, filled up to whole units; and rows of blocks. */
  stride: u32;
  rows: u32;
  /** 64 i16 for each block, in natural order. */
  coefficients: Address;
  /** The samples, a byte each, in rows of 8 times `stride`. */
  samples: Address;
  /** The last DC coefficient of the scan. */
  prediction: i32;
}

export const MAX_COMPONENTS: u32 = 4;
const COMPONENT_BYTES: u32 = offsetof<Component>();
const components = <Address>memory.data(offsetof<Component>() * 4, 8);

// @ts-ignore: decorator
@inline
export function component(index: u32): Component {
  return changetype<Component>(components + index * COMPONENT_BYTES);
}

export let width: u32 = 0;
export let height: u32 = 0;
export let componentCount: u32 = 0;
export let isProgressive: bool = false;
/** The largest `across` and `down` of a component. */
export let maxAcross: u32 = 1;
export let maxDown: u32 = 1;
/** Units of a full scan. */
export let unitsAcross: u32 = 0;
export let unitsDown: u32 = 0;
export let restartInterval: u32 = 0;
/** The colour transform that Adobe's marker names: 0 none, 1 YCbCr, 2 YCCK; -1 without that marker. */
export let adobeTransform: i32 = -1;
export let isJfif: bool = false;

// The components of the scan that begins, and its coefficients: from, to, and the bits sent before and by now.
export let scanCount: u32 = 0;
export let spectralStart: u32 = 0;
export let spectralEnd: u32 = 0;
export let approximationHigh: u32 = 0;
export let approximationLow: u32 = 0;
const scanComponents = <Address>memory.data(4);

export const NOTHING: u32 = 0;
export const FRAME: u32 = 1;
export const SCAN: u32 = 2;
export const END: u32 = 3;

const START: u32 = 0xd8;
const END_OF_IMAGE: u32 = 0xd9;
const QUANTISERS: u32 = 0xdb;
const HUFFMAN: u32 = 0xc4;
const BASELINE: u32 = 0xc0;
const EXTENDED: u32 = 0xc1;
const PROGRESSIVE: u32 = 0xc2;
const RESTARTS: u32 = 0xdd;
const START_OF_SCAN: u32 = 0xda;
const APPLICATION_0: u32 = 0xe0;
const APPLICATION_14: u32 = 0xee;
const TEMPORARY: u32 = 0x01;

const quantisers = <Address>memory.data(512, 8);

/** 64 u16 in natural order. */
// @ts-ignore: decorator
@inline
export function quantisersAt(number: u32): Address {
  return quantisers + (number << 7);
}

/** A component of the scan. */
export function scanComponent(index: u32): Component {
  return component(load<u8>(scanComponents + index));
}

/** Where the file goes on after what `readMarkers` has read. */
export let next: Address = 0;

/** Forgets the file before; answers whether this one begins like a JPEG file. */
export function openFile(start: Address, end: Address): bool {
  width = 0;
  height = 0;
  componentCount = 0;
  scanCount = 0;
  restartInterval = 0;
  adobeTransform = -1;
  isJfif = false;
  memory.fill(quantisers, 0, 512);
  clearTables();
  next = start + 2;
  return end - start >= 4 && load<u8>(start) == 0xff && load<u8>(start, 1) == START;
}

/** Reads on to the frame's header (FRAME), a scan's (SCAN) or the end (END); NOTHING where something is wrong. */
export function readMarkers(end: Address): u32 {
  while (true) {
    const marker = nextMarker(end);
    if (marker == END_OF_IMAGE) return END;
    // Markers without anything behind them.
    if (marker == START || marker == TEMPORARY || (marker >= 0xd0 && marker <= 0xd7)) continue;
    if (next + 2 > end) return NOTHING;
    const length = wordAt(next);
    const from = next + 2;
    const to = next + length;
    if (length < 2 || to > end) return NOTHING;
    next = to;
    if (marker == START_OF_SCAN) return readScan(from, to) ? SCAN : NOTHING;
    if (marker == BASELINE || marker == EXTENDED || marker == PROGRESSIVE) {
      isProgressive = marker == PROGRESSIVE;
      return readFrame(from, to) ? FRAME : NOTHING;
    }
    if (!readSegment(marker, from, to)) return NOTHING;
  }
}

/** The next marker, whatever lies before it; the end of the image where there is no more. */
function nextMarker(end: Address): u32 {
  while (next + 1 < end) {
    const second = load<u8>(next, 1);
    if (load<u8>(next) == 0xff && second != 0 && second != 0xff) {
      next += 2;
      return second;
    }
    next++;
  }
  return END_OF_IMAGE;
}

function readSegment(marker: u32, from: Address, to: Address): bool {
  if (marker == QUANTISERS) return readQuantisers(from, to);
  if (marker == HUFFMAN) return readHuffman(from, to);
  // Other frames: lossless, hierarchical, arithmetic coding.
  if (marker > 0xc0 && marker <= 0xcf) return false;
  if (marker == RESTARTS) {
    if (to - from < 2) return false;
    restartInterval = wordAt(from);
  } else if (marker == APPLICATION_0) {
    if (to - from >= 5 && load<u32>(from) == 0x4649464a) isJfif = true;
  } else if (marker == APPLICATION_14) {
    const adobe = to - from >= 12 && load<u32>(from) == 0x626f6441 && load<u8>(from, 4) == 0x65;
    if (adobe) adobeTransform = load<u8>(from, 11);
  }
  return true;
}

function readQuantisers(start: Address, to: Address): bool {
  let from = start;
  while (from < to) {
    const head = <u32>load<u8>(from++);
    const isWide = head >> 4 != 0;
    const number = head & 15;
    if (number > 3 || from + (isWide ? 128 : 64) > to) return false;
    for (let i: u32 = 0; i < 64; i++) {
      const value = isWide ? wordAt(from + (i << 1)) : <u32>load<u8>(from + i);
      store<u16>(quantisersAt(number) + (naturalPosition(i) << 1), <u16>value);
    }
    from += isWide ? 128 : 64;
  }
  return true;
}

function readHuffman(start: Address, to: Address): bool {
  let from = start;
  while (from < to) {
    if (from + 17 > to) return false;
    const head = <u32>load<u8>(from);
    let symbols: u32 = 0;
    for (let i: u32 = 1; i <= 16; i++) symbols += load<u8>(from + i);
    if (head >> 4 > 1 || (head & 15) > 3 || from + 17 + symbols > to) return false;
    if (!defineTable(tableAt(head >> 4, head & 15), from + 1, from + 17)) return false;
    from += 17 + symbols;
  }
  return true;
}

/** B.2.2. Only one frame, of samples of eight bits. */
function readFrame(from: Address, to: Address): bool {
  if (componentCount != 0 || to - from < 6 || load<u8>(from) != 8) return false;
  height = wordAt(from + 1);
  width = wordAt(from + 3);
  const count = <u32>load<u8>(from, 5);
  if (width == 0 || height == 0 || count == 0 || count > MAX_COMPONENTS || to - from < 6 + 3 * count) return false;
  componentCount = count;
  maxAcross = 1;
  maxDown = 1;
  for (let i: u32 = 0; i < count; i++) {
    const entry = from + 6 + 3 * i;
    const described = component(i);
    described.id = load<u8>(entry);
    described.across = load<u8>(entry, 1) >> 4;
    described.down = load<u8>(entry, 1) & 15;
    described.quantiser = load<u8>(entry, 2);
    described.coefficients = 0;
    const across = described.across;
    const down = described.down;
    if (across == 0 || across > 4 || down == 0 || down > 4 || described.quantiser > 3) return false;
    maxAcross = max(maxAcross, across);
    maxDown = max(maxDown, down);
  }
  unitsAcross = divideUp(width, 8 * maxAcross);
  unitsDown = divideUp(height, 8 * maxDown);
  for (let i: u32 = 0; i < count; i++) setSize(component(i));
  return true;
}

function setSize(described: Component): void {
  described.width = divideUp(width * described.across, maxAcross);
  described.height = divideUp(height * described.down, maxDown);
  described.blocksAcross = divideUp(described.width, 8);
  described.blocksDown = divideUp(described.height, 8);
  described.stride = unitsAcross * described.across;
  described.rows = unitsDown * described.down;
}

/** B.2.3. */
function readScan(from: Address, to: Address): bool {
  if (componentCount == 0 || from >= to) return false;
  const count = <u32>load<u8>(from);
  if (count == 0 || count > componentCount || to - from < 4 + 2 * count) return false;
  scanCount = count;
  for (let i: u32 = 0; i < count; i++) {
    const index = indexOfId(load<u8>(from + 1 + 2 * i));
    const tables = <u32>load<u8>(from + 2 + 2 * i);
    if (index == componentCount || tables >> 4 > 3 || (tables & 15) > 3) return false;
    store<u8>(scanComponents + i, <u8>index);
    component(index).dcTable = tables >> 4;
    component(index).acTable = tables & 15;
  }
  const rest = from + 1 + 2 * count;
  spectralStart = load<u8>(rest);
  spectralEnd = load<u8>(rest, 1);
  approximationHigh = load<u8>(rest, 2) >> 4;
  approximationLow = load<u8>(rest, 2) & 15;
  if (!isProgressive) return true;
  if (spectralStart > spectralEnd || spectralEnd > 63 || approximationLow > 13) return false;
  return spectralStart == 0 ? spectralEnd == 0 : count == 1;
}

function indexOfId(id: u32): u32 {
  let index: u32 = 0;
  while (index < componentCount && component(index).id != id) index++;
  return index;
}

function divideUp(value: u32, by: u32): u32 {
  return (value + by - 1) / by;
}

/** A number of 16 bits with the high byte first. */
// @ts-ignore: decorator
@inline
function wordAt(address: Address): u32 {
  return ((<u32>load<u8>(address)) << 8) | load<u8>(address, 1);
}

/** The file goes on there: for scan.ts, which reads what lies between the markers. */
export function continueAt(address: Address): void {
  next = address;
}
