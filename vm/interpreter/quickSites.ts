// Methods that only answer an instance variable, a constant or the receiver, at a call site of compiled code: a site
// without arguments remembers a word and answers it without a call, any other a function that answers at once.

import { HEADER_BYTES } from "../layout";
import { Address, Oop, smallInteger } from "../memory/oop";
import { falseObject, nil, trueObject } from "../memory/roots";
import { FIRST_QUICK, FIRST_QUICK_VARIABLE, isQuick } from "./primitiveTable";

// In SITE_CODE, a negative number stands for an answer without code: bit 0 says that it is in the receiver, the bits above
// are its offset there, or where the constant is.
export const QUICK_OFFSET_SHIFT: u32 = 1;
export const QUICK_OFFSET_MASK: u32 = 0x3fffffff;
const QUICK_FLAG: u32 = 0x80000000;
const QUICK_IN_RECEIVER: u32 = 1;

/** The constants of the quick methods 257 to 263, in their order. */
const CONSTANTS: Address = <Address>memory.data(56, 8);

/** Functions of this module's table that a site may hold in the place of code; 0 past the last. */
export function functionBesideCode(index: u32): u32 {
  switch (index) {
    case 0:
      return quickSelf.index;
    case 1:
      return quickTrue.index;
    case 2:
      return quickFalse.index;
    case 3:
      return quickNil.index;
    default:
      return 0;
  }
}

/** What SITE_CODE is for a method with that primitive; 0 where it is none of these. */
export function quickCode(primitive: u32, argumentCount: u32): u32 {
  if (!isQuick(primitive)) return 0;
  if (primitive == FIRST_QUICK) return quickSelf.index;
  if (argumentCount == 0) {
    if (primitive < FIRST_QUICK_VARIABLE) return QUICK_FLAG | (constantPlace(primitive) << QUICK_OFFSET_SHIFT);
    const offset = HEADER_BYTES + ((primitive - FIRST_QUICK_VARIABLE) << 3);
    return QUICK_FLAG | (offset << QUICK_OFFSET_SHIFT) | QUICK_IN_RECEIVER;
  }
  if (primitive == 257) return quickTrue.index;
  if (primitive == 258) return quickFalse.index;
  return primitive == 259 ? quickNil.index : 0;
}

/** The answer that a negative code stands for. */
export function quickAnswer(code: u32, receiver: Oop): Oop {
  const offset = (code >> QUICK_OFFSET_SHIFT) & QUICK_OFFSET_MASK;
  return load<u64>((code & QUICK_IN_RECEIVER) != 0 ? <Address>receiver + offset : offset);
}

/** Where the constant of a quick method lies. */
function constantPlace(primitive: u32): Address {
  store<u64>(CONSTANTS, trueObject);
  store<u64>(CONSTANTS, falseObject, 8);
  store<u64>(CONSTANTS, nil, 16);
  for (let i: u32 = 3; i < 7; i++) store<u64>(CONSTANTS + (i << 3), smallInteger(<i64>i - 4));
  return CONSTANTS + ((primitive - FIRST_QUICK - 1) << 3);
}

// These stand in the place of compiled code, with its parameters.

function quickSelf(frame: Address, entry: u32, receiver: Oop): u64 {
  return receiver;
}

function quickTrue(frame: Address, entry: u32, receiver: Oop): u64 {
  return trueObject;
}

function quickFalse(frame: Address, entry: u32, receiver: Oop): u64 {
  return falseObject;
}

function quickNil(frame: Address, entry: u32, receiver: Oop): u64 {
  return nil;
}
