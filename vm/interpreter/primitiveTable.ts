// Function-table indices of the primitives: by number, and by module and name. The generated registry fills it once.

import { Address } from "../memory/oop";

/** A number of our own, which no method can name: runs an object found in a method dictionary. */
export const PRIMITIVE_INVOKE_OBJECT: u32 = 661;
const numbered: Address = memory.data(662 * 4, 4);

// The quick primitives: self, true, false, nil, -1, 0, 1, 2, then the instance variables. They have no function.
export const FIRST_QUICK: u32 = 256;
export const FIRST_QUICK_VARIABLE: u32 = 264;
export const LAST_QUICK: u32 = 519;

// @ts-ignore: decorator
@inline
export function isQuick(number: u32): bool {
  return number - FIRST_QUICK <= LAST_QUICK - FIRST_QUICK;
}

// A named entry: module text, its length, name text, its length (UTF-16 of the compiler's literals), table index.
const NAMED_ENTRY_BYTES: u32 = 20;
const MAX_NAMED: u32 = 2048;
const named: Address = memory.data(2048 * 20, 4);
let namedCount: u32 = 0;

/** The function-table index of a numbered primitive; 0 for a number that nothing answers. */
export function numberedPrimitive(number: u32): u32 {
  return number <= PRIMITIVE_INVOKE_OBJECT ? load<u32>(numbered + (number << 2)) : 0;
}

export function setNumbered(number: u32, functionIndex: u32): void {
  store<u32>(numbered + (number << 2), functionIndex);
}

export function addNamed(module: string, name: string, functionIndex: u32): void {
  assert(namedCount < MAX_NAMED, "named primitives: table full; raise MAX_NAMED");
  const entry = named + namedCount++ * NAMED_ENTRY_BYTES;
  store<u32>(entry, <u32>changetype<usize>(module));
  store<u32>(entry, module.length, 4);
  store<u32>(entry, <u32>changetype<usize>(name), 8);
  store<u32>(entry, name.length, 12);
  store<u32>(entry, functionIndex, 16);
}

/** The function-table index of a named primitive, names as bytes in memory; 0 where there is none. */
export function namedPrimitive(module: Address, moduleBytes: u32, name: Address, nameBytes: u32): u32 {
  for (let i: u32 = 0; i < namedCount; i++) {
    const entry = named + i * NAMED_ENTRY_BYTES;
    if (!isText(load<u32>(entry), load<u32>(entry, 4), module, moduleBytes)) continue;
    if (isText(load<u32>(entry, 8), load<u32>(entry, 12), name, nameBytes)) return load<u32>(entry, 16);
  }
  return 0;
}

/** The function-table index of the named primitive at a place of its table; 0 past the last. */
export function namedPrimitiveAt(index: u32): u32 {
  return index < namedCount ? load<u32>(named + index * NAMED_ENTRY_BYTES, 16) : 0;
}

/** Takes a function out of both tables: what calls it fails as if it had never been here. For programs that leave it out (boot/link). */
export function forgetPrimitive(functionIndex: u32): void {
  for (let number: u32 = 0; number <= PRIMITIVE_INVOKE_OBJECT; number++) {
    if (numberedPrimitive(number) == functionIndex) setNumbered(number, 0);
  }
  for (let i: u32 = 0; i < namedCount; i++) {
    const entry = named + i * NAMED_ENTRY_BYTES;
    if (load<u32>(entry, 16) == functionIndex) store<u32>(entry, 0, 16);
  }
}

/** Whether any primitive of that module is here. */
export function hasModule(module: Address, moduleBytes: u32): bool {
  for (let i: u32 = 0; i < namedCount; i++) {
    const entry = named + i * NAMED_ENTRY_BYTES;
    if (isText(load<u32>(entry), load<u32>(entry, 4), module, moduleBytes)) return true;
  }
  return false;
}

/** Copies the name of the module whose first primitive is the `index`th new one; its length, or -1 past the end. */
export function copyModuleName(index: u32, target: Address): i32 {
  let previous: u32 = 0;
  let seen: u32 = 0;
  for (let i: u32 = 0; i < namedCount; i++) {
    const entry = named + i * NAMED_ENTRY_BYTES;
    const module = load<u32>(entry);
    if (load<u32>(entry, 4) == 0 || module == previous) continue;
    previous = module;
    if (seen++ != index) continue;
    const length = load<u32>(entry, 4);
    for (let j: u32 = 0; j < length; j++) store<u8>(target + j, <u8>load<u16>(module + (j << 1)));
    return length;
  }
  return -1;
}

function isText(text: Address, length: u32, bytes: Address, byteCount: u32): bool {
  if (length != byteCount) return false;
  for (let i: u32 = 0; i < length; i++) {
    if (load<u16>(text + (i << 1)) != load<u8>(bytes + i)) return false;
  }
  return true;
}
