// One bytecode as the translator sees it: a kind, what it needs of operands, how it changes the operand stack, and where
// the next begins. Extensions are part of the bytecode they widen. Read by tools/generate.mjs as interpreter/loop.ts is.

import { Address, character, Oop, smallInteger } from "../memory/oop";
import { falseObject, nil, trueObject } from "../memory/roots";

/** Pushes `constant`. */
export const PUSH_CONSTANT: u32 = 0;
export const PUSH_RECEIVER: u32 = 1;
/** `index`: which. */
export const PUSH_TEMP: u32 = 2;
export const PUSH_LITERAL: u32 = 3;
export const PUSH_VARIABLE: u32 = 4;
export const PUSH_INSTANCE_VARIABLE: u32 = 5;
/** `index` of an element in the array that temporary `other` holds. */
export const PUSH_REMOTE_TEMP: u32 = 6;
export const DUPLICATE: u32 = 7;
export const POP: u32 = 8;
/** Stores; `pops` 1 where the value goes. */
export const STORE_TEMP: u32 = 9;
export const STORE_INSTANCE_VARIABLE: u32 = 10;
export const STORE_REMOTE_TEMP: u32 = 11;
/** To `target`. */
export const JUMP: u32 = 12;
/** To `target` where the top is true (`index` 1) or false (0). */
export const JUMP_IF: u32 = 13;
export const RETURN_TOP: u32 = 14;
export const RETURN_RECEIVER: u32 = 15;
/** Returns `constant`. */
export const RETURN_CONSTANT: u32 = 16;
export const BLOCK_RETURN_TOP: u32 = 17;
export const BLOCK_RETURN_NIL: u32 = 18;
/** A send of literal `index` with `other` arguments; of a special selector where `index` is that plus SPECIAL_SEND. */
export const SEND: u32 = 19;
/** Arithmetic or comparison of two operands; `index` is the special selector's number. */
export const ARITHMETIC: u32 = 20;
export const COMPARISON: u32 = 21;
/** `index` 1 for ~~. */
export const IDENTICAL: u32 = 22;
export const CLASS: u32 = 23;
/** Nothing to do. */
export const NOTHING: u32 = 24;
/** What the interpreter's handler does, popping `pops` and pushing `pushes`. */
export const HANDLER: u32 = 25;
/** As HANDLER; it sends, so that it ends with another frame active. */
export const HANDLER_SEND: u32 = 26;
/** What compiled code leaves to the interpreter for good. */
export const LEAVE: u32 = 27;

/** A super send of literal `index` with `other` arguments, from the class above the method's on. */
export const SUPER_SEND: u32 = 28;

/** Into the variable whose association is literal `index`; `pops` 1 where the value goes. */
export const STORE_VARIABLE: u32 = 29;

/** The active context; the first tier has the handler make it. */
export const THIS_CONTEXT: u32 = 30;

export const SPECIAL_SEND: u32 = 0x10000;

export const NO_CLOSURE: u32 = 0;
export const V3_CLOSURE: u32 = 1;
export const FULL_CLOSURE: u32 = 2;

export let kind: u32 = 0;
export let index: u32 = 0;
export let other: u32 = 0;
export let constant: Oop = 0;
export let target: Address = 0;
export let pops: u32 = 0;
export let pushes: u32 = 0;
/** Where the instruction begins, with its extensions. */
export let first: Address = 0;
/** Where the bytecode's own byte is, behind its extensions; its dispatch code; where the next instruction is. */
export let main: Address = 0;
export let code: u32 = 0;
export let next: Address = 0;
export let extensionA: u32 = 0;
export let extensionB: i32 = 0;
/** Whether it is an instance variable of what may be a context, whose fields may be in its frame. */
export let mayBeContext: bool = false;
/** Where it makes an array: one more than its elements, 0 elsewhere. */
export let newArraySize: u32 = 0;
/** Set where it makes a closure that needs nothing but its frame and copied values: what the block is. */
export let closureKind: u32 = NO_CLOSURE;
export let closureArguments: u32 = 0;
export let closureCopied: u32 = 0;
/** Of a V3 block its first bytecode, of a full one the literal that holds it. */
export let closurePlace: u32 = 0;

/** Decodes the instruction at an address of a method in the set that is `set` (0 or SISTA_OFFSET). */
export function decodeAt(at: Address, set: u32): void {
  extensionA = 0;
  extensionB = 0;
  first = at;
  next = at;
  index = 0;
  other = 0;
  closureKind = NO_CLOSURE;
  newArraySize = 0;
  mayBeContext = false;
  for (;;) {
    main = next;
    code = byte() + set;
    switch (code) {
      case extendA: {
        extensionA = (extensionA << 8) | byte();
        continue;
      }
      case extendB: {
        const more = <i32>byte();
        extensionB = extensionB == 0 && more > 127 ? more - 256 : (extensionB << 8) | more;
        continue;
      }
      default: {
        decodeMain(set);
        return;
      }
    }
  }
}

