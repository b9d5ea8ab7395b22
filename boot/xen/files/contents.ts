// What is in a file: pages by their number, first in the node's own cells, from 928 pages on in pages of 1024 cells. Where
// nothing was written there is no page, and zeros are read. Behind the end, a last page holds zeros.

import { Address } from "../../../vm/memory/oop";
import { EFBIG, ENOSPC } from "./errors";
import { CELL_COUNT, cellOf, depthOf, setDepth, setSize, sizeOf } from "./nodes";
import {
  copyIn,
  copyOut,
  fillZeros,
  givePage,
  PAGE_BYTES,
  PAGE_SHIFT,
  Place,
  putWord,
  takePage,
  wordAt,
} from "./pageStore";

const PAGE_MASK: u32 = PAGE_BYTES - 1;
const CELLS_IN_PAGE_SHIFT: u32 = 10;
const CELLS_IN_PAGE: u32 = 1024;
const MOST_BYTES: u64 = (<u64>CELL_COUNT) << (CELLS_IN_PAGE_SHIFT + PAGE_SHIFT);
/** No more than this in one call: answers are i32. */
const MOST_TRANSFER: u32 = 1 << 30;

/** Copies from the file; answers how many bytes, fewer only at its end. */
export function readContent(file: Place, offset: u64, address: Address, bytes: u32): i32 {
  const size = sizeOf(file);
  if (offset >= size) return 0;
  const count = <u32>min<u64>(min(bytes, MOST_TRANSFER), size - offset);
  for (let done: u32 = 0; done < count;) {
    const inPage = (<u32>(offset + done)) & PAGE_MASK;
    const part = min(count - done, PAGE_BYTES - inPage);
    const page = pageOf(file, <u32>((offset + done) >> PAGE_SHIFT));
    if (page != 0) copyOut(page + inPage, address + done, part);
    else clear(address + done, part);
    done += part;
  }
  return <i32>count;
}

/** Copies into the file, which grows; answers how many bytes, fewer where memory ends, or an error where none. */
export function writeContent(file: Place, offset: u64, address: Address, bytes: u32): i32 {
  if (bytes == 0) return 0;
  if (offset >= MOST_BYTES) return EFBIG;
  const count = <u32>min<u64>(min(bytes, MOST_TRANSFER), MOST_BYTES - offset);
  let done: u32 = 0;
  while (done < count) {
    const inPage = (<u32>(offset + done)) & PAGE_MASK;
    const part = min(count - done, PAGE_BYTES - inPage);
    const page = pageFor(file, <u32>((offset + done) >> PAGE_SHIFT));
    if (page == 0) break;
    copyIn(address + done, page + inPage, part);
    done += part;
  }
  if (done == 0) return ENOSPC;
  if (offset + done > sizeOf(file)) setSize(file, offset + done);
  return <i32>done;
}

/** Cuts the file or lets it grow by zeros. 0, or an error. */
export function resizeContent(file: Place, size: u64): i32 {
  if (size > MOST_BYTES) return EFBIG;
  if (size < sizeOf(file)) cut(file, size);
  setSize(file, size);
  return 0;
}

/** The page at a number; 0 where nothing was written. */
function pageOf(file: Place, number: u32): Place {
  if (depthOf(file) == 0) return number < CELL_COUNT ? wordAt(cellOf(file, number)) : 0;
  const cells = wordAt(cellOf(file, number >> CELLS_IN_PAGE_SHIFT));
  return cells == 0 ? 0 : wordAt(cells + ((number & (CELLS_IN_PAGE - 1)) << 2));
}

/** The same, made where there is none; 0 without memory. */
function pageFor(file: Place, number: u32): Place {
  if (depthOf(file) == 0 && number >= CELL_COUNT && !deepen(file)) return 0;
  if (depthOf(file) == 0) return pageIn(cellOf(file, number));
  const cells = pageIn(cellOf(file, number >> CELLS_IN_PAGE_SHIFT));
  return cells == 0 ? 0 : pageIn(cells + ((number & (CELLS_IN_PAGE - 1)) << 2));
}

function pageIn(cell: Place): Place {
  if (wordAt(cell) == 0) putWord(cell, takePage());
  return wordAt(cell);
}

/** The cells go to a page of their own, which becomes the first of the node's cells. */
function deepen(file: Place): bool {
  const cells = takePage();
  if (cells == 0) return false;
  for (let i: u32 = 0; i < CELL_COUNT; i++) {
    putWord(cells + (i << 2), wordAt(cellOf(file, i)));
    putWord(cellOf(file, i), 0);
  }
  putWord(cellOf(file, 0), cells);
  setDepth(file, 1);
  return true;
}

/** Frees the pages behind a smaller size, and clears what is left of the last. */
function cut(file: Place, size: u64): void {
  const first = <u32>((size + PAGE_MASK) >> PAGE_SHIFT);
  if (depthOf(file) == 0) freeCells(cellOf(file, 0), min(first, CELL_COUNT), CELL_COUNT);
  else cutDeep(file, first);
  const inPage = (<u32>size) & PAGE_MASK;
  const last = inPage == 0 ? 0 : pageOf(file, <u32>(size >> PAGE_SHIFT));
  if (last != 0) fillZeros(last + inPage, PAGE_BYTES - inPage);
}

function cutDeep(file: Place, first: u32): void {
  for (let i = first >> CELLS_IN_PAGE_SHIFT; i < CELL_COUNT; i++) {
    const cell = cellOf(file, i);
    const cells = wordAt(cell);
    if (cells == 0) continue;
    const kept = i == first >> CELLS_IN_PAGE_SHIFT ? first & (CELLS_IN_PAGE - 1) : 0;
    freeCells(cells, kept, CELLS_IN_PAGE);
    if (kept != 0) continue;
    givePage(cells);
    putWord(cell, 0);
  }
  if (first == 0) setDepth(file, 0);
}

function freeCells(cells: Place, from: u32, to: u32): void {
  for (let i = from; i < to; i++) {
    const cell = cells + (i << 2);
    if (wordAt(cell) == 0) continue;
    givePage(wordAt(cell));
    putWord(cell, 0);
  }
}

function clear(address: Address, bytes: u32): void {
  for (let i: u32 = 0; i < bytes; i++) store<u8>(address + i, 0);
}
