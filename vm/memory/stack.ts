// The stack pages as roots: maps every oop on them through a function and moves instruction pointers along with
// their methods. Which words are oops follows from the picture of a frame in layout.ts.

import { CONTEXT_SENDER, FRAME_CALLER_IP, FRAME_RECEIVER, HEADER_BYTES, STACK_PAGE_COUNT, WORD_SHIFT } from "../layout";
import {
  baseFp,
  callerFp,
  callerSp,
  frameContext,
  frameMethod,
  hasContext,
  headFp,
  headIp,
  headSp,
  isBaseFrame,
  isFreePage,
  isStackAddress,
  pageAtIndex,
  pageOf,
  senderContextOfBase,
  setFrameContext,
  setFrameMethod,
  setCallerIp,
  setHeadIp,
  setSenderContextOfBase,
} from "./frames";
import { Address, isSmallInteger, Oop, smallIntegerValue } from "./oop";

/** Maps the oops of all pages in use. */
export function mapStackPages(map: (oop: Oop) => Oop): void {
  for (let i: u32 = 0; i < STACK_PAGE_COUNT; i++) {
    const page = pageAtIndex(i);
    if (!isFreePage(page)) mapStackPage(page, map);
  }
}

/** Maps the oops of one page: operands and temporaries, receivers, methods, contexts and the base frame's sender. */
export function mapStackPage(page: Address, map: (oop: Oop) => Oop): void {
  let fp = headFp(page);
  let top = headSp(page);
  let ip = headIp(page);
  let above: Address = 0;
  while (true) {
    mapWords(top, fp + FRAME_RECEIVER, map);
    const method = <Address>frameMethod(fp);
    const newMethod = <Address>map(method);
    if (newMethod != method) {
      setFrameMethod(fp, newMethod);
      if (ip != 0) ip += newMethod - method;
      if (above == 0) setHeadIp(page, ip);
      else setCallerIp(above, ip);
    }
    if (hasContext(fp)) setFrameContext(fp, map(frameContext(fp)));
    if (isBaseFrame(fp)) break;
    top = fp + 8;
    ip = load<u32>(fp, FRAME_CALLER_IP);
    above = fp;
    fp = callerFp(fp);
  }
  mapWords(fp + 8, callerSp(fp), map);
  const sender = senderContextOfBase(fp);
  if (sender != 0) setSenderContextOfBase(fp, map(sender));
}

function mapWords(first: Address, last: Address, map: (oop: Oop) => Oop): void {
  for (let slot = first; slot <= last; slot += 8) {
    const oop = load<u64>(slot);
    if (((<u32>oop) & 7) != 0 || oop == 0) continue;
    const mapped = map(oop);
    if (mapped != oop) store<u64>(slot, mapped);
  }
}

/** The page with the frame of a context that is married and not widowed; 0 for any other. */
export function pageOfMarriedContext(context: Address): Address {
  const sender = load<u64>(context + HEADER_BYTES + (CONTEXT_SENDER << WORD_SHIFT));
  if (!isSmallInteger(sender)) return 0;
  const fp = <Address>smallIntegerValue(sender);
  if (!isStackAddress(fp)) return 0;
  const page = pageOf(fp);
  if (isFreePage(page) || fp < headFp(page) || fp > baseFp(page)) return 0;
  return hasContext(fp) && <Address>frameContext(fp) == context ? page : 0;
}
