// Numbers of the 64-bit Spur object format and of our stack, read by AssemblyScript and TypeScript alike.
// Source of every Spur figure: VMMaker, SpurMemoryManager and Spur64BitMemoryManager.
// Nothing here computes; how fields are read stands in memory/header.ts.

export const WORD_BYTES: u32 = 8;
export const WORD_SHIFT: u32 = 3;
export const PAGE_BYTES: u32 = 65536;

// Tags, the low three bits of an oop. The class index of an immediate is its tag.
export const TAG_MASK: u32 = 7;
export const TAG_SMALL_INTEGER: u32 = 1;
export const TAG_CHARACTER: u32 = 2;
export const TAG_SMALL_FLOAT: u32 = 4;
export const TAG_SHIFT: u32 = 3;

// The object header, one 64-bit word read as two halves:
//
//   low half:   |grey|pinned|remembered| format:5 |read-only|-| class index: 22 |
//               | 31 |  30  |    29    |  28..24  |    23   |22|     21..0      |
//   high half:  | slot count: 8 | marked |-| identity hash: 22 |
//               |    31..24     |   23   |22|     21..0        |
//
// A slot count of 255 says that the word before the header holds the true count in its low 56 bits.
export const HEADER_BYTES: u32 = 8;
export const CLASS_INDEX_MASK: u32 = 0x3fffff;
export const READ_ONLY_SHIFT: u32 = 23;
export const FORMAT_SHIFT: u32 = 24;
export const FORMAT_MASK: u32 = 0x1f;
export const REMEMBERED_SHIFT: u32 = 29;
export const PINNED_SHIFT: u32 = 30;
export const GREY_SHIFT: u32 = 31;
export const HASH_MASK: u32 = 0x3fffff;
export const MARKED_SHIFT: u32 = 23;
export const SLOT_COUNT_SHIFT: u32 = 24;
export const OVERFLOW_SLOT_COUNT: u32 = 255;

// Formats.
export const FORMAT_EMPTY: u32 = 0;
export const FORMAT_FIXED: u32 = 1;
export const FORMAT_ARRAY: u32 = 2;
export const FORMAT_FIXED_AND_INDEXABLE: u32 = 3;
export const FORMAT_WEAK_ARRAY: u32 = 4;
export const FORMAT_EPHEMERON: u32 = 5;
export const FORMAT_FORWARDED: u32 = 7;
export const FORMAT_WORDS64: u32 = 9;
export const FORMAT_WORDS32: u32 = 10;
export const FORMAT_SHORTS: u32 = 12;
export const FORMAT_BYTES: u32 = 16;
export const FORMAT_COMPILED_METHOD: u32 = 24;

// Class indices that name no class.
export const CLASS_INDEX_FREE: u32 = 0;
export const CLASS_INDEX_SEGMENT_BRIDGE: u32 = 3;
export const CLASS_INDEX_FORWARDED: u32 = 8;
export const CLASS_INDEX_ARRAY_PUN: u32 = 16;
export const CLASS_INDEX_WEAK_ARRAY_PUN: u32 = 17;
export const CLASS_INDEX_WORDS64_PUN: u32 = 19;
export const CLASS_INDEX_SELF_PUN: u32 = 31;
export const LAST_CLASS_INDEX_PUN: u32 = 31;
// Class indices that every Spur image has fixed (SpurMemoryManager class>>initializeCompactClassIndices).
export const CLASS_INDEX_LARGE_NEGATIVE: u32 = 32;
export const CLASS_INDEX_LARGE_POSITIVE: u32 = 33;
export const CLASS_INDEX_FLOAT: u32 = 34;
export const CLASS_INDEX_MESSAGE: u32 = 35;
export const CLASS_INDEX_CONTEXT: u32 = 36;
export const CLASS_INDEX_BLOCK_CLOSURE: u32 = 37;
export const CLASS_INDEX_FULL_BLOCK_CLOSURE: u32 = 38;
export const CLASS_INDEX_BYTE_ARRAY: u32 = 50;
export const CLASS_INDEX_ARRAY: u32 = 51;
export const CLASS_INDEX_BYTE_STRING: u32 = 52;
export const CLASS_INDEX_BITMAP: u32 = 53;

