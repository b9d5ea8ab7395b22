// What there is in a heap, counted in one walk for tools (`stvm inspect`): counting here takes a fifth of the time that
// JavaScript takes which has not run before. Nothing in a run of the image asks for it.

import {
  CLASS_INDEX_FORWARDED,
  CLASS_INDEX_FREE,
  CLASS_INDEX_SEGMENT_BRIDGE,
  PRIMITIVE_EXTERNAL_CALL,
  PRIMITIVE_NUMBERS,
} from "../layout";
import { classIndexOf, formatOf, isCompiledMethodFormat } from "../memory/header";
import { edenEnd, edenFree, edenStart, oldSpaceStart } from "../memory/map";
import { pastFree, pastStart } from "../memory/newspace";
import { oldSpaceEnd } from "../memory/oldspace";
import { Address } from "../memory/oop";
import { endOf, objectAt } from "../memory/walk";
import { headerBytecodeSet, methodHeader, primitiveNumberOf } from "./methods";

// Where the census being taken stands.
let classCount: u32 = 0;
let classes: Address = 0;
let numbers: Address = 0;
let listed: Address = 0;
let wantedClass: u32 = 0;

/**
 * Counts every object. Answers where the counts are, in the unused part of eden, good until the image runs again; 0
 * where that has no room. There: u32 methods of V3, u32 methods of Sista, u32 unused bytes of old space, u32 addresses
 * listed; for each class index below `classIndices` u32 instances, u32 unused, u64 bytes; for each primitive number u32 methods; last the
 * u32 addresses of what was to be listed: methods that call a primitive by name, and instances of the wanted class.
 */
export function takeCensus(classIndices: u32, wantedIndex: u32): Address {
  const census = (edenFree() + 15) & ~15;
  classCount = classIndices;
  classes = census + 16;
  numbers = classes + (classCount << 4);
  listed = numbers + (PRIMITIVE_NUMBERS << 2);
  wantedClass = wantedIndex;
  if (listed > edenEnd) return 0;
  memory.fill(census, 0, listed - census);
  if (!count(census, pastStart, pastFree)) return 0;
  if (!count(census, edenStart, edenFree())) return 0;
  return count(census, oldSpaceStart, oldSpaceEnd) ? census : 0;
}

/** Counts the objects between two addresses; false where the list is full. */
function count(census: Address, start: Address, end: Address): bool {
  for (let at = start; at < end;) {
    const object = objectAt(at);
    const next = endOf(object);
    const classIndex = classIndexOf(object);
    const bytes = next - at;
    at = next;
    if (classIndex == CLASS_INDEX_FREE) increase(census + 8, bytes);
    else if (isCounted(classIndex)) {
      const line = classes + (classIndex << 4);
      increase(line, 1);
      store<u64>(line, load<u64>(line, 8) + bytes, 8);
      const isListed =
        classIndex == wantedClass || (isCompiledMethodFormat(formatOf(object)) && countMethod(census, object));
      if (isListed && !list(census, object)) return false;
    }
  }
  return true;
}

function isCounted(classIndex: u32): bool {
  return classIndex < classCount && classIndex != CLASS_INDEX_SEGMENT_BRIDGE && classIndex != CLASS_INDEX_FORWARDED;
}

/** Answers whether the method calls a primitive by name. */
function countMethod(census: Address, method: Address): bool {
  increase(headerBytecodeSet(methodHeader(method)) == 0 ? census : census + 4, 1);
  const number = primitiveNumberOf(method);
  increase(numbers + (number << 2), 1);
  return number == PRIMITIVE_EXTERNAL_CALL;
}

function list(census: Address, object: Address): bool {
  if (listed + 4 > edenEnd) return false;
  store<u32>(listed, object);
  listed += 4;
  increase(census + 12, 1);
  return true;
}

function increase(counter: Address, by: u32): void {
  store<u32>(counter, load<u32>(counter) + by);
}
