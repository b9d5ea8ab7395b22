// The kernel's own lines, put together by common/text.ts: to the console, and to port E9h where it matters that someone
// sees them.

import { clearText, putByte, textBytes, textStart } from "../common/text";
import { writeDebug, writeLastWords } from "./output";

export {
  put as text,
  putBytes as bytes,
  putFixed as fixed,
  putHex as hexadecimal,
  putMessage as message,
  putNumber as number,
} from "../common/text";

/** Ends the line: to the console, and to port E9h where `everywhere`. */
export function endLine(everywhere: bool): void {
  putByte(10);
  if (everywhere) writeDebug(textStart(), textBytes());
  writeLastWords(textStart(), textBytes());
  clearText();
}

/** Ends the line, to port E9h only. */
export function endDebugLine(): void {
  putByte(10);
  writeDebug(textStart(), textBytes());
  clearText();
}
