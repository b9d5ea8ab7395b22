// The values of SistaV1's extension bytes, which wait for the bytecode that they widen. They are no locals of the loop:
// rarely live, they would cost it a register.

/** Unsigned; later bytes are lower. */
export let extensionA: u32 = 0;
/** Signed. */
export let extensionB: i32 = 0;

export function extendA(byte: u32): void {
  extensionA = (extensionA << 8) | byte;
}

export function extendB(byte: i32): void {
  extensionB = extensionB == 0 && byte > 127 ? byte - 256 : (extensionB << 8) | byte;
}

export function setExtensions(a: u32, b: i32): void {
  extensionA = a;
  extensionB = b;
}

/** The first extension's value, which is used up. */
// @ts-ignore: decorator
@inline
export function takeExtensionA(): u32 {
  const value = extensionA;
  extensionA = 0;
  return value;
}

// @ts-ignore: decorator
@inline
export function takeExtensionB(): i32 {
  const value = extensionB;
  extensionB = 0;
  return value;
}
