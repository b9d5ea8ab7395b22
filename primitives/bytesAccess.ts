// Primitives 600 to 629: values of C types in the bytes of an object, at a zero-based offset, least byte first. Objects of
// words and shorts will do as well as bytes. This is the file where those layouts are read and written.
// Source: VMMaker, StackInterpreterPrimitives>>primitiveLoad…FromBytes, primitiveStore…IntoBytes.

import {
  Address,
  answer,
  answerBoolean,
  answerFloat,
  answerInteger,
  answerNew,
  answerUnsigned,
  argument,
  bodyOf,
  byteSize,
  character,
  characterValue,
  ERROR_BAD_ARGUMENT,
  ERROR_BAD_INDEX,
  ERROR_NO_MODIFICATION,
  fail,
  failed,
  falseObject,
  fetchWord64,
  formatOf,
  instantiate,
  isBehavior,
  isBitsFormat,
  isCharacter,
  isFloat,
  isObject,
  isReadOnly,
  isSmallFloat,
  isSmallInteger,
  receiver,
  smallFloatValue,
  smallIntegerValue,
  SPECIAL_CLASS_EXTERNAL_ADDRESS,
  specialObject,
  storeWord64,
  trueObject,
} from "../vm/plugin";
import { positive32Of, takes } from "./operands";

/** 600 */
export function primitiveLoadBoolean8FromBytes(): void {
  const place = placeToLoad(1);
  if (place != 0) answerBoolean(load<u8>(place) != 0);
}

/** 601 */
export function primitiveLoadUInt8FromBytes(): void {
  const place = placeToLoad(1);
  if (place != 0) answerInteger(load<u8>(place));
}

/** 602 */
export function primitiveLoadInt8FromBytes(): void {
  const place = placeToLoad(1);
  if (place != 0) answerInteger(load<i8>(place));
}

/** 603 */
export function primitiveLoadUInt16FromBytes(): void {
  const place = placeToLoad(2);
  if (place != 0) answerInteger(load<u16>(place));
}

/** 604 */
export function primitiveLoadInt16FromBytes(): void {
  const place = placeToLoad(2);
  if (place != 0) answerInteger(load<i16>(place));
}

/** 605 */
export function primitiveLoadUInt32FromBytes(): void {
  const place = placeToLoad(4);
  if (place != 0) answerInteger(load<u32>(place));
}

/** 606 */
export function primitiveLoadInt32FromBytes(): void {
  const place = placeToLoad(4);
  if (place != 0) answerInteger(load<i32>(place));
}

/** 607 */
export function primitiveLoadUInt64FromBytes(): void {
  const place = placeToLoad(8);
  if (place != 0) answerUnsigned(load<u64>(place));
}

/** 608 */
export function primitiveLoadInt64FromBytes(): void {
  const place = placeToLoad(8);
  if (place != 0) answerInteger(load<i64>(place));
}

/** 609 */
export function primitiveLoadPointerFromBytes(): void {
  const place = placeToLoad(8);
  if (place != 0) answerPointer(load<u64>(place));
}

/** 610 */
export function primitiveLoadChar8FromBytes(): void {
  const place = placeToLoad(1);
  if (place != 0) answer(character(load<u8>(place)));
}

/** 611 */
export function primitiveLoadChar16FromBytes(): void {
  const place = placeToLoad(2);
  if (place != 0) answer(character(load<u16>(place)));
}

/** 612 */
export function primitiveLoadChar32FromBytes(): void {
  const place = placeToLoad(4);
  if (place != 0) answer(character(load<u32>(place)));
}

/** 613 */
export function primitiveLoadFloat32FromBytes(): void {
  const place = placeToLoad(4);
  if (place != 0) answerFloat(load<f32>(place));
}

/** 614 */
export function primitiveLoadFloat64FromBytes(): void {
  const place = placeToLoad(8);
  if (place != 0) answerFloat(load<f64>(place));
}

/** 615 */
export function primitiveStoreBoolean8IntoBytes(): void {
  const value = booleanValue();
  const place = placeToStore(1);
  if (place != 0) store<u8>(place, <u8>value);
}

/** 616 */
export function primitiveStoreUInt8IntoBytes(): void {
  const value = unsignedValue();
  const place = placeToStore(1);
  if (place != 0) store<u8>(place, <u8>value);
}

/** 617 */
export function primitiveStoreInt8IntoBytes(): void {
  const value = integerValue();
  const place = placeToStore(1);
  if (place != 0) store<u8>(place, <u8>value);
}

/** 618 */
export function primitiveStoreUInt16IntoBytes(): void {
  const value = unsignedValue();
  const place = placeToStore(2);
  if (place != 0) store<u16>(place, <u16>value);
}

/** 619 */
export function primitiveStoreInt16IntoBytes(): void {
  const value = integerValue();
  const place = placeToStore(2);
  if (place != 0) store<u16>(place, <u16>value);
}

/** 620 */
export function primitiveStoreUInt32IntoBytes(): void {
  const value = unsigned32();
  const place = placeToStore(4);
  if (place != 0) store<u32>(place, <u32>value);
}

