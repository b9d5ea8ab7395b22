// The heap reader is part of the library.

export * from "../vm/embed/heap.js";
