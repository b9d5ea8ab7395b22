// The orderly end when object memory can give nothing more to the interpreter itself.

import { LOG_ERROR, logEnd, logText } from "./log";
import { reportStack } from "./stacktrace";
import { OUTCOME_FATAL, stop } from "./stop";
import { hostPanic } from "../host";

/** No memory for an object that a bytecode must have (a context, a block): report the stack and end the run. */
export function stopForMemory(): void {
  stopWith("out of memory: no room for a context or a block");
}

/** More objects live than memory may hold, and the image did nothing about low space: report the stack, end the run. */
export function stopForFullMemory(): void {
  stopWith("out of memory: the objects in use fill it");
}

function stopWith(message: string): void {
  logText(message);
  logText("; give more with --maxOldSpaceSize; a kernel has its machine's, or what stvm.heap says");
  logEnd(LOG_ERROR);
  reportStack();
  stop(OUTCOME_FATAL);
  hostPanic(0, 0);
  unreachable();
}
