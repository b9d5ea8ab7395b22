// Primitive 254: the VM's parameters by number, as StackInterpreterPrimitives>>primitiveGetVMParameter: lists them. What
// has no meaning here reads as 0, and as nil where the reference answers nil.

import {
  imageEdenBytes,
  imageExternalSemaphores,
  imageExtraMemoryBytes,
  imageFlags,
  imageStackPages,
  imageUsesBothBytecodeSets,
  imageVersion,
  setImageEdenBytes,
  setImageExternalSemaphores,
  setImageExtraMemoryBytes,
  setImageFlags,
  setImageStackPages,
} from "../image/header";
import {
  CLASS_INDEX_ARRAY,
  ERROR_BAD_ARGUMENT,
  ERROR_BAD_ARGUMENT_COUNT,
  ERROR_BAD_INDEX,
  ERROR_INAPPROPRIATE,
  ERROR_NO_MEMORY,
  FORMAT_ARRAY,
  IMAGE_FORMAT_SPUR_64,
  IMAGE_FORMAT_SPUR_64_MULTIPLE,
  PAGE_BYTES,
  STACK_PAGE_BYTES,
  STACK_PAGE_COUNT,
} from "../layout";
import { allocateSlots, fillSlots, newFloat } from "../memory/allocation";
import { edenEnd, edenFree, edenStart, oldSpaceStart, survivorBytes } from "../memory/map";
import { storePointer } from "../memory/object";
import { freeListBytes } from "../memory/freelists";
import { maxOldSpaceBytes, oldSpaceEnd, setMaxOldSpaceBytes } from "../memory/oldspace";
import { isSmallInteger, Oop, smallIntegerValue } from "../memory/oop";
import { rememberedCount } from "../memory/remembered";
import { falseObject, nil } from "../memory/roots";
import {
  compactionMicroseconds,
  fullCollectionCount,
  fullCollectionMicroseconds,
  lastSurvivorBytes,
  scavengeCount,
  scavengeMicroseconds,
  tenureCount,
  tenuredBytesTotal,
} from "../memory/statistics";
import { hostUtcMicroseconds } from "../host";
import { answer, argument, argumentCount, fail, integerOop, isBoolean, isFloat } from "../plugin";
import { REMEMBERED_SET_BYTES } from "../tuning";

const PARAMETER_COUNT: u32 = 86;
const MICROSECONDS_1901_TO_1970: i64 = 2177452800000000;
/** The interface of plugins that the reference of this time has (VM_PROXY_MAJOR, VM_PROXY_MINOR). */
const PROXY_MAJOR: i64 = 1;
const PROXY_MINOR: i64 = 15;

/** Parameters that the image may set and that change nothing here, as it last set them: one i64 for each number. */
const settings = <usize>memory.data(87 * 8, 8);

/** UTC microseconds at the first slice; 0 before it, also in a program whose image was laid out when it was built. */
let startMicroseconds: i64 = 0;

/** Called before each slice. */
export function noteStart(): void {
  if (startMicroseconds == 0) startMicroseconds = hostUtcMicroseconds();
}

/** 254: all parameters as an Array, one by its number, or sets one and answers what it was. */
export function primitiveVMParameter(): void {
  if (argumentCount > 2) return fail(ERROR_BAD_ARGUMENT_COUNT);
  if (argumentCount == 0) return answerAll();
  if (!isSmallInteger(argument(0))) return fail(ERROR_BAD_ARGUMENT);
  const number = smallIntegerValue(argument(0));
  if (number < 1 || number > <i64>PARAMETER_COUNT) return fail(ERROR_BAD_INDEX);
  if (argumentCount == 2) return set(<u32>number, argument(1));
  const value = parameter(<u32>number);
  if (value == 0) fail(ERROR_NO_MEMORY);
  else answer(value);
}

function answerAll(): void {
  const all = allocateSlots(PARAMETER_COUNT, FORMAT_ARRAY, CLASS_INDEX_ARRAY);
  if (all == 0) return fail(ERROR_NO_MEMORY);
  fillSlots(all, PARAMETER_COUNT, nil);
  for (let number: u32 = 1; number <= PARAMETER_COUNT; number++) {
    const value = parameter(number);
    if (value == 0) return fail(ERROR_NO_MEMORY);
    storePointer(number - 1, all, value);
  }
  answer(all);
}

/** The parameter's oop; 0 without memory. */
function parameter(number: u32): Oop {
  if (number == 4 || number == 5 || number == 50 || number == 51) return nil;
  if (number == 55) return newFloat(1.0 / 3.0);
  if (number == 68) return newFloat(0);
  if (number == 86) return falseObject;
  if (number <= 38) return integerOop(memoryParameter(number));
  return integerOop(systemParameter(number));
}

