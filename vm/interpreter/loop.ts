// The interpreter's loop: the bytecodes, and of each only the common case, that take a few machine instructions. All
// else is in bytecodes.ts. Read by tools/generate.mjs, which replaces each `case handler:` by the bytes that
// tables/bytecodes.ts gives that handler; the compiler sees build/generated/loop.ts. What stands
// between `// each NAME "TEXT", …` and `// end each` is written for the first name and text, and holds for all of them.
//
// Registers live in locals: ip (next byte), sp, fp, and from the frame method and bytecode set. None lives across a
// call, so that the engine never spills them in the loop: before a call they are written to registers.ts, after it
// all are taken from there. A case ends with `continue`, or leaves the switch with `action` set: a send with that many
// arguments, a return of `value`, or one of the rest.

import { FOLLOWER_KINDS } from "../../build/generated/followers";
import { executeBytecode } from "../../build/generated/bytecodes";
import {
  ASSOCIATION_VALUE,
  CELL_POLLS_LEFT,
  CELL_STACK_LIMIT,
  CLASS_INDEX_MASK,
  FRAME_ARGUMENT_COUNT_SHIFT,
  FRAME_CALLER_FP,
  FRAME_CALLER_IP,
  FRAME_CALLER_SP,
  FRAME_FIRST_TEMP,
  FRAME_FLAGS,
  FRAME_IS_BLOCK,
  FRAME_IS_COMPILED,
  FRAME_IS_SISTA,
  FRAME_RECEIVER,
  SPECIAL_SELECTORS,
  TAG_MASK,
  TAG_SMALL_INTEGER,
} from "../layout";
import { classAtIndex, classIndexOfOop } from "../memory/classes";
import { frameFlags, frameMethod, frameReceiver } from "../memory/frames";
import { isForwardedOop, isReadOnly, isRemembered } from "../memory/header";
import { isYoung, isYoungObject } from "../memory/map";
import { fetchPointer, storePointerUnchecked } from "../memory/object";
import { Address, areSmallIntegers, Oop, smallInteger, smallIntegerValue } from "../memory/oop";
import { falseObject, nil, specialObject, trueObject } from "../memory/roots";
import { activateMethod, buildFrame, executeMethod } from "./activation";
import {
  nesting,
  resumeCompiled,
  runCompiled,
  takeLeaving,
  translateActiveFrames,
  translateMethod,
} from "./compiledCode";
import {
  extendA as addExtensionA,
  extendB as addExtensionB,
  extensionA,
  takeExtensionA,
  takeExtensionB,
} from "./extensions";
import {
  cacheEntry,
  cacheKey,
  ENTRY_BYTECODE_SET,
  ENTRY_CODE,
  ENTRY_METHOD,
  ENTRY_PRIMITIVE,
  ENTRY_START,
  ENTRY_TEMP_BYTES,
  setNewMethod,
} from "./lookup";
import { poll } from "./poll";
import { FIRST_QUICK_VARIABLE, LAST_QUICK } from "./primitiveTable";
import { fp as fpRegister, ip as ipRegister, setRegisters, sp as spRegister } from "./registers";
import { returnFromBlock, returnFromMethod, send } from "./returns";
import { outcome, OUTCOME_NONE, OUTCOME_SLICE, stop } from "./stop";

// Values of `action` beside argument counts.
const ACTION_RETURN: i32 = -1;
const ACTION_BLOCK_RETURN: i32 = -2;
/** The bytecode is not one for the loop: bytecodes.ts executes it, from behind its first byte. */
const ACTION_SLOW: i32 = -3;
const ACTION_POLL: i32 = -4;
/** All is done but to take the registers. */
const ACTION_RELOAD: i32 = -5;

// Kinds of followers, as FOLLOWERS of tools/generate.mjs. A comparison's has a bit for each of less, equal and greater.
const FOLLOWER_JUMP_FALSE: u32 = 1;
const FOLLOWER_JUMP_TRUE: u32 = 2;
const FOLLOWER_ADD: u32 = 3;
const FOLLOWER_COMPARISON: u32 = 8;

// Bytes that tell two cases of one handler apart.
const SISTA_BLOCK_RETURN_NIL: u32 = 93;
const V3_EXTENDED_POP_INTO: u32 = 130;
const V3_POP_INTO_REMOTE_TEMP: u32 = 142;
const SISTA_POP_INTO_REMOTE_TEMP: u32 = 253;

