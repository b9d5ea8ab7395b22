// What the interpreter knows of compiled code: which methods and blocks have it, how it is entered, and what it calls.
// Who makes it is vm/jit. A frame of compiled code is like any other; code runs until it returns a value, or answers 0:
// then all frames are complete in memory, the registers are true, and the interpreter goes on. Nothing is collected while
// code runs, since only a poll collects and code leaves for that; so its locals may hold oops over calls.

import {
  CLASS_INDEX_BLOCK_CLOSURE,
  CLASS_INDEX_FULL_BLOCK_CLOSURE,
  CLOSURE_ARGUMENT_COUNT,
  CLOSURE_OUTER_CONTEXT,
  CLOSURE_START_PC,
  CONTEXT_METHOD,
  CONTEXT_RECEIVER,
  FRAME_FLAGS,
  FRAME_IS_COMPILED,
  FULL_CLOSURE_COMPILED_BLOCK,
  FULL_CLOSURE_RECEIVER,
  SPECIAL_SELECTORS,
} from "../layout";
import { executeBytecode } from "../../build/generated/bytecodes";
import { callerSp, frameFlags, frameMethod, frameReceiver, isBlockFrame } from "../memory/frames";
import { classIndexOf } from "../memory/header";
import { classIndexOfOop } from "../memory/classes";
import { fetchPointer } from "../memory/object";
import { Address, isObject, isSmallInteger, Oop, smallInteger, smallIntegerValue } from "../memory/oop";
import { specialObject } from "../memory/roots";
import { COMPILED_AREA_BYTES } from "../tuning";
import { activateMethod, executeMethod } from "./activation";
import { isContext } from "./contexts";
import { setExtensions } from "./extensions";
import { argumentCount, findMethodForReceiver, newMethod, newPrimitive } from "./lookup";
import { firstBytecode, headerBytecodeSet, ipOf, isCompiledMethod, methodHeader } from "./methods";
import { fp as fpRegister, ip as ipRegister, setIp, setRegisters, sp as spRegister } from "./registers";
import { returnFromBlock } from "./returns";
import { clearShapes, noteShape } from "./shapes";
import { noteQuick } from "./quickSites";
import { outcome, OUTCOME_NONE } from "./stop";

// The area: call sites and records of code, one after another; all are dropped together.
const AREA: Address = <Address>memory.data(COMPILED_AREA_BYTES, 16);
let areaEnd: Address = AREA;

// A call site: class index u32 | table index of the code, or an answer without code (below) i32 | address of the selector u32
// (0: special) | special selector's number u32 | argument count u32 | where the send returns to u32 | what fast paths
// need u32: the address of the shapes that at:, at:put: and size know (shapes.ts), or the operands that an operator has
// met (callsFromCode.ts) | next site u32.
export const SITE_CLASS: u32 = 0;
export const SITE_CODE: u32 = 4;
export const SITE_SELECTOR: u32 = 8;
export const SITE_SPECIAL: u32 = 12;
export const SITE_ARGUMENT_COUNT: u32 = 16;
export const SITE_RETURN: u32 = 20;
export const SITE_EXTRA: u32 = 24;
export const SITE_BYTES: u32 = 32;
let firstSite: Address = 0;
// Sites are chained by the last word, so that all can be cleared.
const SITE_NEXT: u32 = 28;

// A record: method u32 | first bytecode u32 | table index u32 (0: cannot be compiled) | count u32 | that many addresses of
// bytecodes at which the code may be entered, their places from one.
const RECORD_METHOD: u32 = 0;
const RECORD_START: u32 = 4;
const RECORD_CODE: u32 = 8;
const RECORD_ENTRIES: u32 = 12;
const RECORD_HEADER_BYTES: u32 = 16;

/** Open addressing by method and start; 0 for a free place. */
const RECORD_PLACES: u32 = 16384;
const records: Address = <Address>memory.data(65536, 4);
let recordCount: u32 = 0;

/** Set where code left a bytecode to the interpreter: it must not be entered again right there. */
export let isLeaving: bool = false;

/** How often a method is activated before it is compiled; 0 for never. */
export let compileThreshold: i32 = 0;
/** Function index of the translator: (method, first bytecode, closure or 0) -> void. */
let translator: u32 = 0;

