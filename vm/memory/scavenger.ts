// Collects new space by copying (Cheney): what is reachable goes to the empty survivor space, or to old space when
// the survivors fill theirs. Roots are the stack pages, the root words, the mourn queue and the remembered set.
// Source: SpurGenerationScavenger. Written for speed where every surviving slot passes: `scavengeSlots` and `copy`.
//
// A copied object leaves a corpse behind:
//   low half: forwarder's class index and format | high half: next promoted corpse
//   slot 0: new address u32 | next corpse on the weak or the ephemeron list u32

import { abort } from "../host";
import {
  CLASS_INDEX_CONTEXT,
  CLASS_INDEX_FORWARDED,
  CLASS_INDEX_MASK,
  FORMAT_COMPILED_METHOD,
  FORMAT_EPHEMERON,
  FORMAT_FIXED,
  FORMAT_FIXED_AND_INDEXABLE,
  FORMAT_FORWARDED,
  FORMAT_MASK,
  FORMAT_SHIFT,
  FORMAT_WEAK_ARRAY,
  HEADER_BYTES,
  OVERFLOW_SLOT_COUNT,
  SLOT_COUNT_SHIFT,
  WORD_SHIFT,
} from "../layout";
import { TENURING_PERCENT } from "../tuning";
import { resetEden } from "./allocation";
import {
  formatOf,
  headerHigh,
  headerLow,
  isForwarded,
  isGrey,
  isRemembered,
  setFormat,
  setGrey,
  setRemembered,
  slotCountOf,
} from "./header";
import { edenStart, isYoung, oldSpaceStart, survivorBytes } from "./map";
import { mapMourners, notePendingMourner, pushMourner, queuesWeakObjects } from "./mourners";
import { exchangeSurvivors, futureStart, pastStart } from "./newspace";
import { fetchPointer, literalCountOf, storePointerUnchecked } from "./object";
import { allocateForSurvivor, oldSpaceEnd } from "./oldspace";
import { Address, Oop } from "./oop";
import {
  clearRememberedOverflow,
  remember,
  rememberedAt,
  rememberedCount,
  rememberedOverflow,
  setRememberedAt,
  setRememberedCount,
} from "./remembered";
import { nil, rootWordsEnd, rootWordsStart, setSpecialObjects, specialObjects } from "./roots";
import { mapStackPages } from "./stack";
import { endOf, liveSlotCountOf, nilDeadContextSlots, objectAt, strongSlotCountOfWeak } from "./walk";

let future: Address = 0;
let futureFree: Address = 0;
let futureLimit: Address = 0;
/** Objects below this address are tenured: the older part of the survivors, or everything. */
let tenureBelow: Address = 0;
let tenureThreshold: Address = 0;
let firstPromoted: Address = 0;
let lastPromoted: Address = 0;
let weakCorpses: Address = 0;
let ephemeronCorpses: Address = 0;
/** Remembered ephemerons, flagged grey, whose keys have not survived yet. */
let greyEphemerons: u32 = 0;
/** The remembered set overflowed: what it lists is scanned as if strong, since not all of it can be found again. */
let conservative: bool = false;

/** Bytes of objects that this scavenge put into old space, and their count. */
export let tenuredBytes: u32 = 0;
export let tenuredObjects: u32 = 0;
/** Remembered objects at the start of the last scavenge. */
export let scavengedRoots: u32 = 0;

/** Collects new space; with `tenureAll` all that survives goes to old space (memory permitting). */
export function scavenge(tenureAll: bool): void {
  future = futureStart();
  futureFree = future;
  futureLimit = future + survivorBytes;
  tenureBelow = tenureAll || rememberedOverflow ? u32.MAX_VALUE : tenureThreshold;
  firstPromoted = 0;
  lastPromoted = 0;
  weakCorpses = 0;
  ephemeronCorpses = 0;
  greyEphemerons = 0;
  tenuredBytes = 0;
  tenuredObjects = 0;
  scavengedRoots = rememberedCount;

  conservative = rememberedOverflow;
  if (conservative) scavengeFlaggedObjects();
  else scavengeRememberedSet();
  scavengeRoots();
  processEphemerons();
  processWeakObjects();
  exchangeSurvivors(futureFree);
  decideTenuring();
  resetEden(edenStart);
}

