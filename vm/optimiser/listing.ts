// Marks in code for people to read (as jit/listing.ts has for the first tier): a constant that is dropped at once. Its low
// word is a bytecode's address, or a method's where a scope begins; above are the scope's depth (8 bits), a bit for a
// scope, and of that its first home's number (12 bits) and the number of its variables (7 bits); a bit for the code of an
// exit, up to its return. Nothing else here drops one.

import * as wasm from "../jit/encoder";
import * as units from "../jit/units";
import { isTelling } from "../interpreter/optimiserLog";
import { Address } from "../memory/oop";
import { homeOf } from "./locals";
import { scope, top } from "./scope";

const SCOPE_BIT: u64 = 1 << 40;
const HOME_SHIFT: u64 = 41;
const COUNT_SHIFT: u64 = 53;
const EXIT_BIT: u64 = 1 << 60;

/** What is written next is of a unit of the innermost scope. */
export function markUnit(unit: u32): void {
  if (isTelling) mark(units.addressOf(unit), 0);
}

/** What is written next is of the innermost scope, which begins here. */
export function markScope(): void {
  if (!isTelling) return;
  mark(scope.method, SCOPE_BIT | ((<u64>homeOf(scope, 0)) << HOME_SHIFT) | ((<u64>scope.tempCount) << COUNT_SHIFT));
}

/** What is written next, up to a return, leaves code. */
export function markExit(): void {
  if (isTelling) mark(0, EXIT_BIT);
}

function mark(address: Address, what: u64): void {
  wasm.i64Const(<i64>((<u64>address) | ((<u64>top) << 32) | what));
  wasm.op(wasm.DROP);
}
