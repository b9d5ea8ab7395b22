// `br_table`: a table of distances behind the jump that reads it.

import {
  at,
  ALU_CMP,
  aluConstant,
  emit32,
  emit8,
  IF_ABOVE_OR_EQUAL,
  memoryAt,
  RAX,
  withMemory,
  withRegister,
} from "./assembler";
import { branchResult, constructAt, jumpToConstruct, moveResult, stopHere } from "./control";
import { EVENT_LOOP } from "./events";
import { tableEntry } from "./labels";
import { TYPE_I32, TYPE_VOID } from "./module";
import {
  allocate,
  busy,
  drop,
  free,
  isFloatType,
  isInRegister,
  KIND_REGISTER,
  kindOf,
  loadInto,
  pushRegister,
  readableClean,
  registerOf,
  release,
  take,
} from "./operands";
import { moveReader, position, readUnsigned } from "./reader";
import { takeEvent } from "./select";

/** `br_table` as a table of distances behind the jump. */
export function branchTable(): void {
  const count = readUnsigned();
  const depths = position;
  for (let i: u32 = 0; i < count; i++) readUnsigned();
  const construct = constructAt(readUnsigned());
  const behind = position;
  for (let i: u32 = 0; i < count + 2; i++) takeEvent();
  const selector = take();
  const result = branchResult(construct);
  if (result != TYPE_VOID) {
    if (!isFloatType(result)) avoid(selector, RAX);
    // The result's register stays busy until the table is there.
    moveResult(result);
  }
  const register = readableClean(selector);
  aluConstant(ALU_CMP, false, register, <i32>count);
  if (count == 0) {
    jumpToConstruct(-1, construct);
  } else {
    jumpToConstruct(IF_ABOVE_OR_EQUAL, construct);
    emitTable(selector, count, depths);
  }
  free(selector);
  if (result != TYPE_VOID) drop();
  moveReader(behind);
  stopHere();
}

/** A taken entry that must not be in a register any more. */
function avoid(entry: usize, register: i32): void {
  if (!isInRegister(entry) || registerOf(entry) != register) return;
  const other = allocate(false);
  loadInto(entry, other);
  pushRegister(TYPE_I32, other);
  take();
  release(register);
}

function emitTable(selector: usize, count: u32, depths: usize): void {
  const register = registerOf(selector);
  const isOwn = kindOf(selector) == KIND_REGISTER;
  const base = allocate(false);
  // No more than three registers are sure to be there, and a result may be in one.
  const target = isOwn ? register : allocate(false);
  // lea base, [rip + distance to the table]
  emit8(base >= 8 ? 0x4c : 0x48);
  emit8(0x8d);
  emit8(5 | ((base & 7) << 3));
  const distance = at;
  emit32(0);
  memoryAt(base, register, 2, 0);
  withMemory(0, true, 0x63, target);
  withRegister(0, true, 0x03, target, base);
  withRegister(0, false, 0xff, 4, target);
  store<i32>(distance, <i32>(at - distance - 4));
  release(base);
  if (!isOwn) release(target);
  const table = at;
  moveReader(depths);
  for (let i: u32 = 0; i < count; i++) {
    const construct = constructAt(readUnsigned());
    if (load<u32>(construct) == EVENT_LOOP) emit32(<i32>load<u32>(construct, 20) - <i32>table);
    else store<u32>(construct, tableEntry(load<u32>(construct, 16), table), 16);
  }
}
