// Decodes the scans of a JPEG file into coefficients: sequential ones, and the four kinds of progressive ones.
// ITU-T T.81, annexes F and G. Coefficients are i16 in linear memory.

import { Address } from "../../vm/plugin";
import { dropBits, readBit, readBits, readSigned, readSymbol, skipToRestart, tableAt } from "./bits";
import {
  approximationHigh,
  approximationLow,
  Component,
  isProgressive,
  restartInterval,
  scanComponent,
  scanCount,
  spectralEnd,
  spectralStart,
  unitsAcross,
  unitsDown,
} from "./frame";
import { naturalPosition } from "./tables";

const BLOCK_BYTES: u32 = 128;

/** Blocks after this one in which all coefficients of the scan's range are 0 (G.1.2.2). */
let endOfBandRun: u32 = 0;
let unitsToRestart: u32 = 0;

/** Decodes the scan of which the header has been read; the bits have been started. */
export function decodeScan(): void {
  resetPredictions();
  unitsToRestart = restartInterval;
  if (scanCount == 1) decodeSingle(scanComponent(0));
  else decodeInterleaved();
  dropBits();
}

/** One component: its blocks row by row, only those that hold samples. */
function decodeSingle(part: Component): void {
  for (let y: u32 = 0; y < part.blocksDown; y++) {
    for (let x: u32 = 0; x < part.blocksAcross; x++) {
      if (!beginUnit()) return;
      decodeBlock(part, x, y);
    }
  }
}

/** Several: unit by unit, each with so many blocks of every component. */
function decodeInterleaved(): void {
  for (let y: u32 = 0; y < unitsDown; y++) {
    for (let x: u32 = 0; x < unitsAcross; x++) {
      if (!beginUnit()) return;
      for (let i: u32 = 0; i < scanCount; i++) decodeUnit(scanComponent(i), x, y);
    }
  }
}

function decodeUnit(part: Component, unitX: u32, unitY: u32): void {
  for (let y: u32 = 0; y < part.down; y++) {
    for (let x: u32 = 0; x < part.across; x++) decodeBlock(part, unitX * part.across + x, unitY * part.down + y);
  }
}

/** Passes a restart marker where one is due; false where there is none, which ends the scan. */
function beginUnit(): bool {
  if (restartInterval == 0) return true;
  if (unitsToRestart == 0) {
    if (!skipToRestart()) return false;
    resetPredictions();
    unitsToRestart = restartInterval;
  }
  unitsToRestart--;
  return true;
}

function resetPredictions(): void {
  endOfBandRun = 0;
  for (let i: u32 = 0; i < scanCount; i++) scanComponent(i).prediction = 0;
}

function decodeBlock(part: Component, x: u32, y: u32): void {
  const block = part.coefficients + (y * part.stride + x) * BLOCK_BYTES;
  if (!isProgressive) {
    decodeDc(part, block, 0);
    decodeSequentialAc(tableAt(1, part.acTable), block);
  } else if (spectralStart == 0) {
    if (approximationHigh == 0) decodeDc(part, block, approximationLow);
    else if (readBit() != 0) store<u16>(block, load<u16>(block) | (<u16>((<u32>1) << approximationLow)));
  } else if (approximationHigh == 0) {
    decodeFirstAc(tableAt(1, part.acTable), block);
  } else {
    refineAc(tableAt(1, part.acTable), block);
  }
}

function decodeDc(part: Component, block: Address, shift: u32): void {
  const size = <i32>min<u32>(readSymbol(tableAt(0, part.dcTable)), 16);
  part.prediction += readSigned(size);
  store<i16>(block, <i16>(part.prediction << shift));
}

/** F.2.2.2. */
function decodeSequentialAc(table: Address, block: Address): void {
  let index: u32 = 1;
  while (index < 64) {
    const symbol = readSymbol(table);
    const run = symbol >> 4;
    const size = symbol & 15;
    if (size == 0) {
      if (run != 15) return;
      index += 16;
      continue;
    }
    index += run;
    setCoefficient(block, index, readSigned(<i32>size));
    index++;
  }
}

/** G.1.2.2: coefficients of the range for the first time, without their low bits. */
function decodeFirstAc(table: Address, block: Address): void {
  if (endOfBandRun > 0) {
    endOfBandRun--;
    return;
  }
  let index = spectralStart;
  while (index <= spectralEnd) {
    const symbol = readSymbol(table);
    const run = symbol >> 4;
    const size = symbol & 15;
    if (size == 0) {
      if (run != 15) {
        endOfBandRun = (1 << run) - 1 + readBits(<i32>run);
        return;
      }
      index += 16;
      continue;
    }
    index += run;
    setCoefficient(block, index, readSigned(<i32>size) << approximationLow);
    index++;
  }
}

/** G.1.2.3: one more bit of those known, and those that become 1 or -1 with it. */
function refineAc(table: Address, block: Address): void {
  const bit: i32 = 1 << approximationLow;
  let index = spectralStart;
  if (endOfBandRun == 0) {
    while (index <= spectralEnd) {
      const symbol = readSymbol(table);
      const run = symbol >> 4;
      let value: i32 = 0;
      if ((symbol & 15) != 0) value = readBit() != 0 ? bit : -bit;
      else if (run != 15) {
        endOfBandRun = (1 << run) + readBits(<i32>run);
        break;
      }
      index = refineRun(block, index, run, bit);
      if (value != 0 && index <= spectralEnd) setCoefficient(block, index, value);
      index++;
    }
  }
  if (endOfBandRun > 0) {
    refineRun(block, index, 64, bit);
    endOfBandRun--;
  }
}

/** Refines known coefficients while passing `zeros` unknown ones; answers the place of the next unknown one. */
function refineRun(block: Address, from: u32, zeros: u32, bit: i32): u32 {
  let index = from;
  let left = zeros;
  for (; index <= spectralEnd; index++) {
    const place = block + (naturalPosition(index) << 1);
    const known = <i32>load<i16>(place);
    if (known == 0) {
      if (left == 0) return index;
      left--;
    } else if (readBit() != 0 && (known & bit) == 0) {
      store<i16>(place, <i16>(known < 0 ? known - bit : known + bit));
    }
  }
  return index;
}

/** A run may lead beyond the last coefficient in a damaged file: the table of positions ends all such there. */
// @ts-ignore: decorator
@inline
function setCoefficient(block: Address, index: u32, value: i32): void {
  store<i16>(block + (naturalPosition(index) << 1), <i16>value);
}
