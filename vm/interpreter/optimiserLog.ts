// What the second tier tells tools, as lines of the log, once it is asked to: what it has made and where that is just
// then, what it could not make and why, and each exit. Methods are told by address and their code by the offset of its
// first bytecode.

import { Address } from "../memory/oop";
import { LOG_TRACE, logEnd, logNumber, logText } from "./log";

/** Whether it tells, and marks in its code which bytecode is which (optimiser/listing.ts). */
export let isTelling: bool = false;

export function tellOptimiser(): void {
  isTelling = true;
}

/** A method has become a module of so many bytes at an address, in so many rounds, with so many homes and doubles. */
export function tellOptimised(
  method: Address,
  start: Address,
  bytes: u32,
  at: Address,
  rounds: u32,
  homes: u32,
  floats: u32,
): void {
  if (!isTelling) return;
  tellCode("optimised", method, start);
  tellNumber(" bytes ", bytes);
  tellNumber(" at ", at);
  tellNumber(" rounds ", rounds);
  tellNumber(" homes ", homes);
  tellNumber(" floats ", floats);
  logEnd(LOG_TRACE);
}

/** A method has not been optimised. */
export function tellRefused(method: Address, start: Address, reason: string): void {
  if (!isTelling) return;
  tellCode("not optimised", method, start);
  logText(": ");
  logText(reason);
  logEnd(LOG_TRACE);
}

/** The code of a method is left, for a cause of optimisedCode.ts. */
export function tellExit(method: Address, start: Address, cause: u32): void {
  tellCode("exit of", method, start);
  tellNumber(" cause ", cause);
  logEnd(LOG_TRACE);
}

function tellCode(what: string, method: Address, start: Address): void {
  logText(what);
  tellNumber(" method ", method);
  tellNumber(" from ", start - method);
}

function tellNumber(what: string, value: u32): void {
  logText(what);
  logNumber(value);
}
