// The activations that are translated together: the root, and what is inlined in it, each in the one that calls it. They
// form a stack while code is written, as their frames would. What is here stands still while a scope is open; the values
// of its variables are in state.ts.

import {
  CLASS_INDEX_BLOCK_CLOSURE,
  CLOSURE_FIRST_COPIED,
  FRAME_ARGUMENT_COUNT_SHIFT,
  FRAME_IS_BLOCK,
  FRAME_IS_COMPILED,
  FULL_CLOSURE_FIRST_COPIED,
} from "../layout";
import { headerArgumentCount, headerBytecodeSet, headerTempCount, methodHeader } from "../interpreter/methods";
import { nameInCode } from "../memory/codeObjects";
import { classIndexOf, slotCountOf } from "../memory/header";
import { Address, Oop, smallIntegerValue } from "../memory/oop";
import * as units from "../jit/units";

// @ts-ignore: decorator
@unmanaged
export class Scope {
  method: Address;
  /** First bytecode. */
  start: Address;
  bytecodeSet: u32;
  isBlock: u32;
  argumentCount: u32;
  copiedCount: u32;
  /** Slot of the first copied value in the closure. */
  firstCopied: u32;
  /** Arguments, copied values and temporaries. */
  tempCount: u32;
  /** Where its units begin (units.ts), how many they are, how deep its operand stack grows. */
  unitBase: u32;
  unitCount: u32;
  maxDepth: u32;
  /** Place of its receiver's entry in state.ts; its temporaries' follow, then its operands'. */
  base: u32;
  depth: u32;
  /** How many bytes its frame is below the root's. */
  frameOffset: u32;
  /** Whether its frame's fixed words are in memory: 0, 1 or PERHAPS_WRITTEN. */
  isWritten: u32;
  /** The unit of the caller that calls it, and where it returns to. */
  callUnit: u32;
  returnIp: Address;
  /** Tells the same scope of the next round. */
  key: u32;
  /** Of a block: the closure (closures.ts), and the scope whose block it is, as place in the stack; -1 for unknown. */
  closure: i32;
  home: i32;
  /** First of its homes (locals.ts). */
  homeBase: u32;
  /** Whether it stands in code that cannot be entered from outside. */
  isNested: u32;
}

/** On some of the paths that have joined: code looks at the local that has a bit for each scope. */
export const PERHAPS_WRITTEN: u32 = 2;
export const MAX_SCOPES: u32 = 12;
const SCOPE_BYTES: u32 = offsetof<Scope>();
const scopes: Address = <Address>memory.data(4096, 8);
/** Place of the innermost open scope. */
export let top: i32 = -1;
/** The innermost open scope. */
export let scope: Scope = changetype<Scope>(<usize>scopes);

export function scopeAt(place: i32): Scope {
  return changetype<Scope>(<usize>(scopes + <u32>place * SCOPE_BYTES));
}

export function closeAllScopes(): void {
  top = -1;
}

/** Opens a scope; the caller fills it in. All its fields are zero. */
export function openScope(): Scope {
  top++;
  scope = scopeAt(top);
  memory.fill(changetype<usize>(scope), 0, SCOPE_BYTES);
  return scope;
}

export function closeScope(): void {
  top--;
  scope = scopeAt(top);
  selectUnits();
}

/** Opens the scope that was closed last again, as it was. */
export function reopenScope(): void {
  top++;
  scope = scopeAt(top);
}

/** Makes the units of the innermost scope those that units.ts speaks of. */
export function selectUnits(): void {
  units.select(scope.unitBase, scope.unitCount, scope.maxDepth);
}

/** Fills in the shape of a method. */
export function shapeMethod(method: Oop, start: Address): void {
  const header = methodHeader(method);
  nameInCode(method);
  scope.method = <Address>method;
  scope.start = start;
  scope.bytecodeSet = headerBytecodeSet(header);
  scope.argumentCount = headerArgumentCount(header);
  scope.tempCount = headerTempCount(header);
  scope.closure = -1;
  scope.home = -1;
}

/** Fills in the shape of a block: of a full one where `isFull`, which is a method of its own. */
export function shapeBlock(method: Oop, start: Address, isFull: bool, argumentCount: u32, copiedCount: u32): u32 {
  const header = methodHeader(method);
  nameInCode(method);
  scope.method = <Address>method;
  scope.start = start;
  scope.bytecodeSet = headerBytecodeSet(header);
  scope.isBlock = 1;
  scope.argumentCount = argumentCount;
  scope.copiedCount = copiedCount;
  scope.firstCopied = isFull ? FULL_CLOSURE_FIRST_COPIED : CLOSURE_FIRST_COPIED;
  scope.tempCount = argumentCount + copiedCount;
  scope.closure = -1;
  scope.home = -1;
  if (isFull) {
    scope.tempCount = max(scope.tempCount, headerTempCount(header));
    return 0;
  }
  // A V3 block pushes its temporaries: they are the bottom of its operand stack, and stay there.
  const leading = units.leadingNils(start, scope.tempCount, scope.bytecodeSet, <Address>method);
  scope.tempCount += leading;
  return leading;
}

/** As `shapeBlock`, of a closure at hand. */
export function shapeClosure(method: Oop, start: Address, closure: Oop): u32 {
  const isFull = classIndexOf(<Address>closure) != CLASS_INDEX_BLOCK_CLOSURE;
  const first = isFull ? FULL_CLOSURE_FIRST_COPIED : CLOSURE_FIRST_COPIED;
  const count = <u32>smallIntegerValue(load<u64>(<Address>closure + 8 + 16));
  return shapeBlock(method, start, isFull, count, slotCountOf(<Address>closure) - first);
}

/** The third word of the scope's frame: its flags. */
export function frameFlagsOf(owner: Scope): u64 {
  let flags: u32 = FRAME_IS_COMPILED | owner.bytecodeSet | (owner.argumentCount << FRAME_ARGUMENT_COUNT_SHIFT);
  if (owner.isBlock != 0) flags |= FRAME_IS_BLOCK;
  return (<u64>flags) << 32;
}

/** Offset from the scope's own frame, downwards, of the frame that it calls with its operands as they are. */
export function calleeOffset(owner: Scope): u32 {
  return 32 + ((owner.tempCount + owner.depth) << 3);
}

/** Offset below the root's frame of the memory of an entry that lies `position` behind the scope's receiver. */
export function memoryOffset(owner: Scope, position: u32): u32 {
  return owner.frameOffset + 24 + (position << 3);
}
