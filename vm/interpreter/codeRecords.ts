// What is known of compiled code, in one area that is dropped as a whole: a record for each compiled method or block,
// with a call site for each of its sends and a mark for each bytecode that has a slow path. Sites remember which classes
// they have seen and which methods these had: compiled code calls by that, and the second tier reads it.

import { Address, Oop } from "../memory/oop";
import { nameInCode } from "../memory/codeObjects";
import { isYoung } from "../memory/map";
import { followForwarded } from "../memory/walk";
import { COMPILED_AREA_BYTES } from "../tuning";
import { clearBlock, clearShapes } from "./shapes";

const AREA: Address = <Address>memory.data(COMPILED_AREA_BYTES, 16);
let areaEnd: Address = AREA;

/** Where the area is, of COMPILED_AREA_BYTES: where methods are never compiled, others may use it. */
export function compiledArea(): Address {
  return AREA;
}

/** Set where something found no room; cleared when everything is dropped. */
export let isAreaFull: bool = false;

// A call site: class index u32 | table index of the code, or an answer without code (quickSites.ts) i32, both of which
// compiled code looks at in line | address of the selector u32 (0: special) | special selector's number u32 | argument
// count u32 | where the send returns to u32 | what fast paths need u32: the address of the shapes that at:, at:put: and
// size know (shapes.ts), or the operands that an operator has met (callsFromCode.ts) | next site u32 | pairs u32 | count
// of pairs u8 | megamorphic u8 | whether its code is always a function's u8 | unused u8 | generation u32 | unused u32 | a first pair.
export const SITE_CLASS: u32 = 0;
export const SITE_CODE: u32 = 4;
export const SITE_SELECTOR: u32 = 8;
export const SITE_SPECIAL: u32 = 12;
export const SITE_ARGUMENT_COUNT: u32 = 16;
export const SITE_RETURN: u32 = 20;
export const SITE_EXTRA: u32 = 24;
/** Sites are chained, so that all can be cleared. */
const SITE_NEXT: u32 = 28;
const SITE_PAIRS: u32 = 32;
const SITE_PAIR_COUNT: u32 = 36;
const SITE_IS_MEGAMORPHIC: u32 = 37;
export const SITE_IS_PLAIN: u32 = 38;
const SITE_GENERATION: u32 = 40;
const SITE_FIRST_PAIR: u32 = 48;
const SITE_BYTES: u32 = 64;
let firstSite: Address = 0;

// A pair: class index u32 | method u32 | its primitive's number u32 | table index of its code u32, 0 where that is not known.
export const PAIR_CLASS: u32 = 0;
export const PAIR_METHOD: u32 = 4;
export const PAIR_PRIMITIVE: u32 = 8;
export const PAIR_CODE: u32 = 12;
const PAIR_BYTES: u32 = 16;
const MAX_PAIRS: u32 = 6;

/** Raised whenever the pairs' codes have become doubtful; a site that is behind asks the method cache again. */
let generation: u32 = 1;

// A record: method u32 | first bytecode u32 | table index u32 (0: cannot be compiled) | record of the second tier's code u32
// (0: none; optimisedCode.ts) | count of entries u32 | count of feedback u32 | samples u16 | times optimised u16 | unused
// u32 | the bytecodes at which the code may be entered, their places from one: address u32, temporaries and operands of the
// frame there u32 | feedback: address of a bytecode u32, its site or its mark u32, in order.
const RECORD_METHOD: u32 = 0;
const RECORD_START: u32 = 4;
export const RECORD_CODE: u32 = 8;
const RECORD_OPTIMISED: u32 = 12;
const RECORD_ENTRIES: u32 = 16;
const RECORD_FEEDBACK: u32 = 20;
const RECORD_SAMPLES: u32 = 24;
const RECORD_TIMES_OPTIMISED: u32 = 26;
const RECORD_HEADER_BYTES: u32 = 32;

/** Open addressing by method and start; 0 for a free place. */
const RECORD_PLACES: u32 = 16384;
const MAX_RECORDS: u32 = 12288;
const records: Address = <Address>memory.data(65536, 4);
let recordCount: u32 = 0;

