// The primitives that run so often that a call through the table would show: answered directly in their common cases.

import { FORMAT_ARRAY, FORMAT_BYTES, FORMAT_COMPILED_METHOD } from "../layout";
import { formatOf, isReadOnly, slotCountOf } from "../memory/header";
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
 * at `sp`. Cases: at: and at:put: on Arrays and byte objects, size, String at: and at:put:.
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