/**
 * Interprets from the registers on until an outcome is set; `slicePolls` is how many sends and backward jumps it may take
 * before it ends the slice. Negative where compiled code calls (`compiledCode.ts`): then it goes on with the slice, and
 * also ends where a poll is due, or that code can go on.
 */
export function interpret(slicePolls: i32): void {
  let ip: Address = ipRegister;
  let sp: Address = spRegister;
  let fp: Address = fpRegister;
  let set = frameFlags(fp) & FRAME_IS_SISTA;
  if (slicePolls < 0) {
    // The bytecode that code has left to this run is not entered; it may be the last before the frame that waits.
    takeLeaving();
  } else {
    store<i32>(0, slicePolls, CELL_POLLS_LEFT);
    // A loop that code has left at the end of the last slice goes on in code.
    if (!takeLeaving()) set = frameFlags(fp) & (FRAME_IS_SISTA | FRAME_IS_COMPILED);
  }

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
        store<u64>(sp, load<u64>(<Address>frameMethod(fp) + 16 + ((byte & 31) << 3)));
        continue;
      }
      case pushLiteralVariable32: {
        value = load<u64>(<Address>frameMethod(fp) + 16 + ((byte & 31) << 3));
        if (!isForwardedOop(value)) {
          sp -= 8;
          store<u64>(sp, fetchPointer(ASSOCIATION_VALUE, value));
          continue;
        }
        action = ACTION_SLOW;
        break;
      }
      case pushLiteralVariable16: {
        value = load<u64>(<Address>frameMethod(fp) + 16 + ((byte & 15) << 3));
        if (!isForwardedOop(value)) {
          sp -= 8;
          store<u64>(sp, fetchPointer(ASSOCIATION_VALUE, value));
          continue;
        }
        action = ACTION_SLOW;
        break;
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
      // each pushMinusOne "i64 = -1", pushZero "i64 = 0", pushOne "i64 = 1", pushTwo "i64 = 2"
      case pushMinusOne: {
        const constant: i64 = -1;
        // Mostly an operand: with a SmallInteger below and arithmetic or a comparison behind, it is never pushed.
        const kind = followerKind(ip, set);
        if (kind >= FOLLOWER_ADD) {
          const top = <i64>load<u64>(sp);
          if (((<u32>top) & TAG_MASK) == TAG_SMALL_INTEGER) {
            if (kind >= FOLLOWER_COMPARISON) {
              const flag = comparisonAnswer(kind, top, constant * 8 + TAG_SMALL_INTEGER);
              const next = fusedJump(ip + 1, set, flag);
              if (next != 0) {
                sp += 8;
                ip = next;
                continue;
              }
              ip++;
              store<u64>(sp, flag ? trueObject : falseObject);
              continue;
            }
            if (kind == FOLLOWER_ADD) {
              if (!addOverflows(top, constant * 8)) {
                store<u64>(sp, top + constant * 8);
                ip++;
                continue;
              }
            } else if (!addOverflows(top, constant * -8)) {
              store<u64>(sp, top + constant * -8);
              ip++;
              continue;
            }
          }
        }
        sp -= 8;
        store<u64>(sp, constant * 8 + TAG_SMALL_INTEGER);
        continue;
      }
      // end each
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
      case noOperation: {
        takeExtensionA();
        takeExtensionB();
        continue;
      }
      case extendA: {
        addExtensionA(load<u8>(ip++));
        continue;
      }
      case extendB: {
        addExtensionB(load<u8>(ip++));
        continue;
      }
      case pushLiteralExtended: {
        const index = <u32>load<u8>(ip++) + (takeExtensionA() << 8);
        sp -= 8;
        store<u64>(sp, load<u64>(<Address>frameMethod(fp) + 16 + (index << 3)));
        continue;
      }
      case pushTempLong: {
        const index = <u32>load<u8>(ip++);
        sp -= 8;
        store<u64>(sp, load<u64>(fp + FRAME_FIRST_TEMP - (index << 3)));
        continue;
      }
      case pushIntegerExtended: {
        const integer = <i64>load<u8>(ip++) + ((<i64>takeExtensionB()) << 8);
        sp -= 8;
        store<u64>(sp, smallInteger(integer));
        continue;
      }
      case pushRemoteTemp: {
        const vector = load<u64>(fp + FRAME_FIRST_TEMP - ((<u32>load<u8>(ip, 1)) << 3));
        if (!isForwardedOop(vector)) {
          value = fetchPointer(load<u8>(ip), vector);
          ip += 2;
          sp -= 8;
          store<u64>(sp, value);
          continue;
        }
        action = ACTION_SLOW;
        break;
      }
      case extendedPush: {
        const descriptor = <u32>load<u8>(ip);
        if (descriptor < 128) {
          ip++;
          value =
            descriptor < 64
              ? fetchPointer(descriptor, frameReceiver(fp))
              : load<u64>(fp + FRAME_FIRST_TEMP - ((descriptor & 63) << 3));
          sp -= 8;
          store<u64>(sp, value);
          continue;
        }
        action = ACTION_SLOW;
        break;
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
        value = load<u64>(sp);
        const object = frameReceiver(fp);
        if (canStoreSimply(object, value)) {
          sp += 8;
          storePointerUnchecked(byte & 7, object, value);
          continue;
        }
        action = ACTION_SLOW;
        break;
      }
      case storeRemoteTemp:
      case popIntoRemoteTemp: {
        value = load<u64>(sp);
        const vector = load<u64>(fp + FRAME_FIRST_TEMP - ((<u32>load<u8>(ip, 1)) << 3));
        if (!isForwardedOop(vector)) {
          if (canStoreSimply(vector, value)) {
            storePointerUnchecked(load<u8>(ip), vector, value);
            ip += 2;
            if (byte == V3_POP_INTO_REMOTE_TEMP || byte == SISTA_POP_INTO_REMOTE_TEMP) sp += 8;
            continue;
          }
        }
        action = ACTION_SLOW;
        break;
      }
      case extendedStore:
      case extendedPopInto: {
        const descriptor = <u32>load<u8>(ip);
        if (descriptor >> 6 == 1) {
          ip++;
          store<u64>(fp + FRAME_FIRST_TEMP - ((descriptor & 63) << 3), load<u64>(sp));
          if (byte == V3_EXTENDED_POP_INTO) sp += 8;
          continue;
        }
        action = ACTION_SLOW;
        break;
      }

      // Jumps.
      case jumpShort: {
        ip += (byte & 7) + 1;
        continue;
      }
      case jumpFalseShort: {
        value = load<u64>(sp);
        if (value == falseObject) {
          sp += 8;
          ip += (byte & 7) + 1;
          continue;
        }
        if (value == trueObject) {
          sp += 8;
          continue;
        }
        action = ACTION_SLOW;
        break;
      }
      case jumpTrueShort: {
        value = load<u64>(sp);
        if (value == trueObject) {
          sp += 8;
          ip += (byte & 7) + 1;
          continue;
        }
        if (value == falseObject) {
          sp += 8;
          continue;
        }
        action = ACTION_SLOW;
        break;
      }
      case jumpLongV3: {
        const offset = ((<i32>(byte & 7) - 4) << 8) + <i32>load<u8>(ip++);
        ip += offset;
        if (offset >= 0) continue;
        if (!isPollDue(sp)) continue;
        action = ACTION_POLL;
        break;
      }
      case jumpExtended: {
        const offset = <i32>load<u8>(ip++) + (takeExtensionB() << 8);
        ip += offset;
        if (offset >= 0) continue;
        if (!isPollDue(sp)) continue;
        action = ACTION_POLL;
        break;
      }
      case jumpTrueLongV3: {
        value = load<u64>(sp);
        if (value == trueObject) {
          sp += 8;
          ip += ((byte & 3) << 8) + <u32>load<u8>(ip) + 1;
          continue;
        }
        if (value == falseObject) {
          sp += 8;
          ip++;
          continue;
        }
        action = ACTION_SLOW;
        break;
      }
      case jumpFalseLongV3: {
        value = load<u64>(sp);
        if (value == falseObject) {
          sp += 8;
          ip += ((byte & 3) << 8) + <u32>load<u8>(ip) + 1;
          continue;
        }
        if (value == trueObject) {
          sp += 8;
          ip++;
          continue;
        }
        action = ACTION_SLOW;
        break;
      }

      // Returns. One that leaves a block's home, or a page's base frame, is more than a step to the caller.
      case returnReceiver:
      case returnTrue:
      case returnFalse:
      case returnNil:
      case returnTop: {
        // In both sets the low three bits count from 0 in this order.
        const kind = byte & 7;
        if (kind == 4) value = load<u64>(sp);
        else if (kind == 0) value = frameReceiver(fp);
        else value = kind == 1 ? trueObject : kind == 2 ? falseObject : nil;
        const caller = load<u32>(fp, FRAME_CALLER_FP);
        if (caller != 0) {
          if ((load<u32>(fp + FRAME_FLAGS) & FRAME_IS_BLOCK) == 0) {
            sp = load<u32>(fp + FRAME_CALLER_SP);
            store<u64>(sp, value);
            ip = load<u32>(fp, FRAME_CALLER_IP);
            fp = caller;
            set = frameFlags(fp) & (FRAME_IS_SISTA | FRAME_IS_COMPILED);
            continue;
          }
        }
        action = ACTION_RETURN;
        break;
      }
      case blockReturnTop:
      case blockReturnTopExtended:
      case blockReturnNil: {
        value = byte == SISTA_BLOCK_RETURN_NIL ? nil : load<u64>(sp);
        const caller = load<u32>(fp, FRAME_CALLER_FP);
        if (caller != 0) {
          if (extensionA == 0) {
            sp = load<u32>(fp + FRAME_CALLER_SP);
            store<u64>(sp, value);
            ip = load<u32>(fp, FRAME_CALLER_IP);
            fp = caller;
            set = frameFlags(fp) & (FRAME_IS_SISTA | FRAME_IS_COMPILED);
            continue;
          }
        }
        action = ACTION_BLOCK_RETURN;
        if (extensionA != 0) action = ACTION_SLOW;
        break;
      }

      // Arithmetic and comparison of SmallIntegers.
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
          selector = specialSelector(0);
          action = 1;
          break;
        }
        action = ACTION_SLOW;
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
          selector = specialSelector(1);
          action = 1;
          break;
        }
        action = ACTION_SLOW;
        break;
      }
      case multiply: {
        const a = smallIntegerValue(load<u64>(sp, 8));
        const b = smallIntegerValue(load<u64>(sp));
        if (areSmallIntegers(load<u64>(sp, 8), load<u64>(sp))) {
          if (<i64>(<i32>a) == a) {
            if (<i64>(<i32>b) == b) {
              // The magnitude of a product of two 32-bit integers is at most 2^62: only the largest do not fit.
              const product = a * b;
              if (<u64>product + (1 << 60) < 1 << 61) {
                sp += 8;
                store<u64>(sp, smallInteger(product));
                continue;
              }
            }
          }
        }
        action = ACTION_SLOW;
        break;
      }
      case modulo: {
        const a = smallIntegerValue(load<u64>(sp, 8));
        const b = smallIntegerValue(load<u64>(sp));
        if (areSmallIntegers(load<u64>(sp, 8), load<u64>(sp))) {
          if (a >= 0) {
            if (b > 0) {
              sp += 8;
              store<u64>(sp, smallInteger(<u64>a % <u64>b));
              continue;
            }
          }
        }
        action = ACTION_SLOW;
        break;
      }
      case integerDivide: {
        const a = smallIntegerValue(load<u64>(sp, 8));
        const b = smallIntegerValue(load<u64>(sp));
        if (areSmallIntegers(load<u64>(sp, 8), load<u64>(sp))) {
          if (a >= 0) {
            if (b > 0) {
              sp += 8;
              store<u64>(sp, smallInteger(<u64>a / <u64>b));
              continue;
            }
          }
        }
        action = ACTION_SLOW;
        break;
      }
      case makePoint: {
        selector = specialSelector(11);
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
      // each lessThan "a < b", greaterThan "a > b", lessOrEqual "a <= b", greaterOrEqual "a >= b", equal "a == b", notEqual "a != b"
      case lessThan: {
        const a = <i64>load<u64>(sp, 8);
        const b = <i64>load<u64>(sp);
        if (!areSmallIntegers(a, b)) {
          action = ACTION_SLOW;
          break;
        }
        const next = fusedJump(ip, set, a < b);
        if (next != 0) {
          sp += 16;
          ip = next;
          continue;
        }
        sp += 8;
        store<u64>(sp, a < b ? trueObject : falseObject);
        continue;
      }
      // end each
      // each identical "a == b", notIdentical "a != b"
      case identical: {
        const a = load<u64>(sp, 8);
        const b = load<u64>(sp);
        if (a != b) {
          action = ACTION_SLOW;
          if (isForwardedOop(a)) break;
          if (isForwardedOop(b)) break;
        }
        const next = fusedJump(ip, set, a == b);
        if (next != 0) {
          sp += 16;
          ip = next;
          continue;
        }
        sp += 8;
        store<u64>(sp, a == b ? trueObject : falseObject);
        continue;
      }
      // end each
      case pushClass: {
        value = load<u64>(sp);
        if (!isForwardedOop(value)) {
          store<u64>(sp, classAtIndex(classIndexOfOop(value)));
          continue;
        }
        action = ACTION_SLOW;
        break;
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
      // Sixteen selectors for each count of arguments.
      case sendLiteral0: {
        selector = load<u64>(<Address>frameMethod(fp) + 16 + ((byte & 15) << 3));
        action = 0;
        break;
      }
      case sendLiteral1: {
        selector = load<u64>(<Address>frameMethod(fp) + 16 + ((byte & 15) << 3));
        action = 1;
        break;
      }
      case sendLiteral2: {
        selector = load<u64>(<Address>frameMethod(fp) + 16 + ((byte & 15) << 3));
        action = 2;
        break;
      }
      case extendedSend: {
        const descriptor = <u32>load<u8>(ip++);
        selector = load<u64>(<Address>frameMethod(fp) + 16 + ((descriptor & 31) << 3));
        action = descriptor >> 5;
        break;
      }
      case secondExtendedSend: {
        const descriptor = <u32>load<u8>(ip++);
        selector = load<u64>(<Address>frameMethod(fp) + 16 + ((descriptor & 63) << 3));
        action = descriptor >> 6;
        break;
      }
      case sendExtended: {
        const descriptor = <u32>load<u8>(ip++);
        selector = load<u64>(<Address>frameMethod(fp) + 16 + (((descriptor >> 3) + (takeExtensionA() << 5)) << 3));
        action = (descriptor & 7) + (takeExtensionB() << 3);
        break;
      }
      default: {
        action = ACTION_SLOW;
        break;
      }
    }

    if (action >= 0) {
      // A send with `action` arguments.
      const receiver = load<u64>(sp + (action << 3));
      const classIndex =
        ((<u32>receiver) & TAG_MASK) != 0
          ? (<u32>receiver) & TAG_MASK
          : load<u32>(<Address>receiver) & CLASS_INDEX_MASK;
      const entry = cacheEntry(selector, classIndex);
      if (load<u64>(entry) == cacheKey(selector, classIndex)) {
        const target = <Oop>load<u32>(entry, ENTRY_METHOD);
        const primitive = load<u32>(entry, ENTRY_PRIMITIVE);
        if (primitive == 0) {
          const code = load<i32>(entry, ENTRY_CODE);
          if (code >= -1) {
            // Compiled, or about to be.
            setRegisters(ip, sp, fp);
            if (code > 0) runCompiled(code, ip, sp, fp, action);
            else {
              const made = translateMethod(target);
              store<i32>(entry, made, ENTRY_CODE);
              if (made > 0) runCompiled(made, ip, sp, fp, action);
              else activateMethod(target, action);
            }
            action = ACTION_RELOAD;
          } else {
            store<i32>(entry, code + 1, ENTRY_CODE);
            // Activation, as in `activateMethod`, on the loop's registers.
            const tempBytes = load<u32>(entry, ENTRY_TEMP_BYTES);
            set = load<u32>(entry, ENTRY_BYTECODE_SET);
            const flags = set | (action << FRAME_ARGUMENT_COUNT_SHIFT);
            fp = buildFrame(sp, fp, ip, target, tempBytes, action, flags, receiver);
            sp = fp + FRAME_RECEIVER - tempBytes;
            ip = load<u32>(entry, ENTRY_START);
            if (!isPollDue(sp)) continue;
            setRegisters(ip, sp, fp);
            action = ACTION_POLL;
          }
        } else {
          if (primitive - FIRST_QUICK_VARIABLE <= LAST_QUICK - FIRST_QUICK_VARIABLE) {
            sp += action << 3;
            store<u64>(sp, fetchPointer(primitive - FIRST_QUICK_VARIABLE, receiver));
            continue;
          }
          setRegisters(ip, sp, fp);
          setNewMethod(target);
          executeMethod(target, primitive, action);
          action = ACTION_RELOAD;
        }
      } else {
        setRegisters(ip, sp, fp);
        send(selector, action);
        action = ACTION_RELOAD;
      }
    } else {
      setRegisters(ip, sp, fp);
      if (action == ACTION_SLOW) {
        if ((set & FRAME_IS_COMPILED) == 0) executeBytecode(byte + set);
        else if (resumeCompiled(ip - 1)) return;
      }
      if (action == ACTION_RETURN) returnFromMethod(value);
      else if (action == ACTION_BLOCK_RETURN) returnFromBlock(value);
    }

    if (outcome != OUTCOME_NONE) return;
    const polls = load<i32>(0, CELL_POLLS_LEFT);
    if (polls < 0 || action == ACTION_POLL || spRegister < load<u32>(0, CELL_STACK_LIMIT)) {
      // Compiled code below leaves first: it does not survive a poll.
      if (nesting != 0) return;
      if (polls < 0) {
        translateActiveFrames();
        stop(OUTCOME_SLICE);
      }
      if (!poll()) return;
    }
    ip = ipRegister;
    sp = spRegister;
    fp = fpRegister;
    set = frameFlags(fp) & (takeLeaving() ? FRAME_IS_SISTA : FRAME_IS_SISTA | FRAME_IS_COMPILED);
  }
}

