// Which paths an image may touch. A policy stands before every driver that takes a path; what it refuses answers
// -EACCES, as an operating system would. Paths that reach it are absolute, with symbolic links followed.

import { ERRNO } from "./drivers.js";

/**
 * What the image may do with files: "full" anything that the process may; "none" nothing; or read and write below the
 * folders listed (writing includes reading).
 */
export type FileAccess = "full" | "none" | { readonly read?: readonly string[]; readonly write?: readonly string[] };

export interface FilePolicy {
  /** 0 where the path may be read (or written), else an error. */
  check(path: string, write: boolean): number;
}

export function filePolicy(access: FileAccess, resolve: (path: string) => string): FilePolicy {
  if (access === "full") return { check: () => 0 };
  if (access === "none") return { check: () => -ERRNO.EACCES };

  const writable = (access.write ?? []).map(resolve);
  const readable = [...(access.read ?? []).map(resolve), ...writable];
  return {
    check(path, write) {
      const resolved = resolve(path);
      const isBelow = (folder: string) => resolved === folder || resolved.startsWith(folder.replace(/\/*$/, "/"));
      return (write ? writable : readable).some(isBelow) ? 0 : -ERRNO.EACCES;
    },
  };
}
