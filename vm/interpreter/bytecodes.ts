// Bytecodes that are more than a few machine instructions, and the rare cases of the others, on the registers outside
// the loop: whatever allocates, sends by the slow path, or looks through forwarders. Read by tools/generate.mjs like
// loop.ts: the compiler sees build/generated/bytecodes.ts.

import {
  ASSOCIATION_VALUE,
  FRAME_FIRST_TEMP,
  SPECIAL_ATTEMPT_TO_ASSIGN,
  SPECIAL_MUST_BE_BOOLEAN,
  SPECIAL_SELECTORS,
} from "../layout";
import { classOf } from "../memory/classes";
import { frameMethod, frameReceiver, tempSlot } from "../memory/frames";
import { isReadOnly } from "../memory/header";
import { fetchPointer, literalOf, storePointer } from "../memory/object";
import { Address, areSmallIntegers, character, Oop, smallInteger } from "../memory/oop";
import { falseObject, specialObject, trueObject } from "../memory/roots";
import {
  COMPARE_LESS,
  compareNumbers,
  exactQuotientOf,
  FLOAT_ADD,
  FLOAT_DIVIDE,
  FLOAT_MULTIPLY,
  FLOAT_SUBTRACT,
  floatArithmetic,
  floorModuloOf,
  floorQuotientOf,
  productOf,
  shiftOf,
} from "./arithmetic";
import { makeClosure, makeFullClosure, popIntoNewArray } from "./closures";
import { contextOf, isContext } from "./contexts";
import { takeExtensionA, takeExtensionB } from "./extensions";
import { noteFloatUse } from "./floatUse";
import { SISTA_OFFSET } from "./methods";
import { activeProcess } from "./processes";
import { fp, ip, pop, push, setIp, setSp, sp, stackValue } from "./registers";
import { send, sendSuper, sendUnknownBytecode } from "./returns";
import { superclassOf, superclassOfMethodClass } from "./superSends";
import { areIdentical, followed, loadVariable, pushContextSlot, storeContextSlot } from "./variables";

// Bytes that tell two cases of one handler apart.
const V3_EXTENDED_POP_INTO: u32 = 130;
const V3_POP_INTO_REMOTE_TEMP: u32 = 142;
const SISTA_POP_INTO_REMOTE_TEMP: u32 = SISTA_OFFSET + 253;
const SISTA_JUMP_TRUE_EXTENDED: u32 = SISTA_OFFSET + 238;
const SISTA_POP_INTO_INSTANCE_VARIABLE: u32 = SISTA_OFFSET + 240;
const SISTA_POP_INTO_LITERAL_VARIABLE: u32 = SISTA_OFFSET + 241;