// The class table: the hidden root object holds 4096 pages of 1024 classes, then 8 more roots.
export const CLASS_TABLE_PAGE_SHIFT: u32 = 10;
export const CLASS_TABLE_PAGE_SLOTS: u32 = 1024;
export const CLASS_TABLE_ROOT_SLOTS: u32 = 4096;
export const HIDDEN_ROOT_SLOTS: u32 = 8;
/** In the hidden root object, counted after the class table pages. */
export const HIDDEN_ROOT_MOURN_QUEUE: u32 = 2;

// The first objects of every Spur image, in this order: nil, false, true, free lists, hidden roots.
export const FREE_LIST_COUNT: u32 = 64;

// Special objects, zero-based (SpurMemoryManager class>>initializeSpecialObjectIndices).
export const SPECIAL_NIL: u32 = 0;
export const SPECIAL_FALSE: u32 = 1;
export const SPECIAL_TRUE: u32 = 2;
export const SPECIAL_SCHEDULER: u32 = 3;
export const SPECIAL_CLASS_BITMAP: u32 = 4;
export const SPECIAL_CLASS_SMALL_INTEGER: u32 = 5;
export const SPECIAL_CLASS_BYTE_STRING: u32 = 6;
export const SPECIAL_CLASS_ARRAY: u32 = 7;
export const SPECIAL_CLASS_FLOAT: u32 = 9;
export const SPECIAL_CLASS_CONTEXT: u32 = 10;
export const SPECIAL_CLASS_POINT: u32 = 12;
export const SPECIAL_CLASS_LARGE_POSITIVE: u32 = 13;
export const SPECIAL_DISPLAY: u32 = 14;
export const SPECIAL_CLASS_MESSAGE: u32 = 15;
export const SPECIAL_CLASS_COMPILED_METHOD: u32 = 16;
export const SPECIAL_LOW_SPACE_SEMAPHORE: u32 = 17;
export const SPECIAL_CLASS_SEMAPHORE: u32 = 18;
export const SPECIAL_CLASS_CHARACTER: u32 = 19;
export const SPECIAL_DOES_NOT_UNDERSTAND: u32 = 20;
export const SPECIAL_CANNOT_RETURN: u32 = 21;
export const SPECIAL_PROCESS_SIGNALING_LOW_SPACE: u32 = 22;
export const SPECIAL_SELECTORS: u32 = 23;
export const SPECIAL_CHARACTER_TABLE: u32 = 24;
export const SPECIAL_MUST_BE_BOOLEAN: u32 = 25;
export const SPECIAL_CLASS_BYTE_ARRAY: u32 = 26;
export const SPECIAL_CLASS_PROCESS: u32 = 27;
export const SPECIAL_TIMER_SEMAPHORE: u32 = 29;
export const SPECIAL_INTERRUPT_SEMAPHORE: u32 = 30;
export const SPECIAL_CANNOT_INTERPRET: u32 = 34;
export const SPECIAL_CLASS_BLOCK_CLOSURE: u32 = 36;
export const SPECIAL_CLASS_FULL_BLOCK_CLOSURE: u32 = 37;
export const SPECIAL_EXTERNAL_OBJECTS: u32 = 38;
export const SPECIAL_CLASS_MUTEX: u32 = 39;
export const SPECIAL_FINALIZATION_SEMAPHORE: u32 = 41;
export const SPECIAL_CLASS_LARGE_NEGATIVE: u32 = 42;
export const SPECIAL_CLASS_EXTERNAL_ADDRESS: u32 = 43;
export const SPECIAL_ABOUT_TO_RETURN: u32 = 48;
export const SPECIAL_RUN_WITH_IN: u32 = 49;
export const SPECIAL_ATTEMPT_TO_ASSIGN: u32 = 50;
export const SPECIAL_PRIMITIVE_ERRORS: u32 = 51;
export const SPECIAL_UNKNOWN_BYTECODE: u32 = 57;

