// What the image's header and the embedder set for the interpreter.

/** In the header's flags: a preempted process stays first in its list (else it goes to the end). */
export const FLAG_PREEMPTED_STAYS_FIRST: u32 = 16;

/** The flags word of the image header (StackInterpreter>>getImageHeaderFlags). */
export { imageFlags, setImageFlags } from "../image/header";
