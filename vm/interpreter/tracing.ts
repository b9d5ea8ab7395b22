// What `--trace` logs, a line each: methods and blocks as they start, primitives as they end, collections, and switches
// of processes. Only the stepping loop asks; the ordinary loop pays nothing.

import { PROCESS_PRIORITY } from "../layout";
import { frameReceiver, isBlockFrame } from "../memory/frames";
import { fetchPointer } from "../memory/object";
import { Address, Oop, smallIntegerValue } from "../memory/oop";
import {
  fullCollectionCount,
  lastFullCollectionMicroseconds,
  lastScavengeMicroseconds,
  lastSurvivorBytes,
  scavengeCount,
  usedAfterFullCollection,
  usedBeforeFullCollection,
} from "../memory/statistics";
import { failureCode, FRAMES_CHANGED, WAITING_FOR_HOST } from "../plugin";
import { LOG_TRACE, logEnd, logNumber, logText } from "./log";
import { activeProcess } from "./processes";
import { logActivation } from "./stacktrace";

const TRACE_SENDS: u32 = 1;
const TRACE_PRIMITIVES: u32 = 2;
const TRACE_COLLECTIONS: u32 = 4;
const TRACE_PROCESSES: u32 = 8;

export let isTracing: bool = false;
export let tracesPrimitives: bool = false;
let traced: u32 = 0;
let lastPriority: i64 = 0;
let lastProcess: Oop = 0;
let scavenges: u32 = 0;
let fullCollections: u32 = 0;

/** What to log: the sum of 1 sends, 2 primitives, 4 collections, 8 processes. */
export function setTrace(kinds: u32): void {
  traced = kinds;
  isTracing = kinds != 0;
  tracesPrimitives = (kinds & TRACE_PRIMITIVES) != 0;
  scavenges = scavengeCount;
  fullCollections = fullCollectionCount;
  lastProcess = activeProcess();
}

/** Control has come to another frame; `starts` says that its method or block is about to begin. */
export function traceFrame(frame: Address, method: Address, starts: bool): void {
  if ((traced & TRACE_COLLECTIONS) != 0) traceCollections();
  if ((traced & TRACE_PROCESSES) != 0) traceProcess(frame, method);
  if ((traced & TRACE_SENDS) == 0 || !starts) return;
  logActivation(method, frameReceiver(frame), isBlockFrame(frame));
  logEnd(LOG_TRACE);
}

/** A primitive has been called for a method. */
export function tracePrimitive(method: Oop, receiver: Oop): void {
  logText("primitive of ");
  logActivation(method, receiver, false);
  if (failureCode == WAITING_FOR_HOST) logText(" waits");
  else if (failureCode != 0 && failureCode != FRAMES_CHANGED) {
    logText(" fails with code ");
    logNumber(failureCode);
  }
  logEnd(LOG_TRACE);
}

function traceCollections(): void {
  if (scavengeCount != scavenges) {
    scavenges = scavengeCount;
    logText("scavenge ");
    logNumber(scavengeCount);
    logText(": ");
    logNumber(lastSurvivorBytes);
    logText(" bytes survive in new space, ");
    logNumber(lastScavengeMicroseconds);
    logText(" microseconds");
    logEnd(LOG_TRACE);
  }
  if (fullCollectionCount == fullCollections) return;
  fullCollections = fullCollectionCount;
  logText("full collection ");
  logNumber(fullCollectionCount);
  logText(": old space from ");
  logNumber(usedBeforeFullCollection);
  logText(" to ");
  logNumber(usedAfterFullCollection);
  logText(" bytes, ");
  logNumber(lastFullCollectionMicroseconds);
  logText(" microseconds");
  logEnd(LOG_TRACE);
}

/** A process that a collection has moved looks like another one, with the same priority: that says nothing new. */
function traceProcess(frame: Address, method: Address): void {
  const process = activeProcess();
  if (process == lastProcess) return;
  const priority = smallIntegerValue(fetchPointer(PROCESS_PRIORITY, process));
  lastProcess = process;
  if (priority == lastPriority) return;
  lastPriority = priority;
  logText("process of priority ");
  logNumber(priority);
  logText(" in ");
  logActivation(method, frameReceiver(frame), isBlockFrame(frame));
  logEnd(LOG_TRACE);
}
