// Why `run` returns: an outcome code with a detail, read by the embedder. Anything that ends a run sets it here and
// forces the next poll; the loop returns from there.

import { forcePoll } from "../memory/allocation";

export const OUTCOME_NONE: i32 = -1;
/** The slice is used up; there is more to do. */
export const OUTCOME_SLICE: i32 = 0;
/** Nothing can run before a time (detail, UTC microseconds; 0 for never) or a signal from outside. */
export const OUTCOME_IDLE: i32 = 1;
/** The image quit; the detail is its exit code. */
export const OUTCOME_QUIT: i32 = 2;
/** The virtual machine cannot go on; the log says why, with the Smalltalk stack. */
export const OUTCOME_FATAL: i32 = 3;
/** A primitive waits for the host (input); run again when there is something new. */
export const OUTCOME_WAITING: i32 = 4;
/** A breakpoint or a single step ended; for debuggers. */
export const OUTCOME_BREAK: i32 = 5;
/** A message sent from outside was answered. */
export const OUTCOME_ANSWERED: i32 = 6;

export let outcome: i32 = OUTCOME_NONE;
export let outcomeDetail: i64 = 0;

export function stop(code: i32, detail: i64 = 0): void {
  if (outcome == OUTCOME_NONE) {
    outcome = code;
    outcomeDetail = detail;
  }
  forcePoll();
}

export function clearOutcome(): void {
  outcome = OUTCOME_NONE;
}
