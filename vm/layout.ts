// Numbers of the 64-bit Spur object format and of our stack, read by AssemblyScript and TypeScript alike.
// Source of every Spur figure: VMMaker, SpurMemoryManager and Spur64BitMemoryManager.
// Nothing here computes; how fields are read stands in memory/header.ts.

export const WORD_BYTES = 8;
export const WORD_SHIFT = 3;
export const PAGE_BYTES = 65536;

// Tags, the low three bits of an oop. The class index of an immediate is its tag.
export const TAG_MASK = 7;
export const TAG_SMALL_INTEGER = 1;
export const TAG_CHARACTER = 2;
export const TAG_SMALL_FLOAT = 4;
export const TAG_SHIFT = 3;

// The object header, one 64-bit word read as two halves:
//
//   low half:   |grey|pinned|remembered| format:5 |read-only|-| class index: 22 |
//               | 31 |  30  |    29    |  28..24  |    23   |22|     21..0      |
//   high half:  | slot count: 8 | marked |-| identity hash: 22 |
//               |    31..24     |   23   |22|     21..0        |
//
// A slot count of 255 says that the word before the header holds the true count in its low 56 bits.
export const HEADER_BYTES = 8;
export const CLASS_INDEX_MASK = 0x3fffff;
export const READ_ONLY_SHIFT = 23;
export const FORMAT_SHIFT = 24;
export const FORMAT_MASK = 0x1f;
export const REMEMBERED_SHIFT = 29;
export const PINNED_SHIFT = 30;
export const GREY_SHIFT = 31;
export const HASH_MASK = 0x3fffff;
export const MARKED_SHIFT = 23;
export const SLOT_COUNT_SHIFT = 24;
export const OVERFLOW_SLOT_COUNT = 255;

// Formats.
export const FORMAT_EMPTY = 0;
export const FORMAT_FIXED = 1;
export const FORMAT_ARRAY = 2;
export const FORMAT_FIXED_AND_INDEXABLE = 3;
export const FORMAT_WEAK_ARRAY = 4;
export const FORMAT_EPHEMERON = 5;
export const FORMAT_FORWARDED = 7;
export const FORMAT_WORDS64 = 9;
export const FORMAT_WORDS32 = 10;
export const FORMAT_SHORTS = 12;
export const FORMAT_BYTES = 16;
export const FORMAT_COMPILED_METHOD = 24;

// Class indices that name no class.
export const CLASS_INDEX_FREE = 0;
export const CLASS_INDEX_SEGMENT_BRIDGE = 3;
export const CLASS_INDEX_FORWARDED = 8;
export const CLASS_INDEX_ARRAY_PUN = 16;
export const CLASS_INDEX_WEAK_ARRAY_PUN = 17;
export const CLASS_INDEX_WORDS64_PUN = 19;
export const CLASS_INDEX_SELF_PUN = 31;
export const LAST_CLASS_INDEX_PUN = 31;
// Class indices that every Spur image has fixed (SpurMemoryManager class>>initializeCompactClassIndices).
export const CLASS_INDEX_LARGE_NEGATIVE = 32;
export const CLASS_INDEX_LARGE_POSITIVE = 33;
export const CLASS_INDEX_FLOAT = 34;
export const CLASS_INDEX_MESSAGE = 35;
export const CLASS_INDEX_CONTEXT = 36;
export const CLASS_INDEX_BLOCK_CLOSURE = 37;
export const CLASS_INDEX_FULL_BLOCK_CLOSURE = 38;
export const CLASS_INDEX_BYTE_ARRAY = 50;
export const CLASS_INDEX_ARRAY = 51;
export const CLASS_INDEX_BYTE_STRING = 52;
export const CLASS_INDEX_BITMAP = 53;

// The class table: the hidden root object holds 4096 pages of 1024 classes, then 8 more roots.
export const CLASS_TABLE_PAGE_SHIFT = 10;
export const CLASS_TABLE_PAGE_SLOTS = 1024;
export const CLASS_TABLE_ROOT_SLOTS = 4096;
export const HIDDEN_ROOT_SLOTS = 8;
/** In the hidden root object, counted after the class table pages. */
export const HIDDEN_ROOT_MOURN_QUEUE = 3;

// The first objects of every Spur image, in this order: nil, false, true, free lists, hidden roots.
export const FREE_LIST_COUNT = 64;

