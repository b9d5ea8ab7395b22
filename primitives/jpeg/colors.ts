// Between samples of components and pixels of Forms: YCbCr (JFIF, BT.601) in sixteen bits of fraction, grey, RGB, and
// inverted CMYK as Adobe writes it. Pixels are of 32, 16 or 8 bits (grey), either order.

import { Address } from "../../vm/plugin";
import { Pixels } from "../bitblt/operation";
import { adobeTransform, component, componentCount, isJfif, width } from "./frame";

/** The order of dithering for the first and second pixel of a word, by row (Form>>orderedDither32To16). */
const DITHER_EVEN = <Address>memory.data<u8>([2, 0, 14, 12, 1, 3, 13, 15]);
const DITHER_ODD = <Address>memory.data<u8>([10, 8, 6, 4, 9, 11, 5, 7]);

let red: u32 = 0;
let green: u32 = 0;
let blue: u32 = 0;

/** Writes a row of the image from rows of samples, one after the other in memory at `rowBytes`. */
export function writeRow(pixels: Pixels, y: u32, samples: Address, rowBytes: u32, dithered: bool): void {
  const to = pixels.bits + y * pixels.pitch;
  const luminanceOnly = pixels.depth == 8;
  const converting = hasDifferences();
  for (let x: u32 = 0; x < width; x++) {
    const from = samples + x;
    if (luminanceOnly) {
      store<u8>(to + (pixels.bigEndian ? x ^ 3 : x), load<u8>(from));
      continue;
    }
    loadColor(from, rowBytes, converting);
    if (pixels.depth == 32) store<u32>(to + (x << 2), 0xff000000 | (red << 16) | (green << 8) | blue);
    else store<u16>(to + ((pixels.bigEndian ? x ^ 1 : x) << 1), <u16>pixel16(x, y + 1, dithered));
  }
}

/** Luminance, and the differences of blue and red from it, of a colour: 8 bits each. */
export function luminanceOf(color: u32): u32 {
  const r = (color >> 16) & 255;
  const g = (color >> 8) & 255;
  return (19595 * r + 38470 * g + 7471 * (color & 255) + 32768) >> 16;
}

export function blueDifferenceOf(color: u32): u32 {
  const r = (color >> 16) & 255;
  const g = (color >> 8) & 255;
  return (32768 * (color & 255) - 11059 * r - 21709 * g + (128 << 16) + 32767) >> 16;
}

export function redDifferenceOf(color: u32): u32 {
  const g = (color >> 8) & 255;
  return (32768 * ((color >> 16) & 255) - 27439 * g - 5329 * (color & 255) + (128 << 16) + 32767) >> 16;
}

/** A pixel of a Form as a colour of eight bits each; a grey one thrice. */
export function colorAt(pixels: Pixels, x: u32, y: u32): u32 {
  const row = pixels.bits + y * pixels.pitch;
  if (pixels.depth == 32) return load<u32>(row + (x << 2)) & 0xffffff;
  if (pixels.depth == 8) return <u32>load<u8>(row + (pixels.bigEndian ? x ^ 3 : x)) * 0x10101;
  const pixel = <u32>load<u16>(row + ((pixels.bigEndian ? x ^ 1 : x) << 1));
  return ((pixel & 0x7c00) << 9) | ((pixel & 0x3e0) << 6) | ((pixel & 31) << 3);
}

/** Whether the second and third component are differences of colours. */
function hasDifferences(): bool {
  if (componentCount < 3) return false;
  if (componentCount == 4) return adobeTransform == 2;
  if (isJfif) return true;
  if (adobeTransform >= 0) return adobeTransform != 0;
  return component(0).id != 0x52 || component(1).id != 0x47 || component(2).id != 0x42;
}

function loadColor(from: Address, rowBytes: u32, converting: bool): void {
  red = load<u8>(from);
  green = red;
  blue = red;
  if (componentCount < 3) return;
  green = load<u8>(from + rowBytes);
  blue = load<u8>(from + 2 * rowBytes);
  if (converting) convert(<i32>red, <i32>green - 128, <i32>blue - 128);
  if (componentCount < 4) return;
  const black = <u32>load<u8>(from + 3 * rowBytes);
  // With a transform the three are those of an RGB image inverted once more.
  red = covered(red, black, converting);
  green = covered(green, black, converting);
  blue = covered(blue, black, converting);
}

// @ts-ignore: decorator
@inline
function covered(value: u32, black: u32, converted: bool): u32 {
  return ((converted ? 255 - value : value) * black) / 255;
}

function convert(luminance: i32, blueDifference: i32, redDifference: i32): void {
  red = limited(luminance + ((91881 * redDifference + 32768) >> 16));
  green = limited(luminance + ((32768 - 22554 * blueDifference - 46802 * redDifference) >> 16));
  blue = limited(luminance + ((116130 * blueDifference + 32768) >> 16));
}

// @ts-ignore: decorator
@inline
function limited(value: i32): u32 {
  return <u32>min(max(value, 0), 255);
}

function pixel16(x: u32, row: u32, dithered: bool): u32 {
  if (!dithered) return 0x8000 | ((red >> 3) << 10) | ((green >> 3) << 5) | (blue >> 3);
  const index = ((row & 3) << 1) | ((x >> 1) & 1);
  const threshold = <u32>load<u8>((x & 1 ? DITHER_ODD : DITHER_EVEN) + index);
  return 0x8000 | (level(red, threshold) << 10) | (level(green, threshold) << 5) | level(blue, threshold);
}

/** A component of five bits, one more where the rest is above the threshold. */
// @ts-ignore: decorator
@inline
function level(value: u32, threshold: u32): u32 {
  const scaled = (value * 496) >> 8;
  return (scaled >> 4) + <u32>(threshold < (scaled & 15));
}
