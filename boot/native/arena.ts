// Memory for one compilation: taken in order from one stretch of linear memory, all given back together. Nothing here
// is an object; a table is an address and a stride.

/** Why a compilation ended early; 0 is success. The first failure counts. */
export const FAILURE_NONE: i32 = 0;
export const FAILURE_MEMORY: i32 = 1;
export const FAILURE_HEADER: i32 = 2;
export const FAILURE_OPCODE: i32 = 3;
export const FAILURE_SECTION: i32 = 4;
export const FAILURE_LIMIT: i32 = 5;

export let failure: i32 = 0;
/** What goes with the failure: an opcode, a section's number, a limit. */
export let failureDetail: u32 = 0;

let top: usize = 0;
let end: usize = 0;
let mayGrow = false;

/** Begins a compilation in memory from `start` to `limit`; a `limit` of 0 means to grow memory as needed. */
export function startArena(start: usize, limit: usize): void {
  failure = FAILURE_NONE;
  top = (start + 15) & ~15;
  mayGrow = limit == 0;
  end = mayGrow ? (<usize>memory.size()) << 16 : limit;
}

export function fail(code: i32, detail: u32): void {
  if (failure != FAILURE_NONE) return;
  failure = code;
  failureDetail = detail;
}

/** Bytes at a multiple of 16, of unknown content; 0 and a failure where there is no room. */
export function reserve(bytes: usize): usize {
  const address = top;
  if (!ensure(address, bytes)) return 0;
  top = (address + bytes + 15) & ~15;
  return address;
}

/** As `reserve`, filled with zeros. */
export function reserveZeroed(bytes: usize): usize {
  const address = reserve(bytes);
  if (address != 0) memory.fill(address, 0, bytes);
  return address;
}

/** First byte that is not taken. */
export function arenaTop(): usize {
  return top;
}

/** Gives back all from an address on that `arenaTop` answered before. */
export function releaseTo(address: usize): void {
  top = address;
}

/** Makes sure that so many bytes from an address on can be written. */
export function ensure(address: usize, bytes: usize): bool {
  const wanted = <u64>address + <u64>bytes;
  if (wanted <= <u64>end) return true;
  if (mayGrow) {
    const pages = (wanted - <u64>end + 0xfffff) >> 16;
    if (wanted < 0xffff0000 && memory.grow(<i32>pages) >= 0) {
      end = (<usize>memory.size()) << 16;
      return true;
    }
  }
  fail(FAILURE_MEMORY, 0);
  return false;
}