/** When the survivors nearly fill their space, the older ones of them are tenured next time. */
function decideTenuring(): void {
  const full = <u32>((<u64>survivorBytes * TENURING_PERCENT) / 100);
  tenureThreshold = futureFree - future > full ? pastStart + full : 0;
}

// Roots.

function scavengeRoots(): void {
  if (isYoung(specialObjects)) setSpecialObjects(survivor(specialObjects));
  const end = rootWordsEnd();
  for (let word = rootWordsStart(); word < end; word += 8) {
    const oop = load<u64>(word);
    if (oop != 0) store<u64>(word, survivorOrSame(oop));
  }
  mapStackPages(survivorOrSame);
  mapMourners(survivorOrSame);
}

function survivorOrSame(oop: Oop): Oop {
  return isYoung(oop) ? survivor(oop) : oop;
}

function scavengeRememberedSet(): void {
  const count = rememberedCount;
  let kept: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const object = rememberedAt(i);
    if (scavengeRemembered(object)) setRememberedAt(kept++, object);
    else setRemembered(object, false);
  }
  setRememberedCount(kept);
}

/** The set has lost entries: finds all flagged objects by walking old space and builds the set anew. */
function scavengeFlaggedObjects(): void {
  setRememberedCount(0);
  clearRememberedOverflow();
  for (let start = oldSpaceStart; start < oldSpaceEnd;) {
    const object = objectAt(start);
    if (isRemembered(object)) {
      setRemembered(object, false);
      if (scavengeRemembered(object)) remember(object);
    }
    start = endOf(object);
  }
}

/** Answers whether the object must stay remembered. */
function scavengeRemembered(object: Address): bool {
  if (conservative) return scavengeSlots(object, liveSlotCountOf(object));
  const format = formatOf(object);
  if (format == FORMAT_EPHEMERON && !hasSurvived(fetchPointer(0, object))) {
    setGrey(object, true);
    greyEphemerons++;
    return true;
  }
  return scavengeObject(object) || format == FORMAT_WEAK_ARRAY;
}

// Reachable objects.

/** Scans what has been copied, to either space, until nothing new turns up. */
function scavengeCopied(from: Address): Address {
  let scan = from;
  while (true) {
    while (scan < futureFree) {
      const object = objectAt(scan);
      scavengeObject(object);
      scan = endOf(object);
    }
    if (firstPromoted == 0) return scan;
    const corpse = firstPromoted;
    firstPromoted = load<u32>(corpse, 4);
    if (firstPromoted == 0) lastPromoted = 0;
    const object = load<u32>(corpse, HEADER_BYTES);
    if (scavengeObject(object) && !isRemembered(object)) remember(object);
  }
}

/** Scavenges an object's strong slots; answers whether one refers to a young object now. */
function scavengeObject(object: Address): bool {
  const low = headerLow(object);
  const format = (low >> FORMAT_SHIFT) & FORMAT_MASK;
  if (format <= FORMAT_FIXED_AND_INDEXABLE) {
    if (format == FORMAT_FIXED_AND_INDEXABLE && (low & CLASS_INDEX_MASK) == CLASS_INDEX_CONTEXT) {
      nilDeadContextSlots(object);
    }
    return scavengeSlots(object, slotCountOf(object));
  }
  if (format == FORMAT_WEAK_ARRAY) return scavengeSlots(object, strongSlotCountOfWeak(object));
  if (format == FORMAT_EPHEMERON) {
    // One whose key has not survived is on the list, and scanned when its fate is known.
    return hasSurvived(fetchPointer(0, object)) ? scavengeSlots(object, slotCountOf(object)) : false;
  }
  if (format >= FORMAT_COMPILED_METHOD) return scavengeSlots(object, literalCountOf(object) + 1);
  return format == FORMAT_FORWARDED ? scavengeSlots(object, 1) : false;
}

