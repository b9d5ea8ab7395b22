// Numbers that code made by the native compiler and everything around it must agree on: registers, the context block,
// trap codes. Read by asc and by tsc.
//
// Calling convention. rbx is the address of linear memory's first byte and rbp the context block's address plus
// CONTEXT_BIAS, in every function, never changed. Integer parameters are in rdi, rsi, r8, r9, r10, r11, floating point
// ones in xmm4 to xmm11, the rest on the stack: eight bytes each, in order, the first just above the return address.
// The result is in rax or xmm0. r12 to r15 are kept by the callee, as are rbx, rbp and rsp; nothing else is. An i32 has
// zeros in the upper half of its register. The stack pointer needs no alignment beyond eight bytes. MXCSR must be at its
// reset value, 1F80h, and the direction flag clear.
//
// Around linear memory: unmapped are 64 KiB before it (MEMORY_GUARD_BEFORE) and, of the 8 GiB from its first byte on,
// all that the module has not grown to. A memory's largest size is 65,535 pages.

/** rbp points this many bytes into the context block, so that its hottest 256 bytes have short offsets. */
export const CONTEXT_BIAS: i32 = 128;

// Fields of the context block, as offsets from rbp. The module's globals follow at NativeGlobal.contextOffset.
/** u32: pages of 64 KiB that linear memory has. */
export const CONTEXT_MEMORY_PAGES: i32 = -128;
/** u32: entries of the table. */
export const CONTEXT_TABLE_SIZE: i32 = -124;
/** u64: address of the table's first entry. */
export const CONTEXT_TABLE: i32 = -120;
/** u64: a function that would run with its stack pointer below this traps. Leave 16 KiB below it. */
export const CONTEXT_STACK_LIMIT: i32 = -112;
/** First byte that globals and segments' remaining sizes may take. */
export const CONTEXT_FIRST_GLOBAL: i32 = -104;

/** An entry of the table: u64 address of code, u32 type (NativeTableEntry.type), u32 zero. Empty: type TYPE_NONE. */
export const TABLE_ENTRY_BYTES: i32 = 16;
export const TABLE_ENTRY_TYPE: i32 = 8;
export const TYPE_NONE: u32 = 0xffffffff;

/** Bytes below linear memory that must be unmapped. */
export const MEMORY_GUARD_BEFORE: i32 = 0x10000;

// Traps. An explicit one is the instruction `ud1 reg, reg` (0f b9, then c0 + code): the processor faults (#UD, SIGILL)
// and the third byte's low six bits are the code. Division faults by itself (#DE, SIGFPE): TRAP_DIVISION. An access
// beyond memory's end or before its start is a page fault (#PF, SIGSEGV): TRAP_MEMORY.
export const TRAP_UNREACHABLE: i32 = 1;
export const TRAP_MEMORY: i32 = 2;
export const TRAP_DIVISION: i32 = 3;
export const TRAP_CONVERSION_NAN: i32 = 4;
export const TRAP_CONVERSION_RANGE: i32 = 5;
export const TRAP_TABLE_BOUNDS: i32 = 6;
export const TRAP_CALL_TYPE: i32 = 7;
export const TRAP_STACK: i32 = 8;
