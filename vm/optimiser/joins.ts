// Labels of the structured code, and what is known of every value where paths join at one. The first to come to a label
// decides where values are expected; those that come later move theirs there, or, where they cannot, note it for the next
// round (round.ts).

import { CAUSE_ELEMENT, isLeftOften } from "../interpreter/optimisedCode";
import { READ_ONLY_SHIFT, TAG_MASK } from "../layout";
import { Address } from "../memory/oop";
import * as wasm from "../jit/encoder";
import * as units from "../jit/units";
import { floatHomeOf, homeOf, scopeOfPlace } from "./locals";
import { emitClassIndex, emitDouble, emitExit, emitOop, prepare } from "./memory";
import { keepCount } from "./elements";
import {
  IN_HOME,
  MANY,
  MAY_BE_READ_ONLY,
  NOT_STORED,
  NO_COUNT,
  OF_ANY_TYPE,
  TO_ANY_CLASS,
  WANTS_CLASS,
  WANTS_COUNT,
  WANTS_WRITABLE,
  WHOLLY,
  giveUp,
  note,
  noted,
} from "./round";
import { PERHAPS_WRITTEN, Scope, scope, scopeAt, top } from "./scope";
import {
  ANY,
  BOOLEAN,
  CLOSURE,
  CONSTANT,
  FLOAT,
  INSTANCE,
  IN_LOCAL,
  VALUE_BYTES,
  Value,
  endOf,
  isFloat,
  learn,
  learnWritable,
  valueAt,
  values,
} from "./state";

// A label: what it is u32 | its state in the arena u32, 0 while nothing has come to it.
const labels: Address = <Address>memory.data(8192, 8);
const MAX_LABELS: u32 = 1024;
let labelCount: u32 = 0;

/** A label's number: the place of its scope, its kind, its unit. */
export const FORWARD: u32 = 0;
/** The head of a loop. */
export const LOOP: u32 = 1 << 16;
/** Behind an inlined scope. */
export const RETURN: u32 = 2 << 16;
/** Where code comes that is entered in the middle, and behind what it does then. */
export const ENTERED: u32 = 3 << 16;
export const SKIPPED: u32 = 4 << 16;
/** Behind the classes of a send. */
export const ALTERNATIVES: u32 = 6 << 16;
/** Behind an operator that is a send for some operands. */
export const MIXED: u32 = 7 << 16;
/** Nothing jumps to it by name. */
export const UNNAMED: u32 = 5 << 16;

/** In the unit that notes name: of the label behind an inlined scope. */
const RETURN_UNIT: u32 = 0x8000;

/** States: how many scopes u32, for each its depth u16 and whether it is written u16, then the entries. */
const ARENA_BYTES: u32 = 1 << 18;
const arena: Address = <Address>memory.data(ARENA_BYTES, 8);
let arenaEnd: Address = arena;

/** Whether the code being written can be reached. */
export let isReachable: bool = true;

export function setReachable(flag: bool): void {
  isReachable = flag;
}

export function beginJoins(): void {
  labelCount = 0;
  arenaEnd = arena + 8;
  isReachable = true;
}

export function labelOf(place: i32, kind: u32, unit: u32): u32 {
  return ((<u32>place) << 20) | kind | unit;
}

/** Opens a block or loop that a label stands for. */
export function openLabel(label: u32, op: u32): void {
  if (labelCount == MAX_LABELS) {
    giveUp();
    return;
  }
  wasm.op(op);
  wasm.op(wasm.VOID);
  const at = labels + (labelCount++ << 3);
  store<u32>(at, label);
  store<u32>(at, 0, 4);
}

/** Opens a block that nothing jumps to by name. */
export function openBlock(): void {
  openLabel(UNNAMED, wasm.BLOCK);
}

/** Branches out of so many blocks more than the innermost on the i32 on WebAssembly's stack. */
export function branchOutIf(blocks: u32): void {
  wasm.op(wasm.BR_IF);
  wasm.unsigned(blocks);
}

/** Ends the innermost block. */
export function closeLabel(): void {
  wasm.op(wasm.END);
  if (labelCount > 0) labelCount--;
}

