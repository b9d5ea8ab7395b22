// What the code being written takes for granted: which method a class has for a selector, how a class's instances are laid
// out. It is kept with the code, and looked at again whenever a method or class may have changed (interpreter/optimisedCode.ts).

import { CLASS_FORMAT, CLASS_INDEX_CONTEXT } from "../layout";
import { DEPENDENCY_BYTES, MAX_DEPENDENCIES, SUPERCLASS_DEPENDENCY } from "../interpreter/optimisedCode";
import { methodInHierarchy } from "../interpreter/lookup";
import { isCompiledMethod, primitiveNumberOf } from "../interpreter/methods";
import { superclassOfMethodClass } from "../interpreter/superSends";
import { classAtIndex } from "../memory/classes";
import { nameInCode } from "../memory/codeObjects";
import { isYoung } from "../memory/map";
import { fetchPointer } from "../memory/object";
import { Address, Oop } from "../memory/oop";
import { rawHashOf } from "../memory/header";
import { nil } from "../memory/roots";

// A dependency: selector u32, 0 for the class's format | class index u32 | method or format u64.
const dependencies: Address = <Address>memory.data(4096, 8);
export let dependencyCount: u32 = 0;
/** Set where there are more than can be kept. */
export let areTooMany: bool = false;

/** What `findTarget` has found. */
export let isFound: bool = false;
export let foundMethod: Address = 0;
export let foundPrimitive: u32 = 0;

export function beginDependencies(): void {
  dependencyCount = 0;
  areTooMany = false;
  isFound = false;
}

export function forgetTarget(): void {
  isFound = false;
}

/** Has a method that was found be the target again; 0 for none. */
export function setTarget(method: Address, primitive: u32): void {
  isFound = method != 0;
  foundMethod = method;
  foundPrimitive = primitive;
}

/** Finds the method that a class has for a selector, if code can be made for it. */
export function findTarget(selector: Oop, classIndex: u32): void {
  isFound = false;
  const classObject = classAtIndex(classIndex);
  if (classObject == nil || classIndex == CLASS_INDEX_CONTEXT) return;
  const method = methodInHierarchy(selector, classObject);
  if (method == 0 || isYoung(method) || !isCompiledMethod(method)) return;
  if (!depend(<Address>selector, classIndex, method)) return;
  isFound = true;
  foundMethod = <Address>method;
  foundPrimitive = primitiveNumberOf(method);
}

/** As `findTarget`, from the class above that of a method. */
export function findSuperTarget(selector: Oop, sender: Address): void {
  isFound = false;
  const superclass = superclassOfMethodClass(sender);
  if (superclass == nil || isYoung(superclass)) return;
  const classIndex = rawHashOf(<Address>superclass);
  if (classIndex == 0 || classAtIndex(classIndex) != superclass) return;
  if (depend(SUPERCLASS_DEPENDENCY, sender, superclass)) findTarget(selector, classIndex);
}

/** The format word of a class, as an oop; code depends on it from now on. 0 where that cannot be. */
export function formatOfClass(classIndex: u32): Oop {
  const classObject = classAtIndex(classIndex);
  if (classObject == nil) return 0;
  const format = fetchPointer(CLASS_FORMAT, classObject);
  return depend(0, classIndex, format) ? format : 0;
}

function depend(selector: Address, classIndex: u32, value: u64): bool {
  for (let i: u32 = 0; i < dependencyCount; i++) {
    const at = dependencies + i * DEPENDENCY_BYTES;
    if (load<u32>(at) == selector && load<u32>(at, 4) == classIndex) return load<u64>(at, 8) == value;
  }
  if (dependencyCount == MAX_DEPENDENCIES) {
    areTooMany = true;
    return false;
  }
  const at = dependencies + dependencyCount++ * DEPENDENCY_BYTES;
  nameInCode(selector == SUPERCLASS_DEPENDENCY ? classIndex : selector);
  nameInCode(value);
  store<u32>(at, selector);
  store<u32>(at, classIndex, 4);
  store<u64>(at, value, 8);
  return true;
}

/** Copies them to where they are kept. */
export function keepDependencies(to: Address): void {
  memory.copy(to, dependencies, dependencyCount * DEPENDENCY_BYTES);
}
