// Stack pages and the frames on them; the layout of a frame is drawn in layout.ts. Everything that walks the stack
// (collector, contexts, debugger) goes through here. Building and returning from frames is interpreter work.

import {
  FRAME_CALLER_FP,
  FRAME_CALLER_IP,
  FRAME_CONTEXT,
  FRAME_FIRST_TEMP,
  FRAME_FLAGS,
  FRAME_HAS_CONTEXT,
  FRAME_IS_BLOCK,
  FRAME_METHOD,
  FRAME_RECEIVER,
  FRAME_CALLER_SP,
  STACK_PAGE_BYTES,
  STACK_PAGE_COUNT,
  STACK_PAGE_HEADROOM_BYTES,
} from "../layout";
import { stackPagesEnd, stackPagesStart } from "./map";
import { Address, Oop } from "./oop";

// A page's own words, at its low end, where the stack never reaches:
//   headFp u32 (0: the page is free) | headSp u32 | headIp u32 | baseFp u32 | next u32 | previous u32 | traced u32
const PAGE_HEAD_FP = 0;
const PAGE_HEAD_SP = 4;
const PAGE_HEAD_IP = 8;
const PAGE_BASE_FP = 12;
const PAGE_NEXT = 16;
const PAGE_PREVIOUS = 20;
const PAGE_TRACED = 24;

/** The page with a stack address on it. */
// @ts-ignore: decorator
@inline
export function pageOf(stackAddress: Address): Address {
  return stackAddress & ~(STACK_PAGE_BYTES - 1);
}

/** The highest word of a page, where its base frame's receiver goes. */
export function pageTop(page: Address): Address {
  return page + STACK_PAGE_BYTES - 8;
}

/** Below this the stack may not grow by another frame. */
// @ts-ignore: decorator
@inline
export function pageLimit(page: Address): Address {
  return page + STACK_PAGE_HEADROOM_BYTES;
}

export function pageAtIndex(index: u32): Address {
  return stackPagesStart + index * STACK_PAGE_BYTES;
}

export function isStackAddress(address: Address): bool {
  return address >= stackPagesStart && address < stackPagesEnd;
}

// The head words are true for every page but the active one, whose head the interpreter holds in registers
// and writes back (`externalize`) before anything walks the stack.
export function headFp(page: Address): Address {
  return load<u32>(page, PAGE_HEAD_FP);
}
export function setHeadFp(page: Address, fp: Address): void {
  store<u32>(page, fp, PAGE_HEAD_FP);
}
export function headSp(page: Address): Address {
  return load<u32>(page, PAGE_HEAD_SP);
}
export function setHeadSp(page: Address, sp: Address): void {
  store<u32>(page, sp, PAGE_HEAD_SP);
}
export function headIp(page: Address): Address {
  return load<u32>(page, PAGE_HEAD_IP);
}
export function setHeadIp(page: Address, ip: Address): void {
  store<u32>(page, ip, PAGE_HEAD_IP);
}
export function baseFp(page: Address): Address {
  return load<u32>(page, PAGE_BASE_FP);
}
export function setBaseFp(page: Address, fp: Address): void {
  store<u32>(page, fp, PAGE_BASE_FP);
}
/** A mark for the full collector: whether the page's frames were reached. */
export function isTraced(page: Address): bool {
  return load<u32>(page, PAGE_TRACED) != 0;
}
export function setTraced(page: Address, flag: bool): void {
  store<u32>(page, flag ? 1 : 0, PAGE_TRACED);
}

export function isFreePage(page: Address): bool {
  return headFp(page) == 0;
}

/** The page that the interpreter runs on. */
export let activePage: Address = 0;
/** Least recently used in-use page first. */
let oldestPage: Address = 0;
let newestPage: Address = 0;

/** Marks every page free. */
export function initializePages(): void {
  for (let i: u32 = 0; i < STACK_PAGE_COUNT; i++) memory.fill(pageAtIndex(i), 0, 32);
  activePage = 0;
  oldestPage = 0;
  newestPage = 0;
}

/** Makes a page the active and the most recently used one. */
export function makeActive(page: Address): void {
  if (activePage == page) return;
  activePage = page;
  if (newestPage == page) return;
  unlink(page);
  link(page);
}

/** A page without frames, or 0 when all are in use. */
export function freePage(): Address {
  for (let i: u32 = 0; i < STACK_PAGE_COUNT; i++) {
    const page = pageAtIndex(i);
    if (isFreePage(page)) return page;
  }
  return 0;
}

