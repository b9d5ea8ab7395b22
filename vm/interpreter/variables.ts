// Variables behind one indirection: literal variables, fields of contexts, and references to forwarded objects.

import { ASSOCIATION_VALUE } from "../layout";
import { isForwardedOop } from "../memory/header";
import { fetchPointer } from "../memory/object";
import { Oop } from "../memory/oop";
import { contextSlot, isContext, resumeSingleActive, setContextSlot } from "./contexts";
import { followForwarded } from "../memory/walk";

/** An oop, or what it was forwarded to. */
// @ts-ignore: decorator
@inline
export function followed(oop: Oop): Oop {
  return isForwardedOop(oop) ? followForwarded(oop) : oop;
}

/** The value of a variable's association. */
// @ts-ignore: decorator
@inline
export function loadVariable(association: Oop): Oop {
  return fetchPointer(ASSOCIATION_VALUE, followed(association));
}

/** `==`, looking through forwarders. */
// @ts-ignore: decorator
@inline
export function areIdentical(a: Oop, b: Oop): bool {
  return a == b || ((isForwardedOop(a) || isForwardedOop(b)) && followForwarded(a) == followForwarded(b));
}

/** An instance variable of a receiver that may be a context. */
export function pushContextSlot(index: u32, receiver: Oop): Oop {
  return isContext(receiver) ? contextSlot(index, receiver) : fetchPointer(index, receiver);
}

/** Stores a field of a context; the registers are written back before and change. */
export function storeContextSlot(index: u32, context: Oop, value: Oop): void {
  setContextSlot(index, context, value);
  resumeSingleActive();
}