/** An `if` on the i32 on WebAssembly's stack. */
export function openIf(): void {
  openLabel(UNNAMED, wasm.IF);
}

function find(label: u32): Address {
  for (let i = labelCount; i > 0; i--) {
    const at = labels + ((i - 1) << 3);
    if (load<u32>(at) == label) return at;
  }
  giveUp();
  return labels;
}

function depthOf(at: Address): u32 {
  return labelCount - 1 - ((at - labels) >> 3);
}

/** Branches by an instruction, of which the operands are on the stack, to a label; nothing is moved. */
export function emitBranch(op: u32, label: u32): void {
  wasm.op(op);
  wasm.unsigned(labelDepth(label));
}

/** Whether something has come to a label. */
export function hasArrivals(label: u32): bool {
  return load<u32>(find(label), 4) != 0;
}

export function labelDepth(label: u32): u32 {
  return depthOf(find(label));
}

// States.

/** Keeps the state of the scopes up to one, the operands of the last cut to a depth; 0 where there is no room. */
function keepState(last: i32, depth: u32): Address {
  const lastScope = scopeAt(last);
  const count = lastScope.base + 1 + lastScope.tempCount + depth;
  const bytes = ((8 + ((<u32>(last + 1)) << 2) + 7) & ~7) + count * VALUE_BYTES;
  if (arenaEnd + bytes > arena + ARENA_BYTES) {
    giveUp();
    return 0;
  }
  const state = arenaEnd;
  arenaEnd += bytes;
  store<u32>(state, <u32>last + 1);
  store<u32>(state, count, 4);
  for (let place = 0; place <= last; place++) {
    const owner = scopeAt(place);
    const at = state + 8 + ((<u32>place) << 2);
    store<u16>(at, <u16>(place == last ? depth : owner.depth));
    store<u16>(at, <u16>owner.isWritten, 2);
  }
  memory.copy(keptValues(state), values, count * VALUE_BYTES);
  return state;
}

function keptValues(state: Address): Address {
  return state + ((8 + (load<u32>(state) << 2) + 7) & ~7);
}

function keptValue(state: Address, place: u32): Value {
  return changetype<Value>(<usize>(keptValues(state) + place * VALUE_BYTES));
}

/** Takes a state as that of the code that follows. */
function takeState(state: Address): void {
  const count = load<u32>(state);
  for (let place: u32 = 0; place < count; place++) {
    const owner = scopeAt(place);
    const at = state + 8 + (place << 2);
    owner.depth = load<u16>(at);
    owner.isWritten = load<u16>(at, 2);
  }
  memory.copy(values, keptValues(state), load<u32>(state, 4) * VALUE_BYTES);
}

/** The state, to be taken back behind code that may not run. */
export function saveState(): Address {
  return keepState(top, scope.depth);
}

export function restoreState(state: Address): void {
  if (state != 0) takeState(state);
}

/** Which scopes' frames have their fixed words in memory, two bits for each; to be restored behind code that may not run. */
export function writtenScopes(): u32 {
  let written: u32 = 0;
  for (let place = 0; place <= top; place++) written |= scopeAt(place).isWritten << (place << 1);
  return written;
}

export function restoreWritten(written: u32): void {
  for (let place = 0; place <= top; place++) scopeAt(place).isWritten = (written >> (place << 1)) & 3;
}

// Joins.

