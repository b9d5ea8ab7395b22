// System attributes by Squeak's numbers (Smalltalk>>getSystemAttribute:; VMMaker, primitiveGetAttribute; pharo-vm,
// src/utils.c): negative for the virtual machine's options, 0 to 1000 for the command line, 1001 on for the platform.

import { type FileAccess } from "./filePolicy.js";

/** Private numbers, for SecurityPlugin: "1" where the image starts with access to files, and two folders. */
export const ATTRIBUTE_HAS_FILE_ACCESS = 9001;
export const ATTRIBUTE_SECURE_FOLDER = 9002;
export const ATTRIBUTE_UNTRUSTED_FOLDER = 9003;

/** The working directory. */
export const ATTRIBUTE_WORKING_FOLDER = 9004;

export const VM_VERSION = "0.1.0";

export interface AttributeSources {
  readonly vmPath: string;
  readonly imageName: () => string;
  readonly arguments: readonly string[];
  readonly vmArguments: readonly string[];
  /** "unix", "Win32", "Mac OS": images choose their platform class by it. */
  readonly operatingSystem: string;
  readonly operatingSystemVersion: string;
  readonly processor: string;
  readonly fileAccess: FileAccess;
  readonly workingDirectory: string;
}

export function attributeTable(sources: AttributeSources): (number: number) => string | undefined {
  const folder = sources.fileAccess === "full" || sources.fileAccess === "none" ? "" : sources.fileAccess.write?.[0];
  const byNumber = new Map<number, string | undefined>([
    [0, sources.vmPath],
    [1001, sources.operatingSystem],
    [1002, sources.operatingSystemVersion],
    [1003, sources.processor],
    // Images look in this for the kind of virtual machine: a closure interpreter without machine code.
    [1004, `Croquet Closure Stack VM [stvm ${VM_VERSION}]`],
    [1005, "null"],
    [1006, `stvm ${VM_VERSION}`],
    [1007, `StackInterpreter of stvm ${VM_VERSION} (AssemblyScript, WebAssembly)`],
    [1009, `stvm ${VM_VERSION}`],
    [1201, "255"],
    [1202, "UTF-8"],
    [ATTRIBUTE_HAS_FILE_ACCESS, sources.fileAccess === "none" ? "0" : "1"],
    [ATTRIBUTE_SECURE_FOLDER, folder],
    [ATTRIBUTE_UNTRUSTED_FOLDER, folder],
    [ATTRIBUTE_WORKING_FOLDER, sources.workingDirectory],
  ]);
  return (number) => {
    if (number < 0) return sources.vmArguments[-number - 1];
    if (number === 1) return sources.imageName();
    if (number >= 2 && number <= 1000) return sources.arguments[number - 2];
    return byNumber.get(number);
  };
}
