// Protocol: the page of the paravirtual console (struct xencons_interface, xen/include/public/io/console.h): two rings of
// bytes and their indices, which count on without end and are masked when used.

export const CONSOLE_INPUT_OFFSET: u32 = 0;
export const CONSOLE_INPUT_BYTES: u32 = 1024;
export const CONSOLE_OUTPUT_OFFSET: u32 = 1024;
export const CONSOLE_OUTPUT_BYTES: u32 = 2048;
export const CONSOLE_INDICES_OFFSET: u32 = 3072;

/** What follows the two rings. */
// @ts-ignore: decorator
@unmanaged
export class ConsoleIndices {
  inputConsumer: u32;
  inputProducer: u32;
  outputConsumer: u32;
  outputProducer: u32;
}
if (CONSOLE_INPUT_OFFSET + CONSOLE_INPUT_BYTES != CONSOLE_OUTPUT_OFFSET) ERROR("console.h: out follows in");
if (CONSOLE_OUTPUT_OFFSET + CONSOLE_OUTPUT_BYTES != CONSOLE_INDICES_OFFSET) ERROR("console.h: in_cons follows out");
if (offsetof<ConsoleIndices>("outputProducer") != 12) ERROR("console.h: out_prod is 12 bytes after in_cons");
