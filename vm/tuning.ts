// Every knob, with its unit and the reason for its value. No knob alters a result.

/** Bytes of eden where the embedder asks for none. 4 MiB: a scavenge every few milliseconds of busy allocation. */
export const DEFAULT_EDEN_BYTES: u32 = 4 << 20;
/** Entries of the global method cache, a power of two; 32 bytes each. */
export const METHOD_CACHE_ENTRIES: u32 = 4096;
export const METHOD_CACHE_BYTES: u32 = METHOD_CACHE_ENTRIES * 32;
/** Bytes of the remembered set, 4 an entry; when full, the next scavenge tenures everything. */
export const REMEMBERED_SET_BYTES: u32 = 1 << 20;
/** The part of eden, as a power-of-two divisor, kept back for allocations between the limit and the next poll. */
export const EDEN_RESERVE_SHIFT: u32 = 4;
/** Bytes by which linear memory grows beyond what an allocation in old space needs. */
export const OLD_SPACE_STEP_BYTES: u32 = 4 << 20;
/** Bytes of old space that must be free beside the image for a machine's memory to be worth starting in. */
export const SPARE_OLD_SPACE_BYTES: u32 = 256 << 10;
/** A full collection is due when old space has grown by a third (Spur's ratio) … */
export const FULL_COLLECTION_GROWTH_DIVISOR: u32 = 3;
/** … and at least by this many bytes since the last one. */
export const FULL_COLLECTION_MIN_GROWTH_BYTES: u32 = 16 << 20;
/** Survivors are tenured, oldest first, once they fill this part of a survivor space (Spur: 90 %). */
export const TENURING_PERCENT: u32 = 90;
/** A full collection that need not compact does so where free chunks would take more than this part of old space. */
export const COMPACTION_FREE_DIVISOR: u32 = 4;
/** … and more than so many bytes: it costs all compiled code. */
export const COMPACTION_MIN_FREE_BYTES: u32 = 8 << 20;
/** Microseconds that an idle process sleeps where no timer is set: often enough for one that polls something. */
export const RELINQUISH_MICROSECONDS = 50_000;

/** Bytes of WebAssembly that one module may take; a method that does not fit alone stays interpreted. */
export const CODE_BUFFER_BYTES: u32 = 1 << 18;
/** Bytes for call sites and records of compiled code; when full, all code is dropped and made again as it is wanted. */
export const COMPILED_AREA_BYTES: u32 = 2 << 20;
/** Functions in one module at most. On Node 20 a module costs 400 microseconds, and 8 more for each function beyond the first. */
export const MAX_BATCH: u32 = 64;
/** How often interpreter and compiled code may call each other in turn; each takes some 500 bytes of the engine's stack. */
export const MAX_NESTING: u32 = 100;
/** Whether Linux programs and kernels compile methods unless told otherwise … */
export const NATIVE_JIT_DEFAULT = false;
/** … and after how many calls: there compiling a method takes some 20 microseconds, a call of it saves a few hundredths. */
export const NATIVE_JIT_THRESHOLD: i32 = 100;
/** Of the area for call sites and records, what methods compiled with a program may take; the rest is for its run. */
export const AHEAD_AREA_PERCENT: u32 = 80;

/** Ends of slices at which a method is found active before it is optimised … */
export const SAMPLES_FOR_OPTIMISING: u32 = 2;
/** … and where it is so small that what calls it inlines it. */
export const SAMPLES_OF_SMALL: u32 = 6;
/** Bytes of bytecodes up to which a method counts as small. */
export const SMALL_METHOD_BYTES: u32 = 40;
/** … or up to which it is inlined where it is given a block. */
export const BLOCK_TAKER_BYTES: u32 = 200;
/** How often a method may be optimised: each time with what was learnt from the exits of the last. */
export const MAX_TIMES_OPTIMISED: u32 = 12;
/** Exits after which optimised code is thrown away; from the second at the same place they count three times. */
export const EXITS_PER_CODE: u32 = 6;
/** Backward jumps of optimised code between looks at what asks for attention: a count in memory at each would take a third of a short loop. */
export const JUMPS_PER_POLL: u32 = 100;
/** How many activations are written into one another at most … */
export const INLINE_DEPTH: u32 = 7;
/** … how often a method within itself (three is faster, and wrong: `npm run fuzz:jit -- 20265150 1 optimised-slices`), the last time only if it has no more bytecodes than this … */
export const INLINE_RECURSION: u32 = 2;
export const INLINE_RECURSIVE_UNITS: u32 = 20;
/** … how many bytecodes an inlined method or block may have … */
export const INLINE_METHOD_UNITS: u32 = 40;
export const INLINE_BLOCK_UNITS: u32 = 80;
/** … a method that is given a block, which is inlined in its turn … */
export const INLINE_WITH_BLOCK_UNITS: u32 = 120;
/** … and one of three or more that a send may mean. */
export const INLINE_ALTERNATIVE_UNITS: u32 = 16;
/** An inlined method or block of more bytecodes than this has its caller's frame written before it begins. */
export const SETTLED_UNITS: u32 = 20;
/** … and all of them together. */
export const INLINE_TOTAL_UNITS: u32 = 600;
