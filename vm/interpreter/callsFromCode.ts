// What compiled code calls beside sends, handlers and leaving (compiledCode.ts): operators whose case in line does not
// hold, the class of anything, the write barrier's rare case.

import { newFloat } from "../memory/allocation";
import { classIndexOfOop, classOf } from "../memory/classes";
import { frameMethod } from "../memory/frames";
import { identityHashOf } from "../memory/hash";
import { Address, areSmallIntegers, isSmallFloat, isSmallInteger, Oop, smallInteger } from "../memory/oop";
import { remember } from "../memory/remembered";
import { falseObject, nil, trueObject } from "../memory/roots";
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
import { activateMethod, executeMethod } from "./activation";
import { SITE_ARGUMENT_COUNT, SITE_EXTRA, SITE_RETURN, SITE_SPECIAL, remember as rememberMethod } from "./codeRecords";
import { codeEpoch, codeOfActivated, enter, leaveFromCode, selectorOf, sendFromCode, valueAfter } from "./compiledCode";
import { argumentCount, findMethodInClass, newMethod, newPrimitive } from "./lookup";
import { firstBytecode, methodHeader } from "./methods";
import { quickCode } from "./quickSites";
import { setRegisters } from "./registers";
import { superclassOfMethodClass } from "./superSends";
import { noteFloatUse } from "./floatUse";
import { stopForMemory } from "./memoryLimits";
import { followed } from "./variables";

// What operands an operator's site has met beyond its case in line: bits of SITE_EXTRA.
export const MET_INTEGERS: u32 = 1;
export const MET_FLOATS: u32 = 2;
export const MET_OTHERS: u32 = 4;
/** Set by code whose case in line has met floats. */
export const MET_FLOATS_IN_LINE: u32 = 1 << 8;

/** An operator on the two operands on top of the stack, sent where it is none of numbers. Answers its value, or 0. */
export function operateFromCode(site: Address, sp: Address, fp: Address): u64 {
  const a = load<u64>(sp, 8);
  const b = load<u64>(sp);
  noteOperands(site, a, b, fp);
  const answer = operate(load<u32>(site, SITE_SPECIAL), a, b);
  return answer != 0 ? answer : sendFromCode(site, sp, fp);
}

/**
 * As `operateFromCode` for a comparison with a jump behind it. Where the answer is no boolean, it is left to the
 * interpreter to tell it so, at the jump: code must leave then, as with 0.
 */
export function compareFromCode(site: Address, sp: Address, fp: Address): u64 {
  const answer = operateFromCode(site, sp, fp);
  if (answer == 0 || answer == trueObject || answer == falseObject) return answer;
  store<u64>(sp, answer, 8);
  leaveFromCode(load<u32>(site, SITE_RETURN), sp + 8, fp);
  return 0;
}

function noteOperands(site: Address, a: Oop, b: Oop, fp: Address): void {
  let met = MET_OTHERS;
  if (isSmallFloat(a) || isSmallFloat(b)) noteFloatUse(<Address>frameMethod(fp));
  if (areSmallIntegers(a, b)) met = MET_INTEGERS;
  else if (isSmallFloat(a) ? isSmallFloat(b) || isSmallInteger(b) : isSmallInteger(a) && isSmallFloat(b)) {
    met = MET_FLOATS;
  }
  store<u32>(site, load<u32>(site, SITE_EXTRA) | met, SITE_EXTRA);
}

/** What the bytecode of a special selector answers without a send; 0 where it sends. */
function operate(selector: u32, a: Oop, b: Oop): Oop {
  switch (selector) {
    case 0:
      return areSmallIntegers(a, b) ? 0 : floatArithmetic(FLOAT_ADD, a, b);
    case 1:
      return areSmallIntegers(a, b) ? 0 : floatArithmetic(FLOAT_SUBTRACT, a, b);
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
    case 7: {
      const outcome = compareNumbers(COMPARE_LESS + selector - 2, a, b);
      return outcome < 0 ? 0 : outcome != 0 ? trueObject : falseObject;
    }
    case 8:
      return areSmallIntegers(a, b) ? productOf(a, b) : floatArithmetic(FLOAT_MULTIPLY, a, b);
    case 9:
      return areSmallIntegers(a, b) ? exactQuotientOf(a, b) : floatArithmetic(FLOAT_DIVIDE, a, b);
    case 10:
      return floorModuloOf(a, b);
    case 12:
      return shiftOf(a, b);
    case 13:
      return floorQuotientOf(a, b);
    default:
      return 0;
  }
}

/** A super send whose site has no code yet: the class to look from is that above the method's. */
export function superFromCode(site: Address, sp: Address, fp: Address): u64 {
  const ip = load<u32>(site, SITE_RETURN);
  const count = load<u32>(site, SITE_ARGUMENT_COUNT);
  const receiver = load<u64>(sp + (count << 3));
  setRegisters(ip, sp, fp);
  findMethodInClass(selectorOf(site), superclassOfMethodClass(frameMethod(fp)), count);
  if (newMethod == 0) return 0;
  const epoch = codeEpoch();
  if (argumentCount != count || newPrimitive != 0) {
    const quick = argumentCount == count ? <i32>quickCode(newPrimitive, count) : 0;
    rememberMethod(site, classIndexOfOop(receiver), newMethod, newPrimitive, max(quick, 0));
    executeMethod(newMethod, newPrimitive, argumentCount);
    return valueAfter(epoch, fp, ip);
  }
  const code = codeOfActivated(<Address>newMethod, firstBytecode(newMethod, methodHeader(newMethod)), 0);
  rememberMethod(site, classIndexOfOop(receiver), newMethod, 0, max(code, 0));
  if (code > 0) return enter(code, receiver, sp, fp, ip);
  activateMethod(newMethod, count);
  return valueAfter(epoch, fp, ip);
}

/** What an oop stands for that may have become another. */
export function followFromCode(oop: Oop): u64 {
  return followed(oop);
}

/** The class of anything, a forwarder's of what it stands for. */
export function classFromCode(oop: Oop): u64 {
  return classOf(followed(oop));
}

/** The oop of a float; without memory for it the run ends. */
export function floatFromCode(value: f64): u64 {
  const oop = newFloat(value);
  if (oop != 0) return oop;
  stopForMemory();
  return nil;
}

/** The identity hash of an object that is no forwarder, as an oop. */
export function hashFromCode(object: Address): u64 {
  return smallInteger(identityHashOf(object));
}

/** An old object that is not remembered has been given a young value. */
export function rememberFromCode(object: Address): void {
  remember(object);
}
