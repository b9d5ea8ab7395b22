// What WebAssembly cannot say: processor instructions that the native compiler emits inline where these are called.
// Only for code that boot/native compiles; nothing else provides the module `cpu`. Addresses are the processor's, not
// linear memory's. Privileged ones are for the kernel.

/** Linux system call with six arguments; a negative answer is minus an errno. */
// @ts-ignore: decorator
@external("cpu", "syscall")
export declare function syscall(number: i64, a: i64, b: i64, c: i64, d: i64, e: i64, f: i64): i64;

/** Calls Xen's hypercall page, or anything with that convention, at an address; arguments in rdi, rsi, rdx, r10, r8. */
// @ts-ignore: decorator
@external("cpu", "hypercall")
export declare function hypercall(address: i64, a: i64, b: i64, c: i64, d: i64, e: i64): i64;

/** Calls a function of the convention in boot/native/abi.ts with up to four integers. */
// @ts-ignore: decorator
@external("cpu", "call")
export declare function call(address: i64, a: i64, b: i64, c: i64, d: i64): i64;

/** The linker's constant of that number, which must be a literal (NativeRelocation "linked"). */
// @ts-ignore: decorator
@external("cpu", "linked")
export declare function linked(number: i32): i64;

/** Address of linear memory's first byte. */
// @ts-ignore: decorator
@external("cpu", "memoryBase")
export declare function memoryBase(): i64;

/** What rbp holds: fields and globals are at offsets from it (boot/native/abi.ts). */
// @ts-ignore: decorator
@external("cpu", "context")
export declare function context(): i64;

/** Stack pointer inside the function that asks. */
// @ts-ignore: decorator
@external("cpu", "stackPointer")
export declare function stackPointer(): i64;

/** Says how large linear memory is from now on; for the function that memory.grow calls. */
// @ts-ignore: decorator
@external("cpu", "setMemoryPages")
export declare function setMemoryPages(pages: i32): void;

/** Functions may run with the stack pointer at or above this. */
// @ts-ignore: decorator
@external("cpu", "setStackLimit")
export declare function setStackLimit(address: i64): void;

// @ts-ignore: decorator
@external("cpu", "load8")
export declare function load8(address: i64): i32;

// @ts-ignore: decorator
@external("cpu", "load32")
export declare function load32(address: i64): i32;

// @ts-ignore: decorator
@external("cpu", "load64")
export declare function load64(address: i64): i64;

// @ts-ignore: decorator
@external("cpu", "store8")
export declare function store8(address: i64, value: i32): void;

// @ts-ignore: decorator
@external("cpu", "store32")
export declare function store32(address: i64, value: i32): void;

// @ts-ignore: decorator
@external("cpu", "store64")
export declare function store64(address: i64, value: i64): void;

/** Swaps a 32-bit word at an address of linear memory, as one step for other processors; answers the old one. */
// @ts-ignore: decorator
@external("cpu", "exchange32")
export declare function exchange32(address: i32, value: i32): i32;

/** All earlier loads and stores before all later ones. */
// @ts-ignore: decorator
@external("cpu", "fence")
export declare function fence(): void;

/** A hint in loops that wait. */
// @ts-ignore: decorator
@external("cpu", "pause")
export declare function pause(): void;

/** The time stamp counter, read after all earlier loads. */
// @ts-ignore: decorator
@external("cpu", "rdtsc")
export declare function rdtsc(): i64;

/** A random number, or 0 where the processor had none to give: ask again a few times. Needs CPUID.1:ECX bit 30. */
// @ts-ignore: decorator
@external("cpu", "rdrand")
export declare function rdrand(): i64;

/** Writes eax, ebx, ecx, edx of a CPUID leaf to 16 bytes of linear memory. */
// @ts-ignore: decorator
@external("cpu", "cpuid")
export declare function cpuid(leaf: i32, subleaf: i32, address: i32): void;

/** High half of the unsigned 128-bit product. */
// @ts-ignore: decorator
@external("cpu", "multiplyHigh")
export declare function multiplyHigh(a: i64, b: i64): i64;

// @ts-ignore: decorator
@external("cpu", "in8")
export declare function in8(port: i32): i32;

// @ts-ignore: decorator
@external("cpu", "in16")
export declare function in16(port: i32): i32;

// @ts-ignore: decorator
@external("cpu", "in32")
export declare function in32(port: i32): i32;

// @ts-ignore: decorator
@external("cpu", "out8")
export declare function out8(port: i32, value: i32): void;

// @ts-ignore: decorator
@external("cpu", "out16")
export declare function out16(port: i32, value: i32): void;

// @ts-ignore: decorator
@external("cpu", "out32")
export declare function out32(port: i32, value: i32): void;

/** Waits for an interrupt. */
// @ts-ignore: decorator
@external("cpu", "hlt")
export declare function hlt(): void;

// @ts-ignore: decorator
@external("cpu", "cli")
export declare function cli(): void;

// @ts-ignore: decorator
@external("cpu", "sti")
export declare function sti(): void;

// @ts-ignore: decorator
@external("cpu", "rdmsr")
export declare function rdmsr(register: i32): i64;

// @ts-ignore: decorator
@external("cpu", "wrmsr")
export declare function wrmsr(register: i32, value: i64): void;

/** The address of the last page fault. */
// @ts-ignore: decorator
@external("cpu", "cr2")
export declare function cr2(): i64;

// @ts-ignore: decorator
@external("cpu", "cr3")
export declare function cr3(): i64;

/** Sets the root of the page tables, which forgets all translations that are not global. */
// @ts-ignore: decorator
@external("cpu", "setCr3")
export declare function setCr3(address: i64): void;

/** Forgets the translation of one page. */
// @ts-ignore: decorator
@external("cpu", "invlpg")
export declare function invlpg(address: i64): void;

/** Loads the interrupt descriptor table from its ten-byte pseudo descriptor. */
// @ts-ignore: decorator
@external("cpu", "lidt")
export declare function lidt(address: i64): void;

/** Stops here for a debugger, or faults. */
// @ts-ignore: decorator
@external("cpu", "breakpoint")
export declare function breakpoint(): void;
