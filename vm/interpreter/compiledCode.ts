// How compiled code is entered and what it calls. Who makes it is vm/jit; what is known of it is codeRecords.ts. A frame of
// compiled code is like any other; code runs until it returns a value, or answers 0: then all frames are complete in
// memory, the registers are true, and the interpreter goes on. Nothing is collected while code runs, since only a poll
// collects and code leaves for that; so its locals may hold oops over calls.

import {
  CELL_POLLS_LEFT,
  CELL_STACK_LIMIT,
  CLASS_INDEX_BLOCK_CLOSURE,
  CLASS_INDEX_FULL_BLOCK_CLOSURE,
  CLOSURE_ARGUMENT_COUNT,
  CLOSURE_OUTER_CONTEXT,
  CLOSURE_START_PC,
  CONTEXT_METHOD,
  CONTEXT_RECEIVER,
  FRAME_FIRST_TEMP,
  FRAME_FLAGS,
  FRAME_IS_COMPILED,
  FULL_CLOSURE_COMPILED_BLOCK,
  FULL_CLOSURE_RECEIVER,
  SPECIAL_SELECTORS,
} from "../layout";
import { executeBytecode } from "../../build/generated/bytecodes";
import { interpret } from "../../build/generated/loop";
import {
  callerFp,
  callerIp,
  callerSp,
  frameFlags,
  frameMethod,
  frameReceiver,
  isBaseFrame,
  isBlockFrame,
  pageOf,
} from "../memory/frames";
import { forcePoll } from "../memory/allocation";
import { classIndexOf } from "../memory/header";
import { classAtIndex, classIndexOfOop } from "../memory/classes";
import { fetchPointer } from "../memory/object";
import { Address, isObject, isSmallInteger, Oop, smallInteger, smallIntegerValue } from "../memory/oop";
import { specialObject } from "../memory/roots";
import { followForwarded } from "../memory/walk";
import { MAX_NESTING } from "../tuning";
import { activateMethod, executeMethod } from "./activation";
import {
  clearBlocksOfSites,
  codeOf,
  entryOf,
  optimisedOf,
  PAIR_CODE,
  PAIR_METHOD,
  PAIR_PRIMITIVE,
  pairOf,
  recordOf,
  remember,
  SITE_ARGUMENT_COUNT,
  SITE_RETURN,
  SITE_SELECTOR,
  SITE_SPECIAL,
  siteIn,
  siteOf,
} from "./codeRecords";
import { countExit, countSlice, noteTier } from "./codeStatistics";
import { codeOrCountdown, compileThreshold, NEVER, requestCode, shapeOfClosure } from "./compileQueue";
import { isContext } from "./contexts";
import { setExtensions } from "./extensions";
import {
  argumentCount,
  cacheEntry,
  cacheKey,
  countedCode,
  ENTRY_METHOD,
  ENTRY_PRIMITIVE,
  findMethodForReceiver,
  methodInHierarchy,
  newMethod,
  newPrimitive,
  refreshCode,
  setNewMethod,
} from "./lookup";
import {
  CALL_PRIMITIVE_BYTES,
  firstBytecode,
  headerBytecodeSet,
  headerHasPrimitive,
  ipOf,
  isCompiledMethod,
  methodHeader,
  primitiveNumberOf,
} from "./methods";
import {
  CAUSE_BYTECODE,
  CAUSE_CLASS,
  CAUSE_NUMBER,
  CAUSE_UNREACHED,
  EXIT_CAUSE_MASK,
  EXIT_DEPTH_SHIFT,
  EXIT_RECORD_MASK,
  KIND_OTHER,
  keepToken,
  kindOf,
  noteExit,
  offerLoops,
  optimisedCode,
  optimisedEntry,
  takeToken,
  tellExitOf,
  tokenEntry,
  tokenRecord,
  tokenRoot,
} from "./optimisedCode";
import { isTelling } from "./optimiserLog";
import { sampleStack } from "./sampling";
import { fp as fpRegister, ip as ipRegister, setIp, setRegisters, sp as spRegister } from "./registers";
import { returnFromBlock, returnFromMethod } from "./returns";
import { noteBlock, noteShape } from "./shapes";
import { quickAnswer, quickCode } from "./quickSites";
import { outcome, OUTCOME_NONE } from "./stop";

/** Set where code left a bytecode to the interpreter: it must not be entered again right there. */
export let isLeaving: bool = false;

