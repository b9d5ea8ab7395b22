// The Smalltalk stack of the active process as lines for the log: what a fatal error shows.

import {
  CLASS_NAME,
  CONTEXT_METHOD,
  CONTEXT_RECEIVER,
  METACLASS_THIS_CLASS,
  SPECIAL_UNKNOWN_BYTECODE,
} from "../layout";
import { frameMethod, frameReceiver, callerFp, isBaseFrame, isBlockFrame, senderContextOfBase } from "../memory/frames";
import { classOf } from "../memory/classes";
import { formatOf, isBytesFormat, slotCountOf } from "../memory/header";
import { fetchPointer, literalCountOf, literalOf } from "../memory/object";
import { Address, isObject, Oop } from "../memory/oop";
import { nil, specialObject, specialObjects } from "../memory/roots";
import { frameOf, isContext, senderOf, contextSlot } from "./contexts";
import { LOG_ERROR, logBytes, logEnd, logNumber, logText } from "./log";
import { fp } from "./registers";
import { OUTCOME_FATAL, stop } from "./stop";

const MAX_LINES: u32 = 200;

/** A doesNotUnderstand: that is itself not understood: say so, with the stack, and end the run. */
export function reportRecursiveDoesNotUnderstand(classObject: Oop): void {
  logText("recursive doesNotUnderstand: in ");
  logClassName(classObject);
  logText(": no class in its hierarchy has doesNotUnderstand:");
  logEnd(LOG_ERROR);
  reportStack();
  stop(OUTCOME_FATAL);
}

/** How many frames of doesNotUnderstand: one above the other can only be one that causes itself. */
const MOST_NESTED: u32 = 100;

/**
 * Whether a doesNotUnderstand: method about to start is called by itself, that by itself, and so on: it would go on until
 * memory is full. Looks at the active page only. If so, that is reported with the stack, and the run ends.
 */
export function reportEndlessDoesNotUnderstand(method: Oop, classObject: Oop): bool {
  let frame = fp;
  for (let nested: u32 = 0; nested < MOST_NESTED; nested++) {
    if (frameMethod(frame) != method || isBaseFrame(frame)) return false;
    frame = callerFp(frame);
  }
  logText("recursive doesNotUnderstand: in ");
  logClassName(classObject);
  logText(": the method sends what is not understood either");
  logEnd(LOG_ERROR);
  reportStack();
  stop(OUTCOME_FATAL);
  return true;
}

/**
 * A bytecode that no method should hold (undefined, or one of Sista's inlined primitives): says so in the log. Answers
 * the selector that the image wants sent to the context, or 0 (the run ends) where it has none.
 */
export function reportUnknownBytecode(byte: u32, method: Oop): Oop {
  logText("unknown bytecode ");
  logNumber(byte);
  logText(" in a method of ");
  logClassName(implementorOf(method));
  logText(": this bytecode is undefined, or for the Sista optimiser only");
  logEnd(LOG_ERROR);
  const table = specialObjects;
  const selector =
    slotCountOf(<Address>table) > SPECIAL_UNKNOWN_BYTECODE ? specialObject(SPECIAL_UNKNOWN_BYTECODE) : nil;
  if (selector != nil) return selector;
  reportStack();
  stop(OUTCOME_FATAL);
  return 0;
}

/** Logs the active process's frames, innermost first. */
export function reportStack(): void {
  reportStackFrom(fp, nil);
}

/** Logs the activations from a frame on, or (frame 0) from a context on. */
export function reportStackFrom(innermost: Address, suspended: Oop): void {
  let frame = innermost;
  let context = suspended;
  if (frame == 0 && isContext(context)) frame = frameOf(context);
  for (let lines: u32 = 0; lines < MAX_LINES; lines++) {
    if (frame != 0) {
      logText("  ");
      logActivation(frameMethod(frame), frameReceiver(frame), isBlockFrame(frame));
      logEnd(LOG_ERROR);
      if (!isBaseFrame(frame)) {
        frame = callerFp(frame);
        continue;
      }
      context = senderContextOfBase(frame);
    } else {
      if (!isContext(context)) return;
      logText("  ");
      logActivation(
        fetchPointer(CONTEXT_METHOD, context),
        fetchPointer(CONTEXT_RECEIVER, context),
        contextSlot(4, context) != nil,
      );
      logEnd(LOG_ERROR);
      context = senderOf(context);
    }
    frame = isContext(context) ? frameOf(context) : 0;
  }
  logText("  ... and more");
  logEnd(LOG_ERROR);
}

/** Puts `Class(Implementor)>>selector` on the line that is being made, with "[] in " before it for a block. */
export function logActivation(method: Oop, receiver: Oop, isBlock: bool): void {
  if (isBlock) logText("[] in ");
  logClassName(classOf(receiver));
  const home = homeMethodOf(method);
  const implementor = implementorOf(home);
  if (implementor != nil && implementor != classOf(receiver)) {
    logText("(");
    logClassName(implementor);
    logText(")");
  }
  logText(">>");
  const selector = selectorOf(home);
  if (isBytesObject(selector)) logBytes(selector);
  else logText("?");
}

/** The method that a compiled block belongs to; a method itself. */
function homeMethodOf(method: Oop): Oop {
  for (let depth = 0; depth < 16; depth++) {
    const count = literalCountOf(method);
    if (count == 0) return method;
    const last = literalOf(count - 1, method);
    if (!isObject(last) || formatOf(<Address>last) < 24) return method;
    method = last;
  }
  return method;
}

/** The class whose dictionary holds a method: its last literal's value. */
export function implementorOf(method: Oop): Oop {
  const count = literalCountOf(method);
  if (count == 0) return nil;
  const last = literalOf(count - 1, method);
  if (!isObject(last) || formatOf(<Address>last) > 5 || slotCountOf(<Address>last) < 2) return nil;
  const value = fetchPointer(1, last);
  return isObject(value) ? value : nil;
}

/** A method's selector: its last but one literal, or that literal's selector where it is an AdditionalMethodState. */
export function selectorOf(method: Oop): Oop {
  const count = literalCountOf(method);
  if (count < 2) return nil;
  const literal = literalOf(count - 2, method);
  if (isBytesObject(literal)) return literal;
  if (!isObject(literal) || formatOf(<Address>literal) > 5 || slotCountOf(<Address>literal) < 2) return nil;
  return fetchPointer(1, literal);
}

/** Logs the name of a class, or of a metaclass with " class". */
export function logClassName(classObject: Oop): void {
  if (!isObject(classObject) || slotCountOf(<Address>classObject) <= METACLASS_THIS_CLASS) {
    logText("a class without name");
    return;
  }
  if (slotCountOf(<Address>classObject) > CLASS_NAME) {
    const name = fetchPointer(CLASS_NAME, classObject);
    if (isBytesObject(name)) {
      logBytes(name);
      return;
    }
  }
  const instance = fetchPointer(METACLASS_THIS_CLASS, classObject);
  if (
    isObject(instance) &&
    slotCountOf(<Address>instance) > CLASS_NAME &&
    isBytesObject(fetchPointer(CLASS_NAME, instance))
  ) {
    logBytes(fetchPointer(CLASS_NAME, instance));
    logText(" class");
    return;
  }
  logText("a class without name");
}

function isBytesObject(oop: Oop): bool {
  return isObject(oop) && isBytesFormat(formatOf(<Address>oop));
}
