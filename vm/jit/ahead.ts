// Compiles methods before they are called: for programs that shall start with compiled code (boot/link).

import { areaPercent, codeOf, recordOf } from "../interpreter/codeRecords";
import { shapeOfBlock, WAITING_BYTES, WAITING_METHOD, WAITING_SHAPE, WAITING_START } from "../interpreter/compileQueue";
import { Address } from "../memory/oop";
import { AHEAD_FULL, AHEAD_REFUSED, AHEAD_COMPILED, CODE_IS_METHOD, CODE_IS_V3_BLOCK } from "../layout";
import { AHEAD_AREA_PERCENT } from "../tuning";
import { compileBatch } from "./translate";

const waiting = <Address>memory.data(16, 4);
if (WAITING_BYTES != 16) ERROR("ahead: room for one that waits");

/**
 * Compiles a method, or the block whose bytecodes begin at `start`, as a module of one function, and installs it. `kind` is
 * a CODE_IS_… of layout.ts; counts are a block's. Answers an AHEAD_… : compiled now, never to be compiled, or that the
 * rest of the area for call sites is kept for what is compiled later.
 */
export function compileAhead(method: Address, start: Address, kind: u32, argumentCount: u32, copiedCount: u32): u32 {
  if (areaPercent() >= AHEAD_AREA_PERCENT) return AHEAD_FULL;
  const isBlock = kind != CODE_IS_METHOD;
  store<u32>(waiting, method, WAITING_METHOD);
  store<u32>(waiting, start, WAITING_START);
  store<u32>(waiting, isBlock ? shapeOfBlock(kind == CODE_IS_V3_BLOCK, argumentCount, copiedCount) : 0, WAITING_SHAPE);
  compileBatch(waiting, 1);
  const record = recordOf(method, start);
  return record != 0 && codeOf(record) != 0 ? AHEAD_COMPILED : AHEAD_REFUSED;
}
