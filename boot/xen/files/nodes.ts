// What a file or directory is: one page, since it has one name and one place. After the fields and the name come cells:
// of a file the pages of its content (contents.ts), of a directory the chains of its entries (folders.ts).
//
//      0  mode u32            type and permissions, as stat tells them
//      4  open u32            handles that refer to it: it lives as long as it has one, or a name
//      8  size u64            bytes of a file, entries of a directory
//     16  accessed, modified, changed, created u64    microseconds since 1970, UTC
//     48  user u32, group u32
//     56  folder u32          the directory that it is in; 0 for none
//     60  next u32            in its chain there
//     64  order u64           grows with each entry that is made
//     72  depth u32           0 where a file's cells are pages, 1 where they are pages of cells
//     76  name bytes u32
//    128  name
//    384  cells u32, 928 of them

import { Address } from "../../../vm/memory/oop";
import { utcMicroseconds } from "../clock/clock";
import { physicalOf } from "../pages";
import { givePage, longAt, Place, putLong, putWord, takePage, wordAt } from "./pageStore";

export const ACCESSED: u32 = 16;
export const MODIFIED: u32 = 24;
export const CHANGED: u32 = 32;
export const CREATED: u32 = 40;
const MODE: u32 = 0;
const OPEN: u32 = 4;
const SIZE: u32 = 8;
const USER: u32 = 48;
const GROUP: u32 = 52;
const FOLDER: u32 = 56;
const NEXT: u32 = 60;
const ORDER: u32 = 64;
const DEPTH: u32 = 72;
const NAME_BYTES: u32 = 76;
const NAME: u32 = 128;
const CELLS: u32 = 384;

export const CELL_COUNT: u32 = 928;
/** The most bytes of a name (NAME_MAX). */
export const MOST_NAME_BYTES: u32 = 255;

const TYPE_MASK: u32 = 0xf000;
const TYPE_FOLDER: u32 = 0x4000;
const TYPE_FILE: u32 = 0x8000;
/** Linux's for a new one, with the usual umask. */
const FOLDER_MODE: u32 = TYPE_FOLDER | 0o755;
export const FILE_MODE: u32 = TYPE_FILE | 0o644;
const PERMISSIONS: u32 = 0o7777;
/** The owner's permissions are these bits of a mode. */
const OWNER_SHIFT: u32 = 6;

export const EXECUTE: u32 = 1;
export const WRITE: u32 = 2;
export const READ: u32 = 4;

/** The root is there before anything is taken from the store, and stays. */
const rootPage = <Address>memory.data(8192, 16);
let root: Place = 0;

export function rootFolder(): Place {
  if (root == 0) {
    root = <Place>physicalOf((rootPage + 4095) & ~4095);
    begin(root, FOLDER_MODE);
    setOpens(root, 1);
  }
  return root;
}

/** A file without name and content; 0 without memory. */
export function newFile(mode: u32): Place {
  return newNode(mode);
}

/** An empty directory without a name; 0 without memory. */
export function newFolder(): Place {
  return newNode(FOLDER_MODE);
}

function newNode(mode: u32): Place {
  const node = takePage();
  if (node != 0) begin(node, mode);
  return node;
}

function begin(node: Place, mode: u32): void {
  putWord(node + MODE, mode);
  const now = utcMicroseconds();
  for (let field = ACCESSED; field <= CREATED; field += 8) putLong(node + field, now);
}

/** Gives the page back; its content must be gone. */
export function freeNode(node: Place): void {
  givePage(node);
}

export function isFolder(node: Place): bool {
  return (modeOf(node) & TYPE_MASK) == TYPE_FOLDER;
}

export function modeOf(node: Place): u32 {
  return wordAt(node + MODE);
}

export function setPermissions(node: Place, mode: u32): void {
  putWord(node + MODE, (modeOf(node) & ~PERMISSIONS) | (mode & PERMISSIONS));
}

/** Whether all of some accesses are permitted: there is one user, who owns everything. */
export function permits(node: Place, access: u32): bool {
  return ((modeOf(node) >> OWNER_SHIFT) & access) == access;
}

export function userOf(node: Place): u32 {
  return wordAt(node + USER);
}

export function groupOf(node: Place): u32 {
  return wordAt(node + GROUP);
}

export function sizeOf(node: Place): u64 {
  return longAt(node + SIZE);
}

export function setSize(node: Place, size: u64): void {
  putLong(node + SIZE, size);
}

/** Microseconds since 1970 of a field such as MODIFIED. */
export function timeOf(node: Place, field: u32): u64 {
  return longAt(node + field);
}

export function touch(node: Place, field: u32): void {
  putLong(node + field, utcMicroseconds());
}

/** What is in it, or it itself, is no longer what it was. */
export function touchContent(node: Place): void {
  touch(node, MODIFIED);
  touch(node, CHANGED);
}

export function opensOf(node: Place): u32 {
  return wordAt(node + OPEN);
}

export function setOpens(node: Place, count: u32): void {
  putWord(node + OPEN, count);
}

export function folderOf(node: Place): Place {
  return wordAt(node + FOLDER);
}

export function setFolder(node: Place, folder: Place): void {
  putWord(node + FOLDER, folder);
}

export function nextOf(node: Place): Place {
  return wordAt(node + NEXT);
}

export function setNext(node: Place, next: Place): void {
  putWord(node + NEXT, next);
}

export function orderOf(node: Place): u64 {
  return longAt(node + ORDER);
}

export function setOrder(node: Place, order: u64): void {
  putLong(node + ORDER, order);
}

export function depthOf(node: Place): u32 {
  return wordAt(node + DEPTH);
}

export function setDepth(node: Place, depth: u32): void {
  putWord(node + DEPTH, depth);
}

export function nameOf(node: Place): Place {
  return node + NAME;
}

export function nameBytesOf(node: Place): u32 {
  return wordAt(node + NAME_BYTES);
}

export function setNameBytes(node: Place, bytes: u32): void {
  putWord(node + NAME_BYTES, bytes);
}

export function cellOf(node: Place, index: u32): Place {
  return node + CELLS + (index << 2);
}
