// Checks the whole heap: headers, sizes and class indices, that every reference leads to an object's start, that old
// objects with young references are remembered, the free lists and the stack pages. The debug build does so after
// every collection. A bit for every word, kept beyond the end of old space, says where objects start.

import { hostLog } from "../host";
import {
  CLASS_INDEX_FORWARDED,
  FORMAT_BYTES,
  FORMAT_EPHEMERON,
  FORMAT_FORWARDED,
  FORMAT_SHORTS,
  FORMAT_WORDS32,
  FORMAT_WORDS64,
  LAST_CLASS_INDEX_PUN,
  STACK_PAGE_COUNT,
} from "../layout";
import { classAtIndex, classTableLimit } from "./classes";
import { countFreeChunks, freeListBytes } from "./freelists";
import { headFp, headIp, headSp, isFreePage, pageAtIndex, pageOf, pageTop } from "./frames";
import {
  classIndexOf,
  formatOf,
  isForwarded,
  isGrey,
  isMarked,
  isPinned,
  isRemembered,
  rawHashOf,
  slotCountOf,
} from "./header";
import { edenFree, edenStart, growMemoryTo, isYoung, isYoungObject, oldSpaceStart, survivorAStart } from "./map";
import { mapMourners } from "./mourners";
import { pastFree, pastStart } from "./newspace";
import { fetchPointer } from "./object";
import { oldSpaceEnd } from "./oldspace";
import { Address, isImmediate, Oop } from "./oop";
import { rememberedAt, rememberedCount, rememberedOverflow } from "./remembered";
import { falseObject, hiddenRoots, nil, rootWordsEnd, rootWordsStart, specialObjects, trueObject } from "./roots";
import { mapStackPages } from "./stack";
import { endOf, isFreeChunk, liveSlotCountOf, objectAt } from "./walk";

let bitmap: Address = 0;
let faults: u32 = 0;
/** Faults that are logged in full; later ones only count. */
const LOGGED_FAULTS: u32 = 20;
/** What the reference being checked belongs to. */
let holder: Address = 0;
let freeBytesSeen: u32 = 0;
let freeChunksSeen: i32 = 0;
let rememberedSeen: u32 = 0;

/** In the debug build: checks the heap and stops with a message where something is wrong. */
export function checkHeap(): void {
  if (ASC_NO_ASSERT) return;
  assert(verifyHeap() == 0, "heap verifier: faults found; see the log");
}

/** Answers how many faults there are, after logging them; 0 for a sound heap. */
export function verifyHeap(): u32 {
  faults = 0;
  freeBytesSeen = 0;
  freeChunksSeen = 0;
  rememberedSeen = 0;
  bitmap = (oldSpaceEnd + 7) & ~7;
  const bitmapBytes = ((oldSpaceEnd - survivorAStart) >> 6) + 8;
  if (!growMemoryTo(<u64>bitmap + bitmapBytes)) return 0;
  memory.fill(bitmap, 0, bitmapBytes);
  if (!noteStarts(pastStart, pastFree, "survivors")) return faults;
  if (!noteStarts(edenStart, edenFree(), "eden")) return faults;
  if (!noteStarts(oldSpaceStart, oldSpaceEnd, "old space")) return faults;
  checkFirstObjects();
  checkRange(pastStart, pastFree);
  checkRange(edenStart, edenFree());
  checkRange(oldSpaceStart, oldSpaceEnd);
  checkRoots();
  checkClassTable();
  checkRememberedSet();
  if (freeBytesSeen != freeListBytes) fault("free bytes differ from the lists'", freeBytesSeen, freeListBytes);
  if (countFreeChunks() != freeChunksSeen)
    fault("free lists are not all free chunks", countFreeChunks(), freeChunksSeen);
  return faults;
}

/** Sets the bits of a space's objects; false where it cannot be walked. */
function noteStarts(start: Address, end: Address, space: string): bool {
  while (start < end) {
    const object = objectAt(start);
    const next = endOf(object);
    if (next <= start || next > end) {
      fault("an object ends beyond its space", object, next);
      faultText(space);
      return false;
    }
    if (!isFreeChunk(object)) {
      const bit = (object - survivorAStart) >> 3;
      const cell = bitmap + (bit >> 3);
      const flag: u32 = 1 << (bit & 7);
      store<u8>(cell, <u8>(load<u8>(cell) | flag));
    } else if (start >= oldSpaceStart) {
      freeBytesSeen += next - start;
      freeChunksSeen++;
    }
    start = next;
  }
  return true;
}

function isObjectStart(oop: Oop): bool {
  if (oop >> 32 != 0 || <u32>oop < survivorAStart || <u32>oop >= oldSpaceEnd) return false;
  const bit = (<u32>oop - survivorAStart) >> 3;
  return ((load<u8>(bitmap + (bit >> 3)) >> (<u8>(bit & 7))) & 1) != 0;
}

function checkFirstObjects(): void {
  let object = objectAt(oldSpaceStart);
  if (object != <Address>nil) fault("nil is not the first object", object, <u32>nil);
  object = objectAt(endOf(object));
  if (object != <Address>falseObject) fault("false is not the second object", object, <u32>falseObject);
  object = objectAt(endOf(object));
  if (object != <Address>trueObject) fault("true is not the third object", object, <u32>trueObject);
  object = objectAt(endOf(objectAt(endOf(object))));
  if (object != <Address>hiddenRoots) fault("the hidden roots are not the fifth object", object, <u32>hiddenRoots);
}

