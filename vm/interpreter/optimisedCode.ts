// What is known of the second tier's code (vm/optimiser): records with what they depend on, where code has left and with
// what, and where it can be entered again behind a poll. Records lie in the area of the first tier's, and go with them.

import { CLASS_FORMAT, CLASS_INDEX_ARRAY, CLASS_INDEX_FLOAT, FORMAT_ARRAY, FORMAT_FIXED } from "../layout";
import { executeBytecode } from "../../build/generated/bytecodes";
import { allocateSlots, canInstantiate, fillSlots, instanceFormatOf, instantiate } from "../memory/allocation";
import { classAtIndex, classIndexOfOop } from "../memory/classes";
import { callerFp, callerIp, frameMethod, isBaseFrame } from "../memory/frames";
import { isYoungObject } from "../memory/map";
import { fetchPointer } from "../memory/object";
import { Address, isSmallFloat, isSmallInteger, Oop, smallIntegerValue } from "../memory/oop";
import { remember as rememberObject } from "../memory/remembered";
import { nil } from "../memory/roots";
import { EXITS_PER_CODE } from "../tuning";
import { newInArea, setOffer } from "./codeRecords";
import { countThrownAway } from "./codeStatistics";
import { methodInHierarchy } from "./lookup";
import { stopForMemory } from "./memoryLimits";
import { headerBytecodeSet, methodHeader } from "./methods";
import { tellExit } from "./optimiserLog";
import { setRegisters, sp as spRegister } from "./registers";
import { superclassOfMethodClass } from "./superSends";

/** Where code puts what a closure copies, the last at the lowest address, a free word below it. */
export const COPIED_VALUES: Address = <Address>memory.data(80, 8);

// A record: method u32 | first bytecode u32 | table index u32, 0 where it is not to be run | exits left u32 | generation u32 |
// dependencies u32 | count of dependencies u32 | epoch u32 | for each entry (7 of them) address of
// the loop's head u32, 0 where that is in what is inlined, and temporaries and operands of the frame there u32 | count of
// entries up to the last with an address u32.
// What code says as it leaves: a record with a cause in the bits that its address has free, and a count of frames above.
export const EXIT_CAUSE_MASK: u32 = 7;
export const EXIT_RECORD_MASK: u32 = 0xffffff8;
export const EXIT_DEPTH_SHIFT: u32 = 28;
export const OPTIMISED_CODE: u32 = 8;
const OPTIMISED_METHOD: u32 = 0;
const OPTIMISED_START: u32 = 4;
const OPTIMISED_EXITS: u32 = 12;
const OPTIMISED_GENERATION: u32 = 16;
const OPTIMISED_DEPENDENCIES: u32 = 20;
const OPTIMISED_COUNT: u32 = 24;
const OPTIMISED_EPOCH: u32 = 28;
const OPTIMISED_ENTRIES: u32 = 32;
const OPTIMISED_ENTRY_COUNT: u32 = 88;
const OPTIMISED_BYTES: u32 = 96;
const MAX_ENTRIES: u32 = 7;
/**
 * A dependency: selector u32, 0 for the class's format | class index u32 | method or format u64. With SUPERCLASS_DEPENDENCY in
 * the place of the selector, a method u32 and the class above its own.
 */
export const SUPERCLASS_DEPENDENCY: u32 = 1;
export const DEPENDENCY_BYTES: u32 = 16;
export const MAX_DEPENDENCIES: u32 = 256;

/** Raised whenever a method or class may have changed. */
let generation: u32 = 1;
/** Raised when code that is older must not run any more. */
let epoch: u32 = 1;

/** Whether there ever was any code of the second tier. */
export let hasOptimised: bool = false;

/** A new record in the area, 0 where that is full. */
export function newOptimised(method: Address, start: Address): Address {
  const record = newInArea(OPTIMISED_BYTES);
  if (record == 0) return 0;
  store<u32>(record, method, OPTIMISED_METHOD);
  store<u32>(record, start, OPTIMISED_START);
  store<u32>(record, EXITS_PER_CODE, OPTIMISED_EXITS);
  store<u32>(record, generation, OPTIMISED_GENERATION);
  store<u32>(record, epoch, OPTIMISED_EPOCH);
  return record;
}