function scavengeSlots(object: Address, count: u32): bool {
  const limit = oldSpaceStart;
  let youngFound = false;
  const end = object + HEADER_BYTES + (count << WORD_SHIFT);
  for (let slot = object + HEADER_BYTES; slot < end; slot += 8) {
    const oop = load<u64>(slot);
    if (((<u32>oop) & 7) != 0 || <u32>oop >= limit) continue;
    const moved = survivor(oop);
    store<u64>(slot, moved);
    if (isYoung(moved)) youngFound = true;
  }
  return youngFound;
}

/** Where a young object is after the scavenge: copies it if that has not happened; follows forwarders. */
function survivor(oop: Oop): Oop {
  let object = <Address>oop;
  if (object - future < survivorBytes) return object;
  while (isForwarded(object)) {
    const target = load<u64>(object + HEADER_BYTES);
    if (((<u32>target) & 7) != 0) return target;
    object = <Address>target;
    if (object - future < survivorBytes) return object;
  }
  return object >= oldSpaceStart ? object : copy(object);
}

function copy(object: Address): Oop {
  const low = headerLow(object);
  const count = headerHigh(object) >> SLOT_COUNT_SHIFT;
  let start = object;
  let bytes = HEADER_BYTES + (max<u32>(count, 1) << WORD_SHIFT);
  if (count == OVERFLOW_SLOT_COUNT) {
    start = object - HEADER_BYTES;
    bytes = 2 * HEADER_BYTES + (load<u32>(start) << WORD_SHIFT);
  }
  const place = object < tenureBelow ? placeInOldSpace(bytes) : placeInFuture(bytes);
  if (bytes < 256) {
    for (let i: u32 = 0; i < bytes; i += 8) store<u64>(place + i, load<u64>(start + i));
  } else {
    memory.copy(place, start, bytes);
  }
  const moved = place + (object - start);
  const format = (low >> FORMAT_SHIFT) & FORMAT_MASK;
  store<u64>(object, (FORMAT_FORWARDED << FORMAT_SHIFT) | CLASS_INDEX_FORWARDED);
  store<u64>(object, moved, HEADER_BYTES);
  if (moved >= oldSpaceStart) promote(object, bytes);
  if (format == FORMAT_WEAK_ARRAY) {
    store<u32>(object, weakCorpses, HEADER_BYTES + 4);
    weakCorpses = object;
  } else if (format == FORMAT_EPHEMERON && !hasSurvived(fetchPointer(0, moved))) {
    store<u32>(object, ephemeronCorpses, HEADER_BYTES + 4);
    ephemeronCorpses = object;
  }
  return moved;
}

function placeInFuture(bytes: u32): Address {
  const place = futureFree;
  if (place + bytes > futureLimit) return placeInOldSpace(bytes);
  futureFree = place + bytes;
  return place;
}

function placeInOldSpace(bytes: u32): Address {
  const place = allocateForSurvivor(bytes);
  if (place != 0) return place;
  if (futureFree + bytes > futureLimit) stop("memory is full: nowhere to keep the objects that survive");
  futureFree += bytes;
  return futureFree - bytes;
}

/** Ends the instance with a message. */
function stop(message: string): void {
  abort(changetype<Address>(message), 0, 0, 0);
}

/** Queues a corpse whose object, now old, is to be scanned. */
function promote(corpse: Address, bytes: u32): void {
  if (lastPromoted == 0) firstPromoted = corpse;
  else store<u32>(lastPromoted, corpse, 4);
  lastPromoted = corpse;
  tenuredBytes += bytes;
  tenuredObjects++;
}

/** Whether what an oop refers to is kept so far: immediate, old, or copied. */
function hasSurvived(oop: Oop): bool {
  while (isYoung(oop)) {
    const object = <Address>oop;
    if (object - future < survivorBytes) return true;
    if (!isForwarded(object)) return false;
    oop = load<u64>(object + HEADER_BYTES);
    if (((<u32>oop) & 7) == 0) oop = <u32>oop;
  }
  return true;
}

// Ephemerons: fired only when nothing else is left to scan and none of those found has a surviving key, since an
// ephemeron that stays inactive may keep another's key (SpurGenerationScavenger>>processEphemerons).

function processEphemerons(): void {
  let scan = scavengeCopied(future);
  while (ephemeronCorpses != 0 || greyEphemerons != 0) {
    if (!scavengeInactiveEphemerons()) fireEphemerons();
    scan = scavengeCopied(scan);
  }
}

