// Reflection is part of the library.

export * from "../vm/embed/reflection.js";
