// Messages of the program itself, on standard error: the log of the platform contract and lines of our own.

import { clearText, put, putByte, putMessage, textBytes, textStart } from "../common/text";
import { logLevel } from "./options";
import { Address, exit, write } from "./systemCalls";

const STANDARD_ERROR: i32 = 2;
/** While a report is made that the user asked for, its lines come without "stvm error:". */
let isReport: bool = false;
/** Whether an error has been shown: then a fatal outcome needs no line of its own. */
export let errorWasShown: bool = false;

export function setReport(flag: bool): void {
  isReport = flag;
}

/** Writes the text that was put together, with a line end. */
export function writeLine(): void {
  putByte(10);
  let at = textStart();
  const end = at + textBytes();
  while (at < end) {
    const count = <i32>write(STANDARD_ERROR, at, end - at);
    if (count <= 0) break;
    at += count;
  }
  clearText();
}

/** The platform contract's log. */
export function log(level: u32, message: Address, bytes: u32): void {
  if (!isReport) {
    if (level > logLevel) return;
    if (level == 1) errorWasShown = true;
    put(
      level == 1
        ? "stvm error: "
        : level == 2
          ? "stvm warning: "
          : level == 3
            ? "stvm info: "
            : level == 4
              ? "stvm debug: "
              : "stvm trace: ",
    );
  }
  putMessage(message, bytes);
  writeLine();
}

/** The platform contract's panic: says why, and ends the program. */
export function panic(message: Address, bytes: u32): void {
  put("stvm: ");
  if (bytes == 0) put("an impossible state was reached");
  else putMessage(message, bytes);
  writeLine();
  exit(1);
}