/** Scans the ephemerons whose keys have survived meanwhile; answers whether there was one. */
function scavengeInactiveEphemerons(): bool {
  let found = false;
  let corpse = ephemeronCorpses;
  ephemeronCorpses = 0;
  while (corpse != 0) {
    const next = load<u32>(corpse, HEADER_BYTES + 4);
    const ephemeron = load<u32>(corpse, HEADER_BYTES);
    if (hasSurvived(fetchPointer(0, ephemeron))) {
      found = true;
      scavengeEphemeron(ephemeron);
    } else {
      store<u32>(corpse, ephemeronCorpses, HEADER_BYTES + 4);
      ephemeronCorpses = corpse;
    }
    corpse = next;
  }
  if (greyEphemerons == 0) return found;
  for (let i: u32 = 0; i < rememberedCount; i++) {
    const object = rememberedAt(i);
    if (!isGrey(object) || !hasSurvived(fetchPointer(0, object))) continue;
    found = true;
    setGrey(object, false);
    greyEphemerons--;
    scavengeEphemeron(object);
  }
  return found;
}

function fireEphemerons(): void {
  let corpse = ephemeronCorpses;
  ephemeronCorpses = 0;
  while (corpse != 0) {
    const ephemeron = load<u32>(corpse, HEADER_BYTES);
    corpse = load<u32>(corpse, HEADER_BYTES + 4);
    fireEphemeron(ephemeron);
  }
  if (greyEphemerons == 0) return;
  const count = rememberedCount;
  for (let i: u32 = 0; i < count; i++) {
    const object = rememberedAt(i);
    if (!isGrey(object)) continue;
    setGrey(object, false);
    fireEphemeron(object);
  }
  greyEphemerons = 0;
}

/** Queues an ephemeron whose key nobody else keeps; the key lives on. Without memory for the queue it stays unfired. */
function fireEphemeron(ephemeron: Address): void {
  if (!hasSurvived(fetchPointer(0, ephemeron)) && pushMourner(ephemeron)) {
    setFormat(ephemeron, FORMAT_FIXED);
    notePendingMourner();
  }
  scavengeEphemeron(ephemeron);
}

function scavengeEphemeron(ephemeron: Address): void {
  const young = scavengeSlots(ephemeron, slotCountOf(ephemeron));
  if (young && ephemeron >= oldSpaceStart && !isRemembered(ephemeron)) remember(ephemeron);
}

// Weak objects: their weak slots lose what did not survive.

function processWeakObjects(): void {
  let kept: u32 = 0;
  const count = rememberedCount;
  for (let i: u32 = 0; i < count; i++) {
    const object = rememberedAt(i);
    if (formatOf(object) != FORMAT_WEAK_ARRAY || scavengeWeakSlots(object)) setRememberedAt(kept++, object);
    else setRemembered(object, false);
  }
  setRememberedCount(kept);
  for (let corpse = weakCorpses; corpse != 0; corpse = load<u32>(corpse, HEADER_BYTES + 4)) {
    const object = load<u32>(corpse, HEADER_BYTES);
    if (scavengeWeakSlots(object) && object >= oldSpaceStart && !isRemembered(object)) remember(object);
  }
}

/** Answers whether any slot, weak or strong, refers to a young object (SpurGenerationScavenger>>processWeakSurvivor:). */
function scavengeWeakSlots(object: Address): bool {
  const count = slotCountOf(object);
  const strong = strongSlotCountOfWeak(object);
  let youngFound = false;
  let lost = false;
  for (let i: u32 = 0; i < count; i++) {
    let oop = fetchPointer(i, object);
    if (!isYoung(oop)) continue;
    if (i >= strong) {
      if (hasSurvived(oop)) {
        oop = survivor(oop);
      } else {
        oop = nil;
        lost = true;
      }
      storePointerUnchecked(i, object, oop);
    }
    if (isYoung(oop)) youngFound = true;
  }
  if (!lost) return youngFound;
  notePendingMourner();
  if (queuesWeakObjects) pushMourner(object);
  return youngFound;
}
