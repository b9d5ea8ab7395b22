// The image's name, and snapshots (vm/host.ts): a snapshot is a file without a name until it is whole, then it takes the
// place of the file that has its name.

import { Address } from "../../../vm/memory/oop";
import { imageNameBytes, imageNameStart } from "../../common/embedded";
import { writeContent } from "./contents";
import { EACCES, EBADF, EISDIR, ENAMETOOLONG, ENOENT, ENOSPC } from "./errors";
import { putInPlace } from "./files";
import { holdNode, releaseNode } from "./folders";
import { FILE_MODE, isFolder, modeOf, newFile, permits, sizeOf, touchContent, WRITE } from "./nodes";
import { Place } from "./pageStore";
import { findPath, folder, hasSlash, last, LAST_NAME, node, PATH_BYTES } from "./paths";

const SLASH: u32 = 0x2f;

/** The image's name, an absolute path; of no bytes until it is asked for. */
const imagePath = <Address>memory.data(4096);
let imagePathBytes: u32 = 0;
/** Where the snapshot will be. */
const target = <Address>memory.data(4096);
let targetBytes: u32 = 0;
/** The snapshot that is being written, 0 for none; and whether all of it was. */
let snapshot: Place = 0;
let isWhole: bool = false;

/** At first the name that the image's file had, in the root. */
export function imageName(): Address {
  if (imagePathBytes == 0) setImagePath(imageNameStart(), imageNameBytes());
  return imagePath;
}

/** Of `imageName`. */
export function imageNameLength(): u32 {
  imageName();
  return imagePathBytes;
}

/** A relative name is below the root. */
export function setImagePath(name: Address, bytes: u32): i32 {
  if (bytes == 0) return ENOENT;
  const start: u32 = load<u8>(name) == SLASH ? 0 : 1;
  if (bytes + start >= PATH_BYTES) return ENAMETOOLONG;
  store<u8>(imagePath, SLASH);
  copy(imagePath + start, name, bytes);
  imagePathBytes = start + bytes;
  return 0;
}

export function beginSnapshot(name: Address, bytes: u32): i32 {
  if (snapshot != 0) endSnapshot(false);
  targetBytes = bytes == 0 ? imageNameLength() : bytes;
  if (targetBytes >= PATH_BYTES) return ENAMETOOLONG;
  copy(target, bytes == 0 ? imageName() : name, targetBytes);
  const error = findTarget();
  if (error < 0) return error;
  snapshot = newFile(node == 0 ? FILE_MODE : modeOf(node));
  if (snapshot == 0) return ENOSPC;
  holdNode(snapshot);
  isWhole = true;
  return 0;
}

/** All of it or an error. */
export function writeSnapshot(address: Address, bytes: u32): i32 {
  if (snapshot == 0) return EBADF;
  const count = writeContent(snapshot, sizeOf(snapshot), address, bytes);
  if (count == <i32>bytes) return count;
  isWhole = false;
  return count < 0 ? count : ENOSPC;
}

/** Puts it in place, or drops it. */
export function endSnapshot(keep: bool): i32 {
  if (snapshot == 0) return EBADF;
  let error: i32 = 0;
  if (keep) error = isWhole ? findTarget() : ENOSPC;
  if (keep && error == 0) {
    touchContent(snapshot);
    putInPlace(snapshot);
  }
  releaseNode(snapshot);
  snapshot = 0;
  return error;
}

function findTarget(): i32 {
  const error = findPath(target, targetBytes);
  if (error < 0) return error;
  if (last != LAST_NAME || hasSlash || (node != 0 && isFolder(node))) return EISDIR;
  return permits(folder, WRITE) ? 0 : EACCES;
}

function copy(to: Address, from: Address, bytes: u32): void {
  for (let i: u32 = 0; i < bytes; i++) store<u8>(to + i, load<u8>(from + i));
}
