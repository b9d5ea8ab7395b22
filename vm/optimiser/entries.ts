// Heads of loops where code can be entered: when a poll has left it there, or when the first tier has come to the loop.
// Which they are is known from the round before. The dispatch at the start of each level leads to the unit that holds the
// loop, through inlined scopes too; at the loop's head all values are taken from the frames' memory and looked at.

import { CAUSE_CLASS } from "../interpreter/optimisedCode";
import {
  CLASS_INDEX_BLOCK_CLOSURE,
  CLASS_INDEX_FORWARDED,
  CLASS_INDEX_FULL_BLOCK_CLOSURE,
  CLASS_INDEX_MASK,
  CLOSURE_FIRST_COPIED,
  CLOSURE_OUTER_CONTEXT,
  CLOSURE_START_PC,
  FRAME_CONTEXT,
  FULL_CLOSURE_COMPILED_BLOCK,
  FULL_CLOSURE_FIRST_COPIED,
  READ_ONLY_SHIFT,
  TAG_MASK,
  TAG_SHIFT,
  TAG_SMALL_FLOAT,
  TAG_SMALL_INTEGER,
} from "../layout";
import { pcOf } from "../interpreter/methods";
import { Address, smallInteger } from "../memory/oop";
import { falseObject, trueObject } from "../memory/roots";
import * as wasm from "../jit/encoder";
import * as units from "../jit/units";
import { Closure, closureAt, copiedValue } from "./closures";
import { emitCountAgain } from "./elements";
import { ENTERED, UNNAMED, closeLabel, labelDepth, labelOf, openIf, openLabel } from "./joins";
import { markExit } from "./listing";
import { ENTRY, LOW, RECEIVER, WORD_A, WRITTEN, scratch } from "./locals";
import { emitLeave, exitWith, emitUnboxed, fromLow } from "./memory";
import { again } from "./round";
import { memoryOffset, scope, scopeAt, top } from "./scope";
import {
  ANY,
  CLOSURE,
  CONSTANT,
  FLOAT,
  INSTANCE,
  INTEGER,
  IN_LOCAL,
  SMALL_FLOAT,
  TRUTH,
  Value,
  endOf,
  valueAt,
} from "./state";
import { CALL_EXIT } from "./imports";

/** An entry: how many scopes, then of each its key and the unit that leads on: 4 + 12 * 8 bytes. */
const ENTRY_BYTES: u32 = 100;
/** Their numbers share a word with a record's address. */
const MAX_ENTRIES: u32 = 7;
const entries: Address = <Address>memory.data(704, 4);
/** Entries are numbered from one. */
export let entryCount: u32 = 0;

/** A bit for each entry that this round has written; code that nothing comes to has none. */
let writtenEntries: u32 = 0;

export function forgetEntries(): void {
  entryCount = 0;
}

export function beginEntries(): void {
  writtenEntries = 0;
}

function chainAt(entry: u32): Address {
  return entries + (entry - 1) * ENTRY_BYTES;
}

/** The number of the entry at a loop's head in the innermost scope, 0 where it has none. */
export function entryAt(unit: u32): u32 {
  for (let entry: u32 = 1; entry <= entryCount; entry++) {
    const chain = chainAt(entry);
    const last = load<u32>(chain) - 1;
    if (load<u32>(chain + (last << 3), 4) == scope.key && load<u32>(chain + (last << 3), 8) == unit) return entry;
  }
  return 0;
}

/** Where an entry is in the root itself, 0 where it is in what is inlined, or nowhere. */
export function entryAddress(entry: u32): Address {
  const chain = chainAt(entry);
  return load<u32>(chain) == 1 && ((writtenEntries >> entry) & 1) != 0 ? units.addressOf(load<u32>(chain, 8)) : 0;
}

/** Temporaries and operands of the root's frame at an entry in the root itself. */
export function entrySlots(entry: u32): u32 {
  return scope.tempCount + units.depthOf(load<u32>(chainAt(entry), 8));
}