/** Whether there is anything to drop. */
export function hasRecords(): bool {
  return areaEnd != AREA;
}

/** Nothing more fits: neither here nor, by its own word, at the host. */
export function noteFull(): void {
  isAreaFull = true;
}

/** For tools: whether an address is of a call site or record. */
export function isInCompiledArea(address: Address): bool {
  return address >= AREA && address < AREA + COMPILED_AREA_BYTES;
}

/** Forgets all records and sites. */
export function dropRecords(): void {
  memory.fill(records, 0, RECORD_PLACES << 2);
  areaEnd = AREA;
  isAreaFull = false;
  firstSite = 0;
  recordCount = 0;
  generation++;
}

// The area is filled by whoever translates: a record, then its sites; given back where nothing comes of it.

export function areaMark(): Address {
  return areaEnd;
}

/** Gives back what was allocated since a mark. */
export function discardSince(mark: Address): void {
  while (firstSite >= mark) firstSite = load<u32>(firstSite, SITE_NEXT);
  areaEnd = mark;
}

/** Zeroed memory that is dropped with all code; 0 where the area is full. */
export function newInArea(bytes: u32): Address {
  const at = areaEnd;
  if (at + bytes > AREA + COMPILED_AREA_BYTES) {
    isAreaFull = true;
    return 0;
  }
  areaEnd = at + ((bytes + 7) & ~7);
  memory.fill(at, 0, bytes);
  return at;
}

/** How much of the area is taken, in hundredths. */
export function areaPercent(): u32 {
  return ((areaEnd - AREA) * 100) / COMPILED_AREA_BYTES;
}

/** A new record with room for that many entries and bytecodes with feedback, not yet found; 0 where the area is full. */
export function newRecord(method: Address, start: Address, entries: u32, feedback: u32): Address {
  if (recordCount >= MAX_RECORDS) {
    isAreaFull = true;
    return 0;
  }
  const record = newInArea(RECORD_HEADER_BYTES + (entries << 3) + (feedback << 3));
  if (record == 0) return 0;
  nameInCode(method);
  store<u32>(record, method, RECORD_METHOD);
  store<u32>(record, start, RECORD_START);
  store<u32>(record, entries, RECORD_ENTRIES);
  store<u32>(record, feedback, RECORD_FEEDBACK);
  return record;
}

/** An entry at a bytecode, before which the frame holds so many temporaries and operands. */
export function setRecordEntry(record: Address, position: u32, address: Address, slots: u32): void {
  const entry = record + RECORD_HEADER_BYTES + (position << 3);
  store<u32>(entry, address);
  store<u32>(entry, slots, 4);
}

/**
 * Set in the second word of an entry at a loop's head where the second tier has code for the loop: what jumps back there
 * adds the word to what tells that a poll is due, and leaves then.
 */
const ENTRY_IS_OFFERED: u32 = 1 << 31;
const ENTRY_SLOTS_MASK: u32 = 0xffff;

/** The word of an entry, numbered from one, that is negative where its loop has code of the second tier. */
export function offerAt(record: Address, entry: u32): Address {
  return record + RECORD_HEADER_BYTES + ((entry - 1) << 3) + 4;
}

/** Says whether the second tier has code for the loop at a bytecode, where so many temporaries and operands are. */
export function setOffer(record: Address, address: Address, slots: u32, isOffered: bool): void {
  const entry = entryOf(record, address, slots);
  if (entry != 0) store<u32>(offerAt(record, entry), isOffered ? slots | ENTRY_IS_OFFERED : slots);
}

/** Gives a place of the feedback, counted from 0 in the order of addresses, to a bytecode. */
export function setFeedback(record: Address, position: u32, address: Address): void {
  store<u32>(feedbackAt(record) + (position << 3), address);
}

function feedbackAt(record: Address): Address {
  return record + RECORD_HEADER_BYTES + (load<u32>(record, RECORD_ENTRIES) << 3);
}

