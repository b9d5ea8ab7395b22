// What a call site of at:, at:put: or size has learnt: the shapes (class index and format, as in a header) whose method is
// the virtual machine's primitive, so that compiled code reads and writes elements by itself. One shape of pointers and
// one of bytes; the rest goes the way of all sends.

import {
  CLASS_INDEX_MASK,
  FORMAT_ARRAY,
  FORMAT_BYTES,
  FORMAT_COMPILED_METHOD,
  FORMAT_MASK,
  FORMAT_SHIFT,
  TAG_CHARACTER,
  TAG_SMALL_INTEGER,
} from "../layout";
import { formatOf, headerLow } from "../memory/header";
import { Address, isObject, Oop } from "../memory/oop";
import { SITE_EXTRA, SITE_SPECIAL } from "./codeRecords";

// Shapes: of pointers u32 | of bytes u32 | tag of an element of bytes (SmallInteger or Character) u32 | unused. 0 is no
// object's shape.
export const SHAPE_POINTERS: u32 = 0;
export const SHAPE_BYTES: u32 = 4;
export const SHAPE_TAG: u32 = 8;
export const SHAPES_BYTES: u32 = 16;

/** The bits of a header's low half that are an Array's shape. */
export const POINTERS_MASK: u32 = CLASS_INDEX_MASK | (FORMAT_MASK << FORMAT_SHIFT);
/** Of an object of bytes: all formats from FORMAT_BYTES to 7 more are one shape. */
export const BYTES_MASK: u32 = CLASS_INDEX_MASK | ((FORMAT_MASK & ~7) << FORMAT_SHIFT);

// Places of the special selectors at:, at:put: and size.
export const SELECTOR_AT: u32 = 16;
export const SELECTOR_AT_PUT: u32 = 17;
export const SELECTOR_SIZE: u32 = 18;

// Places of the special selectors value and value:.
export const SELECTOR_VALUE: u32 = 25;
export const SELECTOR_VALUE_WITH: u32 = 26;

// What a site of `value`, `value:` or `value:value:` has learnt, in the same place: the method or compiled block u32 | the
// start of a V3 block as its closure tells it u32, 0 of a full block | table index of the code u32, 0 for none | unused.
export const BLOCK_METHOD: u32 = 0;
export const BLOCK_START: u32 = 4;
export const BLOCK_CODE: u32 = 8;

/** SITE_EXTRA below this is no address. */
const FIRST_ADDRESS: u32 = 1024;

export function clearShapes(site: Address): void {
  const extra = load<u32>(site, SITE_EXTRA);
  if (extra >= FIRST_ADDRESS) memory.fill(extra, 0, SHAPES_BYTES);
}

/** Forgets the block that a site has called last. */
export function clearBlock(site: Address): void {
  if (!hasShapes(site)) clearShapes(site);
}

/** Whether a site is of at:, at:put: or size, with its shapes at SITE_EXTRA. */
function hasShapes(site: Address): bool {
  const special = load<u32>(site, SITE_SPECIAL);
  return special >= SELECTOR_AT && special <= SELECTOR_SIZE && load<u32>(site, SITE_EXTRA) >= FIRST_ADDRESS;
}

/** A site has called a block's code. */
export function noteBlock(site: Address, method: Address, start: u32, code: u32): void {
  const extra = load<u32>(site, SITE_EXTRA);
  if (extra < FIRST_ADDRESS || hasShapes(site)) return;
  store<u32>(extra, method, BLOCK_METHOD);
  store<u32>(extra, start, BLOCK_START);
  store<u32>(extra, code, BLOCK_CODE);
}

/** A site has found that a receiver's method is a primitive. */
export function noteShape(site: Address, primitive: u32, receiver: Oop): void {
  if (primitive < 60 || primitive > 64 || !hasShapes(site) || !isObject(receiver)) return;
  const special = load<u32>(site, SITE_SPECIAL);
  const ofStrings = primitive > 62;
  if (special - SELECTOR_AT != primitive - (ofStrings ? 63 : 60)) return;
  const shapes = load<u32>(site, SITE_EXTRA);
  const format = formatOf(<Address>receiver);
  const header = headerLow(<Address>receiver);
  if (format == FORMAT_ARRAY && !ofStrings) store<u32>(shapes, header & POINTERS_MASK, SHAPE_POINTERS);
  if (format < FORMAT_BYTES || format >= FORMAT_COMPILED_METHOD) return;
  store<u32>(shapes, header & BYTES_MASK, SHAPE_BYTES);
  store<u32>(shapes, ofStrings ? TAG_CHARACTER : TAG_SMALL_INTEGER, SHAPE_TAG);
}