/** Makes the head of a loop in the innermost scope an entry of the rounds to come. */
export function addEntry(unit: u32): void {
  if (entryCount == MAX_ENTRIES || scope.isNested != 0 || entryAt(unit) != 0) return;
  const chain = chainAt(++entryCount);
  store<u32>(chain, <u32>top + 1);
  for (let place = 0; place <= top; place++) {
    const at = chain + ((<u32>place) << 3);
    store<u32>(at, scopeAt(place).key, 4);
    store<u32>(at, place == top ? unit : scopeAt(place + 1).callUnit, 8);
  }
  again();
}

/** The unit of the innermost scope that leads to an entry; one beyond all where none does. */
function leadingUnit(entry: u32): u32 {
  const chain = chainAt(entry);
  if (load<u32>(chain) <= <u32>top) return u32.MAX_VALUE;
  const at = chain + ((<u32>top) << 3);
  return load<u32>(at, 4) == scope.key ? load<u32>(at, 8) : u32.MAX_VALUE;
}

/** Whether some entry lies in the units from one to another, or in what is inlined there. */
export function leadsToEntry(first: u32, last: u32): bool {
  for (let entry: u32 = 1; entry <= entryCount; entry++) {
    const unit = leadingUnit(entry);
    if (unit >= first && unit <= last) return true;
  }
  return false;
}

/** Whether a unit at a level is where an entry leads on. */
export function isEntered(unit: u32, loopEnd: u32): bool {
  return leadsToEntry(unit, max(unit, loopEnd));
}

/** Writes the dispatch at the start of a level: the units `first` to `last` of the innermost scope. */
export function emitDispatch(first: u32, last: u32, isLoop: bool): void {
  const begin = isLoop ? first + 1 : first;
  if (!leadsToEntry(begin, last)) return;
  openLabel(labelOf(top, UNNAMED, 0), wasm.BLOCK);
  // In a loop this is passed each time round.
  wasm.get(ENTRY);
  wasm.op(wasm.I32_EQZ);
  wasm.op(wasm.BR_IF);
  wasm.unsigned(0);
  wasm.get(ENTRY);
  wasm.op(wasm.BR_TABLE);
  wasm.unsigned(entryCount + 1);
  wasm.unsigned(0);
  for (let entry: u32 = 1; entry <= entryCount; entry++) {
    const unit = leadingUnit(entry);
    const isHere = unit >= begin && unit <= last;
    wasm.unsigned(isHere ? labelDepth(labelOf(top, ENTERED, units.outermostLoopWithin(unit, first, isLoop))) : 0);
  }
  wasm.unsigned(0);
  closeLabel();
  if (!isLoop) return;
  // It is 0 already; told so, the engine does not carry it round the loop.
  wasm.i32Const(0);
  wasm.set(ENTRY);
}

/** At a loop's head, of which the state is decided: takes all values from memory where it is entered here. */
export function emitEntry(entry: u32, address: Address): void {
  writtenEntries |= 1 << entry;
  wasm.get(ENTRY);
  wasm.i32Const(entry);
  wasm.op(wasm.I32_EQ);
  openIf();
  openLabel(labelOf(top, UNNAMED, 0), wasm.BLOCK);
  openLabel(labelOf(top, UNNAMED, 1), wasm.BLOCK);
  for (let place = 0; place <= top; place++) {
    const owner = scopeAt(place);
    const end = endOf(owner);
    for (let position = owner.base; position < end; position++) {
      const value = valueAt(position);
      if (value.kind != CLOSURE && value.kind != CONSTANT) continue;
      if (position != owner.base) emitTake(value, memoryOffset(owner, position - owner.base));
    }
    for (let position = owner.base; position < end; position++) {
      const value = valueAt(position);
      if (value.kind == CLOSURE || value.kind == CONSTANT) continue;
      emitTake(value, memoryOffset(owner, position - owner.base));
    }
  }
  for (let position: u32 = 0; position < endOf(scope); position++) {
    emitCountAgain(valueAt(position));
    emitWritableTest(valueAt(position));
  }
  wasm.i32Const(0);
  wasm.set(ENTRY);
  wasm.i32Const(-1);
  wasm.set(WRITTEN);
  wasm.op(wasm.BR);
  wasm.unsigned(1);
  closeLabel();
  // The frames are as they were: the interpreter goes on.
  markExit();
  emitLeave(address, exitWith(CAUSE_CLASS), CALL_EXIT);
  closeLabel();
  closeLabel();
}

