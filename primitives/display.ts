// The Display and what belongs to it: sizes and depths, cursor, showing rectangles, beeping, the clipboard, and the
// measuring of text. Without a screen the answers are those of OpenSmalltalk's vm-display-null; an embedder that shows
// the Display learns of new pixels by hostDisplayChanged and may choose the size of the screen.

import {
  Address,
  answer,
  answerBoolean,
  answerNew,
  answerString,
  argument,
  argumentCount,
  bodyOf,
  booleanArgument,
  byteAt,
  byteSize,
  bytesArgument,
  ERROR_BAD_ARGUMENT,
  ERROR_BAD_ARGUMENT_COUNT,
  ERROR_BAD_RECEIVER,
  ERROR_GENERIC,
  ERROR_NO_MEMORY,
  ERROR_NO_MODIFICATION,
  fail,
  failed,
  fetchFollowed,
  formatOf,
  imageWindowSize,
  instantiate,
  integerArgument,
  isBytesFormat,
  isObject,
  isPointersFormat,
  isReadOnly,
  isSmallInteger,
  newRootWord,
  newString,
  nil,
  Oop,
  POINT_X,
  POINT_Y,
  receiver,
  rootWord,
  setImageWindowSize,
  setRootWord,
  slotCountOf,
  smallInteger,
  smallIntegerValue,
  SPECIAL_CLASS_POINT,
  SPECIAL_DISPLAY,
  specialObject,
  specialObjects,
  storePointer,
  storePointerUnchecked,
} from "../vm/plugin";
import { isDepth } from "./bitblt/operation";
import { deferUpdates, showOnDisplay } from "./bitblt/show";

export { primitiveCopyBits, primitiveDrawLoop, primitiveWarpBits } from "./plugins/BitBltPlugin";

/** The size of a screen that nobody has chosen, width and height in 16 bits each. */
const DEFAULT_SCREEN: u64 = (64 << 16) | 64;
const FORM_FIELDS: u32 = 4;
const CURSOR_FIELDS: u32 = 5;

let clipboard: Address = 0;

/** 91: whether the screen can have so many bits a pixel (negative: first pixel in the low bits). */
export function primitiveTestDisplayDepth(): void {
  const depth = integerArgument(0);
  if (failed()) return;
  answerBoolean(isDepth(abs(depth)));
}

/** 92, depth, width, height, full screen or not: sets the screen's size. */
export function primitiveSetDisplayMode(): void {
  if (argumentCount != 4) return fail(ERROR_BAD_ARGUMENT_COUNT);
  const depth = integerArgument(0);
  const width = integerArgument(1);
  const height = integerArgument(2);
  booleanArgument(3);
  if (failed()) return;
  const possible = isDepth(abs(depth)) && isExtent(width) && isExtent(height);
  if (possible) setScreenSize(<u32>width, <u32>height);
  answerBoolean(possible);
}

/** 101: the receiver is the cursor, its argument a mask. There is nothing to show it on. */
export function primitiveBeCursor(): void {
  if (argumentCount > 1) return fail(ERROR_BAD_ARGUMENT_COUNT);
  if (!hasSlots(receiver(), CURSOR_FIELDS)) fail(ERROR_BAD_RECEIVER);
  else if (argumentCount == 1 && !hasSlots(argument(0), CURSOR_FIELDS)) fail(ERROR_BAD_ARGUMENT);
}

/** 102: the receiver is the Display from now on. InterpreterPrimitives>>primitiveBeDisplay */
export function primitiveBeDisplay(): void {
  if (!hasSlots(receiver(), FORM_FIELDS)) return fail(ERROR_BAD_RECEIVER);
  storePointer(SPECIAL_DISPLAY, specialObjects, receiver());
}

// 103: the loop that measures text. The receiver's fields and the two last stop conditions.
const SCANNER_DEST_X: u32 = 0;
const SCANNER_LAST_INDEX: u32 = 1;
const SCANNER_EDGES: u32 = 2;
const SCANNER_GLYPH_MAP: u32 = 3;
const END_OF_RUN: u32 = 256;
const CROSSED_X: u32 = 257;

/**
 * 103, start, stop, string, right edge, stop conditions, kerning: goes along until a character has a stop condition, or
 * the next would cross the right edge; answers the condition. InterpreterPrimitives>>primitiveScanCharacters
 */
