// Where super sends start their lookup.

import { ASSOCIATION_VALUE, CLASS_SUPERCLASS } from "../layout";
import { isForwardedOop } from "../memory/header";
import { fetchPointer, literalCountOf, literalOf } from "../memory/object";
import { Oop } from "../memory/oop";
import { isCompiledMethod } from "./methods";
import { followForwarded } from "../memory/walk";

export function superclassOf(classObject: Oop): Oop {
  return followForwarded(fetchPointer(CLASS_SUPERCLASS, followForwarded(classObject)));
}

/**
 * The superclass of the class that a method was compiled for: the value of its last literal. A compiled block's last
 * literal is the block or method around it.
 */
export function superclassOfMethodClass(method: Oop): Oop {
  let last = literalOf(literalCountOf(method) - 1, method);
  while (isForwardedOop(last) || isCompiledMethod(last)) {
    last = isForwardedOop(last) ? followForwarded(last) : literalOf(literalCountOf(last) - 1, last);
  }
  return superclassOf(fetchPointer(ASSOCIATION_VALUE, last));
}
