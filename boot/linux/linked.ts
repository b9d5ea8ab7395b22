// The constants that the linker gives the Linux program (cpu.linked): addresses of what it lays out around the compiled
// code. Read by asc and by tsc.

/** Where the processor goes on a fault: boot/link/linuxStart.ts. */
export const LINKED_FAULT_HANDLER: i32 = 0;
/** Returns from a signal handler, as the kernel wants one. */
export const LINKED_SIGNAL_RETURN: i32 = 1;
/** Lowest address of the stack for faults. */
export const LINKED_FAULT_STACK: i32 = 2;
/** First byte and first byte after the compiled code. */
export const LINKED_CODE_START: i32 = 3;
export const LINKED_CODE_END: i32 = 4;
/** The table of symbols: boot/link/symbols.ts draws it. */
export const LINKED_SYMBOLS: i32 = 5;

/** Bytes of the stack for faults. */
export const FAULT_STACK_BYTES: i32 = 65536;