/** Where the values of a new label are expected: decided for a kept state, entry by entry. */
function decide(state: Address, last: i32, unit: u32, assigned: u64, isLoop: bool): void {
  const count = load<u32>(state, 4);
  const lastScope = scopeAt(last);
  // Where code that was entered here had to leave at once, values are not what the code before the loop has made of them.
  const isLeft = isLoop && isLeftOften(units.addressOf(unit));
  for (let place: u32 = 0; place < count; place++) {
    const owner = place >= lastScope.base ? lastScope : scopeOfPlace(place);
    const position = place - owner.base;
    const value = keptValue(state, place);
    value.isHome = 0;
    // Where a scope returns to, nothing but the result is new.
    const isOwn = owner == lastScope && position != 0 && ((unit & RETURN_UNIT) == 0 || place == count - 1);
    const isAssigned = isOwn && isLoop && position <= owner.tempCount && ((assigned >> (position - 1)) & 1) != 0;
    const key = lastScope.key;
    const slot = (place & 255) ^ (isLoop ? 0 : 128);
    let isHome = noted(key, unit, slot, IN_HOME) != 0;
    if (value.kind == CONSTANT) isHome = isHome || isAssigned || (isOwn && position > owner.tempCount && !isLoop);
    else if (value.kind == IN_LOCAL) isHome = isHome || isOwn;
    else if (value.kind == BOOLEAN) isHome = true;
    const weakened = isLeft ? WHOLLY : noted(key, unit, slot, OF_ANY_TYPE);
    if (weakened == WHOLLY || value.kind == BOOLEAN) {
      value.type = ANY;
      if (isFloat(value)) isHome = true;
    } else if (weakened == TO_ANY_CLASS && value.type == INSTANCE) value.classIndex = 0;
    if (noted(key, unit, slot, NOT_STORED) != 0) value.isStored = 0;
    if (isLoop) value.isFresh = 0;
    if (isLoop && (isAssigned || weakened != 0)) value.bits = 0;
    if (isLoop && (isAssigned || noted(key, unit, slot, NO_COUNT) != 0)) value.countLocal = 0;
    if (isLoop && (isAssigned || noted(key, unit, slot, MAY_BE_READ_ONLY) != 0)) value.isWritable = 0;
    if (isHome) {
      if (value.kind == CONSTANT) value.oop = 0;
      if (value.kind == FLOAT) value.type = ANY;
      value.kind = IN_LOCAL;
      value.local = homeOf(owner, position);
      value.isHome = 1;
    } else if (value.kind == FLOAT) value.local = floatHomeOf(owner, position);
  }
  makeWay(state);
}

/** Sends home what is still where another value's home is: that value may be moved there. */
function makeWay(state: Address): void {
  const count = load<u32>(state, 4);
  for (let isChanged = true; isChanged;) {
    isChanged = false;
    for (let place: u32 = 0; place < count; place++) {
      const value = keptValue(state, place);
      if (value.kind != IN_LOCAL || value.isHome != 0 || !isAnothersHome(state, count, value.local)) continue;
      const owner = scopeOfPlace(place);
      value.local = homeOf(owner, place - owner.base);
      value.isHome = 1;
      isChanged = true;
    }
  }
}

function isAnothersHome(state: Address, count: u32, local: u32): bool {
  for (let place: u32 = 0; place < count; place++) {
    const value = keptValue(state, place);
    if (value.kind == IN_LOCAL && value.isHome != 0 && value.local == local) return true;
  }
  return false;
}

/** Compares the values of the code written now with those that a label expects; notes what it should expect instead. */
function compare(state: Address, last: i32, unit: u32, isLoop: bool): void {
  const count = load<u32>(state, 4);
  const key = scopeAt(last).key;
  for (let place: u32 = 0; place < count; place++) {
    const slot = (place & 255) ^ (isLoop ? 0 : 128);
    const expected = keptValue(state, place);
    const value = valueAt(place);
    if (!canMove(value, expected, scopeOfPlace(place), place)) note(key, unit, slot, IN_HOME, 1);
    if (!implies(value, expected)) {
      const isInstance = value.type == INSTANCE && expected.type == INSTANCE;
      if (isLoop) note(key, unit, slot, OF_ANY_TYPE, isInstance ? TO_ANY_CLASS : WHOLLY);
      else if (isInstance) expected.classIndex = 0;
      else forget(expected);
    }
    expected.isFresh &= value.isFresh;
    if (expected.bits != 0 && (value.bits == 0 || value.bits > expected.bits)) {
      if (isLoop) note(key, unit, slot, OF_ANY_TYPE, WHOLLY);
      else expected.bits = value.bits;
    }
    if (expected.countLocal != 0 && value.countLocal != expected.countLocal) {
      if (isLoop) note(key, unit, slot, NO_COUNT, 1);
      expected.countLocal = 0;
    }
    if (expected.isWritable != 0 && value.isWritable == 0) {
      if (isLoop) note(key, unit, slot, MAY_BE_READ_ONLY, 1);
      expected.isWritable = 0;
    }
    if (expected.isStored != 0 && value.isStored == 0) {
      if (isLoop) note(key, unit, slot, NOT_STORED, 1);
      else expected.isStored = 0;
    }
  }
  for (let place: i32 = 0; place <= last; place++) {
    const at = state + 8 + ((<u32>place) << 2);
    if (load<u16>(at, 2) != scopeAt(place).isWritten) store<u16>(at, PERHAPS_WRITTEN, 2);
  }
}

