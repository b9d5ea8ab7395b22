// The kernel's files, over the fake machine, as the drivers that TypeScript knows: texts and bytes go through memory that
// nothing else uses.

import { type FileDrivers } from "../../files/fileContract.js";
import { type FakeKernel } from "./fakeKernel.js";

/** Behind the area of compiled methods. */
const BUFFER = 3 << 20;
const BUFFER_BYTES = (1 << 20) - 16384;
/** A second path lies here. */
const SECOND = BUFFER + BUFFER_BYTES;

export function kernelFiles(kernel: FakeKernel): FileDrivers {
  const { call } = kernel;
  const memory = () => new Uint8Array(kernel.machine.memory.buffer);
  const put = (text: string, address = BUFFER): [number, number] => {
    const bytes = Buffer.from(text);
    memory().set(bytes, address);
    return [address, bytes.length];
  };
  const onPath = (name: string, path: string, ...more: number[]) => call[name]!(...put(path), ...more);

  return {
    fileOpen: (path, flags) => onPath("fileOpen", path, flags),
    fileClose: (handle) => call["fileClose"]!(handle),
    fileRead(handle, offset, bytes) {
      const count = call["fileRead"]!(handle, offset, BUFFER, Math.min(bytes.length, BUFFER_BYTES));
      if (count > 0) bytes.set(memory().subarray(BUFFER, BUFFER + count));
      return count;
    },
    fileWrite(handle, offset, bytes) {
      const part = bytes.subarray(0, BUFFER_BYTES);
      memory().set(part, BUFFER);
      return call["fileWrite"]!(handle, offset, BUFFER, part.length);
    },
    fileSize: (handle) => call["fileSize"]!(handle),
    fileTruncate: (handle, size) => call["fileTruncate"]!(handle, size),
    fileFlush: (handle, toDevice) => call["fileFlush"]!(handle, toDevice ? 1 : 0),
    fileKind: (handle) => call["fileKind"]!(handle),
    fileDelete: (path) => onPath("fileDelete", path),
    fileRename: (from, to) => call["fileRename"]!(...put(from), ...put(to, SECOND)),
    directoryCreate: (path) => onPath("directoryCreate", path),
    directoryDelete: (path) => onPath("directoryDelete", path),
    directoryOpen: (path) => onPath("directoryOpen", path),
    directoryNext(handle) {
      const bytes = call["directoryNext"]!(handle, BUFFER, 256);
      return bytes < 0 ? bytes : bytes === 0 ? undefined : kernel.textAt(BUFFER, bytes);
    },
    directoryRewind: (handle) => call["directoryRewind"]!(handle),
    directoryClose: (handle) => call["directoryClose"]!(handle),
    pathStat(path, follow) {
      const error = onPath("pathStat", path, follow ? 1 : 0, SECOND);
      if (error < 0) return error;
      const [mode, inode, device, links, uid, gid, size, accessTime, modificationTime, changeTime, creationTime] =
        new Float64Array(kernel.machine.memory.buffer, SECOND, 11) as unknown as number[] & { length: 11 };
      const attributes = {
        mode: mode!,
        inode: inode!,
        device: device!,
        links: links!,
        uid: uid!,
        gid: gid!,
        size: size!,
      };
      const times = { accessTime: accessTime!, modificationTime: modificationTime!, changeTime: changeTime! };
      return { ...attributes, ...times, creationTime: creationTime! };
    },
    pathAccess: (path, mode) => onPath("pathAccess", path, mode),
    pathReadLink(path) {
      const bytes = onPath("pathReadLink", path, SECOND, 4096);
      return bytes < 0 ? bytes : kernel.textAt(SECOND, bytes);
    },
    pathChangeMode: (path, mode) => onPath("pathChangeMode", path, mode),
    pathChangeOwner: (path, uid, gid, follow) => onPath("pathChangeOwner", path, uid, gid, follow ? 1 : 0),
  };
}
