// Primitives 77, 78, 132, 138, 139, 177 and 178: walking the heap from object to object. Their work is the memory's own,
// which is why they import it. Source: VMMaker, InterpreterPrimitives.

import {
  allInstancesOf,
  allObjects,
  firstObject,
  nextInstance,
  nextObject,
  someInstance,
} from "../vm/memory/enumeration";
import { liveSlotCountOf } from "../vm/memory/walk";
import {
  Address,
  answer,
  answerBoolean,
  answerInteger,
  answerNew,
  CLASS_INDEX_CONTEXT,
  ERROR_BAD_RECEIVER,
  ERROR_INAPPROPRIATE,
  fail,
  fetchFollowed,
  isBehavior,
  isClassIndex,
  isObject,
  Oop,
} from "../vm/plugin";
import { fromTop, takesAtLeast } from "./operands";

/** 77: the first instance of a class; fails where there is none. */
export function primitiveSomeInstance(): void {
  const classObject = fromTop(0);
  if (!isObject(classObject)) return fail();
  answerFound(someInstance(classObject));
}

/** 78: the next instance of the receiver's class; fails at the end. */
export function primitiveNextInstance(): void {
  const object = fromTop(0);
  if (!isObject(object)) return fail();
  answerFound(nextInstance(object));
}

/** 132: whether an object refers to another. */
export function primitiveObjectPointsTo(): void {
  if (!takesAtLeast(1)) return;
  const object = fromTop(1);
  const target = fromTop(0);
  if (!isObject(object)) return answerBoolean(false);
  if (isClassIndex(object, CLASS_INDEX_CONTEXT)) return fail(ERROR_INAPPROPRIATE);
  const slots = liveSlotCountOf(<Address>object);
  for (let i: u32 = 0; i < slots; i++) if (fetchFollowed(i, object) == target) return answerBoolean(true);
  answerBoolean(false);
}

/** 138: the first object in memory. */
export function primitiveSomeObject(): void {
  answerFound(firstObject());
}

/** 139: the object after the receiver, 0 at the end. */
export function primitiveNextObject(): void {
  const object = fromTop(0);
  if (!isObject(object)) return fail(ERROR_BAD_RECEIVER);
  const next = nextObject(object);
  if (next == 0) answerInteger(0);
  else answer(next);
}

/** 177: an Array of all instances of a class. */
export function primitiveAllInstances(): void {
  const classObject = fromTop(0);
  if (isBehavior(classObject)) answerNew(allInstancesOf(classObject));
  else fail(ERROR_BAD_RECEIVER);
}

/** 178: an Array of all objects. */
export function primitiveAllObjects(): void {
  answerNew(allObjects());
}

function answerFound(oop: Oop): void {
  if (oop == 0) fail();
  else answer(oop);
}
