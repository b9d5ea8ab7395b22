// Archives in cpio's "newc" format, which Linux unpacks as its first file system (Linux, Documentation/driver-api/
// early-userspace/buffer-format.rst). Everything belongs to root and has no date, so equal contents give equal bytes.

import { Buffer } from "node:buffer";

const TRAILER = "TRAILER!!!";
const FOLDER_MODE = 0o040755;
const LINK_MODE = 0o120777;
const FILE_MODE = 0o100644;
const PROGRAM_MODE = 0o100755;

export type CpioEntry =
  | { readonly kind: "folder"; readonly path: string }
  | { readonly kind: "link"; readonly path: string; readonly target: string }
  | { readonly kind: "file"; readonly path: string; readonly bytes: Uint8Array; readonly isProgram: boolean };

/** The archive's bytes. Paths have no leading slash; a folder comes before what is in it. */
export function cpioArchive(entries: readonly CpioEntry[]): Buffer {
  const parts = entries.map((entry, index) => member(entry.path, index + 1, modeOf(entry), contentsOf(entry)));
  parts.push(member(TRAILER, 0, 0, new Uint8Array()));
  return Buffer.concat(parts);
}

function modeOf(entry: CpioEntry): number {
  switch (entry.kind) {
    case "folder":
      return FOLDER_MODE;
    case "link":
      return LINK_MODE;
    case "file":
      return entry.isProgram ? PROGRAM_MODE : FILE_MODE;
  }
}

function contentsOf(entry: CpioEntry): Uint8Array {
  switch (entry.kind) {
    case "folder":
      return new Uint8Array();
    case "link":
      return Buffer.from(entry.target);
    case "file":
      return entry.bytes;
  }
}

/** Thirteen numbers of eight hexadecimal digits, the name, the contents; name and contents end at a multiple of 4. */
function member(path: string, inode: number, mode: number, contents: Uint8Array): Buffer {
  const name = Buffer.from(`${path}\0`);
  const fields = [inode, mode, 0, 0, 1, 0, contents.length, 0, 0, 0, 0, name.length, 0];
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`;
  return Buffer.concat([padded(Buffer.concat([Buffer.from(header), name])), padded(contents)]);
}

function padded(bytes: Uint8Array): Uint8Array {
  const rest = bytes.length % 4;
  return rest === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(4 - rest)]);
}