function memoryParameter(number: u32): i64 {
  switch (number) {
    case 1:
      return oldSpaceEnd - oldSpaceStart;
    case 2:
      return edenEnd - edenStart + 2 * survivorBytes;
    case 3:
      return <i64>memory.size() * PAGE_BYTES;
    case 7:
      return fullCollectionCount;
    case 8:
      return milliseconds(fullCollectionMicroseconds);
    case 9:
      return scavengeCount;
    case 10:
      return milliseconds(scavengeMicroseconds);
    case 11:
      return tenureCount + setting(11);
    case 18:
      return milliseconds(compactionMicroseconds);
    case 19:
      return edenEnd - edenStart;
    case 20:
      return startMicroseconds + MICROSECONDS_1901_TO_1970;
    case 21:
      return rememberedCount;
    case 23:
      return imageExtraMemoryBytes;
    case 26:
      return setting(26) == 0 ? 1 : setting(26);
    case 34:
      return tenuredBytesTotal + edenFree() - edenStart + setting(34);
    case 35:
      return lastSurvivorBytes;
    default:
      return setting(number);
  }
}

function systemParameter(number: u32): i64 {
  switch (number) {
    case 40:
      return 8;
    case 41:
      return imageUsesBothBytecodeSets ? IMAGE_FORMAT_SPUR_64_MULTIPLE : IMAGE_FORMAT_SPUR_64;
    case 42:
      return STACK_PAGE_COUNT;
    case 43:
      return imageStackPages;
    case 44:
      return edenEnd - edenStart;
    case 45:
      return imageEdenBytes;
    case 48:
      return imageFlags;
    case 49:
      return imageExternalSemaphores;
    case 52:
      return REMEMBERED_SET_BYTES >> 2;
    case 53:
      return 1;
    case 54:
      return freeListBytes;
    case 66:
      return STACK_PAGE_BYTES;
    case 67:
      return maxOldSpaceBytes;
    case 70:
      return PROXY_MAJOR;
    case 71:
      return PROXY_MINOR;
    case 79:
      return imageVersion;
    case 80:
      return rememberedCount;
    case 81:
      return REMEMBERED_SET_BYTES >> 2;
    default:
      return setting(number);
  }
}

/** Sets a parameter and answers its former value; fails with "inappropriate" for one that can only be read. */
function set(number: u32, value: Oop): void {
  const isSmall = isSmallInteger(value);
  const takesFloat = number == 17 || number == 55 || number == 68;
  if (number == 86 ? !isBoolean(value) : !isSmall && !(takesFloat && isFloat(value))) return fail(ERROR_BAD_ARGUMENT);
  const before = parameter(number);
  if (before == 0) return fail(ERROR_NO_MEMORY);
  if (!isSmall || number == 55 || number == 68) {
    if (number == 17) fail(ERROR_INAPPROPRIATE);
    else answer(before);
    return;
  }
  if (take(number, smallIntegerValue(value))) answer(before);
  else fail(ERROR_INAPPROPRIATE);
}

/** Takes a new value; false where it is out of range or the parameter can only be read. */
function take(number: u32, value: i64): bool {
  if (value < 0 && number != 23) return false;
  const isShort = value <= <i64>u16.MAX_VALUE;
  switch (number) {
    case 11: {
      setSetting(11, value - tenureCount);
      return true;
    }
    case 23: {
      setImageExtraMemoryBytes(<u32>value);
      return true;
    }
    case 34: {
      setSetting(34, value - tenuredBytesTotal - (edenFree() - edenStart));
      return true;
    }
    case 43: {
      if (isShort) setImageStackPages(<u32>value);
      return isShort;
    }
    case 45: {
      setImageEdenBytes(<u32>min<i64>(value, oldSpaceStart));
      return true;
    }
    case 48: {
      setImageFlags(<u32>value);
      return true;
    }
    case 49: {
      if (isShort) setImageExternalSemaphores(<u32>value);
      return isShort;
    }
    case 67: {
      setMaxOldSpaceBytes(<u32>min<i64>(value, u32.MAX_VALUE));
      return true;
    }
    case 24:
    case 25: {
      if (value > 0) setSetting(number, value);
      return value > 0;
    }
    case 6:
    case 26:
    case 47:
    case 69:
    case 74: {
      setSetting(number, value);
      return true;
    }
    default:
      return false;
  }
}

function setting(number: u32): i64 {
  return load<i64>(settings + (number << 3));
}

function setSetting(number: u32, value: i64): void {
  store<i64>(settings + (number << 3), value);
}

function milliseconds(microseconds: i64): i64 {
  return (microseconds + 500) / 1000;
}
