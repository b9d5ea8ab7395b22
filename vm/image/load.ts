// Loads an image: the one entry from above. After it the object memory is laid out and holds the image's objects as
// 64-bit Spur, whatever the file's format; all that is left is to run it.

import { resetEden } from "../memory/allocation";
import { initializePages } from "../memory/frames";
import { setLastHash } from "../memory/hash";
import { edenStart, growMemoryTo, layOutMemory, oldSpaceStart } from "../memory/map";
import { Address } from "../memory/oop";
import { adoptOldSpace, setMaxOldSpaceBytes } from "../memory/oldspace";
import { setFirstObjects, setSpecialObjects } from "../memory/roots";
import { IMAGE_NO_MEMORY, IMAGE_OK } from "../tables/imageFaults";
import { DEFAULT_EDEN_BYTES } from "../tuning";
import { defineSmallFloatClass, forgetWordSize } from "./adaptImage";
import { checkHeap, firstObject } from "./check";
import { clearFault, faultAt, imageFault } from "./fault";
import { imageDataBytes, imageEdenBytes, imageLastHash, imageWordBytes, readHeader } from "./header";
import { bytesToLoad32, heapEnd32, load32, special32 } from "./load32";
import { heapEnd64, load64, special64 } from "./load64";
import { objectMapBytes } from "./objectMap";

const MAX_EDEN_BYTES_OF_IMAGE: u32 = 32 << 20;

/**
 * Loads the image that the host reads (hostImageRead), a file of `totalBytes`, into memory with an eden of that size (0
 * for what the image asks for, or the default) and at most `maxOldBytes` of old space (0 for as much as there is). Answers 0, or an IMAGE_… status
 * of tables/imageFaults.ts; where the fault lies is in image/fault.ts.
 */
export function loadImage(totalBytes: f64, edenBytes: u32, maxOldBytes: u32): i32 {
  clearFault();
  if (!readHeader(totalBytes)) return imageFault;
  if (!loadHeap(edenBytes == 0 ? edenBytesOfImage() : edenBytes, maxOldBytes)) return imageFault;
  setLastHash(<u32>imageLastHash);
  initializePages();
  resetEden(edenStart);
  return IMAGE_OK;
}

/** An image may ask for a larger eden (vmParameterAt: 45), within reason. */
function edenBytesOfImage(): u32 {
  return min(max(imageEdenBytes, DEFAULT_EDEN_BYTES), MAX_EDEN_BYTES_OF_IMAGE);
}

function loadHeap(edenBytes: u32, maxOldBytes: u32): bool {
  if (maxOldBytes != 0 && imageDataBytes > <f64>maxOldBytes) return faultAt(IMAGE_NO_MEMORY, -1);
  setMaxOldSpaceBytes(maxOldBytes);
  if (edenBytes > 1 << 30 || imageDataBytes > <f64>u32.MAX_VALUE) return faultAt(IMAGE_NO_MEMORY, -1);
  if (imageWordBytes == 4) {
    const room = bytesToLoad32();
    if (room > <u64>u32.MAX_VALUE || !layOutMemory(edenBytes, <u32>room)) return faultAt(IMAGE_NO_MEMORY, -1);
    if (!load32()) return false;
    if (!adopt(special32, heapEnd32)) return false;
    defineSmallFloatClass();
    forgetWordSize(oldSpaceStart, heapEnd32);
    return true;
  }
  const bytes = <u32>imageDataBytes;
  if (!layOutMemory(edenBytes, bytes)) return faultAt(IMAGE_NO_MEMORY, -1);
  const mapPlace = <u64>oldSpaceStart + ((bytes + 7) & ~7);
  if (!growMemoryTo(mapPlace + objectMapBytes(bytes))) return faultAt(IMAGE_NO_MEMORY, -1);
  if (!load64(<Address>mapPlace)) return false;
  return adopt(special64, heapEnd64);
}

/** Makes the loaded objects the object memory's. */
function adopt(special: Address, end: Address): bool {
  if (!checkHeap(special, end)) return false;
  setFirstObjects(firstObject(0), firstObject(1), firstObject(2), firstObject(4));
  setSpecialObjects(special);
  adoptOldSpace(end);
  return true;
}