/**
 * Function index of (frame, entry, receiver, code) -> value, which calls code in a table that is not this module's;
 * 0 where code is in this module's.
 */
let trampoline: u32 = 0;

export function setTrampoline(functionIndex: u32): void {
  trampoline = functionIndex;
}

// @ts-ignore: decorator
@inline
function callCode(code: u32, frame: Address, entry: u32, receiver: Oop): u64 {
  if (trampoline != 0) return call_indirect<u64>(trampoline, frame, entry, receiver, code);
  return call_indirect<u64>(code, frame, entry, receiver);
}

/** Asks for the code of a method that has been activated often enough. Answers what `codeOrCountdown` does then. */
export function translateMethod(method: Oop): i32 {
  return requestCode(method, firstBytecode(method, methodHeader(method)), 0);
}

/**
 * Sends from the interpreter to compiled code: receiver and arguments are on the stack. Afterwards the registers say
 * where to go on.
 */
export function runCompiled(code: u32, ip: Address, sp: Address, fp: Address, count: u32): void {
  store<u32>(sp - 8, fp);
  store<u32>(sp - 4, ip);
  const slot = sp + (count << 3);
  const value = callCode(code, sp - 8, 0, load<u64>(slot));
  if (value == 0) return leaveEngine();
  store<u64>(slot, value);
  setRegisters(ip, slot, fp);
}

/**
 * Enters the code of the active frame at the next bytecode, if it can be entered there. Else only says so, and the
 * interpreter goes on by itself. Answers whether it is the code that called the interpreter, which must end then.
 */
export function resumeCompiled(ip: Address): bool {
  setIp(ip);
  const frame = fpRegister;
  if (frame == waitingFrame && ip == waitingIp) return true;
  const record = recordOfFrame(frame);
  if (record != 0 && resumeOptimised(record, ip, frame)) return false;
  const entry = entryAt(record, frame, ip);
  if (entry == 0) {
    isLeaving = true;
    return false;
  }
  const value = callCode(codeOf(record), frame, entry, frameReceiver(frame));
  if (value == 0) {
    leaveEngine();
    return false;
  }
  setRegisters(ip, spRegister, frame);
  returnFromBlock(value);
  return false;
}

function recordOfFrame(frame: Address): Address {
  const method = <Address>frameMethod(frame);
  return recordOf(method, startOfFrame(frame, method));
}

/** The number by which the code of a record is entered with the active frame as it is, 0 for none. */
function entryAt(record: Address, frame: Address, ip: Address): u32 {
  return record == 0 || codeOf(record) == 0 ? 0 : entryOf(record, ip, slotsOf(frame));
}

/** Temporaries and operands of the active frame. */
function slotsOf(frame: Address): u32 {
  return (frame + FRAME_FIRST_TEMP + 8 - spRegister) >> 3;
}

// Code that calls what is not compiled waits for it: the interpreter runs above it on the engine's stack.

/** How many runs of the interpreter are above the first. */
export let nesting: u32 = 0;
/** The frame of the code that waits for the innermost of them, and where it goes on. */
let waitingFrame: Address = 0;
let waitingIp: Address = 0;

/** After a return past several frames: where code waits in one of these, all code leaves, by way of a poll. */
export function leaveAbandonedCode(): void {
  if (nesting == 0 || fpRegister <= waitingFrame || pageOf(fpRegister) != pageOf(waitingFrame)) return;
  disturbCode();
  forcePoll();
}

/**
 * After something that compiled code called: whether that code can go on at an instruction pointer, with the registers
 * true. If a frame was pushed meanwhile, it is interpreted until it returns, or until there is a poll to leave for.
 */
function canGoOn(disturbancesBefore: u32, fp: Address, ip: Address): bool {
  if (disturbancesBefore != disturbances || outcome != OUTCOME_NONE) return false;
  if (fpRegister == fp) return ipRegister == ip;
  if (callerFp(fpRegister) != fp || callerIp(fpRegister) != ip) return false;
  return interpretAbove(disturbancesBefore, fp, ip);
}