/** A new call site in zeroed memory for a bytecode of a record (of none where that is 0), or 0 where the area is full. */
export function newSite(record: Address, address: Address): Address {
  const site = newInArea(SITE_BYTES);
  if (site == 0) return 0;
  store<u32>(site, firstSite, SITE_NEXT);
  store<u32>(site, site + SITE_FIRST_PAIR, SITE_PAIRS);
  firstSite = site;
  const feedback = record == 0 ? 0 : feedbackOf(record, address);
  if (feedback != 0) store<u32>(feedback, site, FEEDBACK_VALUE);
  return site;
}

/** Where compiled code marks (a word other than 0) that a bytecode's slow path was taken; 0 where that is not noted. */
export function slowMarkOf(record: Address, address: Address): Address {
  const feedback = feedbackOf(record, address);
  return feedback == 0 ? 0 : feedback + FEEDBACK_VALUE;
}

/** Makes a record known; `code` 0 says that the method is not to be tried again. */
export function publishRecord(record: Address, code: u32): void {
  store<u32>(record, code, RECORD_CODE);
  const place = placeOf(load<u32>(record, RECORD_METHOD), load<u32>(record, RECORD_START));
  if (load<u32>(place) == 0) recordCount++;
  store<u32>(place, record);
}

function placeOf(method: Address, start: Address): Address {
  let index = ((method >> 3) * 0x9e3779b1 + start * 0x85ebca6b) >> 18;
  let place = records + (index << 2);
  for (let record = load<u32>(place); record != 0; record = load<u32>(place)) {
    if (load<u32>(record, RECORD_METHOD) == method && load<u32>(record, RECORD_START) == start) break;
    index = (index + 1) & (RECORD_PLACES - 1);
    place = records + (index << 2);
  }
  return place;
}

/** The record of a method or block, 0 where there is none. */
export function recordOf(method: Address, start: Address): Address {
  return load<u32>(placeOf(method, start));
}

/** The table index of a record's code, 0 where it cannot be compiled. */
export function codeOf(record: Address): u32 {
  return load<u32>(record, RECORD_CODE);
}

/** The record of the second tier's code (optimisedCode.ts), 0 for none. */
export function optimisedOf(record: Address): Address {
  return load<u32>(record, RECORD_OPTIMISED);
}

/** Gives a method or block code of the second tier. */
export function setOptimised(record: Address, optimised: Address): void {
  store<u32>(record, optimised, RECORD_OPTIMISED);
}

/** Counts that a method or block was found active, and answers how often it was since it was last optimised. */
export function countSample(record: Address): u32 {
  const samples = <u32>load<u16>(record, RECORD_SAMPLES) + 1;
  store<u16>(record, <u16>min(samples, 0xffff), RECORD_SAMPLES);
  return samples;
}

/** Counts that a method or block is optimised, or was tried; answers how often it was before. */
export function countOptimising(record: Address): u32 {
  const times = <u32>load<u16>(record, RECORD_TIMES_OPTIMISED);
  store<u16>(record, <u16>(times + 1), RECORD_TIMES_OPTIMISED);
  store<u16>(record, 0, RECORD_SAMPLES);
  return times;
}

/**
 * For tools: 0 where a method has no code yet, 1 where it stays interpreted; else 2, and from bit 2 how often it was found
 * active since it was last optimised.
 */
export function compileState(method: Address, start: Address): u32 {
  const record = recordOf(method, start);
  if (record == 0) return 0;
  return codeOf(record) == 0 ? 1 : 2 | ((<u32>load<u16>(record, RECORD_SAMPLES)) << 2);
}

/**
 * The number by which a record's code is entered at a bytecode with so many temporaries and operands, 0 for none. A frame
 * may hold more than code knows of: what was answered in place of a boolean, or by a store that was refused.
 */
export function entryOf(record: Address, ip: Address, slots: u32): u32 {
  let low: u32 = 0;
  let high = load<u32>(record, RECORD_ENTRIES);
  // Entries are numbered in the order of their addresses.
  while (low < high) {
    const middle = (low + high) >> 1;
    const entry = record + RECORD_HEADER_BYTES + (middle << 3);
    const address = load<u32>(entry);
    if (address == ip) return (load<u32>(entry, 4) & ENTRY_SLOTS_MASK) == slots ? middle + 1 : 0;
    if (address < ip) low = middle + 1;
    else high = middle;
  }
  return 0;
}