/** Room for so many dependencies of a record; 0 where the area is full. */
export function newDependencies(record: Address, count: u32): Address {
  const dependencies = newInArea(max(count, 1) * DEPENDENCY_BYTES);
  if (dependencies == 0) return 0;
  store<u32>(record, dependencies, OPTIMISED_DEPENDENCIES);
  store<u32>(record, count, OPTIMISED_COUNT);
  return dependencies;
}

/** Says where in the method itself an entry, numbered from one, is. */
export function setOptimisedEntry(record: Address, entry: u32, address: Address, slots: u32): void {
  const at = record + OPTIMISED_ENTRIES + ((entry - 1) << 3);
  store<u32>(at, address);
  store<u32>(at, slots, 4);
  if (address != 0) store<u32>(record, entry, OPTIMISED_ENTRY_COUNT);
}

/** Has the first tier's code of a record leave for that of the second at the heads of loops where this can be entered. */
export function offerLoops(baseline: Address, record: Address, isOffered: bool): void {
  for (let i: u32 = 0; i < MAX_ENTRIES; i++) {
    const at = record + OPTIMISED_ENTRIES + (i << 3);
    if (load<u32>(at) != 0) setOffer(baseline, load<u32>(at), load<u32>(at, 4), isOffered);
  }
}

export function setOptimisedCode(record: Address, code: u32): void {
  hasOptimised = true;
  store<u32>(record, code, OPTIMISED_CODE);
}

/** A method or class may have changed: what depends on it is looked at again before it is next called. */
export function doubtOptimised(): void {
  generation++;
}

/** Objects in old space have become others, or have moved: code that names them is not run any more. */
export function dropOptimised(): void {
  epoch++;
  forgetLeft();
  forgetTokens();
}

/** The table index of a record's code, 0 where there is none that is right still. */
export function optimisedCode(record: Address): u32 {
  if (record == 0) return 0;
  const code = load<u32>(record, OPTIMISED_CODE);
  if (load<u32>(record, OPTIMISED_EPOCH) != epoch) return 0;
  if (code == 0 || load<u32>(record, OPTIMISED_GENERATION) == generation) return code;
  store<u32>(record, generation, OPTIMISED_GENERATION);
  if (holdsTrue(record)) return code;
  countThrownAway(false);
  store<u32>(record, 0, OPTIMISED_CODE);
  return 0;
}

/** Whether everything that code depends on is as it was. */
function holdsTrue(record: Address): bool {
  let at = load<u32>(record, OPTIMISED_DEPENDENCIES);
  const end = at + load<u32>(record, OPTIMISED_COUNT) * DEPENDENCY_BYTES;
  for (; at < end; at += DEPENDENCY_BYTES) {
    const selector = load<u32>(at);
    if (selector == SUPERCLASS_DEPENDENCY) {
      if (superclassOfMethodClass(load<u32>(at, 4)) != load<u64>(at, 8)) return false;
      continue;
    }
    const classObject = classAtIndex(load<u32>(at, 4));
    if (classObject == nil) return false;
    const now = selector == 0 ? fetchPointer(CLASS_FORMAT, classObject) : methodInHierarchy(selector, classObject);
    if (now != load<u64>(at, 8)) return false;
  }
  return true;
}

/** The number by which code is entered at a loop's head of the method itself with a frame of so many slots, 0 for none. */
export function optimisedEntry(record: Address, ip: Address, slots: u32): u32 {
  for (let i: u32 = 0, count = load<u32>(record, OPTIMISED_ENTRY_COUNT); i < count; i++) {
    const at = record + OPTIMISED_ENTRIES + (i << 3);
    if (load<u32>(at) == ip && load<u32>(at, 4) == slots) return i + 1;
  }
  return 0;
}

// Where code was left.

