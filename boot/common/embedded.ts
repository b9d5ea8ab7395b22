// What the linker puts into the program beside the image: its name. The place is fixed, its contents are written when
// the program is built (boot/link finds it by the export).

type Address = u32;

export const IMAGE_NAME_BYTES: u32 = 256;
/** Length u32, then the name. */
const imageName: Address = memory.data(260, 4);

/** Where the linker writes the length and the name of the image's file. */
export function imageNameRecord(): Address {
  return imageName;
}

export function imageNameBytes(): u32 {
  return load<u32>(imageName);
}

export function imageNameStart(): Address {
  return imageName + 4;
}