function byte(): u32 {
  return <u32>load<u8>(next++);
}

function is(newKind: u32, newPops: u32, newPushes: u32): void {
  kind = newKind;
  pops = newPops;
  pushes = newPushes;
}

function isPush(newKind: u32, newIndex: u32): void {
  index = newIndex;
  is(newKind, 0, 1);
}

function isPushOf(oop: Oop): void {
  constant = oop;
  is(PUSH_CONSTANT, 0, 1);
}

function isSend(selector: u32, count: u32): void {
  index = selector;
  other = count;
  is(SEND, count + 1, 1);
}

function isSuperSend(selector: u32, count: u32): void {
  isSend(selector, count);
  kind = SUPER_SEND;
}

function isOperator(newKind: u32): void {
  index = (code & 255) - (code < 256 ? 176 : 96);
  is(newKind, 2, 1);
}

function isJump(offset: i32): void {
  target = next + offset;
  is(JUMP, 0, 0);
}

function isJumpIf(flag: u32, offset: i32): void {
  target = next + offset;
  index = flag;
  is(JUMP_IF, 1, 0);
}

function isReturnOf(oop: Oop): void {
  constant = oop;
  is(RETURN_CONSTANT, 0, 0);
}

function isStore(newKind: u32, newIndex: u32, newPops: u32): void {
  index = newIndex;
  is(newKind, newPops, 0);
}

/** The first set's store of anything: two bits say into what. */
function isExtendedStore(descriptor: u32, newPops: u32): void {
  const what = descriptor >> 6;
  if (what == 1) isStore(STORE_TEMP, descriptor & 63, newPops);
  else if (what == 3) isStore(STORE_VARIABLE, descriptor & 63, newPops);
  else {
    isStore(STORE_INSTANCE_VARIABLE, descriptor & 63, newPops);
    mayBeContext = true;
  }
}

function isClosure(newKind: u32, blockArguments: u32, copied: u32, place: u32): void {
  closureKind = newKind;
  closureArguments = blockArguments;
  closureCopied = copied;
  closurePlace = place;
  is(HANDLER, copied, 1);
}