/** Interprets until a frame is active at an instruction pointer; false where that has not come about. */
function interpretAbove(disturbancesBefore: u32, fp: Address, ip: Address): bool {
  if (nesting == MAX_NESTING) return false;
  if (load<i32>(0, CELL_POLLS_LEFT) < 0 || spRegister < load<u32>(0, CELL_STACK_LIMIT)) return false;
  const outerFrame = waitingFrame;
  const outerIp = waitingIp;
  waitingFrame = fp;
  waitingIp = ip;
  nesting++;
  interpret(-1);
  nesting--;
  waitingFrame = outerFrame;
  waitingIp = outerIp;
  if (disturbancesBefore != disturbances || outcome != OUTCOME_NONE) return false;
  if (fpRegister != fp || ipRegister != ip) return false;
  isLeaving = false;
  return true;
}

/** No compiled code is on the engine's stack any more. */
function leaveEngine(): void {
  isReturning = false;
}

/** Set while compiled code leaves only because a block returns from its home: the code of the frame that it returns to goes on. */
let isReturning: bool = false;

/** `^ value` in a block: returns from its home. Code leaves as far as the frame that is returned to. */
export function returnFromCode(ip: Address, sp: Address, fp: Address, value: u64): void {
  setRegisters(ip, sp, fp);
  const epoch = disturbances;
  returnFromMethod(value);
  // A frame below on the stack, unless an unwind block or an error came between.
  isReturning = fpRegister > fp && pageOf(fpRegister) == pageOf(fp) && epoch == disturbances && outcome == OUTCOME_NONE;
}

/** A call of a frame's code has left: the value that a block has returned to the frame, or 0 to leave as well. */
export function landFromCode(fp: Address): u64 {
  if (!isReturning || fpRegister != fp) return 0;
  isReturning = false;
  return load<u64>(spRegister);
}

/** As `resumeCompiled`, in code of the second tier, where it left for a poll or has a loop's head. */
function resumeOptimised(record: Address, ip: Address, frame: Address): bool {
  let root = frame;
  let optimised = optimisedOf(record);
  let entry: u32 = 0;
  if (takeToken(ip, frame)) {
    root = tokenRoot;
    optimised = tokenRecord;
    entry = tokenEntry;
  } else if (optimised != 0) entry = optimisedEntry(optimised, ip, slotsOf(frame));
  const code = entry == 0 ? 0 : optimisedCode(optimised);
  if (code == 0) {
    if (entry != 0) offerLoops(record, optimised, false);
    return false;
  }
  const value = callCode(code, root, entry, frameReceiver(root));
  if (value == 0) return true;
  setRegisters(ip, spRegister, root);
  returnFromBlock(value);
  return true;
}

/** Counts what compiled code that calls a primitive may not survive: frames moved or written to, objects moved or of another class. */
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

/** So many callers of the frame at a slice's end may be what takes the time, and are compiled too. */
const FRAMES_OF_SLICE: u32 = 4;

/**
 * For profilers: the tiers (0 interpreted, 1 baseline, 2 optimised) that the innermost frames were in when the last slice
 * ended, two bits each, innermost first. Their flags do not tell any more: they go on in compiled code.
 */
export let sliceTiers: u32 = 0;

/** At the end of a slice: frames that may be in a loop go on in compiled code. */
export function translateActiveFrames(): void {
  if (compileThreshold == 0) return;
  sliceTiers = countSlice();
  sampleStack();
  let frame = fpRegister;
  for (let i: u32 = 0; i < FRAMES_OF_SLICE && frame != 0; i++) {
    const method = frameMethod(frame);
    if (i != 0 && (frameFlags(frame) & FRAME_IS_COMPILED) != 0) sliceTiers |= 1 << (i << 1);
    const shape = isBlockFrame(frame) ? shapeOfClosure(load<u64>(callerSp(frame))) : 0;
    if (shape != 0 || !isBlockFrame(frame)) {
      requestCode(method, startOfFrame(frame, <Address>method), shape);
      store<u32>(frame + FRAME_FLAGS, frameFlags(frame) | FRAME_IS_COMPILED);
    }
    frame = callerFp(frame);
  }
}

/** Where the bytecodes of a frame's method or block begin. */
export function startOfFrame(frame: Address, method: Address): Address {
  if (isBlockFrame(frame)) {
    const closure = load<u64>(callerSp(frame));
    if (classIndexOf(<Address>closure) == CLASS_INDEX_BLOCK_CLOSURE) {
      return ipOf(<i32>smallIntegerValue(fetchPointer(CLOSURE_START_PC, closure)), method);
    }
  }
  return firstBytecode(method, methodHeader(method));
}

// What compiled code calls. Each that answers 0 has left the registers true.

