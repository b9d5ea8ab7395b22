// Brings a row of a component to the image's size. Halved components are interpolated, three parts of the nearer sample
// and one of the farther, as the Independent JPEG Group's library does; other ratios repeat samples.

import { Address } from "../../vm/plugin";
import { Component, maxAcross, maxDown, width } from "./frame";

/** Writes the samples of the image's row `y`, a byte each, to `to`, which has room for some more than the width. */
export function sampleRow(part: Component, y: u32, to: Address): void {
  const isHalfAcross = part.across * 2 == maxAcross && part.width > 2;
  if (part.across == maxAcross && part.down == maxDown) {
    memory.copy(to, rowOf(part, y), width);
  } else if (isHalfAcross && part.down == maxDown) {
    interpolateAcross(rowOf(part, y), part.width, to);
  } else if (isHalfAcross && part.down * 2 == maxDown) {
    const near = y >> 1;
    const far = y & 1 ? min(near + 1, part.height - 1) : near == 0 ? 0 : near - 1;
    interpolateBoth(rowOf(part, near), rowOf(part, far), part.width, to);
  } else {
    repeat(part, rowOf(part, (y * part.down) / maxDown), to);
  }
}

// @ts-ignore: decorator
@inline
function rowOf(part: Component, y: u32): Address {
  return part.samples + y * (part.stride << 3);
}

function repeat(part: Component, from: Address, to: Address): void {
  for (let x: u32 = 0; x < width; x++) store<u8>(to + x, load<u8>(from + (x * part.across) / maxAcross));
}

function interpolateAcross(from: Address, count: u32, to: Address): void {
  const last = count - 1;
  for (let i: u32 = 0; i < count; i++) {
    const here = <u32>load<u8>(from + i);
    const left = i == 0 ? here : <u32>load<u8>(from + i - 1);
    const right = i == last ? here : <u32>load<u8>(from + i + 1);
    store<u8>(to + 2 * i, <u8>((3 * here + left + 1) >> 2));
    store<u8>(to + 2 * i, <u8>((3 * here + right + 2) >> 2), 1);
  }
}

function interpolateBoth(near: Address, far: Address, count: u32, to: Address): void {
  const last = count - 1;
  let left = mixed(near, far, 0);
  let here = left;
  for (let i: u32 = 0; i < count; i++) {
    const right = i == last ? here : mixed(near, far, i + 1);
    store<u8>(to + 2 * i, <u8>((3 * here + left + 8) >> 4));
    store<u8>(to + 2 * i, <u8>((3 * here + right + 7) >> 4), 1);
    left = here;
    here = right;
  }
}

// @ts-ignore: decorator
@inline
function mixed(near: Address, far: Address, index: u32): u32 {
  return 3 * <u32>load<u8>(near + index) + load<u8>(far + index);
}
