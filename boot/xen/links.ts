// What the linker tells the kernel: numbers of the constants that `cpu.linked` asks for, and the layout of the two areas
// that the start-up code fills (boot/link/pvhEntry.ts). Read by asc and by tsc.

/** Address of the boot record. */
export const LINK_BOOT_RECORD: i32 = 16;
/** Address of the hypercall page, which is also its physical address. */
export const LINK_HYPERCALL_PAGE: i32 = 17;
/** Address of the registers at the last exception. */
export const LINK_REGISTERS: i32 = 18;
/** Physical address of linear memory's first byte, a multiple of 2 MiB. */
export const LINK_MEMORY_START: i32 = 19;

/** Where code runs that is made at run time: as far from the kernel's own as a call reaches. */
export const CODE_START = -0x40000000;

/** u64: physical address of the start information. */
export const BOOT_START_INFO: i32 = 0;
/** u64: time stamp counter at entry. */
export const BOOT_ENTRY_TICKS: i32 = 8;
export const BOOT_RECORD_BYTES: i32 = 16;

// Registers at an exception, eight bytes each: those of REGISTER_NAMES in order, then these.
export const REGISTER_COUNT: i32 = 16;
export const SAVED_VECTOR: i32 = 16;
export const SAVED_ERROR: i32 = 17;
export const SAVED_RIP: i32 = 18;
export const SAVED_CS: i32 = 19;
export const SAVED_FLAGS: i32 = 20;
export const SAVED_RSP: i32 = 21;
export const SAVED_WORDS: i32 = 22;