export function enableCompiler(threshold: i32, translate: u32): void {
  compileThreshold = threshold;
  translator = translate;
}

export function disableCompiler(): void {
  compileThreshold = 0;
  dropAllCode();
}

/** Forgets all compiled code. Code that runs just now comes to no harm: it leaves at its next step. */
export function dropAllCode(): void {
  if (areaEnd == AREA) return;
  memory.fill(records, 0, RECORD_PLACES << 2);
  areaEnd = AREA;
  firstSite = 0;
  recordCount = 0;
}

/** Forgets what call sites have learnt: a method or class has changed. */
export function clearSites(): void {
  disturbCode();
  for (let site = firstSite; site != 0; site = load<u32>(site, SITE_NEXT)) {
    store<u64>(site, 0);
    clearShapes(site);
  }
}

/** For tools: whether an address is of a call site or record. */
export function isInCompiledArea(address: Address): bool {
  return address >= AREA && address < areaEnd;
}

/** A new call site in zeroed memory, or 0 where the area is full. */
export function newSite(): Address {
  const site = newInArea(SITE_BYTES);
  if (site == 0) return 0;
  store<u32>(site, firstSite, SITE_NEXT);
  firstSite = site;
  return site;
}

/** A new record with room for that many entries, not yet found; 0 where the area is full. */
export function newRecord(method: Address, start: Address, entries: u32): Address {
  if (recordCount >= (RECORD_PLACES >> 1) + (RECORD_PLACES >> 2)) return 0;
  const record = newInArea(RECORD_HEADER_BYTES + (entries << 2));
  if (record == 0) return 0;
  store<u32>(record, method, RECORD_METHOD);
  store<u32>(record, start, RECORD_START);
  store<u32>(record, entries, RECORD_ENTRIES);
  return record;
}

/** Makes a record known; `code` 0 says that the method is not to be tried again. */
export function publishRecord(record: Address, code: u32): void {
  store<u32>(record, code, RECORD_CODE);
  const place = placeOf(load<u32>(record, RECORD_METHOD), load<u32>(record, RECORD_START));
  if (load<u32>(place) == 0) recordCount++;
  store<u32>(place, record);
}

export function setRecordEntry(record: Address, position: u32, address: Address): void {
  store<u32>(record + RECORD_HEADER_BYTES + (position << 2), address);
}

/** Zeroed memory that is dropped with all code; 0 where the area is full. */
export function newInArea(bytes: u32): Address {
  const at = areaEnd;
  if (at + bytes > AREA + COMPILED_AREA_BYTES) return 0;
  areaEnd = at + ((bytes + 7) & ~7);
  memory.fill(at, 0, bytes);
  return at;
}

function placeOf(method: Address, start: Address): Address {
  let index = ((method >> 3) * 0x9e3779b1 + start * 0x85ebca6b) >> 18;
  let place = records + (index << 2);
  for (let record = load<u32>(place); record != 0; record = load<u32>(place)) {
    if (load<u32>(record, RECORD_METHOD) == method && load<u32>(record, RECORD_START) == start) break;
    index = (index + 1) & (RECORD_PLACES - 1);
    place = records + (index << 2);
  }
  return place;
}

function recordOf(method: Address, start: Address): Address {
  return load<u32>(placeOf(method, start));
}

/** What a cache entry holds for a method: the table index of its code, or minus the activations until it is compiled. */
export function codeOrCountdown(method: Oop, start: Address): i32 {
  if (compileThreshold == 0) return i32.MIN_VALUE;
  const record = recordOf(<Address>method, start);
  if (record == 0) return -compileThreshold;
  const code = load<u32>(record, RECORD_CODE);
  return code == 0 ? i32.MIN_VALUE : <i32>code;
}

/** Compiles a method that has been activated often enough. Answers what `codeOrCountdown` does then. */
export function translateMethod(method: Oop): i32 {
  const start = firstBytecode(method, methodHeader(method));
  translate(method, start, 0);
  return codeOrCountdown(method, start);
}

function translate(method: Oop, start: Address, closure: Oop): void {
  if (translator != 0 && recordOf(<Address>method, start) == 0) {
    call_indirect<void>(translator, method, start, closure);
  }
}

/**
 * Sends from the interpreter to compiled code: receiver and arguments are on the stack. Afterwards the registers say
 * where to go on.
 */