function canMove(value: Value, expected: Value, owner: Scope, place: u32): bool {
  switch (expected.kind) {
    case CONSTANT:
      return value.kind == CONSTANT && value.oop == expected.oop;
    case CLOSURE:
      return value.kind == CLOSURE && value.local == expected.local;
    case FLOAT:
      return isFloat(value);
    default:
      if (value.kind == IN_LOCAL && value.local == expected.local) return true;
      return expected.local == homeOf(owner, place - owner.base);
  }
}

/** Whether what is expected of a value's type is so. */
function implies(value: Value, expected: Value): bool {
  if (expected.kind != IN_LOCAL || expected.type == ANY) return true;
  if (expected.type == INSTANCE && expected.classIndex == 0) return value.type == INSTANCE;
  return value.type == expected.type && value.classIndex == expected.classIndex;
}

function forget(expected: Value): void {
  expected.type = ANY;
  expected.classIndex = 0;
}

/** Moves all values to where a state expects them, all at once. */
function move(state: Address): void {
  const count = load<u32>(state, 4);
  for (let place: u32 = 0; place < count; place++) {
    if (isMoved(valueAt(place), keptValue(state, place))) prepare(valueAt(place));
  }
  let moved: u32 = 0;
  for (let place: u32 = 0; place < count; place++) {
    const expected = keptValue(state, place);
    const value = valueAt(place);
    if (!isMoved(value, expected)) continue;
    if (expected.kind != FLOAT) emitOop(value);
    else if (isFloat(value)) emitDouble(value);
    else {
      wasm.op(wasm.F64_CONST);
      wasm.zeros(8);
    }
    moved++;
  }
  for (let place = count; moved > 0 && place > 0; place--) {
    const expected = keptValue(state, place - 1);
    if (!isMoved(valueAt(place - 1), expected)) continue;
    wasm.set(expected.local);
    moved--;
  }
}

function isMoved(value: Value, expected: Value): bool {
  if (expected.kind == CONSTANT || expected.kind == CLOSURE) return false;
  return value.kind != expected.kind || value.local != expected.local;
}

/** Whether nothing but a result is new where paths join at a label. */
function isBehindCall(label: u32): bool {
  const kind = label & (7 << 16);
  return kind == RETURN || kind == ALTERNATIVES || kind == MIXED;
}

/** Comes to a label whose operand stack, in its scope, has a depth: values move, the branch is the caller's. */
export function arrive(label: u32, depth: u32): void {
  const last = <i32>(label >> 20);
  const unit = (label & 0xffff) | (isBehindCall(label) ? RETURN_UNIT : 0);
  const at = find(label);
  let state: Address = load<u32>(at, 4);
  if (state == 0) {
    state = keepState(last, depth);
    if (state == 0) return;
    decide(state, last, unit, 0, false);
    store<u32>(at, state, 4);
  }
  compare(state, last, unit, false);
  move(state);
}

/** Jumps to a label that lies ahead. */
export function jumpTo(label: u32, depth: u32): void {
  arrive(label, depth);
  emitBranch(wasm.BR, label);
}

/** Ends the block of a label that lies ahead: the code that follows is where it stands. */
export function placeLabel(label: u32, depth: u32): void {
  if (isReachable) arrive(label, depth);
  const state: Address = load<u32>(find(label), 4);
  closeLabel();
  isReachable = state != 0;
  if (state != 0) takeState(state);
}

/** Comes to the head of a loop from above; `assigned` are the temporaries that the loop stores into. */
export function enterLoop(unit: u32, assigned: u64): Address {
  const state = keepState(top, scope.depth);
  if (state == 0) return 0;
  decide(state, top, unit, assigned, true);
  move(state);
  takeState(state);
  hoist(state, unit);
  return state;
}

