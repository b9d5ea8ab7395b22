// Writes the units of a scope as structured code. A level is a loop's body or a whole scope; all that is jumped to ahead in
// it are blocks that begin with it (as in jit/translate.ts).

import * as wasm from "../jit/encoder";
import { FORCE_POLLS } from "../layout";
import { forced } from "../memory/map";
import { JUMPS_PER_POLL } from "../tuning";
import { emitPollOf } from "../jit/exits";
import * as units from "../jit/units";
import { emitUnit } from "./bytecodes";
import { addEntry, emitDispatch, emitEntry, entryAt, isEntered } from "./entries";
import { CALL_POLL } from "./imports";
import {
  ENTERED,
  FORWARD,
  LOOP,
  SKIPPED,
  arriveAtLoop,
  closeLabel,
  emitBranch,
  enterLoop,
  isReachable,
  labelOf,
  openIf,
  openLabel,
  openLoop,
  placeLabel,
  setReachable,
} from "./joins";
import { JUMPS, freeLongs } from "./locals";
import { emitLeaving, writeHeaders } from "./memory";
import { failed, record, wantLoops } from "./round";
import { scope, top } from "./scope";
import * as instruction from "../../build/generated/instruction";

/** Writes all units of the innermost scope. */
export function emitScope(): void {
  emitLevel(0, scope.unitCount - 1, false);
}

/** Writes the units from `first` to `last`: a loop with the first as its head, or everything. */
function emitLevel(first: u32, last: u32, isLoop: bool): void {
  const begin = isLoop ? first + 1 : first;
  for (let unit = last + 1; unit > begin; unit--) openLabelsOf(unit - 1, first, isLoop);
  emitDispatch(first, last, isLoop);
  for (let unit = first; unit <= last && !failed;) {
    const loopEnd = units.loopEndOf(unit);
    const isHead = loopEnd != 0 && (unit != first || !isLoop);
    const isAtLevel = unit != first || !isLoop;
    const isEnteredHere = isAtLevel && isEnteredAtLevel(unit, first, isLoop);
    if (isAtLevel && isTarget(unit, first, isLoop)) placeLabel(labelOf(top, FORWARD, unit), units.depthOf(unit));
    if (isHead) {
      emitLoop(unit, loopEnd, isEnteredHere);
      unit = loopEnd + 1;
      continue;
    }
    if (isEnteredHere) closeLabel();
    freeLongs();
    unit = isReachable && units.isKnown(unit) ? emitUnit(unit) : unit + 1;
  }
}

function openLabelsOf(unit: u32, first: u32, isLoop: bool): void {
  const isHead = units.loopEndOf(unit) != 0;
  if (isEnteredAtLevel(unit, first, isLoop)) {
    if (isHead) openLabel(labelOf(top, SKIPPED, unit), wasm.BLOCK);
    openLabel(labelOf(top, ENTERED, unit), wasm.BLOCK);
  }
  if (isTarget(unit, first, isLoop)) openLabel(labelOf(top, FORWARD, unit), wasm.BLOCK);
}

/** Whether a jump from above leads to a unit, at this level: not within a loop inside, but perhaps its head. */
function isTarget(unit: u32, first: u32, isLoop: bool): bool {
  return units.isTarget(unit) && units.outermostLoopWithin(unit, first, isLoop) == unit;
}

function isEnteredAtLevel(unit: u32, first: u32, isLoop: bool): bool {
  return isEntered(unit, units.loopEndOf(unit)) && units.outermostLoopWithin(unit, first, isLoop) == unit;
}

/** Writes the loop with a head at a unit. */
function emitLoop(unit: u32, loopEnd: u32, isEnteredHere: bool): void {
  if (!isReachable || !units.isKnown(unit)) {
    if (isEnteredHere) {
      closeLabel();
      closeLabel();
      setReachable(false);
    }
    return;
  }
  // Frames that are looked at when code is entered again are complete.
  writeHeaders(top);
  addEntry(unit);
  const entry = entryAt(unit);
  const state = enterLoop(unit, assignedBetween(unit, loopEnd));
  if (isEnteredHere) {
    emitBranch(wasm.BR, labelOf(top, SKIPPED, unit));
    closeLabel();
    if (entry != 0) emitEntry(entry, units.addressOf(unit));
    closeLabel();
  }
  openLoop(unit, state);
  emitLevel(unit, loopEnd, true);
  closeLabel();
}

/** A bit for each of the first temporaries that units store into. */
function assignedBetween(first: u32, last: u32): u64 {
  let assigned: u64 = 0;
  for (let unit = first; unit <= last; unit++) {
    instruction.decodeAt(units.addressOf(unit), scope.bytecodeSet);
    if (instruction.kind == instruction.STORE_TEMP && instruction.index < 64) assigned |= (<u64>1) << instruction.index;
  }
  return assigned;
}

/** Jumps back to the head of a loop, leaving for a poll that is due: it looks for one every so many jumps. */
export function emitBackward(target: u32): void {
  arriveAtLoop(target);
  wantLoops();
  wasm.get(JUMPS);
  wasm.i32Const(1);
  wasm.op(wasm.I32_ADD);
  wasm.tee(JUMPS);
  wasm.i32Const((forced & FORCE_POLLS) != 0 ? 0 : JUMPS_PER_POLL);
  wasm.op(wasm.I32_GT_U);
  openIf();
  emitPollOf(JUMPS);
  openIf();
  emitLeaving(units.addressOf(target), record | entryAt(target), CALL_POLL);
  closeLabel();
  wasm.i32Const(0);
  wasm.set(JUMPS);
  closeLabel();
  emitBranch(wasm.BR, labelOf(top, LOOP, target));
  setReachable(false);
}
