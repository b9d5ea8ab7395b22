// Directories: names to nodes. An entry is the node itself, in one of its directory's chains, which one its name tells; so
// giving it a name takes no memory. Entries of a chain stand in the order in which they were made: a listing knows how far
// it has come, whatever is made and deleted meanwhile.

import { load8 } from "../../cpu";
import { Address } from "../../../vm/memory/oop";
import { resizeContent } from "./contents";
import {
  CELL_COUNT,
  CHANGED,
  cellOf,
  folderOf,
  freeNode,
  isFolder,
  nameBytesOf,
  nameOf,
  nextOf,
  opensOf,
  orderOf,
  setFolder,
  setNameBytes,
  setNext,
  setOpens,
  setOrder,
  setSize,
  sizeOf,
  touch,
  touchContent,
} from "./nodes";
import { copyIn, isSame, Place, putWord, wordAt } from "./pageStore";

// FNV-1a.
const HASH_START: u32 = 2166136261;
const HASH_FACTOR: u32 = 16777619;

let lastOrder: u64 = 0;

/** What has a name in a directory; 0 where nothing has. */
export function entryNamed(folder: Place, name: Address, bytes: u32): Place {
  let node = wordAt(cellOf(folder, chainOf(name, bytes)));
  while (node != 0 && !(nameBytesOf(node) == bytes && isSame(nameOf(node), name, bytes))) node = nextOf(node);
  return node;
}

/** Gives a node a name in a directory that has none such. */
export function addEntry(folder: Place, node: Place, name: Address, bytes: u32): void {
  setFolder(node, folder);
  setNameBytes(node, bytes);
  copyIn(name, nameOf(node), bytes);
  setOrder(node, ++lastOrder);
  setNext(node, 0);
  const cell = cellOf(folder, chainOf(name, bytes));
  let last = wordAt(cell);
  if (last == 0) putWord(cell, node);
  else {
    while (nextOf(last) != 0) last = nextOf(last);
    setNext(last, node);
  }
  setSize(folder, sizeOf(folder) + 1);
  touch(node, CHANGED);
  touchContent(folder);
}

/** Takes a node its name. Without an open handle it is gone, unless it gets another one. */
export function removeEntry(node: Place): void {
  const folder = folderOf(node);
  const cell = cellOf(folder, chainOfNode(node));
  if (wordAt(cell) == node) putWord(cell, nextOf(node));
  else {
    let before = wordAt(cell);
    while (nextOf(before) != node) before = nextOf(before);
    setNext(before, nextOf(node));
  }
  setFolder(node, 0);
  setSize(folder, sizeOf(folder) - 1);
  touch(node, CHANGED);
  touchContent(folder);
}

/** One handle more refers to a node. */
export function holdNode(node: Place): void {
  setOpens(node, opensOf(node) + 1);
}

/** One less does. */
export function releaseNode(node: Place): void {
  setOpens(node, opensOf(node) - 1);
  dropNode(node);
}

/** Frees a node that has neither a name nor a handle. */
export function dropNode(node: Place): void {
  if (folderOf(node) != 0 || opensOf(node) != 0) return;
  if (!isFolder(node)) resizeContent(node, 0);
  freeNode(node);
}

/** The entry of a directory behind chain and order, which are those of the one before (0 for the first); 0 at the end. */
export function entryBehind(folder: Place, chain: u32, order: u64): Place {
  for (let i = chain; i < CELL_COUNT; i++) {
    let node = wordAt(cellOf(folder, i));
    while (node != 0 && i == chain && orderOf(node) <= order) node = nextOf(node);
    if (node != 0) return node;
  }
  return 0;
}

/** Which chain of its directory an entry is in. */
export function chainOfNode(node: Place): u32 {
  const name = nameOf(node);
  const bytes = nameBytesOf(node);
  let hash = HASH_START;
  for (let i: u32 = 0; i < bytes; i++) hash = (hash ^ (<u32>load8(name + i))) * HASH_FACTOR;
  return hash % CELL_COUNT;
}

function chainOf(name: Address, bytes: u32): u32 {
  let hash = HASH_START;
  for (let i: u32 = 0; i < bytes; i++) hash = (hash ^ load<u8>(name + i)) * HASH_FACTOR;
  return hash % CELL_COUNT;
}
