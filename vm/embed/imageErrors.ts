// What to tell people about an image that was not loaded: for each status of tables/imageFaults.ts its name, the reason,
// and the way out.

import * as faults from "../tables/imageFaults.js";

/** What the module says about the fault (image/fault.ts, image/header.ts). */
export interface ImageFault {
  /** An IMAGE_… status, not 0. */
  readonly status: number;
  /** The format number found, 0 if none was read. */
  readonly format: number;
  /** Bytes from the start of the file, or of the converted heap if `inHeap`; negative if it has no place. */
  readonly offset: number;
  readonly inHeap: boolean;
}

export interface ImageFaultMessage {
  /** A word for programs. */
  readonly name: string;
  readonly reason: string;
  /** What to do about it. */
  readonly wayOut: string;
}

export const SUPPORTED_FORMATS = "6521, 6533, 7033, 68021, 68533";

const CONVERT = "take a Spur release of it (Squeak 5, Pharo 5, Cuis 5 or later), or convert it";
/** How ELF files begin. */
const ELF_MAGIC = 0x464c457f;
const START_IT = "start it by itself, a kernel with `stvm boot`, or give the image that it was made of";
const FETCH_AGAIN = "fetch or save it again";
const RESTORE = "the file is damaged, restore it from a copy";

/** Name, reason and way out of every status; `format` is the number found. */
export function imageFaultMessage(status: number, format: number): ImageFaultMessage {
  const supported = `supported: ${SUPPORTED_FORMATS}`;
  switch (status) {
    case faults.IMAGE_SHORT_HEADER:
      return { name: "short-header", reason: "the file is too short for an image", wayOut: FETCH_AGAIN };
    case faults.IMAGE_UNKNOWN_FORMAT:
      if (format === ELF_MAGIC) return { name: "program", reason: "a program or kernel, no image", wayOut: START_IT };
      return { name: "unknown-format", reason: `format ${format} is no image format`, wayOut: supported };
    case faults.IMAGE_PRE_SPUR:
      return preSpur(`format ${format} is ${generationOf(format)}`, supported);
    case faults.IMAGE_PRE_SPUR_BIG_ENDIAN:
      return preSpur(`format ${format} is big-endian ${generationOf(format)}`, supported);
    case faults.IMAGE_SPUR_BIG_ENDIAN:
      return { name: "big-endian", reason: `format ${format} is big-endian Spur`, wayOut: supported };
    case faults.IMAGE_EARLY_SPUR_64:
      return { name: "early-spur", reason: `format ${format} is 64-bit Spur from before 2014`, wayOut: supported };
    case faults.IMAGE_BAD_HEADER:
      return { name: "bad-header", reason: "its header contradicts itself", wayOut: RESTORE };
    case faults.IMAGE_TRUNCATED:
      return {
        name: "truncated",
        reason: "the file ends before the data that its header announces",
        wayOut: FETCH_AGAIN,
      };
    case faults.IMAGE_READ_FAILED:
      return {
        name: "read-failed",
        reason: "the file could not be read",
        wayOut: "check its permissions and the disk",
      };
    case faults.IMAGE_NO_MEMORY:
      return { name: "no-memory", reason: "its objects do not fit into memory", wayOut: "raise --maxOldSpaceSize" };
    default:
      return damageMessage(status);
  }
}

/** One line: `format 6504 is big-endian V3; supported: 6521, …`, with the place of the fault where it has one. */
export function describeImageFault(fault: ImageFault): string {
  const { reason, wayOut } = imageFaultMessage(fault.status, fault.format);
  const hasPlace = fault.offset >= 0 && fault.status >= faults.IMAGE_BAD_HEADER;
  const place = hasPlace ? ` (at byte ${fault.offset} of the ${fault.inHeap ? "converted heap" : "file"})` : "";
  return `${reason}${place}; ${wayOut}`;
}

/** As `describeImageFault`, from what the module exports after `loadImage` answered a status. */
export function describeLoadFault(status: number, exports: Readonly<Record<string, unknown>>): string {
  const read = (name: string) => Number((exports[name] as WebAssembly.Global | undefined)?.value ?? 0);
  return describeImageFault({
    status,
    format: read("imageFormat") >>> 0,
    offset: read("imageFaultOffset"),
    inHeap: read("imageFaultInHeap") !== 0,
  });
}

/** Faults inside the heap: the file has the right shape, but what is in it cannot be. */
function damageMessage(status: number): ImageFaultMessage {
  switch (status) {
    case faults.IMAGE_BAD_SEGMENT:
      return { name: "bad-segment", reason: "a segment's end does not lead to the next segment", wayOut: RESTORE };
    case faults.IMAGE_BAD_OBJECT:
      return { name: "bad-object", reason: "an object's header is damaged", wayOut: RESTORE };
    case faults.IMAGE_BAD_REFERENCE:
      return { name: "bad-reference", reason: "a slot refers to a place where no object is", wayOut: RESTORE };
    case faults.IMAGE_BAD_CLASS_TABLE:
      return { name: "bad-class-table", reason: "the class table is damaged", wayOut: RESTORE };
    case faults.IMAGE_BAD_CLASS_INDEX:
      return { name: "bad-class-index", reason: "an object's class is not in the class table", wayOut: RESTORE };
    case faults.IMAGE_BAD_CLASS:
      return { name: "bad-class", reason: "a class's superclass, methods or format are damaged", wayOut: RESTORE };
    case faults.IMAGE_BAD_METHOD:
      return { name: "bad-method", reason: "a compiled method's header and size disagree", wayOut: RESTORE };
    case faults.IMAGE_BAD_CONTEXT:
      return { name: "bad-context", reason: "a context cannot be resumed", wayOut: RESTORE };
    case faults.IMAGE_BAD_CLOSURE:
      return { name: "bad-closure", reason: "a block closure is damaged", wayOut: RESTORE };
    case faults.IMAGE_BAD_SPECIAL_OBJECTS:
      return { name: "bad-special-objects", reason: "the special objects are not what they must be", wayOut: RESTORE };
    case faults.IMAGE_BAD_PROCESS:
      return { name: "bad-process", reason: "the scheduler or a process is damaged", wayOut: RESTORE };
    default:
      return {
        name: "unknown",
        reason: `status ${status} of the loader`,
        wayOut: "build the library and the module again",
      };
  }
}

function preSpur(reason: string, supported: string): ImageFaultMessage {
  return { name: "pre-spur", reason, wayOut: `${supported}; ${CONVERT}` };
}

/** V3 is the object format before Spur. */
function generationOf(format: number): string {
  return format >= 68000 ? "64-bit V3" : "V3";
}