/** Counts a poll; whether its slow path is to be taken: the slice is used up, or the stack pointer is below its limit. */
// @ts-ignore: decorator
@inline
function isPollDue(sp: Address): bool {
  const left = load<i32>(0, CELL_POLLS_LEFT) - 1;
  store<i32>(0, left, CELL_POLLS_LEFT);
  // Both are signed differences: one sign bit tells of either.
  return (left | (<i32>(sp - load<u32>(0, CELL_STACK_LIMIT)))) < 0;
}

/** Whether a store into an object needs neither the write barrier nor a question: it is not read-only either. */
// @ts-ignore: decorator
@inline
function canStoreSimply(object: Oop, value: Oop): bool {
  if (isReadOnly(<Address>object)) return false;
  return !isYoung(value) || isYoungObject(<Address>object) || isRemembered(<Address>object);
}

/** What the instruction at an address is, among those that the loop looks out for; 0 for any other. */
// @ts-ignore: decorator
@inline
function followerKind(ip: Address, set: u32): u32 {
  return load<u8>(FOLLOWER_KINDS + set + load<u8>(ip));
}

/** Whether a tagged SmallInteger and a constant, a multiple of 8, have no SmallInteger as their sum. */
// @ts-ignore: decorator
@inline
function addOverflows(integer: i64, constant: i64): bool {
  return constant < 0 ? integer < i64.MIN_VALUE - constant : integer > i64.MAX_VALUE - constant;
}

/** What a comparison of a kind answers for two SmallIntegers. */
// @ts-ignore: decorator
@inline
function comparisonAnswer(kind: u32, a: i64, b: i64): bool {
  return ((kind >> (<u32>(a >= b) + <u32>(a > b))) & 1) != 0;
}

/**
 * Where a conditional jump right behind a comparison leads, so that no boolean is pushed; 0 where there is none. Only
 * the short jumps are looked for.
 */
// @ts-ignore: decorator
@inline
function fusedJump(ip: Address, set: u32, flag: bool): Address {
  const kind = followerKind(ip, set);
  if (kind - FOLLOWER_JUMP_FALSE > FOLLOWER_JUMP_TRUE - FOLLOWER_JUMP_FALSE) return 0;
  return flag == (kind != FOLLOWER_JUMP_FALSE) ? ip + ((<u32>load<u8>(ip)) & 7) + 2 : ip + 1;
}

// @ts-ignore: decorator
@inline
function specialSelector(index: u32): Oop {
  return fetchPointer(index << 1, specialObject(SPECIAL_SELECTORS));
}