/**
 * Forgets the code of a method and of its blocks within it, whose records stay to be made anew: its bytecodes may have
 * changed. Answers whether there was any.
 */
export function forgetCodeOf(method: Address): bool {
  let found = false;
  for (let place = records; place < records + (RECORD_PLACES << 2); place += 4) {
    const record = load<u32>(place);
    if (record == 0 || load<u32>(record, RECORD_METHOD) != method) continue;
    // No method is at address 1: the place stays taken, so that searches go on behind it.
    store<u32>(record, 1, RECORD_METHOD);
    store<u32>(record, 0, RECORD_CODE);
    found = true;
  }
  return found;
}

// Call sites while code runs.

/** Forgets which code call sites call; what they have seen stays. */
export function clearSites(): void {
  generation++;
  for (let site = firstSite; site != 0; site = load<u32>(site, SITE_NEXT)) clearSite(site);
}

/** As `clearSites` for those that send a selector, and those that call a method. */
export function clearSitesOf(selectorOrMethod: Oop, specialSelectorAt: Address): void {
  for (let site = firstSite; site != 0; site = load<u32>(site, SITE_NEXT)) {
    const literal = load<u32>(site, SITE_SELECTOR);
    const selector = load<u64>(literal != 0 ? literal : specialSelectorAt + (load<u32>(site, SITE_SPECIAL) << 4));
    if (followForwarded(selector) != selectorOrMethod && !hasMethod(site, <Address>selectorOrMethod)) continue;
    clearSite(site);
    store<u32>(site, 0, SITE_GENERATION);
  }
}

/** Forgets the blocks that sites have called. */
export function clearBlocksOfSites(): void {
  for (let site = firstSite; site != 0; site = load<u32>(site, SITE_NEXT)) clearBlock(site);
}

function clearSite(site: Address): void {
  store<u64>(site, 0);
  clearShapes(site);
}

function hasMethod(site: Address, method: Address): bool {
  const pairs = load<u32>(site, SITE_PAIRS);
  const end = pairs + <u32>load<u8>(site, SITE_PAIR_COUNT) * PAIR_BYTES;
  for (let pair = pairs; pair < end; pair += PAIR_BYTES) if (load<u32>(pair, PAIR_METHOD) == method) return true;
  return false;
}

/** The pair of a site for a class, 0 where it has none or knows it no longer. */
export function pairOf(site: Address, classIndex: u32): Address {
  if (load<u32>(site, SITE_GENERATION) != generation) return 0;
  const pairs = load<u32>(site, SITE_PAIRS);
  const end = pairs + <u32>load<u8>(site, SITE_PAIR_COUNT) * PAIR_BYTES;
  for (let pair = pairs; pair < end; pair += PAIR_BYTES) if (load<u32>(pair, PAIR_CLASS) == classIndex) return pair;
  return 0;
}

/** Has a site remember what a class's method is, and its code where that is known. Young methods are not remembered. */
export function remember(site: Address, classIndex: u32, method: Oop, primitive: u32, code: u32): void {
  if (isYoung(method)) return;
  if (load<u32>(site, SITE_GENERATION) != generation) forgetCodes(site);
  const pair = pairFor(site, classIndex);
  if (pair == 0) return;
  store<u32>(pair, classIndex, PAIR_CLASS);
  store<u32>(pair, <u32>method, PAIR_METHOD);
  store<u32>(pair, primitive, PAIR_PRIMITIVE);
  store<u32>(pair, code, PAIR_CODE);
  const known = load<u32>(site, SITE_CLASS);
  if (code == 0 || (known != 0 && known != classIndex)) return;
  if (<i32>code < 0 && load<u8>(site, SITE_IS_PLAIN) != 0) return;
  store<u32>(site, classIndex, SITE_CLASS);
  store<u32>(site, code, SITE_CODE);
}

/** Brings a site up to date: of pairs made earlier, class and method are a hint, their primitives and codes nothing. */
function forgetCodes(site: Address): void {
  store<u32>(site, generation, SITE_GENERATION);
  const pairs = load<u32>(site, SITE_PAIRS);
  const end = pairs + <u32>load<u8>(site, SITE_PAIR_COUNT) * PAIR_BYTES;
  for (let pair = pairs; pair < end; pair += PAIR_BYTES) store<u64>(pair, 0, PAIR_PRIMITIVE);
}