// Special objects, zero-based (SpurMemoryManager class>>initializeSpecialObjectIndices).
export const SPECIAL_NIL = 0;
export const SPECIAL_FALSE = 1;
export const SPECIAL_TRUE = 2;
export const SPECIAL_SCHEDULER = 3;
export const SPECIAL_CLASS_BITMAP = 4;
export const SPECIAL_CLASS_SMALL_INTEGER = 5;
export const SPECIAL_CLASS_BYTE_STRING = 6;
export const SPECIAL_CLASS_ARRAY = 7;
export const SPECIAL_CLASS_FLOAT = 9;
export const SPECIAL_CLASS_CONTEXT = 10;
export const SPECIAL_CLASS_POINT = 12;
export const SPECIAL_CLASS_LARGE_POSITIVE = 13;
export const SPECIAL_DISPLAY = 14;
export const SPECIAL_CLASS_MESSAGE = 15;
export const SPECIAL_CLASS_COMPILED_METHOD = 16;
export const SPECIAL_LOW_SPACE_SEMAPHORE = 17;
export const SPECIAL_CLASS_SEMAPHORE = 18;
export const SPECIAL_CLASS_CHARACTER = 19;
export const SPECIAL_DOES_NOT_UNDERSTAND = 20;
export const SPECIAL_CANNOT_RETURN = 21;
export const SPECIAL_PROCESS_SIGNALING_LOW_SPACE = 22;
export const SPECIAL_SELECTORS = 23;
export const SPECIAL_CHARACTER_TABLE = 24;
export const SPECIAL_MUST_BE_BOOLEAN = 25;
export const SPECIAL_CLASS_BYTE_ARRAY = 26;
export const SPECIAL_CLASS_PROCESS = 27;
export const SPECIAL_TIMER_SEMAPHORE = 29;
export const SPECIAL_INTERRUPT_SEMAPHORE = 30;
export const SPECIAL_CANNOT_INTERPRET = 34;
export const SPECIAL_CLASS_BLOCK_CLOSURE = 36;
export const SPECIAL_CLASS_FULL_BLOCK_CLOSURE = 37;
export const SPECIAL_EXTERNAL_OBJECTS = 38;
export const SPECIAL_CLASS_MUTEX = 39;
export const SPECIAL_FINALIZATION_SEMAPHORE = 41;
export const SPECIAL_CLASS_LARGE_NEGATIVE = 42;
export const SPECIAL_CLASS_EXTERNAL_ADDRESS = 43;
export const SPECIAL_ABOUT_TO_RETURN = 48;
export const SPECIAL_RUN_WITH_IN = 49;
export const SPECIAL_ATTEMPT_TO_ASSIGN = 50;
export const SPECIAL_PRIMITIVE_ERRORS = 51;
export const SPECIAL_UNKNOWN_BYTECODE = 57;

// Class objects.
export const CLASS_SUPERCLASS = 0;
export const CLASS_METHOD_DICTIONARY = 1;
export const CLASS_FORMAT = 2;
export const CLASS_INSTANCE_VARIABLES = 3;
export const CLASS_ORGANIZATION = 4;
export const CLASS_NAME = 6;
export const METACLASS_THIS_CLASS = 5;
/** The class format integer: instance size in bits 0 to 15, instance format in bits 16 to 20. */
export const CLASS_FORMAT_SIZE_MASK = 0xffff;
export const CLASS_FORMAT_FORMAT_SHIFT = 16;

// Method dictionaries.
export const METHOD_DICTIONARY_TALLY = 0;
export const METHOD_DICTIONARY_VALUES = 1;
export const METHOD_DICTIONARY_KEYS = 2;

// Compiled methods: the header is a SmallInteger. Its value's fields:
//   literals 0..14 | requires counters 15 | has primitive 16 | large frame 17 | temps 18..23 | arguments 24..27 | … sign: SistaV1
export const METHOD_LITERAL_COUNT_MASK = 0x7fff;
export const METHOD_HAS_PRIMITIVE = 0x10000;
export const METHOD_LARGE_FRAME = 0x20000;
export const METHOD_TEMP_COUNT_SHIFT = 18;
export const METHOD_TEMP_COUNT_MASK = 63;
export const METHOD_ARGUMENT_COUNT_SHIFT = 24;
export const METHOD_ARGUMENT_COUNT_MASK = 15;
export const SMALL_FRAME_SLOTS = 16;
export const LARGE_FRAME_SLOTS = 56;

// Contexts.
export const CONTEXT_SENDER = 0;
export const CONTEXT_PC = 1;
export const CONTEXT_STACK_POINTER = 2;
export const CONTEXT_METHOD = 3;
export const CONTEXT_CLOSURE = 4;
export const CONTEXT_RECEIVER = 5;
export const CONTEXT_FIRST_TEMP = 6;

// Block closures; a full block keeps its receiver before the copied values.
export const CLOSURE_OUTER_CONTEXT = 0;
export const CLOSURE_START_PC = 1;
export const FULL_CLOSURE_COMPILED_BLOCK = 1;
export const CLOSURE_ARGUMENT_COUNT = 2;
export const CLOSURE_FIRST_COPIED = 3;
export const FULL_CLOSURE_RECEIVER = 3;
export const FULL_CLOSURE_FIRST_COPIED = 4;

