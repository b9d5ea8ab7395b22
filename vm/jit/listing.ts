// Code for people to read: before what an instruction became, its address as a constant that is dropped at once. Nothing
// else drops a constant, so that a tool finds the marks in the text. Only `listCode` (translate.ts) asks for them.

import { Address } from "../memory/oop";
import * as wasm from "./encoder";

let isListing: bool = false;

export function setListing(wanted: bool): void {
  isListing = wanted;
}

/** Marks that what is written next is of the instruction at an address. */
export function markInstruction(address: Address): void {
  if (!isListing) return;
  wasm.i32Const(address);
  wasm.op(wasm.DROP);
}