/** Executes one bytecode, of which the loop has read the first byte: `code` is that and the set's offset. */
export function executeBytecode(code: u32): void {
  switch (code) {
    // Pushes.
    case pushLiteralVariable32: {
      push(loadVariable(literal(code & 31)));
      break;
    }
    case pushLiteralVariable16: {
      push(loadVariable(literal(code & 15)));
      break;
    }
    case pushLiteralVariableExtended: {
      push(loadVariable(literal(nextByte() + (takeExtensionA() << 8))));
      break;
    }
    case pushInstanceVariableExtended: {
      push(pushContextSlot(nextByte() + (takeExtensionA() << 8), frameReceiver(fp)));
      break;
    }
    case pushThisContext: {
      push(contextOf(fp));
      break;
    }
    case pushThisContextOrPseudo: {
      const pseudo = takeExtensionB();
      if (pseudo == 0) push(contextOf(fp));
      else if (pseudo == 1) push(activeProcess());
      else sendUnknownBytecode(code & 255);
      break;
    }
    case pushCharacterExtended: {
      push(character(<i32>nextByte() + (takeExtensionB() << 8)));
      break;
    }
    case pushRemoteTemp: {
      const index = nextByte();
      push(fetchPointer(index, vectorOf(nextByte())));
      break;
    }
    case extendedPush: {
      const descriptor = nextByte();
      const index = descriptor & 63;
      const kind = descriptor >> 6;
      if (kind == 0) push(fetchPointer(index, frameReceiver(fp)));
      else if (kind == 1) push(load<u64>(tempSlot(fp, index)));
      else push(kind == 2 ? literal(index) : loadVariable(literal(index)));
      break;
    }
    case pushNewArray:
    case pushNewArrayV3: {
      const descriptor = nextByte();
      const filled = descriptor > 127;
      const array = popIntoNewArray(descriptor & 127, filled, sp);
      if (filled) setSp(sp + ((descriptor & 127) << 3));
      push(array);
      break;
    }
    case pushClosure: {
      const descriptor = nextByte();
      const blockBytes = (nextByte() << 8) | nextByte();
      pushNewClosure(descriptor & 15, descriptor >> 4, blockBytes);
      break;
    }
    case pushClosureExtended: {
      // eeiiikkk jjjjjjjj: k arguments (+ A modulo 16 times 8), i copied (+ A over 16 times 8), j bytes (+ B times 256).
      const descriptor = nextByte();
      const blockBytes = <i32>nextByte() + (takeExtensionB() << 8);
      const a = takeExtensionA();
      pushNewClosure((descriptor & 7) + ((a & 15) << 3), ((descriptor >> 3) & 7) + ((a >> 4) << 3), blockBytes);
      break;
    }
    case pushFullClosure: {
      const index = nextByte() + (takeExtensionA() << 8);
      const descriptor = nextByte();
      const closure = makeFullClosure(literal(index), descriptor, sp);
      setSp(sp + (((descriptor & 63) + (descriptor >> 7)) << 3));
      push(closure);
      break;
    }

    // Stores.
    case popIntoInstanceVariable8: {
      storeInstanceVariable(code & 7, pop());
      break;
    }
    case popIntoInstanceVariableExtended:
    case storeInstanceVariableExtended: {
      const index = nextByte() + (takeExtensionA() << 8);
      storeInstanceVariable(index, code == SISTA_POP_INTO_INSTANCE_VARIABLE ? pop() : stackValue(0));
      break;
    }
    case popIntoLiteralVariableExtended:
    case storeLiteralVariableExtended: {
      const variable = followed(literal(nextByte() + (takeExtensionA() << 8)));
      storeSlot(ASSOCIATION_VALUE, variable, code == SISTA_POP_INTO_LITERAL_VARIABLE ? pop() : stackValue(0));
      break;
    }
    case storeRemoteTemp:
    case popIntoRemoteTemp: {
      const index = nextByte();
      const vector = vectorOf(nextByte());
      const pops = code == V3_POP_INTO_REMOTE_TEMP || code == SISTA_POP_INTO_REMOTE_TEMP;
      storePointer(index, vector, pops ? pop() : stackValue(0));
      break;
    }
    case extendedStore:
    case extendedPopInto: {
      const descriptor = nextByte();
      const index = descriptor & 63;
      const kind = descriptor >> 6;
      const value = code == V3_EXTENDED_POP_INTO ? pop() : stackValue(0);
      // Kind 0: an instance variable; 1: a temporary; 3: a variable literal; 2 makes no sense and is taken for 0.
      if (kind == 1) store<u64>(tempSlot(fp, index), value);
      else if (kind == 3) storeSlot(ASSOCIATION_VALUE, followed(literal(index)), value);
      else storeSlot(index, frameReceiver(fp), value);
      break;
    }
    case doubleExtendedDoAnything: {
      const operation = nextByte();
      doAnything(operation >> 5, operation & 31, nextByte());
      break;
    }

    // Jumps on what is no boolean, or would have been taken by the loop.
    case jumpFalseShort: {
      jumpIf(falseObject, (code & 7) + 1);
      break;
    }
    case jumpTrueShort: {
      jumpIf(trueObject, (code & 7) + 1);
      break;
    }
    case jumpTrueLongV3: {
      jumpIf(trueObject, ((code & 3) << 8) + nextByte());
      break;
    }
    case jumpFalseLongV3: {
      jumpIf(falseObject, ((code & 3) << 8) + nextByte());
      break;
    }
    case jumpTrueExtended:
    case jumpFalseExtended: {
      const offset = <i32>nextByte() + (takeExtensionB() << 8);
      jumpIf(code == SISTA_JUMP_TRUE_EXTENDED ? trueObject : falseObject, offset);
      break;
    }

    // Arithmetic and comparison.
    case add: {
      const a = stackValue(1);
      const b = stackValue(0);
      // Of SmallIntegers the sum is too large.
      answerOrSend(areSmallIntegers(a, b) ? 0 : floats(FLOAT_ADD, a, b), 0);
      break;
    }
    case subtract: {
      const a = stackValue(1);
      const b = stackValue(0);
      answerOrSend(areSmallIntegers(a, b) ? 0 : floats(FLOAT_SUBTRACT, a, b), 1);
      break;
    }
    case multiply: {
      const a = stackValue(1);
      const b = stackValue(0);
      answerOrSend(areSmallIntegers(a, b) ? productOf(a, b) : floats(FLOAT_MULTIPLY, a, b), 8);
      break;
    }
    case divide: {
      const a = stackValue(1);
      const b = stackValue(0);
      answerOrSend(areSmallIntegers(a, b) ? exactQuotientOf(a, b) : floats(FLOAT_DIVIDE, a, b), 9);
      break;
    }
    case modulo: {
      answerOrSend(floorModuloOf(stackValue(1), stackValue(0)), 10);
      break;
    }
    case bitShift: {
      answerOrSend(shiftOf(stackValue(1), stackValue(0)), 12);
      break;
    }
    case integerDivide: {
      answerOrSend(floorQuotientOf(stackValue(1), stackValue(0)), 13);
      break;
    }
    case lessThan:
    case greaterThan:
    case lessOrEqual:
    case greaterOrEqual:
    case equal:
    case notEqual: {
      // In both sets the low four bits of the six comparisons count from 2.
      const comparison = (code & 15) - 2;
      const outcome = compareNumbers(COMPARE_LESS + comparison, stackValue(1), stackValue(0));
      if (outcome >= 0) noteFloatUse(<Address>frameMethod(fp));
      answerOrSend(outcome < 0 ? 0 : outcome != 0 ? trueObject : falseObject, 2 + comparison);
      break;
    }
    case identical: {
      const other = pop();
      push(areIdentical(pop(), other) ? trueObject : falseObject);
      break;
    }
    case notIdentical: {
      const other = pop();
      push(areIdentical(pop(), other) ? falseObject : trueObject);
      break;
    }
    case pushClass: {
      push(classOf(followed(pop())));
      break;
    }

    // Sends.
    case extendedSuperSend: {
      const descriptor = nextByte();
      sendSuper(literal(descriptor & 31), superclassOfMethodClass(frameMethod(fp)), descriptor >> 5);
      break;
    }
    case superSendExtended: {
      const descriptor = nextByte();
      const selector = literal((descriptor >> 3) + (takeExtensionA() << 5));
      const b = takeExtensionB();
      // From 64 on the send is directed: the class to start above is on the stack.
      const lookupClass = b >= 64 ? superclassOf(pop()) : superclassOfMethodClass(frameMethod(fp));
      sendSuper(selector, lookupClass, (descriptor & 7) + ((b & 63) << 3));
      break;
    }
    case callPrimitive: {
      // A method's first instruction: its primitive failed or was not asked for. Inlined primitives have bit 15 set.
      const high = <u32>load<u8>(ip, 1);
      setIp(ip + 2);
      if (high >= 128) sendUnknownBytecode(code & 255);
      break;
    }
    case blockReturnTopExtended: {
      takeExtensionA();
      sendUnknownBytecode(code & 255);
      break;
    }
    case inlinedPrimitive:
    case trap:
    case unknownBytecode: {
      sendUnknownBytecode(code & 255);
      break;
    }
  }
}