// Why code leaves a bytecode to the interpreter.
/** The bytecode has not been seen to run. */
export const CAUSE_UNREACHED: u32 = 0;
/** Another class than expected. */
export const CAUSE_CLASS: u32 = 1;
/** A number that is no SmallInteger or float as expected, or a result that is none. */
export const CAUSE_NUMBER: u32 = 2;
/** An index out of bounds, an object that is read-only, a value that does not fit. */
export const CAUSE_ELEMENT: u32 = 3;
/** Neither true nor false. */
export const CAUSE_BOOLEAN: u32 = 4;
/** A bytecode that is left to the interpreter always. */
export const CAUSE_BYTECODE: u32 = 5;

/** How often code has left a bytecode, and with which operands: address u32 | times u16 | kinds u16. */
const LEFT_PLACES: u32 = 1024;
const left: Address = <Address>memory.data(8192, 8);
export const KIND_INTEGER: u32 = 1;
export const KIND_FLOAT: u32 = 2;
export const KIND_OTHER: u32 = 4;

export function forgetLeft(): void {
  memory.fill(left, 0, LEFT_PLACES << 3);
}

function placeLeft(address: Address): Address {
  return left + (((address * 0x9e3779b1) >> 22) << 3);
}

/** Which numbers an operator was left with; 0 where it never was. */
export function kindsLeftWith(address: Address): u32 {
  const place = placeLeft(address);
  return load<u32>(place) == address ? <u32>load<u16>(place, 6) : 0;
}

/** Whether code had to leave a bytecode more than once. */
export function isLeftOften(address: Address): bool {
  const place = placeLeft(address);
  return load<u32>(place) == address && load<u16>(place, 4) > 1;
}

function noteLeft(address: Address, kinds: u32): void {
  const place = placeLeft(address);
  if (load<u32>(place) != address) {
    store<u64>(place, 0);
    store<u32>(place, address);
  }
  const times = <u32>load<u16>(place, 4);
  if (times < 1000) store<u16>(place, <u16>(times + 1), 4);
  store<u16>(place, <u16>((<u32>load<u16>(place, 6)) | kinds), 6);
}

/** Tells a tool of an exit. */
export function tellExitOf(record: Address, cause: u32): void {
  tellExit(load<u32>(record, OPTIMISED_METHOD), load<u32>(record, OPTIMISED_START), cause);
}

/** What kind of number an operand is. */
export function kindOf(oop: Oop): u32 {
  if (isSmallInteger(oop)) return KIND_INTEGER;
  return isSmallFloat(oop) || classIndexOfOop(oop) == CLASS_INDEX_FLOAT ? KIND_FLOAT : KIND_OTHER;
}

/**
 * Notes that code has left a bytecode, for a cause named above. Answers whether it has done so too often: it
 * is thrown away then, to be made anew with what is known by now.
 */
export function noteExit(record: Address, ip: Address, sp: Address, isNumber: bool): bool {
  let kinds: u32 = 0;
  if (isNumber) {
    kinds = kindOf(load<u64>(sp)) | kindOf(load<u64>(sp, 8));
    // Two integers whose result is none.
    if (kinds == KIND_INTEGER) kinds |= KIND_OTHER;
  }
  noteLeft(ip, kinds);
  const exits = load<i32>(record, OPTIMISED_EXITS) - (isLeftOften(ip) ? 3 : 1);
  if (exits > 0) {
    store<i32>(record, exits, OPTIMISED_EXITS);
    return false;
  }
  if (load<u32>(record, OPTIMISED_CODE) != 0) countThrownAway(true);
  store<u32>(record, 0, OPTIMISED_CODE);
  return true;
}

// Where code is entered again after a poll in a loop: fp u32 | ip u32 | the root's frame u32 | record u32 | entry u32 | the
// links between the frames, summed u32.
const TOKENS: u32 = 8;
const TOKEN_BYTES: u32 = 24;
const tokens: Address = <Address>memory.data(192, 8);
let nextToken: u32 = 0;
/** Tokens that may be there. */
let tokenCount: u32 = 0;
/** Where code says what its root's frame is, before it leaves for a poll. */
export const ROOT_FRAME: Address = <Address>memory.data(4, 4);