/** A send whose call site does not know the receiver's class. Answers its value, or 0. */
export function sendFromCode(site: Address, sp: Address, fp: Address): u64 {
  const count = load<u32>(site, SITE_ARGUMENT_COUNT);
  const receiver = load<u64>(sp + (count << 3));
  const classIndex = classIndexOfOop(receiver);
  const pair = pairOf(site, classIndex);
  if (pair != 0) {
    const code = load<u32>(pair, PAIR_CODE);
    if (<i32>code < 0) return quickAnswer(code, receiver);
    if (code != 0) return enter(code, receiver, sp, fp, load<u32>(site, SITE_RETURN));
    const primitive = load<u32>(pair, PAIR_PRIMITIVE);
    if (primitive != 0) return callPrimitive(site, load<u32>(pair, PAIR_METHOD), primitive, count, sp, fp);
  }
  return sendThroughCache(site, classIndex, count, sp, fp);
}

/** A send by the method cache, which the site learns from. */
function sendThroughCache(site: Address, classIndex: u32, count: u32, sp: Address, fp: Address): u64 {
  const ip = load<u32>(site, SITE_RETURN);
  const selector = selectorOf(site);
  const entry = cacheEntry(selector, classIndex);
  if (load<u64>(entry) != cacheKey(selector, classIndex)) {
    setRegisters(ip, sp, fp);
    findMethodForReceiver(selector, count);
    if (newMethod == 0) return 0;
    if (load<u64>(entry) != cacheKey(selector, classIndex) || argumentCount != count) {
      // Not understood, or by way of a forwarder: nothing to remember.
      const epoch = disturbances;
      executeMethod(newMethod, newPrimitive, argumentCount);
      return valueAfter(epoch, fp, ip);
    }
  }
  const method = <Oop>load<u32>(entry, ENTRY_METHOD);
  const primitive = load<u32>(entry, ENTRY_PRIMITIVE);
  if (primitive != 0) {
    remember(site, classIndex, method, primitive, quickCode(primitive, count));
    noteShape(site, primitive, load<u64>(sp + (count << 3)));
    return callPrimitive(site, method, primitive, count, sp, fp);
  }
  const code = countedCode(entry);
  remember(site, classIndex, method, 0, code > 0 ? code : 0);
  if (code > 0) return enter(code, load<u64>(sp + (count << 3)), sp, fp, ip);
  setRegisters(ip, sp, fp);
  activateMethod(method, count);
  return canGoOn(disturbances, fp, ip) ? load<u64>(spRegister) : 0;
}

export function enter(code: u32, receiver: Oop, sp: Address, fp: Address, ip: Address): u64 {
  store<u32>(sp - 8, fp);
  store<u32>(sp - 4, ip);
  return callCode(code, sp - 8, 0, receiver);
}

function callPrimitive(site: Address, method: Oop, primitive: u32, count: u32, sp: Address, fp: Address): u64 {
  const ip = load<u32>(site, SITE_RETURN);
  setRegisters(ip, sp, fp);
  if (isClosureCall(primitive)) {
    const value = callClosure(count, primitive == 207 || primitive == 209, site);
    if (value != NOT_COMPILED) return value;
  }
  const epoch = disturbances;
  setNewMethod(method);
  executeMethod(method, primitive, count);
  return valueAfter(epoch, fp, ip);
}

/** What changes when something has happened that compiled code may not survive. */
export function codeEpoch(): u32 {
  return disturbances;
}

/**
 * The value of a call made for a frame since an epoch, which shall go on at a place; 0 where code must leave. A frame that
 * the call has activated runs in its code, or is interpreted.
 */
export function valueAfter(epoch: u32, fp: Address, ip: Address): u64 {
  if (epoch != disturbances || outcome != OUTCOME_NONE) return 0;
  if (fpRegister == fp) return ipRegister == ip ? load<u64>(spRegister) : 0;
  const code = codeOfActivatedBy(fp, ip);
  if (code > 0) return callCode(code, fpRegister, 0, frameReceiver(fpRegister));
  return canGoOn(epoch, fp, ip) ? load<u64>(spRegister) : 0;
}