/** 621 */
export function primitiveStoreInt32IntoBytes(): void {
  const value = integerValue();
  const place = placeToStore(4);
  if (place != 0) store<u32>(place, <u32>value);
}

/** 622 */
export function primitiveStoreUInt64IntoBytes(): void {
  const value = unsignedValue();
  const place = placeToStore(8);
  if (place != 0) store<u64>(place, value);
}

/** 623 */
export function primitiveStoreInt64IntoBytes(): void {
  const value = integerValue();
  const place = placeToStore(8);
  if (place != 0) store<u64>(place, value);
}

/** 624 */
export function primitiveStorePointerIntoBytes(): void {
  const value = pointerValue();
  const place = placeToStore(8);
  if (place != 0) store<u64>(place, value);
}

/** 625 */
export function primitiveStoreChar8IntoBytes(): void {
  const value = characterCode();
  const place = placeToStore(1);
  if (place != 0) store<u8>(place, <u8>value);
}

/** 626 */
export function primitiveStoreChar16IntoBytes(): void {
  const value = characterCode();
  const place = placeToStore(2);
  if (place != 0) store<u16>(place, <u16>value);
}

/** 627 */
export function primitiveStoreChar32IntoBytes(): void {
  const value = characterCode();
  const place = placeToStore(4);
  if (place != 0) store<u32>(place, <u32>value);
}

/** 628 */
export function primitiveStoreFloat32IntoBytes(): void {
  const value = floatBits();
  const place = placeToStore(4);
  if (place != 0) store<f32>(place, <f32>reinterpret<f64>(value));
}

/** 629 */
export function primitiveStoreFloat64IntoBytes(): void {
  const value = floatBits();
  const place = placeToStore(8);
  if (place != 0) store<u64>(place, value);
}

/** Where a value of so many bytes lies that the only argument names by its offset; 0 and failed where it does not. */
function placeToLoad(bytes: u32): Address {
  return takes(1) ? placeOf(bytes) : 0;
}

/** Where the second argument goes; the answer is that argument. */
function placeToStore(bytes: u32): Address {
  if (failed() || !takes(2)) return 0;
  const place = placeOf(bytes);
  if (place == 0) return 0;
  if (isReadOnly(<Address>receiver())) {
    fail(ERROR_NO_MODIFICATION);
    return 0;
  }
  answer(argument(1));
  return place;
}

function placeOf(bytes: u32): Address {
  const object = receiver();
  const offset = argument(0);
  if (!isSmallInteger(offset) || !isObject(object) || !isBitsFormat(formatOf(<Address>object)))
    return refuse(ERROR_BAD_ARGUMENT);
  const value = smallIntegerValue(offset);
  if (value < 0 || value > <i64>byteSize(object) - <i64>bytes) return refuse(ERROR_BAD_INDEX);
  return bodyOf(object) + <u32>value;
}

function refuse(code: u32): u32 {
  fail(code);
  return 0;
}

// The value to store: the second argument, with the conversions of the reference, which takes SmallIntegers only.

function integerValue(): i64 {
  if (!takes(2)) return 0;
  if (isSmallInteger(argument(1))) return smallIntegerValue(argument(1));
  return refuse(ERROR_BAD_ARGUMENT);
}

function unsignedValue(): i64 {
  const value = integerValue();
  return value >= 0 ? value : refuse(ERROR_BAD_ARGUMENT);
}

function unsigned32(): i64 {
  if (!takes(2)) return 0;
  return isSmallInteger(argument(1)) ? positive32Of(argument(1)) : refuse(ERROR_BAD_ARGUMENT);
}

function booleanValue(): i64 {
  if (!takes(2)) return 0;
  if (argument(1) == trueObject) return 1;
  return argument(1) == falseObject ? 0 : refuse(ERROR_BAD_ARGUMENT);
}

function characterCode(): i64 {
  if (!takes(2)) return 0;
  return isCharacter(argument(1)) ? characterValue(argument(1)) : refuse(ERROR_BAD_ARGUMENT);
}

function floatBits(): u64 {
  if (!takes(2)) return 0;
  const value = argument(1);
  if (isSmallFloat(value)) return reinterpret<u64>(smallFloatValue(value));
  return isFloat(value) ? fetchWord64(0, value) : refuse(ERROR_BAD_ARGUMENT);
}

/** The first word of an object of raw bits, such as an ExternalAddress. */
function pointerValue(): u64 {
  if (!takes(2)) return 0;
  const pointer = argument(1);
  const holdsWord = isObject(pointer) && isBitsFormat(formatOf(<Address>pointer)) && byteSize(pointer) >= 8;
  return holdsWord ? fetchWord64(0, pointer) : refuse(ERROR_BAD_ARGUMENT);
}

/** Answers a new ExternalAddress. */
function answerPointer(value: u64): void {
  const addressClass = specialObject(SPECIAL_CLASS_EXTERNAL_ADDRESS);
  if (!isBehavior(addressClass)) return fail();
  const pointer = instantiate(addressClass, 8);
  if (pointer != 0) storeWord64(0, pointer, value);
  answerNew(pointer);
}