/** A pair of a site for a class: the one that it has, or a new one; 0 where it has too many, and is megamorphic. */
function pairFor(site: Address, classIndex: u32): Address {
  const count = <u32>load<u8>(site, SITE_PAIR_COUNT);
  const found = pairOf(site, classIndex);
  if (found != 0) return found;
  if (load<u8>(site, SITE_IS_MEGAMORPHIC) != 0) return 0;
  if (count == 1 && !makeRoom(site)) return 0;
  if (count == MAX_PAIRS) {
    store<u8>(site, 1, SITE_IS_MEGAMORPHIC);
    return 0;
  }
  store<u8>(site, count + 1, SITE_PAIR_COUNT);
  return load<u32>(site, SITE_PAIRS) + count * PAIR_BYTES;
}

/** Moves the one pair of a site to where there is room for all. */
function makeRoom(site: Address): bool {
  const pairs = newInArea(MAX_PAIRS * PAIR_BYTES);
  if (pairs == 0) return false;
  memory.copy(pairs, site + SITE_FIRST_PAIR, PAIR_BYTES);
  store<u32>(site, pairs, SITE_PAIRS);
  return true;
}

// What the second tier reads. A feedback is the place of one bytecode of a compiled method or block.

const FEEDBACK_VALUE: u32 = 4;

/**
 * The feedback of a send, or of a bytecode with a slow path, by its address (that of its first extension byte, if it has
 * any); 0 where the method or block that begins at `start` has not been compiled, or has nothing to tell there.
 */
export function siteOf(method: Address, start: Address, address: Address): Address {
  const record = recordOf(method, start);
  return record == 0 ? 0 : feedbackOf(record, address);
}

function feedbackOf(record: Address, address: Address): Address {
  const first = feedbackAt(record);
  let low: u32 = 0;
  let high = load<u32>(record, RECORD_FEEDBACK);
  while (low < high) {
    const middle = (low + high) >> 1;
    const at = load<u32>(first + (middle << 3));
    if (at == address) return first + (middle << 3);
    if (at < address) low = middle + 1;
    else high = middle;
  }
  return 0;
}

/** The call site of a feedback (see `siteOf`); 0 where that is a mark. */
export function siteIn(feedback: Address): Address {
  const value = load<u32>(feedback, FEEDBACK_VALUE);
  return value > 1 ? value : 0;
}

/** The operands that an operator has met beyond SmallIntegers in line: bits MET_… of callsFromCode.ts. */
export function metOperands(feedback: Address): u32 {
  const site = siteIn(feedback);
  return site == 0 ? 0 : load<u32>(site, SITE_EXTRA);
}

/** Whether a bytecode that is no send took its slow path, or was ever done where it has no other. */
export function isSlowPathTaken(feedback: Address): bool {
  return load<u32>(feedback, FEEDBACK_VALUE) == 1;
}

/** Whether a send has met more classes than it remembers. */
export function isMegamorphic(feedback: Address): bool {
  const site = siteIn(feedback);
  return site != 0 && load<u8>(site, SITE_IS_MEGAMORPHIC) != 0;
}

/** How many pairs of class and method a send has seen, 6 at most. */
export function pairCount(feedback: Address): u32 {
  const site = siteIn(feedback);
  return site == 0 ? 0 : <u32>load<u8>(site, SITE_PAIR_COUNT);
}

function pairAt(feedback: Address, index: u32): Address {
  return load<u32>(siteIn(feedback), SITE_PAIRS) + index * PAIR_BYTES;
}

/** The class index of a pair, below `pairCount`. A hint: the class table may have changed since. */
export function pairClass(feedback: Address, index: u32): u32 {
  return load<u32>(pairAt(feedback, index), PAIR_CLASS);
}

/** The method that the class had then, in old space. A hint: look up again what must be true. */
export function pairMethod(feedback: Address, index: u32): Address {
  return load<u32>(pairAt(feedback, index), PAIR_METHOD);
}