/** The code of the active frame, if a call has just activated it for a caller, or a number that is none. */
function codeOfActivatedBy(caller: Address, ip: Address): i32 {
  const frame = fpRegister;
  if (callerFp(frame) != caller || callerIp(frame) != ip) return 0;
  if (load<i32>(0, CELL_POLLS_LEFT) < 0 || spRegister < load<u32>(0, CELL_STACK_LIMIT)) return 0;
  const method = <Address>frameMethod(frame);
  const start = startOfFrame(frame, method);
  const isBlock = isBlockFrame(frame);
  const skipped = !isBlock && headerHasPrimitive(methodHeader(method)) ? CALL_PRIMITIVE_BYTES : 0;
  if (ipRegister != start + skipped) return 0;
  return codeOfActivated(method, start, isBlock ? load<u64>(callerSp(frame)) : 0);
}

/** Has the interpreter's handler do a bytecode, of which `main` is the byte. Answers 1 where code may go on, else 0. */
export function handleFromCode(main: Address, sp: Address, fp: Address, next: Address): i32 {
  setRegisters(main + 1, sp, fp);
  const epoch = disturbances;
  executeBytecode(<u32>load<u8>(main) + headerBytecodeSet(methodHeader(frameMethod(fp))));
  const isSent = fpRegister != fp;
  if (!canGoOn(epoch, fp, next)) return 0;
  // What was sent in place of a store, and answered, leaves more on the stack than code expects.
  return i32(!isSent || entryAt(recordOfFrame(fp), fp, next) != 0);
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
  if (load<i32>(0, CELL_POLLS_LEFT) < 0) noteTier(1);
}

/**
 * Leaves a bytecode of the second tier's code to the interpreter: `what` is its record, a cause in the lowest bits, and how
 * many frames it has above its root's in the highest. Answers what the root answers in the end, or 0.
 */
export function exitFromCode(what: u32, ip: Address, sp: Address, fp: Address): u64 {
  const cause = what & EXIT_CAUSE_MASK;
  countExit(cause);
  if (isTelling) tellExitOf(what & EXIT_RECORD_MASK, cause);
  const isSent = cause == CAUSE_NUMBER && kindOf(load<u64>(sp, 8)) == KIND_OTHER;
  if (cause == CAUSE_CLASS || cause == CAUSE_UNREACHED || isSent) noteReceiverClass(ip, sp, fp);
  if (cause != CAUSE_BYTECODE && noteExit(what & EXIT_RECORD_MASK, ip, sp, cause == CAUSE_NUMBER)) refreshCode();
  leaveFromCode(ip, sp, fp);
  let root = fp;
  for (let above = what >> EXIT_DEPTH_SHIFT; above > 0; above--) root = callerFp(root);
  if (isBaseFrame(root)) return 0;
  const caller = callerFp(root);
  store<u32>(caller + FRAME_FLAGS, frameFlags(caller) | FRAME_IS_COMPILED);
  return interpretAbove(disturbances, caller, callerIp(root)) ? load<u64>(spRegister) : 0;
}

/** Has the call site of the first tier at a bytecode remember the receiver that the second tier has met there. */
function noteReceiverClass(ip: Address, sp: Address, fp: Address): void {
  const method = <Address>frameMethod(fp);
  const feedback = siteOf(method, startOfFrame(fp, method), ip);
  const site = feedback == 0 ? 0 : siteIn(feedback);
  if (site == 0) return;
  const classIndex = classIndexOfOop(load<u64>(sp + (load<u32>(site, SITE_ARGUMENT_COUNT) << 3)));
  const found = methodInHierarchy(selectorOf(site), classAtIndex(classIndex));
  if (found != 0 && isCompiledMethod(found)) remember(site, classIndex, found, primitiveNumberOf(found), 0);
}

/** Leaves the second tier's code for a poll in a loop: `what` is its record, and the number of the entry there. */
export function pollInLoopFromCode(what: u32, ip: Address, sp: Address, fp: Address): void {
  setRegisters(ip, sp, fp);
  keepToken(what & ~7, what & 7, ip, fp);
  if (load<i32>(0, CELL_POLLS_LEFT) < 0) noteTier(2);
}

export function selectorOf(site: Address): Oop {
  const address = load<u32>(site, SITE_SELECTOR);
  if (address != 0) return load<u64>(address);
  return fetchPointer(load<u32>(site, SITE_SPECIAL) << 1, specialObject(SPECIAL_SELECTORS));
}

// Blocks.

/** BlockClosure>>value and its relatives for up to four arguments; of full blocks; and those without a switch of process. */
function isClosureCall(primitive: u32): bool {
  if (primitive >= 201 && primitive <= 205) return true;
  return primitive == 207 || primitive == 209 || primitive == 221 || primitive == 222;
}