export function runCompiled(code: u32, ip: Address, sp: Address, fp: Address, count: u32): void {
  store<u32>(sp - 8, fp);
  store<u32>(sp - 4, ip);
  const slot = sp + (count << 3);
  const value = call_indirect<u64>(code, sp - 8, 0, load<u64>(slot));
  if (value == 0) return;
  store<u64>(slot, value);
  setRegisters(ip, slot, fp);
}

/**
 * Enters the code of the active frame at the next bytecode, if it can be entered there. Else only says so, and the
 * interpreter goes on by itself.
 */
export function resumeCompiled(ip: Address): void {
  setIp(ip);
  const frame = fpRegister;
  const method = <Address>frameMethod(frame);
  const record = recordOf(method, startOfFrame(frame, method));
  const entry = record == 0 || load<u32>(record, RECORD_CODE) == 0 ? 0 : entryOf(record, ip);
  if (entry == 0) {
    isLeaving = true;
    return;
  }
  const value = call_indirect<u64>(load<u32>(record, RECORD_CODE), frame, entry, frameReceiver(frame));
  if (value == 0) return;
  setRegisters(ip, spRegister, frame);
  returnFromBlock(value);
}

/** Counts what compiled code that calls a primitive may not survive: frames moved or written to, objects moved. */
let disturbances: u32 = 0;

export function disturbCode(): void {
  disturbances++;
}

/** Clears the mark that code left; answers whether it was set. */
// @ts-ignore: decorator
@inline
export function takeLeaving(): bool {
  const value = isLeaving;
  isLeaving = false;
  return value;
}

/** At the end of a slice: a frame in a loop goes on in compiled code. */
export function translateActiveFrame(): void {
  if (compileThreshold == 0) return;
  const method = frameMethod(fpRegister);
  const isBlock = isBlockFrame(fpRegister);
  const closure = isBlock ? load<u64>(callerSp(fpRegister)) : 0;
  translate(method, startOfFrame(fpRegister, <Address>method), closure);
  store<u32>(fpRegister + FRAME_FLAGS, frameFlags(fpRegister) | FRAME_IS_COMPILED);
}

/** Where the bytecodes of a frame's method or block begin. */
function startOfFrame(frame: Address, method: Address): Address {
  if (isBlockFrame(frame)) {
    const closure = load<u64>(callerSp(frame));
    if (classIndexOf(<Address>closure) == CLASS_INDEX_BLOCK_CLOSURE) {
      return ipOf(<i32>smallIntegerValue(fetchPointer(CLOSURE_START_PC, closure)), method);
    }
  }
  return firstBytecode(method, methodHeader(method));
}

function entryOf(record: Address, ip: Address): u32 {
  const count = load<u32>(record, RECORD_ENTRIES);
  for (let i: u32 = 0; i < count; i++) {
    if (load<u32>(record + RECORD_HEADER_BYTES + (i << 2)) == ip) return i + 1;
  }
  return 0;
}

// What compiled code calls. Each writes the registers first; each that answers 0 has left them true.

/** A send whose call site does not know the receiver's class. Answers its value, or 0. */
export function sendFromCode(site: Address, sp: Address, fp: Address): u64 {
  setRegisters(load<u32>(site, SITE_RETURN), sp, fp);
  const count = load<u32>(site, SITE_ARGUMENT_COUNT);
  const selector = selectorOf(site);
  findMethodForReceiver(selector, count);
  if (newMethod == 0) return 0;
  const method = newMethod;
  const primitive = newPrimitive;
  const receiver = load<u64>(sp + (count << 3));
  if (primitive == 0) {
    if (argumentCount != count || spRegister != sp) {
      activateMethod(method, argumentCount);
      return 0;
    }
    const start = firstBytecode(method, methodHeader(method));
    let code = codeOrCountdown(method, start);
    if (code < 0 && code != i32.MIN_VALUE) code = translateMethod(method);
    if (code <= 0) {
      activateMethod(method, count);
      return 0;
    }
    store<u32>(site, classIndexOfOop(receiver), SITE_CLASS);
    store<u32>(site, code, SITE_CODE);
    return enter(code, receiver, sp, fp);
  }
  if (argumentCount == count) {
    noteQuick(site, primitive, receiver);
    noteShape(site, primitive, receiver);
    if (isClosureCall(primitive)) {
      const value = callClosure(receiver, count, sp, fp);
      if (value != NOT_COMPILED) return value;
    }
  }
  const epoch = disturbances;
  executeMethod(method, primitive, argumentCount);
  return isUndisturbed(epoch, fp, load<u32>(site, SITE_RETURN)) ? load<u64>(spRegister) : 0;
}