function decodeMain(set: u32): void {
  switch (code) {
    case pushInstanceVariable16: {
      isPush(PUSH_INSTANCE_VARIABLE, code & 15);
      break;
    }
    case pushTemp16: {
      isPush(PUSH_TEMP, code & 15);
      break;
    }
    case pushLiteral32: {
      isPush(PUSH_LITERAL, code & 31);
      break;
    }
    case pushLiteralVariable32: {
      isPush(PUSH_VARIABLE, code & 31);
      break;
    }
    case pushLiteralVariable16: {
      isPush(PUSH_VARIABLE, code & 15);
      break;
    }
    case pushLiteralVariableExtended: {
      isPush(PUSH_VARIABLE, byte() + (extensionA << 8));
      break;
    }
    case pushLiteralExtended: {
      isPush(PUSH_LITERAL, byte() + (extensionA << 8));
      break;
    }
    case pushReceiver: {
      is(PUSH_RECEIVER, 0, 1);
      break;
    }
    case pushTrue: {
      isPushOf(trueObject);
      break;
    }
    case pushFalse: {
      isPushOf(falseObject);
      break;
    }
    case pushNil: {
      isPushOf(nil);
      break;
    }
    case pushMinusOne: {
      isPushOf(smallInteger(-1));
      break;
    }
    case pushZero: {
      isPushOf(smallInteger(0));
      break;
    }
    case pushOne: {
      isPushOf(smallInteger(1));
      break;
    }
    case pushTwo: {
      isPushOf(smallInteger(2));
      break;
    }
    case pushIntegerExtended: {
      isPushOf(smallInteger(<i64>byte() + ((<i64>extensionB) << 8)));
      break;
    }
    case pushCharacterExtended: {
      isPushOf(character(<i32>byte() + (extensionB << 8)));
      break;
    }
    case pushTempLong: {
      isPush(PUSH_TEMP, byte());
      break;
    }
    case duplicateTop: {
      is(DUPLICATE, 0, 1);
      break;
    }
    case pop: {
      is(POP, 1, 0);
      break;
    }
    case noOperation: {
      is(NOTHING, 0, 0);
      break;
    }
    case pushRemoteTemp: {
      isPush(PUSH_REMOTE_TEMP, byte());
      other = byte();
      break;
    }
    case extendedPush: {
      const descriptor = byte();
      const place = descriptor >> 6;
      if (place == 0) isPush(PUSH_INSTANCE_VARIABLE, descriptor & 63);
      else if (place == 1) isPush(PUSH_TEMP, descriptor & 63);
      else isPush(place == 2 ? PUSH_LITERAL : PUSH_VARIABLE, descriptor & 63);
      break;
    }
    case pushInstanceVariableExtended: {
      isPush(PUSH_INSTANCE_VARIABLE, byte() + (extensionA << 8));
      mayBeContext = true;
      break;
    }
    case pushThisContext: {
      is(THIS_CONTEXT, 0, 1);
      break;
    }
    case pushThisContextOrPseudo: {
      is(extensionB != 0 ? LEAVE : THIS_CONTEXT, 0, 1);
      break;
    }
    case pushNewArray:
    case pushNewArrayV3: {
      const descriptor = byte();
      newArraySize = (descriptor & 127) + 1;
      is(HANDLER, descriptor > 127 ? descriptor & 127 : 0, 1);
      break;
    }
    case pushClosure: {
      const descriptor = byte();
      const blockBytes = (byte() << 8) | byte();
      isClosure(V3_CLOSURE, descriptor & 15, descriptor >> 4, next);
      next += blockBytes;
      break;
    }
    case pushClosureExtended: {
      const descriptor = byte();
      const blockBytes = <i32>byte() + (extensionB << 8);
      const copied = ((descriptor >> 3) & 7) + ((extensionA >> 4) << 3);
      isClosure(V3_CLOSURE, (descriptor & 7) + ((extensionA & 15) << 3), copied, next);
      next += blockBytes;
      break;
    }
    case pushFullClosure: {
      const literal = byte() + (extensionA << 8);
      const descriptor = byte();
      if (descriptor > 63) is(HANDLER, (descriptor & 63) + (descriptor >> 7), 1);
      else isClosure(FULL_CLOSURE, 0, descriptor, literal);
      break;
    }

    case popIntoTemp8: {
      isStore(STORE_TEMP, code & 7, 1);
      break;
    }
    case popIntoTempLong: {
      isStore(STORE_TEMP, byte(), 1);
      break;
    }
    case storeTempLong: {
      isStore(STORE_TEMP, byte(), 0);
      break;
    }
    case popIntoInstanceVariable8: {
      isStore(STORE_INSTANCE_VARIABLE, code & 7, 1);
      break;
    }
    case popIntoRemoteTemp: {
      isStore(STORE_REMOTE_TEMP, byte(), 1);
      other = byte();
      break;
    }
    case storeRemoteTemp: {
      isStore(STORE_REMOTE_TEMP, byte(), 0);
      other = byte();
      break;
    }
    case popIntoInstanceVariableExtended: {
      isStore(STORE_INSTANCE_VARIABLE, byte() + (extensionA << 8), 1);
      mayBeContext = true;
      break;
    }
    case storeInstanceVariableExtended: {
      isStore(STORE_INSTANCE_VARIABLE, byte() + (extensionA << 8), 0);
      mayBeContext = true;
      break;
    }
    case popIntoLiteralVariableExtended: {
      isStore(STORE_VARIABLE, byte() + (extensionA << 8), 1);
      break;
    }
    case storeLiteralVariableExtended: {
      isStore(STORE_VARIABLE, byte() + (extensionA << 8), 0);
      break;
    }
    case extendedStore: {
      isExtendedStore(byte(), 0);
      break;
    }
    case extendedPopInto: {
      isExtendedStore(byte(), 1);
      break;
    }
    case doubleExtendedDoAnything: {
      const operation = byte();
      const literal = byte();
      const what = operation >> 5;
      if (what == 0) isSend(literal, operation & 31);
      else if (what == 1) isSuperSend(literal, operation & 31);
      else if (what == 3) isPush(PUSH_LITERAL, literal);
      else if (what == 4) isPush(PUSH_VARIABLE, literal);
      else if (what == 2) isPush(PUSH_INSTANCE_VARIABLE, literal);
      else isStore(what == 7 ? STORE_VARIABLE : STORE_INSTANCE_VARIABLE, literal, what == 6 ? 1 : 0);
      mayBeContext = kind == PUSH_INSTANCE_VARIABLE || kind == STORE_INSTANCE_VARIABLE;
      break;
    }

    case jumpShort: {
      isJump((code & 7) + 1);
      break;
    }
    case jumpLongV3: {
      const offset = ((<i32>(code & 7) - 4) << 8) + <i32>byte();
      isJump(offset);
      break;
    }
    case jumpExtended: {
      const offset = <i32>byte() + (extensionB << 8);
      isJump(offset);
      break;
    }
    case jumpFalseShort: {
      isJumpIf(0, (code & 7) + 1);
      break;
    }
    case jumpTrueShort: {
      isJumpIf(1, (code & 7) + 1);
      break;
    }
    case jumpTrueLongV3: {
      const offset = ((code & 3) << 8) + byte();
      isJumpIf(1, offset);
      break;
    }
    case jumpFalseLongV3: {
      const offset = ((code & 3) << 8) + byte();
      isJumpIf(0, offset);
      break;
    }
    case jumpTrueExtended: {
      const offset = <i32>byte() + (extensionB << 8);
      isJumpIf(1, offset);
      break;
    }
    case jumpFalseExtended: {
      const offset = <i32>byte() + (extensionB << 8);
      isJumpIf(0, offset);
      break;
    }

    case returnReceiver: {
      is(RETURN_RECEIVER, 0, 0);
      break;
    }
    case returnTrue: {
      isReturnOf(trueObject);
      break;
    }
    case returnFalse: {
      isReturnOf(falseObject);
      break;
    }
    case returnNil: {
      isReturnOf(nil);
      break;
    }
    case returnTop: {
      is(RETURN_TOP, 1, 0);
      break;
    }
    case blockReturnTop: {
      is(BLOCK_RETURN_TOP, 1, 0);
      break;
    }
    case blockReturnTopExtended: {
      is(extensionA == 0 ? BLOCK_RETURN_TOP : LEAVE, 1, 0);
      break;
    }
    case blockReturnNil: {
      is(BLOCK_RETURN_NIL, 0, 0);
      break;
    }

    case add:
    case subtract:
    case multiply:
    case divide:
    case modulo:
    case bitShift:
    case integerDivide:
    case bitAnd:
    case bitOr: {
      isOperator(ARITHMETIC);
      break;
    }
    case lessThan:
    case greaterThan:
    case lessOrEqual:
    case greaterOrEqual:
    case equal:
    case notEqual: {
      isOperator(COMPARISON);
      break;
    }
    case identical: {
      isOperator(IDENTICAL);
      index = 0;
      break;
    }
    case notIdentical: {
      isOperator(IDENTICAL);
      index = 1;
      break;
    }
    case pushClass: {
      is(CLASS, 1, 1);
      break;
    }

    case size:
    case blockValue0:
    case specialSend0: {
      isSend((code & 255) - (set == 0 ? 176 : 96) + SPECIAL_SEND, 0);
      break;
    }
    case makePoint:
    case at:
    case blockValue1:
    case specialSend1: {
      isSend((code & 255) - (set == 0 ? 176 : 96) + SPECIAL_SEND, 1);
      break;
    }
    case atPut: {
      isSend((code & 255) - (set == 0 ? 176 : 96) + SPECIAL_SEND, 2);
      break;
    }
    case sendLiteral0: {
      isSend(code & 15, 0);
      break;
    }
    case sendLiteral1: {
      isSend(code & 15, 1);
      break;
    }
    case sendLiteral2: {
      isSend(code & 15, 2);
      break;
    }
    case extendedSend: {
      const descriptor = byte();
      isSend(descriptor & 31, descriptor >> 5);
      break;
    }
    case secondExtendedSend: {
      const descriptor = byte();
      isSend(descriptor & 63, descriptor >> 6);
      break;
    }
    case sendExtended: {
      const descriptor = byte();
      isSend((descriptor >> 3) + (extensionA << 5), (descriptor & 7) + (extensionB << 3));
      break;
    }
    case extendedSuperSend: {
      const descriptor = byte();
      isSuperSend(descriptor & 31, descriptor >> 5);
      break;
    }
    case superSendExtended: {
      const descriptor = byte();
      const count = (descriptor & 7) + ((extensionB & 63) << 3);
      // From 64 on the send is directed: the class to start above is on the stack too.
      if (extensionB >= 64) is(HANDLER_SEND, count + 2, 1);
      else isSuperSend((descriptor >> 3) + (extensionA << 5), count);
      break;
    }
    case callPrimitive: {
      const high = <u32>load<u8>(next, 1);
      next += 2;
      is(high >= 128 ? LEAVE : NOTHING, 0, 0);
      break;
    }
    case inlinedPrimitive:
    case trap:
    case unknownBytecode: {
      is(LEAVE, 0, 0);
      break;
    }
  }
}
