// The discrete cosine transform of eight by eight samples and its inverse, in integers: thirteen bits of fraction in the
// factors, two more bits kept between rows and columns. Sums and differences halve the work (even and odd coefficients).
// Blocks are arrays of i16 or i32 in linear memory.

import { Address } from "../../vm/plugin";

// sqrt(2) cos(k pi / 16), times 8192.
const C1: i32 = 11363;
const C2: i32 = 10703;
const C3: i32 = 9633;
const C5: i32 = 6436;
const C6: i32 = 4433;
const C7: i32 = 2260;
const FRACTION: i32 = 13;
const KEPT: i32 = 2;

const work = <Address>memory.data(256, 8);

/**
 * Samples (64 bytes in rows of `stride`) of coefficients: 64 i16, times their quantisers (64 u16), all in natural order.
 * ITU-T T.81, A.3.3.
 */
export function inverseTransform(coefficients: Address, quantisers: Address, samples: Address, stride: u32): void {
  for (let i: u32 = 0; i < 8; i++) {
    const from = coefficients + (i << 1);
    const scale = quantisers + (i << 1);
    inverse8(
      dequantised(from, scale, 0),
      dequantised(from, scale, 1),
      dequantised(from, scale, 2),
      dequantised(from, scale, 3),
      dequantised(from, scale, 4),
      dequantised(from, scale, 5),
      dequantised(from, scale, 6),
      dequantised(from, scale, 7),
    );
    // A column's results stand in the column.
    const to = work + (i << 2);
    for (let j: u32 = 0; j < 8; j++) store<i32>(to + (j << 5), rounded(load<i32>(results + (j << 2)), FRACTION - KEPT));
  }
  for (let i: u32 = 0; i < 8; i++) {
    const from = work + (i << 5);
    inverse8(
      load<i32>(from),
      load<i32>(from, 4),
      load<i32>(from, 8),
      load<i32>(from, 12),
      load<i32>(from, 16),
      load<i32>(from, 20),
      load<i32>(from, 24),
      load<i32>(from, 28),
    );
    const to = samples + i * stride;
    for (let j: u32 = 0; j < 8; j++) {
      const value = rounded(load<i32>(results + (j << 2)), FRACTION + KEPT + 3) + 128;
      store<u8>(to + j, <u8>min(max(value, 0), 255));
    }
  }
}

/**
 * The same for JPEGReaderPlugin: 64 i32 become samples in place, with 64 i32 of quantisers. That plugin cuts instead of
 * rounding, and takes 127 for the middle. JPEGReaderPlugin>>idctBlockInt:qt:
 */
export function inverseTransformCutting(block: Address, quantisers: Address): void {
  for (let i: u32 = 0; i < 64; i++) {
    const at = i << 2;
    store<i32>(work + at, load<i32>(block + at) * load<i32>(quantisers + at));
  }
  for (let i: u32 = 0; i < 8; i++) inverseCutting(work + (i << 2), 32, 1 << (FRACTION - KEPT));
  for (let i: u32 = 0; i < 8; i++) inverseCutting(work + (i << 5), 4, 1 << (FRACTION + KEPT + 3));
  for (let i: u32 = 0; i < 64; i++) {
    const value = load<i32>(work + (i << 2)) + 127;
    store<i32>(block + (i << 2), min(max(value, 0), 255));
  }
}

function inverseCutting(at: Address, step: u32, divisor: i32): void {
  inverse8(
    load<i32>(at),
    load<i32>(at + step),
    load<i32>(at + 2 * step),
    load<i32>(at + 3 * step),
    load<i32>(at + 4 * step),
    load<i32>(at + 5 * step),
    load<i32>(at + 6 * step),
    load<i32>(at + 7 * step),
  );
  for (let j: u32 = 0; j < 8; j++) store<i32>(at + j * step, load<i32>(results + (j << 2)) / divisor);
}

/** Coefficients (64 i32, eight times too large) of samples (64 i32, -128 to 127), in place. */
export function forwardTransform(block: Address): void {
  for (let i: u32 = 0; i < 8; i++) forward8(block + (i << 5), 4, FRACTION - KEPT, KEPT);
  for (let i: u32 = 0; i < 8; i++) forward8(block + (i << 2), 32, FRACTION + KEPT, -KEPT);
}

