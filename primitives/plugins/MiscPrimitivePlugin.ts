// MiscPrimitivePlugin: strings searched, compared and translated, bitmaps packed in runs, 8-bit samples widened.
// Source: VMMaker, MiscPrimitivePlugin. Inner loops read and write bytes themselves: a call a byte would double their time.

import {
  Address,
  answerInteger,
  bitsArgument,
  bodyOf,
  byteAt,
  byteSize,
  bytesArgument,
  ERROR_BAD_ARGUMENT,
  ERROR_BAD_INDEX,
  ERROR_NO_MODIFICATION,
  ERROR_UNSUPPORTED,
  fail,
  failed,
  integerArgument,
  isReadOnly,
  Oop,
} from "../../vm/plugin";
import { takes } from "../operands";

/** Bytes of a table with an entry for every byte. */
const TABLE_BYTES: u32 = 256;

/** ByteString class >> compare: string1 with: string2 collated: order. 1, 2 or 3: less, equal, greater. */
export function primitiveCompareString(): void {
  if (!takes(3)) return;
  const first = bytesArgument(0);
  const second = bytesArgument(1);
  const order = tableArgument(2);
  if (failed()) return;
  const length = min(byteSize(first), byteSize(second));
  for (let i: u32 = 0; i < length; i++) {
    const a = byteAt(order, byteAt(first, i));
    const b = byteAt(order, byteAt(second, i));
    if (a != b) return answerInteger(a < b ? 1 : 3);
  }
  if (byteSize(first) == byteSize(second)) answerInteger(2);
  else answerInteger(byteSize(first) < byteSize(second) ? 1 : 3);
}

/** ByteString class >> findFirstInString: string inSet: map startingAt: start. The index, or 0. */
export function primitiveFindFirstInString(): void {
  if (!takes(3)) return;
  const string = bytesArgument(0);
  const map = bytesArgument(1);
  const start = integerArgument(2);
  if (failed()) return;
  if (start < 1) return fail(ERROR_BAD_INDEX);
  if (byteSize(map) != TABLE_BYTES) return answerInteger(0);
  const size = byteSize(string);
  for (let i = start - 1; i < <i64>size; i++) {
    if (byteAt(map, byteAt(string, <u32>i)) != 0) return answerInteger(i + 1);
  }
  answerInteger(0);
}

/** ByteString >> findSubstring: key in: body startingAt: start matchTable: table. The index, or 0. */
export function primitiveFindSubstring(): void {
  if (!takes(4)) return;
  const key = bytesArgument(0);
  const body = bytesArgument(1);
  const start = integerArgument(2);
  const table = tableArgument(3);
  if (failed()) return;
  const keySize = byteSize(key);
  if (keySize == 0) return answerInteger(0);
  const last = <i64>byteSize(body) - keySize;
  for (let i = max<i64>(start - 1, 0); i <= last; i++) {
    if (matchesAt(bodyOf(body) + <u32>i, bodyOf(key), keySize, bodyOf(table))) return answerInteger(i + 1);
  }
  answerInteger(0);
}

/** ByteString class >> indexOfAscii: byte inString: string startingAt: start. The index, or 0. */
export function primitiveIndexOfAsciiInString(): void {
  if (!takes(3)) return;
  const byte = integerArgument(0);
  const string = bytesArgument(1);
  const start = integerArgument(2);
  if (failed()) return;
  if (start < 1) return fail(ERROR_BAD_INDEX);
  const size = <i64>byteSize(string);
  for (let i = start - 1; i < size; i++) {
    if (<i64>byteAt(string, <u32>i) == byte) return answerInteger(i + 1);
  }
  answerInteger(0);
}

/** ByteArray class >> hashBytes: bytes startingWith: hash. 28 bits. */
export function primitiveStringHash(): void {
  if (!takes(2)) return;
  const bytes = bytesArgument(0);
  let hash = <u32>integerArgument(1);
  if (failed()) return;
  const end = bodyOf(bytes) + byteSize(bytes);
  for (let byte = bodyOf(bytes); byte < end; byte++) hash = (hash + load<u8>(byte)) * 0x19660d;
  answerInteger(hash & 0x0fffffff);
}

/** ByteString class >> translate: string from: start to: stop table: table. */
export function primitiveTranslateStringWithTable(): void {
  if (!takes(4)) return;
  const string = bytesArgument(0);
  const start = integerArgument(1);
  const stop = integerArgument(2);
  const table = bytesArgument(3);
  if (failed()) return;
  if (isReadOnly(<Address>string)) return fail(ERROR_NO_MODIFICATION);
  if (start < 1 || stop > <i64>byteSize(string)) return fail(ERROR_BAD_INDEX);
  if (byteSize(table) < TABLE_BYTES) return fail(ERROR_BAD_ARGUMENT);
  const entries = bodyOf(table);
  for (let i = start - 1; i < stop; i++) {
    const place = bodyOf(string) + <u32>i;
    store<u8>(place, load<u8>(entries + load<u8>(place)));
  }
}

/** SampledSound class >> convert8bitSignedFrom: bytes to16Bit: buffer. */
export function primitiveConvert8BitSigned(): void {
  if (!takes(2)) return;
  const bytes = bytesArgument(0);
  const samples = bitsArgument(1);
  if (failed()) return;
  if (isReadOnly(<Address>samples)) return fail(ERROR_NO_MODIFICATION);
  const size = byteSize(bytes);
  if (byteSize(samples) >> 1 < size) return fail(ERROR_BAD_ARGUMENT);
  for (let i: u32 = 0; i < size; i++) store<u16>(bodyOf(samples) + (i << 1), (<u16>byteAt(bytes, i)) << 8);
}

