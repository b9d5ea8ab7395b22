// The primitives that run so often that a call through the table would show: answered directly in their common cases.

import {
  CLASS_FORMAT,
  FORMAT_ARRAY,
  FORMAT_BYTES,
  FORMAT_COMPILED_METHOD,
  FORMAT_FIXED,
  FORMAT_FIXED_AND_INDEXABLE,
} from "../layout";
import { allocateSlots, fillSlots, instanceFormatOf, instanceSizeOf, newBytes } from "../memory/allocation";
import { classAtIndex } from "../memory/classes";
import { formatOf, isReadOnly, rawHashOf, slotCountOf } from "../memory/header";
import { nil } from "../memory/roots";
import { byteSizeOf, fetchByte, fetchPointer, storeByte, storePointer } from "../memory/object";
import {
  Address,
  character,
  isCharacter,
  isImmediate,
  isSmallInteger,
  Oop,
  smallInteger,
  smallIntegerValue,
  characterValue,
} from "../memory/oop";

/**
 * The answer of a primitive in its common case, or 0 where the whole primitive must decide. Receiver and arguments lie
 * at `sp`. Cases: at: and at:put: on Arrays and byte objects, size, String at: and at:put:, new objects of slots or bytes.
 */
export function inlinePrimitive(number: u32, sp: Address, count: u32): Oop {
  switch (number) {
    case 60:
      return count == 1 ? at(load<u64>(sp, 8), load<u64>(sp)) : 0;
    case 61:
      return count == 2 ? atPut(load<u64>(sp, 16), load<u64>(sp, 8), load<u64>(sp)) : 0;
    case 62:
      return count == 0 ? size(load<u64>(sp)) : 0;
    case 63:
      return count == 1 ? stringAt(load<u64>(sp, 8), load<u64>(sp)) : 0;
    case 64:
      return count == 2 ? stringAtPut(load<u64>(sp, 16), load<u64>(sp, 8), load<u64>(sp)) : 0;
    case 70:
      return count == 0 ? newInstance(load<u64>(sp)) : 0;
    case 71:
      return count == 1 ? newIndexable(load<u64>(sp, 8), load<u64>(sp)) : 0;
    default:
      return 0;
  }
}

function isBytes(format: u32): bool {
  return format >= FORMAT_BYTES && format < FORMAT_COMPILED_METHOD;
}

function at(receiver: Oop, index: Oop): Oop {
  if (isImmediate(receiver) || !isSmallInteger(index)) return 0;
  const format = formatOf(<Address>receiver);
  const position = <u64>smallIntegerValue(index) - 1;
  if (format == FORMAT_ARRAY) {
    return position < slotCountOf(<Address>receiver) ? fetchPointer(<u32>position, receiver) : 0;
  }
  if (!isBytes(format) || position >= byteSizeOf(receiver)) return 0;
  return smallInteger(fetchByte(<u32>position, receiver));
}

function atPut(receiver: Oop, index: Oop, value: Oop): Oop {
  if (isImmediate(receiver) || !isSmallInteger(index) || isReadOnly(<Address>receiver)) return 0;
  const format = formatOf(<Address>receiver);
  const position = <u64>smallIntegerValue(index) - 1;
  if (format == FORMAT_ARRAY) {
    if (position >= slotCountOf(<Address>receiver)) return 0;
    storePointer(<u32>position, receiver, value);
    return value;
  }
  if (!isBytes(format) || position >= byteSizeOf(receiver)) return 0;
  if (!isSmallInteger(value) || <u64>smallIntegerValue(value) > 255) return 0;
  storeByte(<u32>position, receiver, <u8>smallIntegerValue(value));
  return value;
}

function size(receiver: Oop): Oop {
  if (isImmediate(receiver)) return 0;
  const format = formatOf(<Address>receiver);
  if (format == FORMAT_ARRAY) return smallInteger(slotCountOf(<Address>receiver));
  return isBytes(format) ? smallInteger(byteSizeOf(receiver)) : 0;
}

function stringAt(receiver: Oop, index: Oop): Oop {
  if (isImmediate(receiver) || !isSmallInteger(index) || !isBytes(formatOf(<Address>receiver))) return 0;
  const position = <u64>smallIntegerValue(index) - 1;
  return position < byteSizeOf(receiver) ? character(fetchByte(<u32>position, receiver)) : 0;
}

function stringAtPut(receiver: Oop, index: Oop, value: Oop): Oop {
  if (isImmediate(receiver) || !isSmallInteger(index) || !isBytes(formatOf(<Address>receiver))) return 0;
  const position = <u64>smallIntegerValue(index) - 1;
  if (position >= byteSizeOf(receiver) || isReadOnly(<Address>receiver)) return 0;
  if (!isCharacter(value) || characterValue(value) > 255) return 0;
  storeByte(<u32>position, receiver, <u8>characterValue(value));
  return value;
}

/** The index of a class that is in the class table, or 0: nothing else is at the index that is its identity hash. */
function indexOfClass(oop: Oop): u32 {
  if (isImmediate(oop)) return 0;
  const index = rawHashOf(<Address>oop);
  if (index == 0 || classAtIndex(index) != oop) return 0;
  return isSmallInteger(fetchPointer(CLASS_FORMAT, oop)) ? index : 0;
}

function newInstance(classObject: Oop): Oop {
  const index = indexOfClass(classObject);
  if (index == 0) return 0;
  const format = instanceFormatOf(classObject);
  if (format > FORMAT_FIXED) return 0;
  const slots = instanceSizeOf(classObject);
  const object = allocateSlots(slots, format, index);
  if (object != 0) fillSlots(object, slots, nil);
  return object;
}

/** Sizes below this are made here. */
const SMALL_SIZE: u64 = 1 << 16;

function newIndexable(classObject: Oop, size: Oop): Oop {
  const index = indexOfClass(classObject);
  const count = <u64>smallIntegerValue(size);
  if (index == 0 || !isSmallInteger(size) || count >= SMALL_SIZE) return 0;
  const format = instanceFormatOf(classObject);
  if (format == FORMAT_BYTES) return newBytes(<u32>count, index);
  if (format != FORMAT_ARRAY && format != FORMAT_FIXED_AND_INDEXABLE) return 0;
  const slots = instanceSizeOf(classObject) + <u32>count;
  const object = allocateSlots(slots, format, index);
  if (object != 0) fillSlots(object, slots, nil);
  return object;
}