const results = <Address>memory.data(32, 8);

// @ts-ignore: decorator
@inline
function dequantised(column: Address, scale: Address, row: u32): i32 {
  return <i32>load<i16>(column + (row << 4)) * <i32>load<u16>(scale + (row << 4));
}

// @ts-ignore: decorator
@inline
function rounded(value: i32, bits: i32): i32 {
  return (value + (1 << (bits - 1))) >> bits;
}

/** Eight samples, times 8192, in `results`. */
function inverse8(x0: i32, x1: i32, x2: i32, x3: i32, x4: i32, x5: i32, x6: i32, x7: i32): void {
  const sum = (x0 + x4) << FRACTION;
  const difference = (x0 - x4) << FRACTION;
  const turned = C2 * x2 + C6 * x6;
  const turnedBack = C6 * x2 - C2 * x6;
  const even0 = sum + turned;
  const even1 = difference + turnedBack;
  const even2 = difference - turnedBack;
  const even3 = sum - turned;
  const odd0 = C1 * x1 + C3 * x3 + C5 * x5 + C7 * x7;
  const odd1 = C3 * x1 - C7 * x3 - C1 * x5 - C5 * x7;
  const odd2 = C5 * x1 - C1 * x3 + C7 * x5 + C3 * x7;
  const odd3 = C7 * x1 - C5 * x3 + C3 * x5 - C1 * x7;
  store<i32>(results, even0 + odd0);
  store<i32>(results, even1 + odd1, 4);
  store<i32>(results, even2 + odd2, 8);
  store<i32>(results, even3 + odd3, 12);
  store<i32>(results, even3 - odd3, 16);
  store<i32>(results, even2 - odd2, 20);
  store<i32>(results, even1 - odd1, 24);
  store<i32>(results, even0 - odd0, 28);
}

/** Transforms eight values at a distance of `step` bytes; whole terms are shifted by `keep` to the left (or right). */
function forward8(at: Address, step: u32, bits: i32, keep: i32): void {
  const sum07 = load<i32>(at) + load<i32>(at + 7 * step);
  const sum16 = load<i32>(at + step) + load<i32>(at + 6 * step);
  const sum25 = load<i32>(at + 2 * step) + load<i32>(at + 5 * step);
  const sum34 = load<i32>(at + 3 * step) + load<i32>(at + 4 * step);
  const d0 = load<i32>(at) - load<i32>(at + 7 * step);
  const d1 = load<i32>(at + step) - load<i32>(at + 6 * step);
  const d2 = load<i32>(at + 2 * step) - load<i32>(at + 5 * step);
  const d3 = load<i32>(at + 3 * step) - load<i32>(at + 4 * step);
  const outer = sum07 + sum34;
  const inner = sum16 + sum25;
  const outerDifference = sum07 - sum34;
  const innerDifference = sum16 - sum25;
  store<i32>(at, shifted(outer + inner, keep));
  store<i32>(at + 4 * step, shifted(outer - inner, keep));
  store<i32>(at + 2 * step, rounded(C2 * outerDifference + C6 * innerDifference, bits));
  store<i32>(at + 6 * step, rounded(C6 * outerDifference - C2 * innerDifference, bits));
  store<i32>(at + step, rounded(C1 * d0 + C3 * d1 + C5 * d2 + C7 * d3, bits));
  store<i32>(at + 3 * step, rounded(C3 * d0 - C7 * d1 - C1 * d2 - C5 * d3, bits));
  store<i32>(at + 5 * step, rounded(C5 * d0 - C1 * d1 + C7 * d2 + C3 * d3, bits));
  store<i32>(at + 7 * step, rounded(C7 * d0 - C5 * d1 + C3 * d2 - C1 * d3, bits));
}

// @ts-ignore: decorator
@inline
function shifted(value: i32, keep: i32): i32 {
  return keep >= 0 ? value << keep : rounded(value, -keep);
}