// Class objects.
export const CLASS_SUPERCLASS: u32 = 0;
export const CLASS_METHOD_DICTIONARY: u32 = 1;
export const CLASS_FORMAT: u32 = 2;
export const CLASS_INSTANCE_VARIABLES: u32 = 3;
export const CLASS_ORGANIZATION: u32 = 4;
export const CLASS_NAME: u32 = 6;
export const METACLASS_THIS_CLASS: u32 = 5;
/** The class format integer: instance size in bits 0 to 15, instance format in bits 16 to 20. */
export const CLASS_FORMAT_SIZE_MASK: u32 = 0xffff;
export const CLASS_FORMAT_FORMAT_SHIFT: u32 = 16;

// Method dictionaries.
export const METHOD_DICTIONARY_TALLY: u32 = 0;
export const METHOD_DICTIONARY_VALUES: u32 = 1;
export const METHOD_DICTIONARY_KEYS: u32 = 2;

// Compiled methods: the header is a SmallInteger. Its value's fields:
//   literals 0..14 | requires counters 15 | has primitive 16 | large frame 17 | temps 18..23 | arguments 24..27 | … sign: SistaV1
/** One more than the largest primitive number that a method can name. */
export const PRIMITIVE_NUMBERS: u32 = 0x8000;
/** The primitive of a method that names its function in its first literal. */
export const PRIMITIVE_EXTERNAL_CALL: u32 = 117;
export const METHOD_LITERAL_COUNT_MASK: u32 = 0x7fff;
export const METHOD_HAS_PRIMITIVE: u32 = 0x10000;
export const METHOD_LARGE_FRAME: u32 = 0x20000;
export const METHOD_TEMP_COUNT_SHIFT: u32 = 18;
export const METHOD_TEMP_COUNT_MASK: u32 = 63;
export const METHOD_ARGUMENT_COUNT_SHIFT: u32 = 24;
export const METHOD_ARGUMENT_COUNT_MASK: u32 = 15;
export const SMALL_FRAME_SLOTS: u32 = 16;
export const LARGE_FRAME_SLOTS: u32 = 56;

// Contexts.
export const CONTEXT_SENDER: u32 = 0;
export const CONTEXT_PC: u32 = 1;
export const CONTEXT_STACK_POINTER: u32 = 2;
export const CONTEXT_METHOD: u32 = 3;
export const CONTEXT_CLOSURE: u32 = 4;
export const CONTEXT_RECEIVER: u32 = 5;
export const CONTEXT_FIRST_TEMP: u32 = 6;

// Block closures; a full block keeps its receiver before the copied values.
export const CLOSURE_OUTER_CONTEXT: u32 = 0;
export const CLOSURE_START_PC: u32 = 1;
export const FULL_CLOSURE_COMPILED_BLOCK: u32 = 1;
export const CLOSURE_ARGUMENT_COUNT: u32 = 2;
export const CLOSURE_FIRST_COPIED: u32 = 3;
export const FULL_CLOSURE_RECEIVER: u32 = 3;
export const FULL_CLOSURE_FIRST_COPIED: u32 = 4;

// Processes, links, semaphores, the scheduler, associations, messages, points.
export const LINK_NEXT: u32 = 0;
export const PROCESS_SUSPENDED_CONTEXT: u32 = 1;
export const PROCESS_PRIORITY: u32 = 2;
export const PROCESS_MY_LIST: u32 = 3;
export const LIST_FIRST_LINK: u32 = 0;
export const LIST_LAST_LINK: u32 = 1;
export const SEMAPHORE_EXCESS_SIGNALS: u32 = 2;
export const MUTEX_OWNER: u32 = 2;
export const SCHEDULER_LISTS: u32 = 0;
export const SCHEDULER_ACTIVE_PROCESS: u32 = 1;
export const ASSOCIATION_KEY: u32 = 0;
export const ASSOCIATION_VALUE: u32 = 1;
export const MESSAGE_SELECTOR: u32 = 0;
export const MESSAGE_ARGUMENTS: u32 = 1;
export const MESSAGE_LOOKUP_CLASS: u32 = 2;
export const POINT_X: u32 = 0;
export const POINT_Y: u32 = 1;