// What stands still in a loop is looked at before it begins: classes, counts of elements, whether something is read-only.
// That it is wanted is noted of the place, for the rounds to come.

function hoist(state: Address, unit: u32): void {
  const count = load<u32>(state, 4);
  const address = units.addressOf(unit);
  const mayLeave = !isLeftOften(address);
  for (let place: u32 = 0; place < count; place++) {
    const value = valueAt(place);
    if (value.kind != IN_LOCAL) continue;
    const slot = place & 255;
    if (value.type == ANY && mayLeave && noted(scope.key, unit, slot, OF_ANY_TYPE) == 0) {
      const classIndex = wantedOf(place, WANTS_CLASS);
      if (classIndex > TAG_MASK && classIndex != MANY) emitClassGuard(value, classIndex, address);
    }
    if (value.type != INSTANCE || value.classIndex == 0) continue;
    if (value.countLocal == 0 && noted(scope.key, unit, slot, NO_COUNT) == 0 && wantedOf(place, WANTS_COUNT) != 0) {
      keepCount(value);
    }
    if (value.isWritable == 0 && mayLeave && noted(scope.key, unit, slot, MAY_BE_READ_ONLY) == 0) {
      if (wantedOf(place, WANTS_WRITABLE) != 0) emitWritableGuard(value, address);
    }
  }
  for (let place: u32 = 0; place < count; place++) {
    const value = valueAt(place);
    const expected = keptValue(state, place);
    expected.type = value.type;
    expected.classIndex = value.classIndex;
    expected.countLocal = value.countLocal;
    expected.isWritable = value.isWritable;
  }
}

function wantedOf(place: u32, what: u32): u32 {
  const owner = scopeOfPlace(place);
  return noted(owner.key, 0, (place - owner.base) & 255, what);
}

/** Notes of all places with a value what is wanted of them at the heads of loops: a class, or 1 for the rest. */
export function want(local: u32, what: u32, wanted: u32): void {
  const end = endOf(scope);
  for (let place: u32 = 0; place < end; place++) {
    const value = valueAt(place);
    if (value.kind != IN_LOCAL || value.local != local) continue;
    const owner = scopeOfPlace(place);
    const position = (place - owner.base) & 255;
    const before = noted(owner.key, 0, position, what);
    note(owner.key, 0, position, what, before == 0 || before == wanted ? wanted : MANY);
  }
}

function emitClassGuard(value: Value, classIndex: u32, address: Address): void {
  openLabel(UNNAMED, wasm.BLOCK);
  emitClassIndex(value);
  wasm.i32Const(classIndex);
  wasm.op(wasm.I32_EQ);
  wasm.op(wasm.BR_IF);
  wasm.unsigned(0);
  emitExit(address, CAUSE_ELEMENT);
  closeLabel();
  learn(value, INSTANCE, classIndex);
}

function emitWritableGuard(value: Value, address: Address): void {
  openLabel(UNNAMED, wasm.BLOCK);
  emitOop(value);
  wasm.op(wasm.I32_WRAP_I64);
  wasm.load32(0);
  wasm.i32Const(1 << READ_ONLY_SHIFT);
  wasm.op(wasm.I32_AND);
  wasm.op(wasm.I32_EQZ);
  wasm.op(wasm.BR_IF);
  wasm.unsigned(0);
  emitExit(address, CAUSE_ELEMENT);
  closeLabel();
  learnWritable(value);
}

/** Opens the loop whose state `enterLoop` has decided. */
export function openLoop(unit: u32, state: Address): void {
  openLabel(labelOf(top, LOOP, unit), wasm.LOOP);
  store<u32>(labels + ((labelCount - 1) << 3), state, 4);
}

/** Comes back to the head of a loop: values move; the caller branches. */
export function arriveAtLoop(unit: u32): void {
  const state: Address = load<u32>(find(labelOf(top, LOOP, unit)), 4);
  if (state == 0) return;
  compare(state, top, unit, true);
  move(state);
  takeState(state);
}