/** Branches out where a value has become read-only that is taken not to be. */
function emitWritableTest(value: Value): void {
  if (value.kind != IN_LOCAL || value.isWritable == 0) return;
  wasm.get(value.local);
  wasm.op(wasm.I32_WRAP_I64);
  wasm.load32(0);
  wasm.i32Const(1 << READ_ONLY_SHIFT);
  wasm.op(wasm.I32_AND);
  wasm.op(wasm.BR_IF);
  wasm.unsigned(0);
}

/** Takes one value from memory and branches out where it is not as expected. */
function emitTake(value: Value, offset: u32): void {
  if (value.kind != CONSTANT && value.kind != CLOSURE && value.local == RECEIVER) return emitTypeTest(value);
  wasm.get(LOW);
  wasm.load64(fromLow(offset));
  switch (value.kind) {
    case CONSTANT:
      wasm.i64Const(value.oop);
      wasm.op(wasm.I64_NE);
      wasm.op(wasm.BR_IF);
      wasm.unsigned(0);
      return;
    case CLOSURE:
      emitTakeClosure(closureAt(value.local));
      return;
    case FLOAT:
      wasm.set(scratch(0));
      emitTagTest(TAG_SMALL_FLOAT);
      wasm.get(scratch(0));
      emitUnboxed();
      wasm.set(value.local);
      return;
    default:
      wasm.set(value.local);
      emitTypeTest(value);
  }
}

/** Branches out unless the tag of the first scratch oop is so. */
function emitTagTest(tag: u32): void {
  wasm.get(scratch(0));
  wasm.op(wasm.I32_WRAP_I64);
  wasm.i32Const(TAG_MASK);
  wasm.op(wasm.I32_AND);
  wasm.i32Const(tag);
  wasm.op(wasm.I32_NE);
  wasm.op(wasm.BR_IF);
  wasm.unsigned(0);
}

/** Branches out unless the magnitude of the first scratch oop, an integer, is below two to a power (0: it may be any). */
function emitBitsTest(bits: u32): void {
  if (bits == 0 || bits >= 60) return;
  wasm.get(scratch(0));
  wasm.i64Const((<i64>1) << (bits + TAG_SHIFT));
  wasm.op(wasm.I64_ADD);
  wasm.i64Const((<i64>2) << (bits + TAG_SHIFT));
  wasm.op(wasm.I64_GE_U);
  wasm.op(wasm.BR_IF);
  wasm.unsigned(0);
}

/** Branches out unless an oop in its local is of the type that is known of it. */
function emitTypeTest(value: Value): void {
  if (value.type == ANY) return;
  wasm.get(value.local);
  wasm.set(scratch(0));
  if (value.type == INTEGER) {
    emitTagTest(TAG_SMALL_INTEGER);
    emitBitsTest(value.bits);
  } else if (value.type == SMALL_FLOAT) emitTagTest(TAG_SMALL_FLOAT);
  else if (value.type == TRUTH) {
    wasm.get(scratch(0));
    wasm.i64Const(trueObject);
    wasm.op(wasm.I64_NE);
    wasm.get(scratch(0));
    wasm.i64Const(falseObject);
    wasm.op(wasm.I64_NE);
    wasm.op(wasm.I32_AND);
    wasm.op(wasm.BR_IF);
    wasm.unsigned(0);
  } else if (value.type == INSTANCE) {
    emitTagTest(0);
    wasm.get(scratch(0));
    if (value.classIndex != 0) emitClassTest(value.classIndex);
    else emitForwarderTest();
  }
}

