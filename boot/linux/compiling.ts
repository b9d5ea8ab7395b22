// The native compiler inside the program. So far it compiles a file on demand, `--compile=FILE`: the machine code goes to
// standard output. What the JIT makes will be compiled by the same functions.

import { put, putBytes, putNumber } from "../common/text";
import { giveOutside } from "./commandLine";
import { lengthOf, path, PATH_BYTES } from "./paths";
import { writeLine } from "./output";
import { Address, close, open, read, statPath, write } from "./systemCalls";
import { status, STATX_SIZE } from "./descriptors";

// @ts-ignore: decorator
@external("compiler", "beginWithin")
declare function beginWithin(start: usize, limit: usize, bytes: u32): usize;
// @ts-ignore: decorator
@external("compiler", "compile")
declare function compile(flags: u32, growFunction: i32): i32;
// @ts-ignore: decorator
@external("compiler", "codeAddress")
declare function codeAddress(): usize;
// @ts-ignore: decorator
@external("compiler", "codeBytes")
declare function codeBytes(): u32;

/** boot/native/compile.ts: low memory unused, line table. */
const FLAGS: u32 = 3;
const PAGE_BYTES: u32 = 65536;
/** Memory for a compilation: so many times the module's bytes, and some more. */
const ARENA_FACTOR: u32 = 48;
const ARENA_BYTES: u32 = 32 << 20;
const STANDARD_OUTPUT: i32 = 1;

/** Compiles the module in a file named at an address outside linear memory; the exit code. */
export function compileFile(name: i64): i32 {
  const length = <u32>giveOutside(name, path, PATH_BYTES - 1);
  store<u8>(path + min(length, PATH_BYTES - 1), 0);
  if (statPath(path, true, status) < 0) return refuse("no such file; give a WebAssembly module");
  const bytes = load<u32>(status, STATX_SIZE);
  const start: Address = (<u32>memory.size()) << 16;
  const pages = (bytes * ARENA_FACTOR + ARENA_BYTES) / PAGE_BYTES;
  if (bytes > 16 << 20 || memory.grow(pages) < 0) return refuse("no memory to compile it; give a smaller module");
  const module = <Address>beginWithin(start, start + pages * PAGE_BYTES, bytes);
  if (!readFile(module, bytes)) return refuse("cannot be read; give a WebAssembly module");
  const failure = compile(FLAGS, -1);
  if (failure == 0) return writeCode(<Address>codeAddress(), codeBytes());
  put("stvm: ");
  putBytes(path, lengthOf(path));
  put(": does not compile (failure ");
  putNumber(failure);
  put(" of boot/native/arena.ts); `wasm-opt` says whether it is valid");
  writeLine();
  return 1;
}

function readFile(address: Address, bytes: u32): bool {
  const descriptor = open(path, 0, 0);
  if (descriptor < 0) return false;
  let place = address;
  const end = address + bytes;
  while (place < end) {
    const count = read(descriptor, place, end - place);
    if (count <= 0) break;
    place += <u32>count;
  }
  close(descriptor);
  return place == end;
}

function writeCode(address: Address, bytes: u32): i32 {
  const end = address + bytes;
  while (address < end) {
    const count = write(STANDARD_OUTPUT, address, end - address);
    if (count <= 0) return 1;
    address += <u32>count;
  }
  return 0;
}

function refuse(reason: string): i32 {
  put("stvm: ");
  putBytes(path, lengthOf(path));
  put(": ");
  put(reason);
  writeLine();
  return 1;
}
