// Every process with its stack as lines for the log, for programs without tools beside them (boot); vm/embed has a
// report of its own, which says more.

import {
  CLASS_SUPERCLASS,
  PROCESS_MY_LIST,
  PROCESS_PRIORITY,
  PROCESS_SUSPENDED_CONTEXT,
  SPECIAL_CLASS_PROCESS,
} from "../layout";
import { classOf } from "../memory/classes";
import { firstObject, nextObject } from "../memory/enumeration";
import { formatOf, slotCountOf } from "../memory/header";
import { fetchPointer } from "../memory/object";
import { Address, isSmallInteger, Oop, smallIntegerValue } from "../memory/oop";
import { nil, specialObject } from "../memory/roots";
import { isContext } from "./contexts";
import { LOG_ERROR, logEnd, logNumber, logText } from "./log";
import { activeProcess, readyList } from "./processes";
import { logClassName, reportStack, reportStackFrom } from "./stacktrace";

/** Deeper chains of superclasses are damaged ones. */
const MAX_SUPERCLASSES: u32 = 200;

/** Logs the running process with its stack, then every other that has not ended. */
export function reportProcesses(): void {
  const active = activeProcess();
  reportHead(active, true);
  reportStack();
  for (let object = firstObject(); object != 0; object = nextObject(object)) {
    if (object == active || !isProcess(object)) continue;
    const context = fetchPointer(PROCESS_SUSPENDED_CONTEXT, object);
    if (!isContext(context)) continue;
    reportHead(object, false);
    reportStackFrom(0, context);
  }
}

function reportHead(process: Oop, isRunning: bool): void {
  const priority = fetchPointer(PROCESS_PRIORITY, process);
  logText("process priority ");
  logNumber(isSmallInteger(priority) ? smallIntegerValue(priority) : 0);
  const list = fetchPointer(PROCESS_MY_LIST, process);
  if (isRunning) logText(", running");
  else if (list == nil) logText(", suspended");
  else if (isSmallInteger(priority) && list == readyList(<i32>smallIntegerValue(priority))) logText(", ready");
  else {
    logText(", waiting on a ");
    logClassName(classOf(list));
  }
  logEnd(LOG_ERROR);
}

/** An instance of Process or of a subclass, with a process's variables. */
function isProcess(object: Oop): bool {
  if (formatOf(<Address>object) > 5 || slotCountOf(<Address>object) <= PROCESS_MY_LIST) return false;
  const processClass = specialObject(SPECIAL_CLASS_PROCESS);
  let classObject = classOf(object);
  for (let depth: u32 = 0; depth < MAX_SUPERCLASSES && classObject != nil; depth++) {
    if (classObject == processClass) return true;
    if (slotCountOf(<Address>classObject) <= CLASS_SUPERCLASS) return false;
    classObject = fetchPointer(CLASS_SUPERCLASS, classObject);
  }
  return false;
}