/** No value: neither an oop nor 0. */
const NOT_COMPILED: u64 = 7;

// Blocks that were called lately, by method and start: method u32 | first bytecode u32 | code or countdown i32 | unused.
const BLOCK_PLACES: u32 = 1024;
const BLOCK_METHOD: u32 = 0;
const BLOCK_START: u32 = 4;
const BLOCK_CODE: u32 = 8;
const blocks: Address = <Address>memory.data(16384, 8);

/** Forgets the code of blocks that were called lately. */
export function forgetBlocks(): void {
  memory.fill(blocks, 0, BLOCK_PLACES << 4);
  clearBlocksOfSites();
}

/**
 * Runs the compiled block of a closure whose arguments are on the stack, for a call site or 0. Answers its value, 0 where the registers say how
 * to go on, or NOT_COMPILED.
 */
function callClosure(count: u32, isFull: bool, site: Address): u64 {
  const sp = spRegister;
  const closure = load<u64>(sp + (count << 3));
  if (!isObject(closure)) return NOT_COMPILED;
  const classIndex = classIndexOf(<Address>closure);
  let method: Oop = 0;
  let receiver: Oop = 0;
  let start: Address = 0;
  if (classIndex != (isFull ? CLASS_INDEX_FULL_BLOCK_CLOSURE : CLASS_INDEX_BLOCK_CLOSURE)) return NOT_COMPILED;
  if (isFull) {
    method = fetchPointer(FULL_CLOSURE_COMPILED_BLOCK, closure);
    if (!isCompiledMethod(method)) return NOT_COMPILED;
    receiver = fetchPointer(FULL_CLOSURE_RECEIVER, closure);
    start = firstBytecode(method, methodHeader(method));
  } else {
    const outer = fetchPointer(CLOSURE_OUTER_CONTEXT, closure);
    const startPc = fetchPointer(CLOSURE_START_PC, closure);
    if (!isContext(outer) || !isSmallInteger(startPc)) return NOT_COMPILED;
    method = fetchPointer(CONTEXT_METHOD, outer);
    if (!isCompiledMethod(method)) return NOT_COMPILED;
    receiver = fetchPointer(CONTEXT_RECEIVER, outer);
    start = ipOf(<i32>smallIntegerValue(startPc), method);
  }
  if (fetchPointer(CLOSURE_ARGUMENT_COUNT, closure) != smallInteger(count)) return NOT_COMPILED;
  const code = codeOfActivated(<Address>method, start, closure);
  if (code <= 0) return NOT_COMPILED;
  if (site != 0) noteBlock(site, <Address>method, isFull ? 0 : <u32>fetchPointer(CLOSURE_START_PC, closure), code);
  return enter(code, followForwarded(receiver), sp, fpRegister, ipRegister);
}

/** The code of a closure's block, or of a method (`closure` 0), or a number that is none: counts activations. */
export function codeOfActivated(method: Address, start: Address, closure: Oop): i32 {
  const place = blocks + (((start ^ (start >> 10)) & (BLOCK_PLACES - 1)) << 4);
  let code: i32 = 0;
  if (load<u32>(place, BLOCK_METHOD) == method && load<u32>(place, BLOCK_START) == start) {
    code = load<i32>(place, BLOCK_CODE);
    if (code > 0 || code == NEVER) return code;
    code++;
  } else {
    store<u32>(place, method, BLOCK_METHOD);
    store<u32>(place, start, BLOCK_START);
    code = codeOrCountdown(method, start);
  }
  if (code >= -1 && code <= 0) {
    const shape = closure == 0 ? 0 : shapeOfClosure(closure);
    code = closure != 0 && shape == 0 ? NEVER : requestCode(method, start, shape);
  }
  store<i32>(place, code, BLOCK_CODE);
  return code;
}

/** As `value` of a closure from the interpreter. Answers whether its code has run: the registers say how to go on. */
export function runCompiledClosure(count: u32, isFull: bool): bool {
  if (compileThreshold == 0) return false;
  const frame = fpRegister;
  const ip = ipRegister;
  const slot = spRegister + (count << 3);
  const value = callClosure(count, isFull, 0);
  if (value == NOT_COMPILED) return false;
  if (value == 0) leaveEngine();
  if (value == 0) return true;
  store<u64>(slot, value);
  setRegisters(ip, slot, frame);
  return true;
}
