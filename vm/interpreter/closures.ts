// Making closures and the arrays that closures share temporaries in. No memory for them ends the run.

import {
  CLASS_INDEX_ARRAY,
  CLASS_INDEX_BLOCK_CLOSURE,
  CLASS_INDEX_FULL_BLOCK_CLOSURE,
  CLOSURE_ARGUMENT_COUNT,
  CLOSURE_FIRST_COPIED,
  CLOSURE_OUTER_CONTEXT,
  CLOSURE_START_PC,
  FORMAT_ARRAY,
  FORMAT_FIXED_AND_INDEXABLE,
  FULL_CLOSURE_COMPILED_BLOCK,
  FULL_CLOSURE_FIRST_COPIED,
  FULL_CLOSURE_RECEIVER,
} from "../layout";
import { allocateSlots } from "../memory/allocation";
import { frameMethod, frameReceiver } from "../memory/frames";
import { storePointer, storePointerUnchecked } from "../memory/object";
import { Address, Oop, smallInteger } from "../memory/oop";
import { nil } from "../memory/roots";
import { contextOf } from "./contexts";
import { stopForMemory } from "./memoryLimits";
import { headerArgumentCount, methodHeader, pcOf } from "./methods";
import { fp, ip } from "./registers";

/** In a full closure's descriptor byte: no outer context. */
const IGNORE_OUTER_CONTEXT: u32 = 64;
/** In a full closure's descriptor byte: the receiver is on the stack, above the copied values. */
const RECEIVER_ON_STACK: u32 = 128;

/** A new Array; with `filled` it takes its elements from the stack, the last on top. */
export function popIntoNewArray(size: u32, filled: bool, stackPointer: Address): Oop {
  const array = required(allocateSlots(size, FORMAT_ARRAY, CLASS_INDEX_ARRAY));
  for (let i: u32 = 0; i < size; i++) {
    storePointer(i, array, filled ? load<u64>(stackPointer + ((size - 1 - i) << 3)) : nil);
  }
  return array;
}

/** A V3 closure that starts at the instruction pointer; its copied values are on the stack. */
export function makeClosure(argumentCount: u32, copied: u32, stackPointer: Address): Oop {
  const outer = contextOf(fp);
  const closure = required(
    allocateSlots(CLOSURE_FIRST_COPIED + copied, FORMAT_FIXED_AND_INDEXABLE, CLASS_INDEX_BLOCK_CLOSURE),
  );
  storePointer(CLOSURE_OUTER_CONTEXT, closure, outer);
  storePointerUnchecked(CLOSURE_START_PC, closure, smallInteger(pcOf(ip, frameMethod(fp))));
  storePointerUnchecked(CLOSURE_ARGUMENT_COUNT, closure, smallInteger(argumentCount));
  copyValues(closure, CLOSURE_FIRST_COPIED, copied, stackPointer);
  return closure;
}

/** A full closure on a compiled block (EncoderForSistaV1, bytecode 249); what it copies is on the stack. */
export function makeFullClosure(block: Oop, descriptor: u32, stackPointer: Address): Oop {
  const copied = descriptor & 63;
  const outer = (descriptor & IGNORE_OUTER_CONTEXT) != 0 ? nil : contextOf(fp);
  const closure = required(
    allocateSlots(FULL_CLOSURE_FIRST_COPIED + copied, FORMAT_FIXED_AND_INDEXABLE, CLASS_INDEX_FULL_BLOCK_CLOSURE),
  );
  const receiver = (descriptor & RECEIVER_ON_STACK) != 0 ? load<u64>(stackPointer + (copied << 3)) : frameReceiver(fp);
  storePointer(CLOSURE_OUTER_CONTEXT, closure, outer);
  storePointer(FULL_CLOSURE_COMPILED_BLOCK, closure, block);
  storePointerUnchecked(CLOSURE_ARGUMENT_COUNT, closure, smallInteger(headerArgumentCount(methodHeader(block))));
  storePointer(FULL_CLOSURE_RECEIVER, closure, receiver);
  copyValues(closure, FULL_CLOSURE_FIRST_COPIED, copied, stackPointer);
  return closure;
}

function copyValues(closure: Oop, first: u32, copied: u32, stackPointer: Address): void {
  for (let i: u32 = 0; i < copied; i++) {
    storePointer(first + i, closure, load<u64>(stackPointer + ((copied - 1 - i) << 3)));
  }
}

function required(object: Oop): Oop {
  if (object == 0) stopForMemory();
  return object;
}