export function primitiveScanCharacters(): void {
  if (argumentCount != 6) return fail(ERROR_BAD_ARGUMENT_COUNT);
  const start = integerArgument(0);
  const stop = integerArgument(1);
  const string = argument(2);
  const right = integerArgument(3);
  const conditions = argument(4);
  const kern = integerArgument(5);
  if (failed()) return;
  if (!isObject(string) || !isBytesFormat(formatOf(<Address>string))) return fail(ERROR_GENERIC);
  if (!hasSlots(conditions, 258) || !hasSlots(receiver(), FORM_FIELDS)) return fail(ERROR_GENERIC);
  if (start <= 0 || stop <= 0 || stop > <i64>byteSize(string)) return fail(ERROR_GENERIC);
  if (isReadOnly(<Address>receiver())) return fail(ERROR_NO_MODIFICATION);
  const edges = fetchFollowed(SCANNER_EDGES, receiver());
  const glyphMap = fetchFollowed(SCANNER_GLYPH_MAP, receiver());
  const destX = fetchFollowed(SCANNER_DEST_X, receiver());
  if (!isSmallInteger(destX) || !isSmallInteger(fetchFollowed(SCANNER_LAST_INDEX, receiver())))
    return fail(ERROR_GENERIC);
  if (!hasSlots(edges, 2) || !hasSlots(glyphMap, 256) || slotCountOf(<Address>glyphMap) != 256)
    return fail(ERROR_GENERIC);

  let x = smallIntegerValue(destX);
  for (let i = start; i <= stop; i++) {
    const code = byteAt(string, <u32>i - 1);
    const condition = fetchFollowed(code, conditions);
    if (condition != nil) return endScan(x, i, condition);
    const next = x + glyphWidth(code, glyphMap, edges);
    if (failed()) return;
    if (next > right) return endScan(x, i, fetchFollowed(CROSSED_X, conditions));
    x = next + kern;
  }
  endScan(x, stop, fetchFollowed(END_OF_RUN, conditions));
}

function endScan(x: i64, lastIndex: i64, condition: Oop): void {
  storePointerUnchecked(SCANNER_DEST_X, receiver(), smallInteger(x));
  storePointerUnchecked(SCANNER_LAST_INDEX, receiver(), smallInteger(lastIndex));
  answer(condition);
}

/** The distance between a character's edges in the font's Form; fails where map or edges say nothing. */
function glyphWidth(code: u32, glyphMap: Oop, edges: Oop): i64 {
  const glyph = fetchFollowed(code, glyphMap);
  const index = isSmallInteger(glyph) ? smallIntegerValue(glyph) : -1;
  if (index < 0 || index > <i64>slotCountOf(<Address>edges) - 2) {
    fail(ERROR_GENERIC);
    return 0;
  }
  const left = fetchFollowed(<u32>index, edges);
  const right = fetchFollowed(<u32>index + 1, edges);
  if (!isSmallInteger(left) || !isSmallInteger(right)) fail(ERROR_GENERIC);
  return smallIntegerValue(right) - smallIntegerValue(left);
}

/** 106: the screen's size as a Point. */
export function primitiveScreenSize(): void {
  const packed = imageWindowSize == 0 ? DEFAULT_SCREEN : imageWindowSize;
  answerPoint((<i64>(packed >> 16)) & 0xffff, (<i64>packed) & 0xffff);
}

/** 126: with true, copying to the Display shows nothing until told (127). */
export function primitiveDeferDisplayUpdates(): void {
  const flag = booleanArgument(0);
  if (!failed()) deferUpdates(flag);
}

/** 127, left, right, top, bottom: shows a part of the Display. InterpreterPrimitives>>primitiveShowDisplayRect */
export function primitiveShowDisplayRect(): void {
  if (argumentCount != 4) return fail(ERROR_BAD_ARGUMENT_COUNT);
  const left = integerArgument(0);
  const right = integerArgument(1);
  const top = integerArgument(2);
  const bottom = integerArgument(3);
  if (!failed()) showOnDisplay(left, top, right, bottom);
}

/** 140: there is nothing to beep with. */
export function primitiveBeep(): void {}

/** 141: the clipboard's text; with bytes as argument sets it. It is kept here, and goes when the image does. */
export function primitiveClipboardText(): void {
  if (argumentCount > 1) return fail(ERROR_BAD_ARGUMENT_COUNT);
  if (argumentCount == 0) {
    const kept = clipboard == 0 ? nil : rootWord(clipboard);
    if (kept == nil) return answerString(0, 0);
    return answerString(bodyOf(kept), byteSize(kept));
  }
  const text = bytesArgument(0);
  if (failed()) return;
  const copy = newString(bodyOf(text), byteSize(text));
  if (copy == 0) return fail(ERROR_NO_MEMORY);
  if (clipboard == 0) clipboard = newRootWord();
  setRootWord(clipboard, copy);
}

/** 233: there is one window, and it is as large as it is. */
export function primitiveSetFullScreen(): void {
  booleanArgument(0);
}

/** Says how large the screen is, in pixels; for the embedder and primitive 92. */
export function setScreenSize(width: u32, height: u32): void {
  setImageWindowSize((min<u32>(width, 0xffff) << 16) | min<u32>(height, 0xffff));
}

/** Answers a new Point of integers. */
export function answerPoint(x: i64, y: i64): void {
  const point = instantiate(specialObject(SPECIAL_CLASS_POINT), 0);
  if (point == 0) return answerNew(0);
  storePointerUnchecked(POINT_X, point, smallInteger(x));
  storePointerUnchecked(POINT_Y, point, smallInteger(y));
  answer(point);
}

function isExtent(value: i64): bool {
  return value > 0 && value <= 0xffff;
}

function hasSlots(oop: Oop, count: u32): bool {
  return isObject(oop) && isPointersFormat(formatOf(<Address>oop)) && slotCountOf(<Address>oop) >= count;
}