/** Has the interpreter's handler do a bytecode, of which `main` is the byte. Answers 1 where code may go on, else 0. */
export function handleFromCode(main: Address, sp: Address, fp: Address, next: Address): i32 {
  setRegisters(main + 1, sp, fp);
  const epoch = disturbances;
  executeBytecode(<u32>load<u8>(main) + headerBytecodeSet(methodHeader(frameMethod(fp))));
  return i32(isUndisturbed(epoch, fp, next));
}

/** Sets what extension bytes widen, before `handleFromCode`. */
export function extendFromCode(a: u32, b: i32): void {
  setExtensions(a, b);
}

/** Leaves a bytecode to the interpreter. */
export function leaveFromCode(ip: Address, sp: Address, fp: Address): void {
  setRegisters(ip, sp, fp);
  isLeaving = true;
}

/** Leaves for a poll; code may be entered again right there. */
export function pollFromCode(ip: Address, sp: Address, fp: Address): void {
  setRegisters(ip, sp, fp);
}

/** Whether the frame is active as before, at a place, and nothing has happened that compiled code may not survive. */
function isUndisturbed(epoch: u32, fp: Address, ip: Address): bool {
  return fpRegister == fp && ipRegister == ip && epoch == disturbances && outcome == OUTCOME_NONE;
}

function enter(code: u32, receiver: Oop, sp: Address, fp: Address): u64 {
  store<u32>(sp - 8, fp);
  store<u32>(sp - 4, ipRegister);
  return call_indirect<u64>(code, sp - 8, 0, receiver);
}

function selectorOf(site: Address): Oop {
  const address = load<u32>(site, SITE_SELECTOR);
  if (address != 0) return load<u64>(address);
  return fetchPointer(load<u32>(site, SITE_SPECIAL) << 1, specialObject(SPECIAL_SELECTORS));
}

/** BlockClosure>>value and its relatives for up to four arguments: 201 to 205, and of full blocks 207 to 209. */
function isClosureCall(primitive: u32): bool {
  return primitive >= 201 && primitive <= 205;
}

/** No value: neither an oop nor 0. */
const NOT_COMPILED: u64 = 7;

function callClosure(closure: Oop, count: u32, sp: Address, fp: Address): u64 {
  if (!isObject(closure)) return NOT_COMPILED;
  if (fetchPointer(CLOSURE_ARGUMENT_COUNT, closure) != smallInteger(count)) return NOT_COMPILED;
  const classIndex = classIndexOf(<Address>closure);
  let method: Oop = 0;
  let receiver: Oop = 0;
  let start: Address = 0;
  if (classIndex == CLASS_INDEX_FULL_BLOCK_CLOSURE) {
    method = fetchPointer(FULL_CLOSURE_COMPILED_BLOCK, closure);
    if (!isCompiledMethod(method)) return NOT_COMPILED;
    receiver = fetchPointer(FULL_CLOSURE_RECEIVER, closure);
    start = firstBytecode(method, methodHeader(method));
  } else if (classIndex == CLASS_INDEX_BLOCK_CLOSURE) {
    const outer = fetchPointer(CLOSURE_OUTER_CONTEXT, closure);
    const startPc = fetchPointer(CLOSURE_START_PC, closure);
    if (!isContext(outer) || !isSmallInteger(startPc)) return NOT_COMPILED;
    method = fetchPointer(CONTEXT_METHOD, outer);
    if (!isCompiledMethod(method)) return NOT_COMPILED;
    receiver = fetchPointer(CONTEXT_RECEIVER, outer);
    start = ipOf(<i32>smallIntegerValue(startPc), method);
  } else return NOT_COMPILED;
  let record = recordOf(<Address>method, start);
  if (record == 0) {
    translate(method, start, closure);
    record = recordOf(<Address>method, start);
  }
  const code = record == 0 ? 0 : load<u32>(record, RECORD_CODE);
  return code == 0 ? NOT_COMPILED : enter(code, receiver, sp, fp);
}