// Primitive error codes (VMClass class>>initializePrimitiveErrorCodes).
export const ERROR_NONE: u32 = 0;
export const ERROR_GENERIC: u32 = 1;
export const ERROR_BAD_RECEIVER: u32 = 2;
export const ERROR_BAD_ARGUMENT: u32 = 3;
export const ERROR_BAD_INDEX: u32 = 4;
export const ERROR_BAD_ARGUMENT_COUNT: u32 = 5;
export const ERROR_INAPPROPRIATE: u32 = 6;
export const ERROR_UNSUPPORTED: u32 = 7;
export const ERROR_NO_MODIFICATION: u32 = 8;
export const ERROR_NO_MEMORY: u32 = 9;
export const ERROR_NO_C_MEMORY: u32 = 10;
export const ERROR_NOT_FOUND: u32 = 11;
export const ERROR_BAD_METHOD: u32 = 12;
export const ERROR_NAMED_INTERNAL: u32 = 13;
export const ERROR_OBJECT_MAY_MOVE: u32 = 14;
export const ERROR_LIMIT_EXCEEDED: u32 = 15;
export const ERROR_OBJECT_IS_PINNED: u32 = 16;
export const ERROR_WRITE_PAST_OBJECT: u32 = 17;
export const ERROR_OPERATING_SYSTEM: u32 = 21;
export const ERROR_OPERATION_FAILED: u32 = 24;

// A frame on the stack, which grows down. Slots below are 64 bits unless split as low | high half.
//
//   callerSp          receiver as the caller pushed it (a closure for a block), then the arguments; the answer goes here
//   fp                caller's fp | caller's instruction pointer
//   fp -  8           method | callerSp
//   fp - 16           context, where flags say so | flags
//   fp - 24           receiver
//   fp - 32 - 8 n     temporary n: a copy of the arguments, then temporaries, then the operand stack
//
// A page's base frame has caller's fp 0, above it only the receiver (or closure), and the oop of its sender context
// (nil's too) in place of the instruction pointer.
export const FRAME_CALLER_FP: u32 = 0;
export const FRAME_CALLER_IP: u32 = 4;
export const FRAME_METHOD = -8;
export const FRAME_CALLER_SP = -4;
export const FRAME_CONTEXT = -16;
export const FRAME_FLAGS = -12;
export const FRAME_RECEIVER = -24;
export const FRAME_FIRST_TEMP = -32;
// Frame flags.
export const FRAME_HAS_CONTEXT: u32 = 1;
export const FRAME_IS_BLOCK: u32 = 2;
/** A debugger has stopped where the frame starts, and shall not do so again. */
export const FRAME_BREAK_REPORTED: u32 = 4;
/** The method is in SistaV1; the value is what the dispatch adds to its bytes. */
export const FRAME_IS_SISTA: u32 = 256;
/** Compiled code made the frame, or has taken it over. */
export const FRAME_IS_COMPILED: u32 = 512;
export const FRAME_ARGUMENT_COUNT_SHIFT: u32 = 16;

// Image file headers of Spur (VMMaker: SpurImageReader>>readHeaderFrom:startingAt:). All numbers little-endian; `word` is
// 4 bytes in 32-bit images and 8 in 64-bit ones:
//
//   format u32 | header bytes u32 | data bytes word | old base address word | special objects word | last hash word |
//   window size word | flags word | extra memory u32 | stack pages u16 | code size u16 | eden bytes u32 |
//   external semaphores u16 | image version u16 | first segment bytes word | free bytes word
export const IMAGE_HEADER_BYTES_32: u32 = 64;
export const IMAGE_HEADER_BYTES_64: u32 = 128;
/** Format numbers without IMAGE_FORMAT_MULTIPLE and IMAGE_FORMAT_NATIVE_FLOATS taken away. */
export const IMAGE_FORMAT_SPUR_32: u32 = 6521;
export const IMAGE_FORMAT_SPUR_64: u32 = 68021;
/** Both bytecode sets are in use: 7033 and 68533. */
export const IMAGE_FORMAT_MULTIPLE: u32 = 512;
export const IMAGE_FORMAT_SPUR_32_MULTIPLE: u32 = 7033;
export const IMAGE_FORMAT_SPUR_64_MULTIPLE: u32 = 68533;
/** In a format number: the float words are in the platform's order. */
export const IMAGE_FORMAT_NATIVE_FLOATS: u32 = 1;
/** Header flag: the words of floats are in little-endian order. */
export const IMAGE_FLAG_FLOATS_LITTLE_ENDIAN: u32 = 2;
/** Header flag: a preempted process goes to the front of its queue. */
export const IMAGE_FLAG_PREEMPTION_DOES_NOT_YIELD: u32 = 16;
/** A segment ends with so many bytes that lead to the next. */
export const SEGMENT_BRIDGE_BYTES: u32 = 16;