/** Branches out unless the object on WebAssembly's stack, which has no tag, has a class index; leaves its address. */
function emitClassTest(classIndex: u32): void {
  wasm.op(wasm.I32_WRAP_I64);
  wasm.tee(WORD_A);
  wasm.load32(0);
  wasm.i32Const(CLASS_INDEX_MASK);
  wasm.op(wasm.I32_AND);
  wasm.i32Const(classIndex);
  wasm.op(wasm.I32_NE);
  wasm.op(wasm.BR_IF);
  wasm.unsigned(0);
}

/** Branches out where the object on WebAssembly's stack, which has no tag, has become another. */
function emitForwarderTest(): void {
  wasm.op(wasm.I32_WRAP_I64);
  wasm.load32(0);
  wasm.i32Const(CLASS_INDEX_MASK);
  wasm.op(wasm.I32_AND);
  wasm.i32Const(CLASS_INDEX_FORWARDED);
  wasm.op(wasm.I32_EQ);
  wasm.op(wasm.BR_IF);
  wasm.unsigned(0);
}

/** The closure on WebAssembly's stack: the same block, made in the same frame; takes what it has copied. */
function emitTakeClosure(closure: Closure): void {
  wasm.set(scratch(0));
  emitTagTest(0);
  wasm.get(scratch(0));
  emitClassTest(closure.isFull != 0 ? CLASS_INDEX_FULL_BLOCK_CLOSURE : CLASS_INDEX_BLOCK_CLOSURE);
  wasm.get(WORD_A);
  wasm.load64(8 + ((closure.isFull != 0 ? FULL_CLOSURE_COMPILED_BLOCK : CLOSURE_START_PC) << 3));
  wasm.i64Const(closure.isFull != 0 ? closure.method : smallInteger(pcOf(closure.start, closure.method)));
  wasm.op(wasm.I64_NE);
  wasm.op(wasm.BR_IF);
  wasm.unsigned(0);
  wasm.get(LOW);
  wasm.load32(fromLow(scopeAt(closure.home).frameOffset - FRAME_CONTEXT));
  wasm.get(WORD_A);
  wasm.load32(8 + (CLOSURE_OUTER_CONTEXT << 3));
  wasm.op(wasm.I32_NE);
  wasm.op(wasm.BR_IF);
  wasm.unsigned(0);
  wasm.get(scratch(0));
  wasm.set(closure.oopLocal);
  const first = closure.isFull != 0 ? FULL_CLOSURE_FIRST_COPIED : CLOSURE_FIRST_COPIED;
  for (let i: u32 = 0; i < closure.copiedCount; i++) {
    wasm.get(closure.oopLocal);
    wasm.op(wasm.I32_WRAP_I64);
    wasm.load64(8 + ((first + i) << 3));
    takeCopied(copiedValue(closure, i));
  }
}

function takeCopied(value: Value): void {
  switch (value.kind) {
    case CONSTANT:
      wasm.i64Const(value.oop);
      wasm.op(wasm.I64_NE);
      wasm.op(wasm.BR_IF);
      wasm.unsigned(0);
      return;
    case FLOAT:
      wasm.set(scratch(0));
      emitTagTest(TAG_SMALL_FLOAT);
      wasm.get(scratch(0));
      emitUnboxed();
      wasm.set(value.local);
      return;
    case CLOSURE:
      emitTakeClosure(closureAt(value.local));
      return;
    default:
      if (value.local == RECEIVER) {
        wasm.op(wasm.DROP);
        return;
      }
      wasm.set(value.local);
      emitTypeTest(value);
  }
}
