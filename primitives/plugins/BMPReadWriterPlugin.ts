// Rows of BMP files with 24 bits a pixel, blue first, to words of a Form of 32 bits and back.

import {
  Address,
  argument,
  argumentCount,
  bodyOf,
  byteSize,
  bytesArgument,
  elementCountOf,
  ERROR_BAD_ARGUMENT_COUNT,
  ERROR_GENERIC,
  ERROR_NO_MODIFICATION,
  fail,
  failed,
  integerArgument,
  isReadOnly,
  Oop,
} from "../../vm/plugin";
import { isWords } from "../bitblt/load";

/** Row, words, index, width. Black becomes the nearest colour that is not 0. BMPReadWriterPlugin>>primitiveRead24BmpLine */
export function primitiveRead24BmpLine(): void {
  const words = loadWords(argument(1));
  if (failed()) return;
  if (isReadOnly(<Address>argument(1))) return fail(ERROR_NO_MODIFICATION);
  let from = bodyOf(argument(0));
  const end = words + ((<u32>integerArgument(3)) << 2);
  for (let to = words; to < end; to += 4, from += 3) {
    const color = (<u32>load<u16>(from)) | ((<u32>load<u8>(from, 2)) << 16);
    store<u32>(to, color == 0 ? 0xff000001 : color | 0xff000000);
  }
}

/** Row, words, index, width. BMPReadWriterPlugin>>primitiveWrite24BmpLine */
export function primitiveWrite24BmpLine(): void {
  const words = loadWords(argument(1));
  if (failed()) return;
  if (isReadOnly(<Address>argument(0))) return fail(ERROR_NO_MODIFICATION);
  let to = bodyOf(argument(0));
  const end = words + ((<u32>integerArgument(3)) << 2);
  for (let from = words; from < end; from += 4, to += 3) {
    const color = load<u32>(from);
    store<u16>(to, <u16>color);
    store<u8>(to, <u8>(color >> 16), 2);
  }
}

/** Checks the arguments; answers where the words from the index on are. */
function loadWords(words: Oop): Address {
  if (argumentCount != 4) fail(ERROR_BAD_ARGUMENT_COUNT);
  if (failed()) return 0;
  const row = bytesArgument(0);
  const index = integerArgument(2);
  const width = integerArgument(3);
  if (!failed() && (!isWords(words) || width <= 0 || index <= 0)) fail(ERROR_GENERIC);
  if (failed()) return 0;
  // Subtractions, as index and width may be as large as integers are.
  const size = <i64>elementCountOf(words);
  if (width > size || index > size - width + 1 || width > <i64>byteSize(row) / 3) fail(ERROR_GENERIC);
  return bodyOf(words) + <u32>((index - 1) << 2);
}
