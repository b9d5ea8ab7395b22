// JPEG files into Forms and back. The ByteArrays that images pass as libjpeg's structures hold here only what
// primitives ask for afterwards: width, height and number of components of a file whose header was read.

import {
  Address,
  answerBoolean,
  answerInteger,
  argument,
  argumentCount,
  bodyOf,
  booleanArgument,
  byteSize,
  bytesArgument,
  ERROR_BAD_ARGUMENT,
  ERROR_BAD_ARGUMENT_COUNT,
  ERROR_GENERIC,
  ERROR_NO_MODIFICATION,
  fail,
  failed,
  fetchFollowed,
  fetchWord32,
  integerArgument,
  isReadOnly,
  Oop,
  storeWord32,
} from "../../vm/plugin";
import { hasFields, loadForm } from "../bitblt/load";
import { source as pixels } from "../bitblt/operation";
import { decodeInto, readHeader } from "../jpeg/decoder";
import { encode } from "../jpeg/encoder";
import { componentCount, height, width } from "../jpeg/frame";

const STRUCTURE_BYTES: u32 = 16;
const WIDTH: u32 = 0;
const HEIGHT: u32 = 1;
const COMPONENTS: u32 = 2;
const FORM_BITS: u32 = 0;

/** JPEGReadWriter2Plugin>>primJPEGPluginIsPresent */
export function primJPEGPluginIsPresent(): void {
  answerBoolean(true);
}

/** Whether Forms of 8 bits are read and written as grey. sqJPEGReadWriter2Plugin.c */
export function primSupports8BitGrayscaleJPEGs(): void {
  answerBoolean(true);
}

export function primJPEGCompressStructSize(): void {
  answerInteger(STRUCTURE_BYTES);
}

export function primJPEGDecompressStructSize(): void {
  answerInteger(STRUCTURE_BYTES);
}

export function primJPEGErrorMgr2StructSize(): void {
  answerInteger(STRUCTURE_BYTES);
}

export function primImageWidth(): void {
  answerField(WIDTH);
}

export function primImageHeight(): void {
  answerField(HEIGHT);
}

export function primImageNumComponents(): void {
  answerField(COMPONENTS);
}

/**
 * JPEGReadWriter2>>primJPEGReadHeader:fromByteArray:errorMgr: fills the first structure; with zeros where the bytes are no
 * JPEG file.
 */
export function primJPEGReadHeaderfromByteArrayerrorMgr(): void {
  if (argumentCount != 3) return fail(ERROR_BAD_ARGUMENT_COUNT);
  const structure = structureArgument(0);
  const file = bytesArgument(1);
  structureArgument(2);
  if (failed()) return;
  if (isReadOnly(<Address>structure)) return fail(ERROR_NO_MODIFICATION);
  const isGood = readHeader(bodyOf(file), bodyOf(file) + byteSize(file));
  storeWord32(WIDTH, structure, isGood ? width : 0);
  storeWord32(HEIGHT, structure, isGood ? height : 0);
  storeWord32(COMPONENTS, structure, isGood ? componentCount : 0);
}

/**
 * JPEGReadWriter2>>primJPEGReadImage:fromByteArray:onForm:doDithering:errorMgr: decodes to a Form of 32, 16 or 8 bits that
 * is no smaller. Bytes that are no JPEG file leave the Form as it is.
 */
export function primJPEGReadImagefromByteArrayonFormdoDitheringerrorMgr(): void {
  if (argumentCount != 5) return fail(ERROR_BAD_ARGUMENT_COUNT);
  structureArgument(0);
  const file = bytesArgument(1);
  const dithered = booleanArgument(3);
  structureArgument(4);
  if (failed() || !loadPixels(argument(2))) return;
  if (isReadOnly(<Address>fetchFollowed(FORM_BITS, argument(2)))) return fail(ERROR_NO_MODIFICATION);
  if (byteSize(file) == 0) return fail(ERROR_GENERIC);
  const end = bodyOf(file) + byteSize(file);
  if (!readHeader(bodyOf(file), end)) return;
  if (width > <u32>pixels.width || height > <u32>pixels.height) return fail(ERROR_GENERIC);
  decodeInto(end, pixels, dithered);
}

/**
 * JPEGReadWriter2>>primJPEGWriteImage:onByteArray:form:quality:progressiveJPEG:errorMgr: answers the bytes written, 0 where
 * the ByteArray is too small. Files are sequential, even if progressive ones are asked for.
 */
export function primJPEGWriteImageonByteArrayformqualityprogressiveJPEGerrorMgr(): void {
  if (argumentCount != 6) return fail(ERROR_BAD_ARGUMENT_COUNT);
  structureArgument(0);
  const file = bytesArgument(1);
  const quality = integerArgument(3);
  booleanArgument(4);
  structureArgument(5);
  if (failed() || !loadPixels(argument(2))) return;
  if (isReadOnly(<Address>file)) return fail(ERROR_NO_MODIFICATION);
  if (pixels.width == 0 || pixels.height == 0 || pixels.width > 65500 || pixels.height > 65500) return answerInteger(0);
  const grade = <i32>min<i64>(max<i64>(quality, 0), 100);
  answerInteger(encode(pixels, grade, bodyOf(file), bodyOf(file) + byteSize(file)));
}

/** A ByteArray large enough for a structure. */
function structureArgument(index: u32): Oop {
  const structure = bytesArgument(index);
  if (!failed() && byteSize(structure) < STRUCTURE_BYTES) fail(ERROR_GENERIC);
  return structure;
}

function answerField(field: u32): void {
  if (argumentCount != 1) return fail(ERROR_BAD_ARGUMENT_COUNT);
  const structure = structureArgument(0);
  if (!failed()) answerInteger(fetchWord32(field, structure));
}

/** A Form of 32, 16 or 8 bits. */
function loadPixels(form: Oop): bool {
  if (!hasFields(form, 4)) fail(ERROR_BAD_ARGUMENT);
  else if (!loadForm(form, pixels) || pixels.depth < 8) fail(ERROR_GENERIC);
  return !failed();
}