function checkRange(start: Address, end: Address): void {
  while (start < end) {
    const object = objectAt(start);
    if (!isFreeChunk(object)) checkObject(object);
    start = endOf(object);
  }
}

function checkObject(object: Address): void {
  const format = formatOf(object);
  const classIndex = classIndexOf(object);
  if (isMarked(object) || isGrey(object)) fault("mark or grey bit outside a collection", object, format);
  if (!isKnownFormat(format)) fault("unknown format", object, format);
  if ((format == FORMAT_FORWARDED) != (classIndex == CLASS_INDEX_FORWARDED)) fault("half a forwarder", object, format);
  if (classIndex > LAST_CLASS_INDEX_PUN && classAtIndex(classIndex) == nil) {
    fault("class index without a class", object, classIndex);
  }
  if (isYoungObject(object) && (isRemembered(object) || isPinned(object))) {
    fault("young object is remembered or pinned", object, format);
  }
  holder = object;
  let young = false;
  const count = liveSlotCountOf(object);
  if (count > slotCountOf(object)) {
    fault("more oops than slots", object, count);
    return;
  }
  for (let i: u32 = 0; i < count; i++) {
    const oop = fetchPointer(i, object);
    checkOop(oop);
    if (isYoung(oop)) young = true;
  }
  if (isYoungObject(object)) return;
  if (young && !isRemembered(object)) fault("old object with young references is not remembered", object, format);
  if (isRemembered(object)) rememberedSeen++;
}

function isKnownFormat(format: u32): bool {
  if (format >= FORMAT_BYTES) return true;
  if (format >= FORMAT_WORDS64) return format >= FORMAT_SHORTS || format <= FORMAT_WORDS32 + 1;
  return format <= FORMAT_EPHEMERON || format == FORMAT_FORWARDED;
}

/** Checks a reference; answers it, so that the stack walk can use it. */
function checkOop(oop: Oop): Oop {
  if (isImmediate(oop)) {
    const tag = (<u32>oop) & 7;
    if (tag != 1 && tag != 2 && tag != 4) fault("impossible tag", holder, <u32>oop);
  } else if (!isObjectStart(oop)) {
    fault("reference to no object", holder, <u32>oop);
  }
  return oop;
}

function checkRoots(): void {
  holder = 0;
  checkOop(specialObjects);
  for (let word = rootWordsStart(); word < rootWordsEnd(); word += 8) {
    if (load<u64>(word) != 0) checkOop(load<u64>(word));
  }
  mapMourners(checkOop);
  for (let i: u32 = 0; i < STACK_PAGE_COUNT; i++) {
    const page = pageAtIndex(i);
    if (!isFreePage(page)) checkPageHead(page);
  }
  mapStackPages(checkOop);
}

function checkPageHead(page: Address): void {
  if (pageOf(headFp(page)) != page) fault("frame pointer off its page", page, headFp(page));
  if (pageOf(headSp(page)) != page || headSp(page) > pageTop(page))
    fault("stack pointer off its page", page, headSp(page));
  const method = load<u32>(headFp(page) - 8);
  if (headIp(page) != 0 && (headIp(page) < method || headIp(page) > endOf(method))) {
    fault("instruction pointer outside its method", page, headIp(page));
  }
}

function checkClassTable(): void {
  const limit = classTableLimit();
  for (let index = <u32>LAST_CLASS_INDEX_PUN + 1; index < limit; index++) {
    const classObject = classAtIndex(index);
    if (classObject == nil) continue;
    if (isForwarded(<Address>classObject)) fault("forwarder in the class table", <Address>classObject, index);
    else if (rawHashOf(<Address>classObject) == 0) fault("class without index", <Address>classObject, index);
  }
}

function checkRememberedSet(): void {
  for (let i: u32 = 0; i < rememberedCount; i++) {
    const object = rememberedAt(i);
    if (!isObjectStart(object) || isYoungObject(object)) fault("remembered set: no old object", object, i);
    else if (!isRemembered(object)) fault("remembered set: object without the flag", object, i);
  }
  if (!rememberedOverflow && rememberedSeen != rememberedCount) {
    fault("remembered flags differ from the set", rememberedSeen, rememberedCount);
  }
}

// Messages: ASCII, put together in a fixed buffer.

const buffer: Address = memory.data(256);
let used: u32 = 0;

function fault(what: string, first: u32, second: u32): void {
  if (faults++ >= LOGGED_FAULTS) return;
  used = 0;
  appendText("heap: ");
  appendText(what);
  appendHex(first);
  appendHex(second);
  appendHex(holder);
  hostLog(1, buffer, used);
}

function faultText(text: string): void {
  used = 0;
  appendText("heap: in ");
  appendText(text);
  hostLog(1, buffer, used);
}

function appendText(text: string): void {
  const start = changetype<Address>(text);
  const end = start + load<u32>(start - 4);
  for (let at = start; at < end; at += 2) store<u8>(buffer + used++, load<u8>(at));
}

function appendHex(value: u32): void {
  appendText(" 0x");
  for (let shift = 28; shift >= 0; shift -= 4) {
    const digit = (value >> shift) & 15;
    store<u8>(buffer + used++, <u8>(digit < 10 ? 48 + digit : 87 + digit));
  }
}
