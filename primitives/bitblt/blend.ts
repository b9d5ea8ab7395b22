// Rules 34 and 41 from 32-bit sources, straight on the pixels: no words, no halftone, and with dithering where the
// destination has fewer bits. These draw text and anti-aliased shapes. Loads and stores are on the Forms' bits.

import { Address } from "../../vm/plugin";
import { defaultColor, dither32To16, ditherThreshold, expand16To32, mapPixel } from "./colors";
import { componentAlpha32 } from "./componentAlpha";
import { blit, dest, MAP_PRESENT, source } from "./operation";
import { alphaBlendScaled } from "./rules";

/** Does the operation if it is one of these; answers whether. BitBltSimulation>>tryCopyingBitsQuickly */
export function blendQuickly(): bool {
  if (blit.noSource || blit.sameForm || source.depth != 32) return false;
  if (blit.rule != 34 && blit.rule != 41) return false;
  if (dest.depth < 8) return false;
  if (blit.rule == 34 && dest.depth == 8 && (blit.mapFlags & MAP_PRESENT) == 0) return false;
  for (let row = 0; row < blit.rows; row++) {
    const from = source.bits + <u32>(blit.fromY + row) * source.pitch + ((<u32>blit.fromX) << 2);
    const to = dest.bits + <u32>(blit.y + row) * dest.pitch;
    if (dest.depth == 32) blendRow32(from, to);
    else if (dest.depth == 16) blendRow16(from, to, blit.y + row);
    else blendRow8(from, to, row);
  }
  return true;
}

/** BitBltSimulation>>alphaSourceBlendBits32, rgbComponentAlpha32 */
function blendRow32(fromStart: Address, row: Address): void {
  let from = fromStart;
  let to = row + ((<u32>blit.x) << 2);
  const end = to + ((<u32>blit.columns) << 2);
  if (blit.rule == 41) {
    for (; to < end; to += 4, from += 4) {
      const pixel = load<u32>(from);
      if ((pixel & 0xffffff) != 0) store<u32>(to, componentAlpha32(pixel, load<u32>(to)));
    }
    return;
  }
  for (; to < end; to += 4, from += 4) {
    const pixel = load<u32>(from);
    const alpha = pixel >> 24;
    if (alpha == 255) store<u32>(to, pixel);
    else if (alpha != 0) store<u32>(to, alphaBlendScaled(pixel, load<u32>(to)));
  }
}

/** BitBltSimulation>>alphaSourceBlendBits16, rgbComponentAlpha16 */
function blendRow16(from: Address, row: Address, y: i32): void {
  const flip = dest.bigEndian ? 1 : 0;
  for (let i = 0; i < blit.columns; i++) {
    const pixel = load<u32>(from + ((<u32>i) << 2));
    const transparent = blit.rule == 41 ? (pixel & 0xffffff) == 0 : pixel >> 24 == 0;
    if (transparent) continue;
    // Pixels of a word are halves of it, so in this little-endian memory the first of big-endian order lies second.
    const to = row + ((<u32>((blit.x + i) ^ flip)) << 1);
    let color = pixel;
    if (blit.rule == 41) color = componentAlpha32(pixel, expand16To32(load<u16>(to)) | 0xff000000);
    else if (pixel >> 24 != 255) color = alphaBlendScaled(pixel, expand16To32(load<u16>(to)) | 0xff000000);
    const dithered = dither32To16(color, ditherThreshold(blit.fromX + i, y));
    store<u16>(to, <u16>(dithered == 0 ? 1 : dithered));
  }
}

/** BitBltSimulation>>alphaSourceBlendBits8, rgbComponentAlpha8 */
function blendRow8(from: Address, row: Address, rowIndex: i32): void {
  const flip = dest.bigEndian ? 3 : 0;
  for (let i = 0; i < blit.columns; i++) {
    // Raised low bits dither: a checkerboard where the width is even, columns where it is odd.
    const raised: u32 = (blit.x + blit.y + rowIndex * (blit.columns + 1) + i) & 1 ? 0x1f1f1f1f : 0;
    let pixel = (load<u32>(from + ((<u32>i) << 2)) & ~raised) + raised;
    const to = row + <u32>((blit.x + i) ^ flip);
    if (blit.rule == 41) {
      const average = (((pixel >> 16) & 255) + ((pixel >> 8) & 255) + (pixel & 255)) / 3;
      if (average <= 31) continue;
      pixel = componentAlpha32(average > 224 ? 0xffffffff : pixel, defaultColor(load<u8>(to)));
    } else {
      const alpha = pixel >> 24;
      if (alpha <= 31) continue;
      if (alpha < 224) pixel = alphaBlendScaled(pixel, defaultColor(load<u8>(to)));
    }
    store<u8>(to, <u8>mapPixel(pixel));
  }
}