// Cells: words at fixed places below the module's own data, which compiled code reads too.
/** u32: eden's next free byte. */
export const CELL_EDEN_FREE: u32 = 64;
/** u32: where inline allocation stops and the slow path starts. */
export const CELL_EDEN_LIMIT: u32 = 68;
/** u32: a stack pointer below this takes the slow path at the next poll. */
export const CELL_STACK_LIMIT: u32 = 72;
/** i32: how many polls the slice has left. */
export const CELL_POLLS_LEFT: u32 = 76;

// Counts of the compiler of methods: places in an array of u64 (vm/interpreter/codeStatistics.ts, embed/jitStatistics.ts).
export const COUNT_METHODS: u32 = 0;
export const COUNT_BLOCKS: u32 = 1;
export const COUNT_OPTIMISED_METHODS: u32 = 2;
export const COUNT_OPTIMISED_BLOCKS: u32 = 3;
export const COUNT_REFUSED: u32 = 4;
/** Modules, their bytes, and the microseconds that these took: of the baseline tier, and of the second. */
export const COUNT_MODULES: u32 = 5;
export const COUNT_OPTIMISED_MODULES: u32 = 24;
/** Slices that ended in the interpreter, in baseline code, in optimised code. */
export const COUNT_SLICES: u32 = 8;
/** Modules that the host did not take. */
export const COUNT_NOT_TAKEN: u32 = 11;
/** Times that all code was dropped, by cause: no room, old objects moved, a method became another, a debugger. */
export const COUNT_DROPS: u32 = 12;
/** Exits from optimised code, by cause. */
export const COUNT_EXITS: u32 = 16;
export const EXIT_CAUSES: u32 = 8;
/** Microseconds of running, by the tier in which slices ended; and those since the last slice that tells. */
export const COUNT_TIME: u32 = 27;
export const COUNT_TIME_UNTOLD: u32 = 30;
/** Optimised code thrown away: left too often, or taking for granted what had changed. */
export const COUNT_LEFT_TOO_OFTEN: u32 = 31;
export const COUNT_OUT_OF_DATE: u32 = 32;
/** The errno of the last module that was not taken. */
export const COUNT_NOT_TAKEN_ERROR: u32 = 33;
export const COUNT_PLACES: u32 = 34;

// What tests force (vm/main.ts: force), so that what is rare happens all the time; bits.
/** Every poll takes its slow path. */
export const FORCE_POLLS: u32 = 1;
/** Eden counts as full: whatever allocates asks for a scavenge at the next poll. */
export const FORCE_SCAVENGES: u32 = 2;
/** Many polls collect everything, which moves old objects and drops all compiled code. */
export const FORCE_FULL_COLLECTIONS: u32 = 4;
/** Optimised code made from then on leaves at many of its guards, whatever they find. */
export const FORCE_EXITS: u32 = 8;

/** First byte of the module's own data: `memoryBase` in asconfig.json says the same. */
export const CELLS_END: u32 = 1024;

// Stack pages.
export const STACK_PAGE_BYTES: u32 = 16384;
export const STACK_PAGE_COUNT: u32 = 128;
/** Room left on every page below its limit: the largest frame, and what a primitive may push. */
export const STACK_PAGE_HEADROOM_BYTES: u32 = 2048;

// What is compiled before a program starts (jit/ahead.ts), and what came of it.

export const CODE_IS_METHOD: u32 = 0;
export const CODE_IS_FULL_BLOCK: u32 = 1;
export const CODE_IS_V3_BLOCK: u32 = 2;

export const AHEAD_COMPILED: u32 = 0;
export const AHEAD_REFUSED: u32 = 1;
export const AHEAD_FULL: u32 = 2;
