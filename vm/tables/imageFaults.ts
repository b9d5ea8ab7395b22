// Why an image was not loaded: the statuses of `loadImage`, read by AssemblyScript and TypeScript alike. What to tell
// people about each stands in embed/imageErrors.ts.

export const IMAGE_OK = 0;
/** The file ends before its header does. */
export const IMAGE_SHORT_HEADER = 1;
/** The first word is no image format. */
export const IMAGE_UNKNOWN_FORMAT = 2;
/** An image from before Spur, little-endian. */
export const IMAGE_PRE_SPUR = 3;
/** An image from before Spur, big-endian. */
export const IMAGE_PRE_SPUR_BIG_ENDIAN = 4;
/** A Spur image written on a big-endian machine. */
export const IMAGE_SPUR_BIG_ENDIAN = 5;
/** The first 64-bit Spur format, whose immediate floats have another tag. */
export const IMAGE_EARLY_SPUR_64 = 6;
/** A field of the header makes no sense. */
export const IMAGE_BAD_HEADER = 7;
/** The file ends before the data that its header announces. */
export const IMAGE_TRUNCATED = 8;
/** The host could not read the file. */
export const IMAGE_READ_FAILED = 9;
/** The heap does not fit into the memory there is, or is allowed. */
export const IMAGE_NO_MEMORY = 10;
/** A segment's end does not lead to the next. */
export const IMAGE_BAD_SEGMENT = 11;
/** An object's header contradicts itself or what lies around it. */
export const IMAGE_BAD_OBJECT = 12;
/** A slot refers to a place where no object is. */
export const IMAGE_BAD_REFERENCE = 13;
/** The class table is missing or damaged. */
export const IMAGE_BAD_CLASS_TABLE = 14;
/** An object's class index names no class. */
export const IMAGE_BAD_CLASS_INDEX = 15;
/** A class without a usable superclass, method dictionary or format. */
export const IMAGE_BAD_CLASS = 16;
/** A compiled method whose header and size do not agree. */
export const IMAGE_BAD_METHOD = 17;
/** A context that could not be resumed. */
export const IMAGE_BAD_CONTEXT = 18;
/** A block closure that could not be evaluated. */
export const IMAGE_BAD_CLOSURE = 19;
/** The array of special objects, or one in it, is not what it must be. */
export const IMAGE_BAD_SPECIAL_OBJECTS = 20;
/** The scheduler or a process in it is damaged. */
export const IMAGE_BAD_PROCESS = 21;