/** Arithmetic on two operands of which one may be a float: the compiler hears of it. */
function floats(operation: u32, a: Oop, b: Oop): Oop {
  const answer = floatArithmetic(operation, a, b);
  if (answer != 0) noteFloatUse(<Address>frameMethod(fp));
  return answer;
}

function nextByte(): u32 {
  const byte = <u32>load<u8>(ip);
  setIp(ip + 1);
  return byte;
}

function literal(index: u32): Oop {
  return literalOf(index, frameMethod(fp));
}

/** The array of shared temporaries that a temporary holds. */
function vectorOf(temp: u32): Oop {
  return followed(load<u64>(fp + FRAME_FIRST_TEMP - (temp << 3)));
}

/** Pushes a closure that starts here and goes on behind it. */
function pushNewClosure(argumentCount: u32, copied: u32, blockBytes: u32): void {
  const closure = makeClosure(argumentCount, copied, sp);
  setSp(sp + (copied << 3));
  push(closure);
  setIp(ip + blockBytes);
}

function storeInstanceVariable(index: u32, value: Oop): void {
  storeSlot(index, frameReceiver(fp), value);
}

/** Stores a slot; a read-only object is asked to attemptToAssign:withIndex: instead. */
function storeSlot(index: u32, object: Oop, value: Oop): void {
  if (isReadOnly(<Address>object)) {
    push(object);
    push(value);
    push(smallInteger(<i64>index + 1));
    send(specialObject(SPECIAL_ATTEMPT_TO_ASSIGN), 2);
  } else if (isContext(object)) storeContextSlot(index, object, value);
  else storePointer(index, object, value);
}

/** V3's double extended do-anything: 0 and 1 sends, 2 to 4 pushes, 5 to 7 stores. */
function doAnything(kind: u32, count: u32, index: u32): void {
  switch (kind) {
    case 0: {
      send(literal(index), count);
      break;
    }
    case 1: {
      sendSuper(literal(index), superclassOfMethodClass(frameMethod(fp)), count);
      break;
    }
    case 2: {
      push(pushContextSlot(index, frameReceiver(fp)));
      break;
    }
    case 3: {
      push(literal(index));
      break;
    }
    case 4: {
      push(loadVariable(literal(index)));
      break;
    }
    case 5: {
      storeInstanceVariable(index, stackValue(0));
      break;
    }
    case 6: {
      storeInstanceVariable(index, pop());
      break;
    }
    default: {
      storeSlot(ASSOCIATION_VALUE, followed(literal(index)), stackValue(0));
      break;
    }
  }
}

/** Pops a boolean and jumps where it is the one wanted; anything else is sent mustBeBoolean. */
function jumpIf(wanted: Oop, offset: i32): void {
  const value = stackValue(0);
  if (value != trueObject && value != falseObject) {
    send(specialObject(SPECIAL_MUST_BE_BOOLEAN), 0);
    return;
  }
  setSp(sp + 8);
  if (value == wanted) setIp(ip + offset);
}

/** Replaces two operands by an answer; where that is 0, sends them the special selector. */
function answerOrSend(answer: Oop, selectorIndex: u32): void {
  if (answer == 0) {
    send(fetchPointer(selectorIndex << 1, specialObject(SPECIAL_SELECTORS)), 1);
    return;
  }
  setSp(sp + 8);
  store<u64>(sp, answer);
}
