// The interpreter's loop. Read by tools/generate.mjs, which replaces each `case handler:` by the bytes that
// tables/bytecodes.ts gives that handler; the compiler sees build/generated/loop.ts.
//
// Registers live in locals: ip (next byte), sp, fp, and from the frame method and bytecode set. A case ends
// with `continue`, or leaves the switch with `action` set: a send with that many arguments, a return of `value`, or a
//  outcome `flag`, which a jump right behind takes without a boolean being pushed.

import {
  ASSOCIATION_VALUE,
  CELL_STACK_LIMIT,
  CLASS_INDEX_MASK,
  FRAME_ARGUMENT_COUNT_SHIFT,
  FRAME_CALLER_FP,
  FRAME_CALLER_IP,
  FRAME_CALLER_SP,
  FRAME_FIRST_TEMP,
  FRAME_FLAGS,
  FRAME_IS_BLOCK,
  FRAME_IS_SISTA,
  FRAME_RECEIVER,
  SPECIAL_ATTEMPT_TO_ASSIGN,
  SPECIAL_MUST_BE_BOOLEAN,
  SPECIAL_SELECTORS,
  TAG_MASK,
  TAG_SMALL_INTEGER,
} from "../layout";
import { classOf } from "../memory/classes";
import { frameFlags, frameMethod, frameReceiver, isBlockFrame } from "../memory/frames";
import { isReadOnly } from "../memory/header";
import { fetchPointer, storePointer } from "../memory/object";
import { Address, areSmallIntegers, character, Oop, smallInteger } from "../memory/oop";
import { falseObject, nil, specialObject, trueObject } from "../memory/roots";
import { beginPrimitive, failureCode, FRAMES_CHANGED, result, WAITING_FOR_HOST } from "../plugin";
import {
  buildFrame,
  clearFailure,
  quickAnswer,
  retryWithFollowedArguments,
  skipPrimitive,
  suspendCall,
} from "./activation";
import {
  compareNumbers,
  COMPARE_EQUAL,
  COMPARE_GREATER,
  COMPARE_GREATER_OR_EQUAL,
  COMPARE_LESS,
  COMPARE_LESS_OR_EQUAL,
  COMPARE_NOT_EQUAL,
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
import { inlinePrimitive } from "./inlinePrimitives";
import {
  argumentCount,
  cacheEntry,
  cacheKey,
  ENTRY_METHOD,
  ENTRY_PRIMITIVE,
  findMethodForReceiver,
  newMethod,
  newPrimitive,
  setNewMethod,
} from "./lookup";
import { firstBytecode, headerBytecodeSet, headerHasPrimitive, headerTempCount, methodHeader } from "./methods";
import { poll } from "./poll";
import { isQuick, numberedPrimitive } from "./primitiveTable";
import { fp as fpRegister, ip as ipRegister, setRegisters, sp as spRegister } from "./registers";
import { returnFromBaseFrame, returnFromHome, sendSuper, sendUnknownBytecode } from "./returns";
import { outcome, OUTCOME_NONE, OUTCOME_SLICE, stop } from "./stop";
import { superclassOf, superclassOfMethodClass } from "./superSends";
import { areIdentical, followed, loadVariable, pushContextSlot, storeContextSlot } from "./variables";

// Values of `action` beside argument counts.
const ACTION_RETURN: i32 = -1;
const ACTION_BLOCK_RETURN: i32 = -2;
const ACTION_POLL: i32 = -4;
const ACTION_STORE_IN_CONTEXT: i32 = -5;
const ACTION_UNKNOWN: i32 = -6;
const ACTION_SUPER: i32 = -7;

// Dispatch codes of the short conditional jumps that follow comparisons.
const V3_JUMP_FALSE_SHORT: u32 = 152;
const SISTA_JUMP_TRUE_SHORT: u32 = 256 + 184;
const SISTA_JUMP_FALSE_SHORT: u32 = 256 + 192;

// Bytes that tell two cases of one handler apart.
const V3_EXTENDED_POP_INTO: u32 = 130;
const V3_POP_INTO_REMOTE_TEMP: u32 = 142;
const SISTA_POP_INTO_REMOTE_TEMP: u32 = 253;
const SISTA_JUMP_TRUE_EXTENDED: u32 = 238;
const SISTA_POP_INTO_INSTANCE_VARIABLE: u32 = 240;
const SISTA_POP_INTO_LITERAL_VARIABLE: u32 = 241;

// Rarely live, so kept out of the loop's locals: every one of those costs a register or a spill.
/** With ACTION_SUPER: where the lookup starts, and how many arguments there are. */
let lookupClass: Oop = 0;
let superCount: u32 = 0;
/** The values of Sista's extension bytes, waiting for the bytecode that they widen. */
let extensionA: u32 = 0;
let extensionB: i32 = 0;
/** With ACTION_UNKNOWN: the byte that cannot be run. */
let unknownByte: u32 = 0;
/** With ACTION_STORE_IN_CONTEXT: the field of the receiver that gets the value. */
let contextIndex: u32 = 0;

/**
 * Interprets from the registers on until an outcome is set; `polls` is how many sends and backward jumps it may take
 * before it ends the slice.
 */
export function interpret(polls: i32): void {
  let ip: Address = ipRegister;
  let sp: Address = spRegister;
  let fp: Address = fpRegister;
  let method = <Address>frameMethod(fp);
  let set = frameFlags(fp) & FRAME_IS_SISTA;
  let countdown = polls;

  for (;;) {
    // Declared here, so that nothing but the registers is carried from one bytecode to the next.
    let selector: Oop = 0;
    let value: Oop = 0;
    let action: i32 = 0;
    const byte = <u32>load<u8>(ip++);
    switch (byte + set) {
      // Pushes.
      case pushInstanceVariable16: {
        sp -= 8;
        store<u64>(sp, load<u64>(<Address>frameReceiver(fp) + 8 + ((byte & 15) << 3)));
        continue;
      }
      case pushTemp16: {
        sp -= 8;
        store<u64>(sp, load<u64>(fp + FRAME_FIRST_TEMP - ((byte & 15) << 3)));
        continue;
      }
      case pushLiteral32: {
        sp -= 8;
        store<u64>(sp, load<u64>(method + 16 + ((byte & 31) << 3)));
        continue;
      }
      case pushLiteralVariable32: {
        sp -= 8;
        store<u64>(sp, loadVariable(load<u64>(method + 16 + ((byte & 31) << 3))));
        continue;
      }
      case pushLiteralVariable16: {
        sp -= 8;
        store<u64>(sp, loadVariable(load<u64>(method + 16 + ((byte & 15) << 3))));
        continue;
      }
      case pushReceiver: {
        sp -= 8;
        store<u64>(sp, frameReceiver(fp));
        continue;
      }
      case pushTrue: {
        sp -= 8;
        store<u64>(sp, trueObject);
        continue;
      }
      case pushFalse: {
        sp -= 8;
        store<u64>(sp, falseObject);
        continue;
      }
      case pushNil: {
        sp -= 8;
        store<u64>(sp, nil);
        continue;
      }
      case pushMinusOne: {
        sp -= 8;
        store<u64>(sp, smallInteger(-1));
        continue;
      }
      case pushZero: {
        value = withConstant(load<u64>(sp), smallInteger(0), <u32>load<u8>(ip) - arithmeticBase(set));
        if (value != 0) {
          ip++;
          store<u64>(sp, value);
          continue;
        }
        sp -= 8;
        store<u64>(sp, smallInteger(0));
        continue;
      }
      case pushOne: {
        value = withConstant(load<u64>(sp), smallInteger(1), <u32>load<u8>(ip) - arithmeticBase(set));
        if (value != 0) {
          ip++;
          store<u64>(sp, value);
          continue;
        }
        sp -= 8;
        store<u64>(sp, smallInteger(1));
        continue;
      }
      case pushTwo: {
        value = withConstant(load<u64>(sp), smallInteger(2), <u32>load<u8>(ip) - arithmeticBase(set));
        if (value != 0) {
          ip++;
          store<u64>(sp, value);
          continue;
        }
        sp -= 8;
        store<u64>(sp, smallInteger(2));
        continue;
      }
      case duplicateTop: {
        value = load<u64>(sp);
        sp -= 8;
        store<u64>(sp, value);
        continue;
      }
      case pop: {
        sp += 8;
        continue;
      }
      case pushThisContext: {
        setRegisters(ip, sp, fp);
        sp -= 8;
        store<u64>(sp, contextOf(fp));
        continue;
      }
      case pushThisContextOrPseudo: {
        if (extensionB != 0) {
          extensionB = 0;
          unknownByte = byte;
        action = ACTION_UNKNOWN;
          break;
        }
        setRegisters(ip, sp, fp);
        sp -= 8;
        store<u64>(sp, contextOf(fp));
        continue;
      }
      case noOperation: {
        extensionA = 0;
        extensionB = 0;
        continue;
      }
      case extendA: {
        extensionA = (extensionA << 8) | load<u8>(ip++);
        continue;
      }
      case extendB: {
        const next = <i32>load<u8>(ip++);
        extensionB = extensionB == 0 && next > 127 ? next - 256 : (extensionB << 8) | next;
        continue;
      }
      case pushInstanceVariableExtended: {
        const index = <u32>load<u8>(ip++) + (extensionA << 8);
        extensionA = 0;
        setRegisters(ip, sp, fp);
        value = pushContextSlot(index, frameReceiver(fp));
        sp -= 8;
        store<u64>(sp, value);
        continue;
      }
      case pushLiteralVariableExtended: {
        const index = <u32>load<u8>(ip++) + (extensionA << 8);
        extensionA = 0;
        sp -= 8;
        store<u64>(sp, loadVariable(load<u64>(method + 16 + (index << 3))));
        continue;
      }
      case pushLiteralExtended: {
        const index = <u32>load<u8>(ip++) + (extensionA << 8);
        extensionA = 0;
        sp -= 8;
        store<u64>(sp, load<u64>(method + 16 + (index << 3)));
        continue;
      }
      case pushTempLong: {
        const index = <u32>load<u8>(ip++);
        sp -= 8;
        store<u64>(sp, load<u64>(fp + FRAME_FIRST_TEMP - (index << 3)));
        continue;
      }
      case pushIntegerExtended: {
        const integer = <i64>load<u8>(ip++) + ((<i64>extensionB) << 8);
        extensionB = 0;
        sp -= 8;
        store<u64>(sp, smallInteger(integer));
        continue;
      }
      case pushCharacterExtended: {
        const code = <i32>load<u8>(ip++) + (extensionB << 8);
        extensionB = 0;
        sp -= 8;
        store<u64>(sp, character(code));
        continue;
      }
      case pushRemoteTemp: {
        const index = <u32>load<u8>(ip);
        const vector = load<u64>(fp + FRAME_FIRST_TEMP - ((<u32>load<u8>(ip, 1)) << 3));
        ip += 2;
        sp -= 8;
        store<u64>(sp, fetchPointer(index, followed(vector)));
        continue;
      }
      case extendedPush: {
        const descriptor = <u32>load<u8>(ip++);
        const index = descriptor & 63;
        switch (descriptor >> 6) {
          case 0:
            value = fetchPointer(index, frameReceiver(fp));
            break;
          case 1:
            value = load<u64>(fp + FRAME_FIRST_TEMP - (index << 3));
            break;
          case 2:
            value = load<u64>(method + 16 + (index << 3));
            break;
          default:
            value = loadVariable(load<u64>(method + 16 + (index << 3)));
            break;
        }
        sp -= 8;
        store<u64>(sp, value);
        continue;
      }
      case pushNewArray:
      case pushNewArrayV3: {
        const descriptor = <u32>load<u8>(ip++);
        const size = descriptor & 127;
        setRegisters(ip, sp, fp);
        value = popIntoNewArray(size, descriptor > 127, sp);
        if (descriptor > 127) sp += size << 3;
        sp -= 8;
        store<u64>(sp, value);
        continue;
      }
      case pushClosure: {
        const descriptor = <u32>load<u8>(ip);
        const blockBytes = ((<u32>load<u8>(ip, 1)) << 8) | load<u8>(ip, 2);
        ip += 3;
        const copied = descriptor >> 4;
        setRegisters(ip, sp, fp);
        value = makeClosure(descriptor & 15, copied, sp);
        sp += copied << 3;
        sp -= 8;
        store<u64>(sp, value);
        ip += blockBytes;
        continue;
      }
      case pushClosureExtended: {
        // eeiiikkk jjjjjjjj: k arguments (+ A modulo 16 times 8), i copied (+ A over 16 times 8), j bytes (+ B times 256).
        const descriptor = <u32>load<u8>(ip);
        const blockBytes = <i32>load<u8>(ip, 1) + (extensionB << 8);
        ip += 2;
        const copied = ((descriptor >> 3) & 7) + ((extensionA >> 4) << 3);
        const count = (descriptor & 7) + ((extensionA & 15) << 3);
        extensionA = 0;
        extensionB = 0;
        setRegisters(ip, sp, fp);
        value = makeClosure(count, copied, sp);
        sp += copied << 3;
        sp -= 8;
        store<u64>(sp, value);
        ip += blockBytes;
        continue;
      }
      case pushFullClosure: {
        const index = <u32>load<u8>(ip) + (extensionA << 8);
        const descriptor = <u32>load<u8>(ip, 1);
        ip += 2;
        extensionA = 0;
        const copied = descriptor & 63;
        setRegisters(ip, sp, fp);
        value = makeFullClosure(load<u64>(method + 16 + (index << 3)), descriptor, sp);
        sp += (copied + (descriptor >> 7)) << 3;
        sp -= 8;
        store<u64>(sp, value);
        continue;
      }

      // Stores.
      case popIntoTemp8: {
        store<u64>(fp + FRAME_FIRST_TEMP - ((byte & 7) << 3), load<u64>(sp));
        sp += 8;
        continue;
      }
      case popIntoTempLong: {
        store<u64>(fp + FRAME_FIRST_TEMP - ((<u32>load<u8>(ip++)) << 3), load<u64>(sp));
        sp += 8;
        continue;
      }
      case storeTempLong: {
        store<u64>(fp + FRAME_FIRST_TEMP - ((<u32>load<u8>(ip++)) << 3), load<u64>(sp));
        continue;
      }
      case popIntoInstanceVariable8: {
        const index = byte & 7;
        value = load<u64>(sp);
        sp += 8;
        if (!isReadOnly(<Address>frameReceiver(fp))) {
          storePointer(index, frameReceiver(fp), value);
          continue;
        }
        sp = pushAssignment(sp, frameReceiver(fp), value, index);
        selector = specialObject(SPECIAL_ATTEMPT_TO_ASSIGN);
        action = 2;
        break;
      }
      case popIntoInstanceVariableExtended:
      case storeInstanceVariableExtended: {
        const index = <u32>load<u8>(ip++) + (extensionA << 8);
        extensionA = 0;
        value = load<u64>(sp);
        if (byte == SISTA_POP_INTO_INSTANCE_VARIABLE) sp += 8;
        if (!isReadOnly(<Address>frameReceiver(fp))) {
          if (!isContext(frameReceiver(fp))) {
            storePointer(index, frameReceiver(fp), value);
            continue;
          }
          contextIndex = index;
          action = ACTION_STORE_IN_CONTEXT;
          break;
        }
        sp = pushAssignment(sp, frameReceiver(fp), value, index);
        selector = specialObject(SPECIAL_ATTEMPT_TO_ASSIGN);
        action = 2;
        break;
      }
      case popIntoLiteralVariableExtended:
      case storeLiteralVariableExtended: {
        const variable = followed(load<u64>(method + 16 + ((<u32>load<u8>(ip++) + (extensionA << 8)) << 3)));
        extensionA = 0;
        value = load<u64>(sp);
        if (byte == SISTA_POP_INTO_LITERAL_VARIABLE) sp += 8;
        if (!isReadOnly(<Address>variable)) {
          storePointer(ASSOCIATION_VALUE, variable, value);
          continue;
        }
        sp = pushAssignment(sp, variable, value, ASSOCIATION_VALUE);
        selector = specialObject(SPECIAL_ATTEMPT_TO_ASSIGN);
        action = 2;
        break;
      }
      case storeRemoteTemp:
      case popIntoRemoteTemp: {
        const index = <u32>load<u8>(ip);
        const vector = followed(load<u64>(fp + FRAME_FIRST_TEMP - ((<u32>load<u8>(ip, 1)) << 3)));
        ip += 2;
        storePointer(index, vector, load<u64>(sp));
        if (byte == V3_POP_INTO_REMOTE_TEMP || byte == SISTA_POP_INTO_REMOTE_TEMP) sp += 8;
        continue;
      }
      case extendedStore:
      case extendedPopInto: {
        const descriptor = <u32>load<u8>(ip++);
        const index = descriptor & 63;
        value = load<u64>(sp);
        if (byte == V3_EXTENDED_POP_INTO) sp += 8;
        const kind = descriptor >> 6;
        if (kind == 1) {
          store<u64>(fp + FRAME_FIRST_TEMP - (index << 3), value);
          continue;
        }
        // Kind 0: an instance variable; 3: a variable literal; 2 makes no sense and is taken as the receiver's too.
        const target = kind == 3 ? followed(load<u64>(method + 16 + (index << 3))) : frameReceiver(fp);
        const slot: u32 = kind == 3 ? ASSOCIATION_VALUE : index;
        if (!isReadOnly(<Address>target)) {
          storePointer(slot, target, value);
          continue;
        }
        sp = pushAssignment(sp, target, value, slot);
        selector = specialObject(SPECIAL_ATTEMPT_TO_ASSIGN);
        action = 2;
        break;
      }
      case doubleExtendedDoAnything: {
        const operation = <u32>load<u8>(ip);
        const index = <u32>load<u8>(ip, 1);
        ip += 2;
        const kind = operation >> 5;
        if (kind <= 1) {
          selector = load<u64>(method + 16 + (index << 3));
          action = operation & 31;
          if (kind == 0) break;
          lookupClass = superclassOfMethodClass(method);
          superCount = action;
          action = ACTION_SUPER;
          break;
        }
        if (kind == 2) {
          setRegisters(ip, sp, fp);
          value = pushContextSlot(index, frameReceiver(fp));
          sp -= 8;
          store<u64>(sp, value);
          continue;
        }
        if (kind == 3 || kind == 4) {
          value = load<u64>(method + 16 + (index << 3));
          if (kind == 4) value = loadVariable(value);
          sp -= 8;
          store<u64>(sp, value);
          continue;
        }
        // 5 stores an instance variable, 6 pops into one, 7 stores a variable literal.
        value = load<u64>(sp);
        if (kind == 6) sp += 8;
        const target = kind == 7 ? followed(load<u64>(method + 16 + (index << 3))) : frameReceiver(fp);
        const slot: u32 = kind == 7 ? ASSOCIATION_VALUE : index;
        if (!isReadOnly(<Address>target)) {
          if (kind == 7 || !isContext(target)) {
            storePointer(slot, target, value);
            continue;
          }
          contextIndex = slot;
          action = ACTION_STORE_IN_CONTEXT;
          break;
        }
        sp = pushAssignment(sp, target, value, slot);
        selector = specialObject(SPECIAL_ATTEMPT_TO_ASSIGN);
        action = 2;
        break;
      }

      // Jumps.
      case jumpShort: {
        ip += (byte & 7) + 1;
        continue;
      }
      case jumpFalseShort: {
        value = load<u64>(sp);
        sp += 8;
        if (value == falseObject) {
          ip += (byte & 7) + 1;
          continue;
        }
        if (value == trueObject) continue;
        sp -= 8;
        selector = specialObject(SPECIAL_MUST_BE_BOOLEAN);
        action = 0;
        break;
      }
      case jumpTrueShort: {
        value = load<u64>(sp);
        sp += 8;
        if (value == trueObject) {
          ip += (byte & 7) + 1;
          continue;
        }
        if (value == falseObject) continue;
        sp -= 8;
        selector = specialObject(SPECIAL_MUST_BE_BOOLEAN);
        action = 0;
        break;
      }
      case jumpLongV3: {
        const offset = ((<i32>(byte & 7) - 4) << 8) + <i32>load<u8>(ip++);
        ip += offset;
        if (offset >= 0) continue;
        if ((--countdown | <i32>(sp - load<u32>(0, CELL_STACK_LIMIT))) >= 0) continue;
        action = ACTION_POLL;
        break;
      }
      case jumpExtended: {
        const offset = <i32>load<u8>(ip++) + (extensionB << 8);
        extensionB = 0;
        ip += offset;
        if (offset >= 0) continue;
        if ((--countdown | <i32>(sp - load<u32>(0, CELL_STACK_LIMIT))) >= 0) continue;
        action = ACTION_POLL;
        break;
      }
      case jumpTrueLongV3: {
        const offset = ((byte & 3) << 8) + <u32>load<u8>(ip++);
        value = load<u64>(sp);
        sp += 8;
        if (value == trueObject) {
          ip += offset;
          continue;
        }
        if (value == falseObject) continue;
        sp -= 8;
        selector = specialObject(SPECIAL_MUST_BE_BOOLEAN);
        action = 0;
        break;
      }
      case jumpFalseLongV3: {
        const offset = ((byte & 3) << 8) + <u32>load<u8>(ip++);
        value = load<u64>(sp);
        sp += 8;
        if (value == falseObject) {
          ip += offset;
          continue;
        }
        if (value == trueObject) continue;
        sp -= 8;
        selector = specialObject(SPECIAL_MUST_BE_BOOLEAN);
        action = 0;
        break;
      }
      case jumpTrueExtended:
      case jumpFalseExtended: {
        const offset = <i32>load<u8>(ip++) + (extensionB << 8);
        extensionB = 0;
        value = load<u64>(sp);
        sp += 8;
        const taken = byte == SISTA_JUMP_TRUE_EXTENDED ? trueObject : falseObject;
        if (value == taken) {
          ip += offset;
          continue;
        }
        if (value == (byte == SISTA_JUMP_TRUE_EXTENDED ? falseObject : trueObject)) continue;
        sp -= 8;
        selector = specialObject(SPECIAL_MUST_BE_BOOLEAN);
        action = 0;
        break;
      }

      // Returns.
      case returnReceiver: {
        value = frameReceiver(fp);
        action = ACTION_RETURN;
        break;
      }
      case returnTrue: {
        value = trueObject;
        action = ACTION_RETURN;
        break;
      }
      case returnFalse: {
        value = falseObject;
        action = ACTION_RETURN;
        break;
      }
      case returnNil: {
        value = nil;
        action = ACTION_RETURN;
        break;
      }
      case returnTop: {
        value = load<u64>(sp);
        sp += 8;
        action = ACTION_RETURN;
        break;
      }
      case blockReturnTop: {
        value = load<u64>(sp);
        sp += 8;
        action = ACTION_BLOCK_RETURN;
        break;
      }
      case blockReturnTopExtended: {
        value = load<u64>(sp);
        sp += 8;
        action = ACTION_BLOCK_RETURN;
        if (extensionA == 0) break;
        extensionA = 0;
        unknownByte = byte;
        action = ACTION_UNKNOWN;
        break;
      }
      case blockReturnNil: {
        value = nil;
        action = ACTION_BLOCK_RETURN;
        break;
      }

      // Arithmetic and comparison.
      case add: {
        const a = load<u64>(sp, 8);
        const b = load<u64>(sp);
        if (areSmallIntegers(a, b)) {
          const sum = a + b - TAG_SMALL_INTEGER;
          if (<i64>((a ^ sum) & (b ^ sum)) >= 0) {
            sp += 8;
            store<u64>(sp, sum);
            continue;
          }
        } else {
          value = floatArithmetic(FLOAT_ADD, a, b);
          if (value != 0) {
            sp += 8;
            store<u64>(sp, value);
            continue;
          }
        }
        selector = specialSelector(0);
        action = 1;
        break;
      }
      case subtract: {
        const a = load<u64>(sp, 8);
        const b = load<u64>(sp);
        if (areSmallIntegers(a, b)) {
          const difference = a - b + TAG_SMALL_INTEGER;
          if (<i64>((a ^ b) & (a ^ difference)) >= 0) {
            sp += 8;
            store<u64>(sp, difference);
            continue;
          }
        } else {
          value = floatArithmetic(FLOAT_SUBTRACT, a, b);
          if (value != 0) {
            sp += 8;
            store<u64>(sp, value);
            continue;
          }
        }
        selector = specialSelector(1);
        action = 1;
        break;
      }
      case multiply: {
        const a = load<u64>(sp, 8);
        const b = load<u64>(sp);
        value = areSmallIntegers(a, b) ? productOf(a, b) : floatArithmetic(FLOAT_MULTIPLY, a, b);
        if (value != 0) {
          sp += 8;
          store<u64>(sp, value);
          continue;
        }
        selector = specialSelector(8);
        action = 1;
        break;
      }
      case divide: {
        const a = load<u64>(sp, 8);
        const b = load<u64>(sp);
        value = areSmallIntegers(a, b) ? exactQuotientOf(a, b) : floatArithmetic(FLOAT_DIVIDE, a, b);
        if (value != 0) {
          sp += 8;
          store<u64>(sp, value);
          continue;
        }
        selector = specialSelector(9);
        action = 1;
        break;
      }
      case modulo: {
        value = floorModuloOf(load<u64>(sp, 8), load<u64>(sp));
        if (value != 0) {
          sp += 8;
          store<u64>(sp, value);
          continue;
        }
        selector = specialSelector(10);
        action = 1;
        break;
      }
      case makePoint: {
        selector = specialSelector(11);
        action = 1;
        break;
      }
      case bitShift: {
        value = shiftOf(load<u64>(sp, 8), load<u64>(sp));
        if (value != 0) {
          sp += 8;
          store<u64>(sp, value);
          continue;
        }
        selector = specialSelector(12);
        action = 1;
        break;
      }
      case integerDivide: {
        value = floorQuotientOf(load<u64>(sp, 8), load<u64>(sp));
        if (value != 0) {
          sp += 8;
          store<u64>(sp, value);
          continue;
        }
        selector = specialSelector(13);
        action = 1;
        break;
      }
      case bitAnd: {
        const a = load<u64>(sp, 8);
        const b = load<u64>(sp);
        if (areSmallIntegers(a, b)) {
          sp += 8;
          store<u64>(sp, a & b);
          continue;
        }
        selector = specialSelector(14);
        action = 1;
        break;
      }
      case bitOr: {
        const a = load<u64>(sp, 8);
        const b = load<u64>(sp);
        if (areSmallIntegers(a, b)) {
          sp += 8;
          store<u64>(sp, a | b);
          continue;
        }
        selector = specialSelector(15);
        action = 1;
        break;
      }
      case lessThan: {
        const a = load<u64>(sp, 8);
        const b = load<u64>(sp);
        const compared = areSmallIntegers(a, b) ? i32(<i64>a < <i64>b) : compareNumbers(COMPARE_LESS, a, b);
        if (compared >= 0) {
          sp += 8;
          const next = fusedJump(ip, set, compared != 0);
          if (next != 0) {
            sp += 8;
            ip = next;
            continue;
          }
          store<u64>(sp, compared != 0 ? trueObject : falseObject);
          continue;
        }
        selector = specialSelector(2);
        action = 1;
        break;
      }
      case greaterThan: {
        const a = load<u64>(sp, 8);
        const b = load<u64>(sp);
        const compared = areSmallIntegers(a, b) ? i32(<i64>a > <i64>b) : compareNumbers(COMPARE_GREATER, a, b);
        if (compared >= 0) {
          sp += 8;
          const next = fusedJump(ip, set, compared != 0);
          if (next != 0) {
            sp += 8;
            ip = next;
            continue;
          }
          store<u64>(sp, compared != 0 ? trueObject : falseObject);
          continue;
        }
        selector = specialSelector(3);
        action = 1;
        break;
      }
      case lessOrEqual: {
        const a = load<u64>(sp, 8);
        const b = load<u64>(sp);
        const compared = areSmallIntegers(a, b) ? i32(<i64>a <= <i64>b) : compareNumbers(COMPARE_LESS_OR_EQUAL, a, b);
        if (compared >= 0) {
          sp += 8;
          const next = fusedJump(ip, set, compared != 0);
          if (next != 0) {
            sp += 8;
            ip = next;
            continue;
          }
          store<u64>(sp, compared != 0 ? trueObject : falseObject);
          continue;
        }
        selector = specialSelector(4);
        action = 1;
        break;
      }
      case greaterOrEqual: {
        const a = load<u64>(sp, 8);
        const b = load<u64>(sp);
        const compared = areSmallIntegers(a, b) ? i32(<i64>a >= <i64>b) : compareNumbers(COMPARE_GREATER_OR_EQUAL, a, b);
        if (compared >= 0) {
          sp += 8;
          const next = fusedJump(ip, set, compared != 0);
          if (next != 0) {
            sp += 8;
            ip = next;
            continue;
          }
          store<u64>(sp, compared != 0 ? trueObject : falseObject);
          continue;
        }
        selector = specialSelector(5);
        action = 1;
        break;
      }
      case equal: {
        const a = load<u64>(sp, 8);
        const b = load<u64>(sp);
        const compared = areSmallIntegers(a, b) ? i32(a == b) : compareNumbers(COMPARE_EQUAL, a, b);
        if (compared >= 0) {
          sp += 8;
          const next = fusedJump(ip, set, compared != 0);
          if (next != 0) {
            sp += 8;
            ip = next;
            continue;
          }
          store<u64>(sp, compared != 0 ? trueObject : falseObject);
          continue;
        }
        selector = specialSelector(6);
        action = 1;
        break;
      }
      case notEqual: {
        const a = load<u64>(sp, 8);
        const b = load<u64>(sp);
        const compared = areSmallIntegers(a, b) ? i32(a != b) : compareNumbers(COMPARE_NOT_EQUAL, a, b);
        if (compared >= 0) {
          sp += 8;
          const next = fusedJump(ip, set, compared != 0);
          if (next != 0) {
            sp += 8;
            ip = next;
            continue;
          }
          store<u64>(sp, compared != 0 ? trueObject : falseObject);
          continue;
        }
        selector = specialSelector(7);
        action = 1;
        break;
      }
      case identical: {
        const same = areIdentical(load<u64>(sp, 8), load<u64>(sp));
        sp += 8;
        const next = fusedJump(ip, set, same);
        if (next != 0) {
          sp += 8;
          ip = next;
          continue;
        }
        store<u64>(sp, same ? trueObject : falseObject);
        continue;
      }
      case notIdentical: {
        const same = !areIdentical(load<u64>(sp, 8), load<u64>(sp));
        sp += 8;
        const next = fusedJump(ip, set, same);
        if (next != 0) {
          sp += 8;
          ip = next;
          continue;
        }
        store<u64>(sp, same ? trueObject : falseObject);
        continue;
      }
      case pushClass: {
        store<u64>(sp, classOf(followed(load<u64>(sp))));
        continue;
      }

      // Sends.
      case at: {
        selector = specialSelector(16);
        action = 1;
        break;
      }
      case atPut: {
        selector = specialSelector(17);
        action = 2;
        break;
      }
      case size: {
        selector = specialSelector(18);
        action = 0;
        break;
      }
      case blockValue0: {
        selector = specialSelector(25);
        action = 0;
        break;
      }
      case blockValue1: {
        selector = specialSelector(26);
        action = 1;
        break;
      }
      case specialSend0: {
        selector = specialSelector(set == 0 ? byte - 176 : byte - 96);
        action = 0;
        break;
      }
      case specialSend1: {
        selector = specialSelector(set == 0 ? byte - 176 : byte - 96);
        action = 1;
        break;
      }
      case sendLiteral0: {
        selector = load<u64>(method + 16 + ((byte & 15) << 3));
        action = 0;
        break;
      }
      case sendLiteral1: {
        selector = load<u64>(method + 16 + ((byte & 15) << 3));
        action = 1;
        break;
      }
      case sendLiteral2: {
        selector = load<u64>(method + 16 + ((byte & 15) << 3));
        action = 2;
        break;
      }
      case extendedSend: {
        const descriptor = <u32>load<u8>(ip++);
        selector = load<u64>(method + 16 + ((descriptor & 31) << 3));
        action = descriptor >> 5;
        break;
      }
      case extendedSuperSend: {
        const descriptor = <u32>load<u8>(ip++);
        selector = load<u64>(method + 16 + ((descriptor & 31) << 3));
        superCount = descriptor >> 5;
        action = ACTION_SUPER;
        lookupClass = superclassOfMethodClass(method);
        break;
      }
      case secondExtendedSend: {
        const descriptor = <u32>load<u8>(ip++);
        selector = load<u64>(method + 16 + ((descriptor & 63) << 3));
        action = descriptor >> 6;
        break;
      }
      case sendExtended: {
        const descriptor = <u32>load<u8>(ip++);
        selector = load<u64>(method + 16 + (((descriptor >> 3) + (extensionA << 5)) << 3));
        action = (descriptor & 7) + (extensionB << 3);
        extensionA = 0;
        extensionB = 0;
        break;
      }
      case superSendExtended: {
        const descriptor = <u32>load<u8>(ip++);
        selector = load<u64>(method + 16 + (((descriptor >> 3) + (extensionA << 5)) << 3));
        extensionA = 0;
        if (extensionB >= 64) {
          // Directed super send: the class to start above is on the stack.
          action = (descriptor & 7) + ((extensionB & 63) << 3);
          lookupClass = superclassOf(load<u64>(sp));
          sp += 8;
        } else {
          action = (descriptor & 7) + (extensionB << 3);
          lookupClass = superclassOfMethodClass(method);
        }
        extensionB = 0;
        superCount = action;
        action = ACTION_SUPER;
        break;
      }
      case callPrimitive: {
        // A method's first instruction: its primitive failed or was not asked for. Inlined primitives have bit 15 set.
        const high = <u32>load<u8>(ip, 1);
        ip += 2;
        if (high < 128) continue;
        unknownByte = byte;
        action = ACTION_UNKNOWN;
        break;
      }
      case inlinedPrimitive:
      case trap:
      case unknownBytecode: {
        unknownByte = byte;
        action = ACTION_UNKNOWN;
        break;
      }
    }

    if (action >= 0) {
      // A send with `action` arguments.
      const receiverOop = load<u64>(sp + (action << 3));
      const tag = <u32>receiverOop & TAG_MASK;
      const classIndex = tag != 0 ? tag : load<u32>(<Address>receiverOop) & CLASS_INDEX_MASK;
      const entry = cacheEntry(selector, classIndex);
      let target: Oop;
      let primitive: u32;
      if (load<u64>(entry) == cacheKey(selector, classIndex)) {
        target = load<u32>(entry, ENTRY_METHOD);
        primitive = load<u32>(entry, ENTRY_PRIMITIVE);
      } else {
        setRegisters(ip, sp, fp);
        findMethodForReceiver(selector, action);
        sp = spRegister;
        target = newMethod;
        primitive = newPrimitive;
        action = argumentCount;
        if (target == 0) return;
      }

      if (primitive != 0) {
        if (isQuick(primitive)) {
          sp += action << 3;
          store<u64>(sp, quickAnswer(primitive, load<u64>(sp)));
          continue;
        }
        value = inlinePrimitive(primitive, sp, action);
        if (value != 0) {
          sp += action << 3;
          store<u64>(sp, value);
          continue;
        }
        const primitiveFunction = numberedPrimitive(primitive);
        if (primitiveFunction != 0) {
          setRegisters(ip, sp, fp);
          beginPrimitive(sp + (action << 3), action);
          setNewMethod(target);
          call_indirect<void>(primitiveFunction);
          if (failureCode == 0) {
            sp += action << 3;
            store<u64>(sp, result);
            continue;
          }
          if (failureCode == FRAMES_CHANGED) {
            if (outcome != OUTCOME_NONE) return;
            if (spRegister < load<u32>(0, CELL_STACK_LIMIT) && !poll()) return;
            ip = ipRegister;
            sp = spRegister;
            fp = fpRegister;
            method = <Address>frameMethod(fp);
                    set = frameFlags(fp) & FRAME_IS_SISTA;
            continue;
          }
          if (failureCode == WAITING_FOR_HOST) {
            suspendCall(target, primitive, action);
            return;
          }
          if (retryWithFollowedArguments(primitiveFunction, sp, action)) {
            sp += action << 3;
            store<u64>(sp, result);
            continue;
          }
        } else {
          clearFailure();
        }
      }

      // Activation, as in `activateMethod`, on the loop's registers.
      const header = methodHeader(target);
      const tempCount = headerTempCount(header);
      set = headerBytecodeSet(header);
      const flags = set | (action << FRAME_ARGUMENT_COUNT_SHIFT);
      fp = buildFrame(sp, fp, ip, target, tempCount, action, flags, load<u64>(sp + (action << 3)));
      sp = fp + FRAME_RECEIVER - (tempCount << 3);
      method = <Address>target;
      ip = firstBytecode(target, header);
      if (headerHasPrimitive(header)) ip = skipPrimitive(header, ip, fp);
      if ((--countdown | <i32>(sp - load<u32>(0, CELL_STACK_LIMIT))) >= 0) continue;
      action = ACTION_POLL;
    }

    if (action >= ACTION_BLOCK_RETURN) {
      // A return; `^` in a block, and from a page's base frame, is more than a step to the caller.
      const caller = load<u32>(fp, FRAME_CALLER_FP);
      if (caller != 0) {
        if (action == ACTION_BLOCK_RETURN || (load<u32>(fp + FRAME_FLAGS) & FRAME_IS_BLOCK) == 0) {
          sp = load<u32>(fp + FRAME_CALLER_SP);
          store<u64>(sp, value);
          ip = load<u32>(fp, FRAME_CALLER_IP);
          fp = caller;
          method = <Address>frameMethod(fp);
                set = frameFlags(fp) & FRAME_IS_SISTA;
          continue;
        }
      }
    }

    // Everything else works on the registers outside the loop.
    setRegisters(ip, sp, fp);
    switch (action) {
      case ACTION_RETURN: {
        if (isBlockFrame(fp)) returnFromHome(value);
        else returnFromBaseFrame(value);
        break;
      }
      case ACTION_BLOCK_RETURN: {
        returnFromBaseFrame(value);
        break;
      }
      case ACTION_SUPER: {
        sendSuper(selector, lookupClass, superCount);
        break;
      }
      case ACTION_UNKNOWN: {
        sendUnknownBytecode(unknownByte);
        break;
      }
      case ACTION_STORE_IN_CONTEXT: {
        storeContextSlot(contextIndex, frameReceiver(fp), value);
        break;
      }
      default: {
        if (countdown < 0) stop(OUTCOME_SLICE);
        break;
      }
    }
    if (outcome != OUTCOME_NONE && action != ACTION_POLL) return;
    if ((action == ACTION_POLL || spRegister < load<u32>(0, CELL_STACK_LIMIT)) && !poll()) return;
    ip = ipRegister;
    sp = spRegister;
    fp = fpRegister;
    method = <Address>frameMethod(fp);
    set = frameFlags(fp) & FRAME_IS_SISTA;
  }
}

/**
 * Where a conditional jump right behind a comparison leads, so that no boolean is pushed; 0 where there is none. Only
 * the short jumps are looked for: V3's jumps if false, Sista's both.
 */
// @ts-ignore: decorator
@inline
function fusedJump(ip: Address, set: u32, flag: bool): Address {
  const next = <u32>load<u8>(ip);
  const code = next + set;
  if (code - V3_JUMP_FALSE_SHORT < 8 || code - SISTA_JUMP_FALSE_SHORT < 8) return flag ? ip + 1 : ip + (next & 7) + 2;
  if (code - SISTA_JUMP_TRUE_SHORT < 8) return flag ? ip + (next & 7) + 2 : ip + 1;
  return 0;
}

/** The byte of `+` in a bytecode set; `-` is the next. */
// @ts-ignore: decorator
@inline
function arithmeticBase(set: u32): u32 {
  return 176 - (set >> 8) * 80;
}

/**
 * A small constant behind a SmallInteger, with `+` (operation 0) or `-` (1) next: the outcome, so that the constant is
 * never pushed; 0 where it is another case.
 */
// @ts-ignore: decorator
@inline
function withConstant(top: Oop, constant: Oop, operation: u32): Oop {
  if (operation > 1 || (<u32>top & TAG_MASK) != TAG_SMALL_INTEGER) return 0;
  if (operation == 0) {
    const sum = top + constant - TAG_SMALL_INTEGER;
    return <i64>(~top & sum) < 0 ? 0 : sum;
  }
  const difference = top - constant + TAG_SMALL_INTEGER;
  return <i64>(top & ~difference) < 0 ? 0 : difference;
}

// @ts-ignore: decorator
@inline
function specialSelector(index: u32): Oop {
  return fetchPointer(index << 1, specialObject(SPECIAL_SELECTORS));
}

/** Pushes `receiver value index` for attemptToAssign:withIndex:; answers the stack pointer. */
function pushAssignment(sp: Address, target: Oop, value: Oop, index: u32): Address {
  store<u64>(sp - 8, target);
  store<u64>(sp - 16, value);
  store<u64>(sp - 24, smallInteger(<i64>index + 1));
  return sp - 24;
}