/** The frames between one and the root, as a number; 0 where the root is not below it on its page. */
function linksBetween(frame: Address, root: Address): u32 {
  let sum: u32 = 1;
  for (let i = 0; frame != root; i++) {
    if (i > 20 || isBaseFrame(frame)) return 0;
    sum = ((sum * 31) ^ callerIp(frame)) * 31 + frame + <u32>frameMethod(frame);
    frame = callerFp(frame);
  }
  return sum + <u32>frameMethod(root);
}

export function keepToken(record: Address, entry: u32, ip: Address, fp: Address): void {
  if (entry == 0) return;
  const root = load<u32>(ROOT_FRAME);
  const token = tokens + nextToken * TOKEN_BYTES;
  nextToken = (nextToken + 1) % TOKENS;
  tokenCount = min(tokenCount + 1, TOKENS);
  store<u32>(token, fp);
  store<u32>(token, ip, 4);
  store<u32>(token, root, 8);
  store<u32>(token, record, 12);
  store<u32>(token, entry, 16);
  store<u32>(token, linksBetween(fp, root), 20);
}

/** What `takeToken` has found. */
export let tokenRoot: Address = 0;
export let tokenRecord: Address = 0;
export let tokenEntry: u32 = 0;

/** Whether code has left for a poll right here, and may be entered again. */
export function takeToken(ip: Address, fp: Address): bool {
  if (tokenCount == 0) return false;
  for (let token = tokens; token < tokens + TOKENS * TOKEN_BYTES; token += TOKEN_BYTES) {
    if (load<u32>(token) != fp || load<u32>(token, 4) != ip) continue;
    store<u32>(token, 0);
    tokenCount--;
    tokenRoot = load<u32>(token, 8);
    tokenRecord = load<u32>(token, 12);
    tokenEntry = load<u32>(token, 16);
    const links = linksBetween(fp, tokenRoot);
    return links != 0 && links == load<u32>(token, 20);
  }
  return false;
}

export function forgetTokens(): void {
  memory.fill(tokens, 0, TOKENS * TOKEN_BYTES);
  tokenCount = 0;
}

// What code calls.

/** An Array of nils that may be filled without a write barrier. */
export function newArrayFromCode(size: u32): u64 {
  const array = allocateSlots(size, FORMAT_ARRAY, CLASS_INDEX_ARRAY);
  if (array == 0) stopForMemory();
  fillSlots(array, size, nil);
  return withoutBarrier(array);
}

/** Has a new object remembered if it is old, so that it can be stored into without a write barrier until the next poll. */
function withoutBarrier(object: Oop): Oop {
  if (object != 0 && !isYoungObject(<Address>object)) rememberObject(<Address>object);
  return object;
}

/** A closure made in a frame by the bytecode whose byte is at `main`; what it copies is at `copied` (COPIED_VALUES). */
export function closureFromCode(frame: Address, main: Address, copied: Address): u64 {
  setRegisters(main + 1, copied, frame);
  executeBytecode(<u32>load<u8>(main) + headerBytecodeSet(methodHeader(frameMethod(frame))));
  return load<u64>(spRegister);
}

/**
 * An instance of a class, with so many indexable elements where `size` is not 0, that may be filled without a write barrier;
 * 0 where there is none to be had this way.
 */
export function instantiateFromCode(classObject: Address, size: Oop): u64 {
  const format = instanceFormatOf(classObject);
  if (size == 0) return format <= FORMAT_FIXED ? withoutBarrier(instantiate(classObject, 0)) : 0;
  if (!isSmallInteger(size) || <u64>size > MAX_SIZE_FROM_CODE || !canInstantiate(format, true)) return 0;
  return withoutBarrier(instantiate(classObject, <u32>smallIntegerValue(size)));
}

/** As an oop: larger ones may want a collection first. */
const MAX_SIZE_FROM_CODE: u64 = (1 << 19) | 1;
