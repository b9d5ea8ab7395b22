// The rights that an image may give up (SecurityPlugin): files, writing its own image, sockets. They only shrink; what
// the embedder refuses from the start is refused by the host too, which this state cannot loosen.

import { Address, hostAttribute } from "../../vm/plugin";

/** "1" where the image starts with access to files (vm/embed/attributes.ts). */
const ATTRIBUTE_HAS_FILE_ACCESS: i32 = 9001;

export let imageWriteAllowed: bool = true;
export let socketAccessAllowed: bool = true;
let fileAccess: bool = true;
let fileAccessKnown: bool = false;
// No scratch memory: a path may lie there when this is asked.
const attribute: Address = memory.data(1);

export function fileAccessAllowed(): bool {
  if (!fileAccessKnown) {
    fileAccessKnown = true;
    fileAccess = !(hostAttribute(ATTRIBUTE_HAS_FILE_ACCESS, attribute, 1) == 1 && load<u8>(attribute) == 0x30);
  }
  return fileAccess;
}

export function giveUpFileAccess(): void {
  fileAccessKnown = true;
  fileAccess = false;
}

export function giveUpImageWrite(): void {
  imageWriteAllowed = false;
}

export function giveUpSocketAccess(): void {
  socketAccessAllowed = false;
}