// Processes, links, semaphores, the scheduler, associations, messages, points.
export const LINK_NEXT = 0;
export const PROCESS_SUSPENDED_CONTEXT = 1;
export const PROCESS_PRIORITY = 2;
export const PROCESS_MY_LIST = 3;
export const LIST_FIRST_LINK = 0;
export const LIST_LAST_LINK = 1;
export const SEMAPHORE_EXCESS_SIGNALS = 2;
export const MUTEX_OWNER = 2;
export const SCHEDULER_LISTS = 0;
export const SCHEDULER_ACTIVE_PROCESS = 1;
export const ASSOCIATION_KEY = 0;
export const ASSOCIATION_VALUE = 1;
export const MESSAGE_SELECTOR = 0;
export const MESSAGE_ARGUMENTS = 1;
export const MESSAGE_LOOKUP_CLASS = 2;
export const POINT_X = 0;
export const POINT_Y = 1;

// Primitive error codes (VMClass class>>initializePrimitiveErrorCodes).
export const ERROR_NONE = 0;
export const ERROR_GENERIC = 1;
export const ERROR_BAD_RECEIVER = 2;
export const ERROR_BAD_ARGUMENT = 3;
export const ERROR_BAD_INDEX = 4;
export const ERROR_BAD_ARGUMENT_COUNT = 5;
export const ERROR_INAPPROPRIATE = 6;
export const ERROR_UNSUPPORTED = 7;
export const ERROR_NO_MODIFICATION = 8;
export const ERROR_NO_MEMORY = 9;
export const ERROR_NO_C_MEMORY = 10;
export const ERROR_NOT_FOUND = 11;
export const ERROR_BAD_METHOD = 12;
export const ERROR_NAMED_INTERNAL = 13;
export const ERROR_OBJECT_MAY_MOVE = 14;
export const ERROR_LIMIT_EXCEEDED = 15;
export const ERROR_OBJECT_IS_PINNED = 16;
export const ERROR_WRITE_PAST_OBJECT = 17;
export const ERROR_OPERATING_SYSTEM = 21;
export const ERROR_OPERATION_FAILED = 24;

// A frame on the stack, which grows down. Slots below are 64 bits unless split as low | high half.
//
//   callerSp          receiver as the caller pushed it (a closure for a block), then the arguments; the answer goes here
//   fp                caller's fp | caller's instruction pointer
//   fp -  8           method | callerSp
//   fp - 16           context, where flags say so | flags
//   fp - 24           receiver
//   fp - 32 - 8 n     temporary n: a copy of the arguments, then temporaries, then the operand stack
//
// A page's base frame has caller's fp 0, nothing above it, and the oop of its sender context (nil's too) in place of
// the instruction pointer.
export const FRAME_CALLER_FP = 0;
export const FRAME_CALLER_IP = 4;
export const FRAME_METHOD = -8;
export const FRAME_CALLER_SP = -4;
export const FRAME_CONTEXT = -16;
export const FRAME_FLAGS = -12;
export const FRAME_RECEIVER = -24;
export const FRAME_FIRST_TEMP = -32;
// Frame flags.
export const FRAME_HAS_CONTEXT = 1;
export const FRAME_IS_BLOCK = 2;
export const FRAME_ARGUMENT_COUNT_SHIFT = 8;

// Image file header, 64-bit and 32-bit layouts (SpurImageWriter).
export const IMAGE_FORMAT_SPUR_32 = 6521;
export const IMAGE_FORMAT_SPUR_32_MULTIPLE = 6533;
export const IMAGE_FORMAT_SPUR_64 = 68021;
export const IMAGE_FORMAT_SPUR_64_MULTIPLE = 68533;
/** In a format number: the float words are in the platform's order. */
export const IMAGE_FORMAT_FLOAT_ORDER = 1;

// Cells: words at fixed places below the module's own data, which compiled code reads too.
/** u32: eden's next free byte. */
export const CELL_EDEN_FREE = 64;
/** u32: where inline allocation stops and the slow path starts. */
export const CELL_EDEN_LIMIT = 68;
/** u32: a stack pointer below this takes the slow path at the next poll. */
export const CELL_STACK_LIMIT = 72;
/** First byte of the module's own data: `memoryBase` in asconfig.json says the same. */
export const CELLS_END = 1024;

// Stack pages.
export const STACK_PAGE_BYTES = 16384;
export const STACK_PAGE_COUNT = 128;
/** Room left on every page below its limit: the largest frame, and what a primitive may push. */
export const STACK_PAGE_HEADROOM_BYTES = 2048;
