// Constants that the linker gives every program (cpu.linked), beside those of its platform. Read by asc and by tsc.

/** The table of functions that emitted code may call: boot/link/callable.ts draws it. */
export const LINKED_CALLABLE: i32 = 32;