/** The in-use page that ran longest ago, never the active one or `besides`. */
export function leastRecentlyUsedPage(besides: Address): Address {
  let page = oldestPage;
  while (page == activePage || page == besides) page = load<u32>(page, PAGE_NEXT);
  return page;
}

/** Gives a page back: its frames are gone. */
export function releasePage(page: Address): void {
  setHeadFp(page, 0);
  unlink(page);
  if (activePage == page) activePage = 0;
}

function link(page: Address): void {
  store<u32>(page, 0, PAGE_NEXT);
  store<u32>(page, newestPage, PAGE_PREVIOUS);
  if (newestPage != 0) store<u32>(newestPage, page, PAGE_NEXT);
  else oldestPage = page;
  newestPage = page;
}

function unlink(page: Address): void {
  const next = load<u32>(page, PAGE_NEXT);
  const previous = load<u32>(page, PAGE_PREVIOUS);
  if (next == 0 && previous == 0 && oldestPage != page) return;
  if (previous != 0) store<u32>(previous, next, PAGE_NEXT);
  else oldestPage = next;
  if (next != 0) store<u32>(next, previous, PAGE_PREVIOUS);
  else newestPage = previous;
  store<u32>(page, 0, PAGE_NEXT);
  store<u32>(page, 0, PAGE_PREVIOUS);
}

// Fields of a frame.

// @ts-ignore: decorator
@inline
export function callerFp(fp: Address): Address {
  return load<u32>(fp, FRAME_CALLER_FP);
}
// @ts-ignore: decorator
@inline
export function callerIp(fp: Address): Address {
  return load<u32>(fp, FRAME_CALLER_IP);
}
export function setCallerFp(fp: Address, value: Address): void {
  store<u32>(fp, value, FRAME_CALLER_FP);
}
export function setCallerIp(fp: Address, value: Address): void {
  store<u32>(fp, value, FRAME_CALLER_IP);
}
export function isBaseFrame(fp: Address): bool {
  return callerFp(fp) == 0;
}
/** Of a base frame: the context (or nil) that it returns to. */
export function senderContextOfBase(fp: Address): Oop {
  return load<u32>(fp, FRAME_CALLER_IP);
}
export function setSenderContextOfBase(fp: Address, context: Oop): void {
  store<u32>(fp, <u32>context, FRAME_CALLER_IP);
}
// @ts-ignore: decorator
@inline
export function frameMethod(fp: Address): Oop {
  return load<u32>(fp + FRAME_METHOD);
}
export function setFrameMethod(fp: Address, method: Oop): void {
  store<u32>(fp + FRAME_METHOD, <u32>method);
}
// @ts-ignore: decorator
@inline
export function callerSp(fp: Address): Address {
  return load<u32>(fp + FRAME_CALLER_SP);
}
/** Where the answer goes: the slot of the receiver that the caller pushed. */
export function setCallerSp(fp: Address, base: Address): void {
  store<u32>(fp + FRAME_CALLER_SP, base);
}
// @ts-ignore: decorator
@inline
export function frameFlags(fp: Address): u32 {
  return load<u32>(fp + FRAME_FLAGS);
}
export function setFrameFlags(fp: Address, flags: u32): void {
  store<u32>(fp + FRAME_FLAGS, flags);
}
export function hasContext(fp: Address): bool {
  return (frameFlags(fp) & FRAME_HAS_CONTEXT) != 0;
}
export function frameContext(fp: Address): Oop {
  return load<u32>(fp + FRAME_CONTEXT);
}
export function setFrameContext(fp: Address, context: Oop): void {
  store<u32>(fp + FRAME_CONTEXT, <u32>context);
}
// @ts-ignore: decorator
@inline
export function frameReceiver(fp: Address): Oop {
  return load<u64>(fp + FRAME_RECEIVER);
}
export function setFrameReceiver(fp: Address, receiver: Oop): void {
  store<u64>(fp + FRAME_RECEIVER, receiver);
}
/** The address of a temporary: arguments first, then temporaries, then the operand stack. */
// @ts-ignore: decorator
@inline
export function tempSlot(fp: Address, index: u32): Address {
  return fp + FRAME_FIRST_TEMP - (index << 3);
}
export function isBlockFrame(fp: Address): bool {
  return (frameFlags(fp) & FRAME_IS_BLOCK) != 0;
}
