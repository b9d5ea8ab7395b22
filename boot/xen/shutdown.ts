// Requests to stop, from the tool stack to the image. An image that opened SHUTDOWN_PATH reads there what is asked for
// ("poweroff" or "reboot", a line each) and has ten seconds to quit. Any other is told as by a terminal that hangs up:
// its console input ends, and a window event says close; after three seconds the kernel ends the domain in order, code 0.

import { systemNanoseconds } from "./clock/clock";
import { endInput } from "./console/lineInput";
import {
  REQUEST_CRASH,
  REQUEST_NONE,
  REQUEST_POWER_OFF,
  REQUEST_REBOOT,
  REQUEST_SUSPEND,
  takeRequest,
} from "./control";
import { SHUTDOWN_POWER_OFF, SHUTDOWN_REBOOT, SHUTDOWN_SUSPEND } from "./hypercalls/hypercallProtocol";
import { shutDownDomain } from "./hypercalls/hypercalls";
import { drainOutput } from "./output";
import { panicWith } from "./panic";
import { endWithCode } from "./powerOff";
import { queueEvent, signalSemaphore } from "../vm";
import { Address } from "../../vm/memory/oop";

const EAGAIN: i32 = -11;
const UNAWARE_NANOSECONDS: u64 = 3_000_000_000;
const AWARE_NANOSECONDS: u64 = 10_000_000_000;
/** Of a window event (sq.h): the type, and "close". */
const EVENT_WINDOW: i32 = 5;
const WINDOW_CLOSE: i32 = 2;

/** REQUEST_POWER_OFF or REQUEST_REBOOT once that was asked for. */
let request: u32 = REQUEST_NONE;
let deadline: u64 = 0;
/** The image reads requests itself. */
let isOpen: bool = false;
let isUnread: bool = false;
let semaphore: u32 = 0;
/** Set after a suspension: the platform must be started again. */
let hasResumed: bool = false;

export function openRequests(): void {
  isOpen = true;
}

export function closeRequests(): void {
  isOpen = false;
}

/** The request as a line, or EAGAIN. */
export function readRequest(target: Address, room: u32): i32 {
  if (!isUnread) return EAGAIN;
  isUnread = false;
  return copyWord(request == REQUEST_REBOOT ? "reboot\n" : "poweroff\n", target, room);
}

/** Signals an external semaphore when there is a request to read. */
export function watchRequests(index: u32): void {
  semaphore = index;
  tell();
}

/** How the domain is to end when the image quits now. */
export function endReason(): u32 {
  return request == REQUEST_REBOOT ? SHUTDOWN_REBOOT : SHUTDOWN_POWER_OFF;
}

/** System time by which the image must have quit; 0 where it need not. */
export function quitDeadline(): u64 {
  return deadline;
}

/** Looks for a request and begins what it asks for. */
export function serviceRequests(): void {
  if (deadline != 0 && systemNanoseconds() >= deadline) endWithCode(0, endReason());
  const asked = takeRequest();
  if (asked == REQUEST_NONE) return;
  if (asked == REQUEST_CRASH) panicWith("the tool stack asked for a crash", true);
  if (asked == REQUEST_SUSPEND) return suspend();
  request = asked == REQUEST_REBOOT ? REQUEST_REBOOT : REQUEST_POWER_OFF;
  isUnread = true;
  deadline = systemNanoseconds() + (isOpen ? AWARE_NANOSECONDS : UNAWARE_NANOSECONDS);
  if (isOpen) tell();
  else {
    endInput();
    queueEvent(EVENT_WINDOW, <i32>(systemNanoseconds() / 1_000_000), WINDOW_CLOSE, 0, 0, 0, 0, 0);
  }
}

export function takeResumed(): bool {
  const was = hasResumed;
  hasResumed = false;
  return was;
}

function tell(): void {
  if (!isUnread || semaphore == 0) return;
  signalSemaphore(semaphore);
  semaphore = 0;
}

/** The domain is saved and goes on elsewhere, or (an answer of 1) here, where nothing has changed. */
function suspend(): void {
  drainOutput();
  const status = shutDownDomain(SHUTDOWN_SUSPEND);
  if (status < 0) panicWith("Xen refuses to suspend the domain");
  if (status == 0) hasResumed = true;
}

function copyWord(word: string, target: Address, room: u32): i32 {
  const count = min<u32>(word.length, room);
  for (let i: u32 = 0; i < count; i++) store<u8>(target + i, load<u8>(changetype<usize>(word) + (i << 1)));
  return <i32>count;
}
