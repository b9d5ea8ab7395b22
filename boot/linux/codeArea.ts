// Room for code that is made while the program runs. The same memory is seen twice: at one address it can be executed, at
// another written. Only mapped where the compiler of methods is on.

import { giveArena, giveCodeArea } from "../common/code";
import {
  Address,
  anonymousMemory,
  mapAnywhere,
  mapAt,
  memoryFile,
  PROT_READ_EXECUTE,
  PROT_READ_WRITE,
} from "./systemCalls";

/** As far from the program's own code as a call reaches, and below linear memory (boot/link/linux.ts). */
const CODE_START: i64 = 0x40000000;
const CODE_BYTES: u32 = 64 << 20;
/** A function takes some hundred bytes at least. */
const TABLE_ENTRIES: u32 = 1 << 17;
const TABLE_ENTRY_BYTES: i64 = 16;
/** Memory that the native compiler works in: enough for what a method may take (CODE_BUFFER_BYTES of vm/tuning.ts). */
const ARENA_BYTES: u32 = 4 << 20;

/** Behind this module's data. */
function arenaStart(): Address {
  return (<u32>__heap_base + 15) & ~15;
}

/** Where everything that is this module's ends. */
export function arenaEnd(): Address {
  return arenaStart() + ARENA_BYTES;
}

/** Makes the area. False where the system refuses it: then methods stay interpreted. */
export function makeCodeArea(): bool {
  const file = memoryFile(CODE_BYTES);
  if (file < 0) return false;
  const writable = mapAnywhere(CODE_BYTES, PROT_READ_WRITE, file);
  if (writable < 0 || mapAt(CODE_START, CODE_BYTES, PROT_READ_EXECUTE, file) != CODE_START) return false;
  const table = anonymousMemory(<i64>TABLE_ENTRIES * TABLE_ENTRY_BYTES);
  if (table < 0) return false;
  giveArena(arenaStart(), ARENA_BYTES);
  giveCodeArea(CODE_START, writable - CODE_START, CODE_BYTES, table, TABLE_ENTRIES);
  return true;
}