// A packed bitmap: its size in words, then runs. A run opens with a number, 4 times its words plus a code: 0 nothing
// follows, 1 one byte for all bytes of all words, 2 one word for all, 3 the words themselves. Numbers up to 223 take a
// byte, up to 7935 two (224 and more first), others 255 and four bytes; all with the high byte first.
const RUN_OF_BYTE: u32 = 1;
const RUN_OF_WORD: u32 = 2;
const RUN_OF_WORDS: u32 = 3;
const ONE_BYTE_LIMIT: u32 = 223;
const TWO_BYTE_LIMIT: u32 = 7935;

/** Bitmap >> compress: bitmap toByteArray: bytes. How many bytes were written; fails unless they are sure to suffice. */
export function primitiveCompressToByteArray(): void {
  if (!takes(2)) return;
  const bitmap = bitsArgument(0);
  const bytes = bytesArgument(1);
  if (failed()) return;
  if (isReadOnly(<Address>bytes)) return fail(ERROR_NO_MODIFICATION);
  const words = byteSize(bitmap) >> 2;
  if (<u64>byteSize(bytes) < ((<u64>words) << 2) + 7 + (words / 1984) * 3) return fail(ERROR_UNSUPPORTED);
  output = bodyOf(bytes);
  putNumber(words);
  for (let i: u32 = 0; i < words;) i += putRun(bodyOf(bitmap), i, words);
  answerInteger(output - bodyOf(bytes));
}

/** Bitmap >> decompress: bitmap fromByteArray: bytes at: index. Fails where the words do not fit or the bytes run out. */
export function primitiveDecompressFromByteArray(): void {
  if (!takes(3)) return;
  const bitmap = bitsArgument(0);
  const bytes = bytesArgument(1);
  const index = integerArgument(2);
  if (failed()) return;
  if (isReadOnly(<Address>bitmap)) return fail(ERROR_NO_MODIFICATION);
  if (index < 1) return fail(ERROR_BAD_INDEX);
  if (index > <i64>byteSize(bytes)) return;
  input = bodyOf(bytes) + <u32>(index - 1);
  inputEnd = bodyOf(bytes) + byteSize(bytes);
  output = bodyOf(bitmap);
  const end = output + (byteSize(bitmap) & ~3);
  while (input < inputEnd && !failed()) expandRun(end);
}

let input: Address = 0;
let inputEnd: Address = 0;
let output: Address = 0;

/** Writes the run that starts at a word; answers its length. */
function putRun(words: Address, start: u32, count: u32): u32 {
  const word = wordAt(words, start);
  let end = start + 1;
  while (end < count && wordAt(words, end) == word) end++;
  if (word == (word & 0xff) * 0x01010101) {
    putNumber(((end - start) << 2) | RUN_OF_BYTE);
    store<u8>(output++, <u8>word);
    return end - start;
  }
  if (end > start + 1) {
    putNumber(((end - start) << 2) | RUN_OF_WORD);
    putWord(word);
    return end - start;
  }
  // Words up to the first of two that are equal.
  while (end < count && wordAt(words, end - 1) != wordAt(words, end)) end++;
  if (end < count) end--;
  putNumber(((end - start) << 2) | RUN_OF_WORDS);
  for (let i = start; i < end; i++) putWord(wordAt(words, i));
  return end - start;
}

function expandRun(end: Address): void {
  const number = takeNumber();
  const count = number >> 2;
  if (count > (end - output) >> 2) return fail(ERROR_BAD_INDEX);
  const code = number & 3;
  if (code == 0) return;
  if (code == RUN_OF_WORDS) {
    for (let i: u32 = 0; i < count; i++, output += 4) store<u32>(output, takeWord());
    return;
  }
  const word = code == RUN_OF_BYTE ? takeByte() * 0x01010101 : takeWord();
  for (let i: u32 = 0; i < count; i++, output += 4) store<u32>(output, word);
}

// @ts-ignore: decorator
@inline
function wordAt(words: Address, index: u32): u32 {
  return load<u32>(words + (index << 2));
}

function putNumber(value: u32): void {
  if (value <= ONE_BYTE_LIMIT) {
    store<u8>(output++, <u8>value);
  } else if (value <= TWO_BYTE_LIMIT) {
    store<u8>(output++, <u8>((value >> 8) + 224));
    store<u8>(output++, <u8>value);
  } else {
    store<u8>(output++, 255);
    putWord(value);
  }
}

function putWord(word: u32): void {
  store<u32>(output, bswap(word));
  output += 4;
}

function takeNumber(): u32 {
  const byte = takeByte();
  if (byte <= ONE_BYTE_LIMIT) return byte;
  return byte < 255 ? ((byte - 224) << 8) + takeByte() : takeWord();
}

function takeWord(): u32 {
  if (inputEnd - input < 4) {
    fail(ERROR_BAD_INDEX);
    return 0;
  }
  input += 4;
  return bswap(load<u32>(input - 4));
}

function takeByte(): u32 {
  if (input < inputEnd) return load<u8>(input++);
  fail(ERROR_BAD_INDEX);
  return 0;
}

function tableArgument(index: u32): Oop {
  const table = bytesArgument(index);
  if (!failed() && byteSize(table) < TABLE_BYTES) fail(ERROR_BAD_ARGUMENT);
  return table;
}

function matchesAt(place: Address, key: Address, size: u32, table: Address): bool {
  for (let i: u32 = 0; i < size; i++) {
    if (load<u8>(table + load<u8>(place + i)) != load<u8>(table + load<u8>(key + i))) return false;
  }
  return true;
}
