// System attributes by Squeak's numbers (vm/embed/attributes.ts has the same for Node, with their sources), and the
// image's name: beside the program, called as the image that the program was built from.

import { imageNameBytes, imageNameStart } from "../common/embedded";
import { giveWord } from "./commandLine";
import { firstImageWord, isHeadlessGiven } from "./options";
import { folderBytes, giveText, lengthOf, path, PATH_BYTES, setPath } from "./paths";
import { Address, readLink, systemNames, workingDirectory } from "./systemCalls";

const imageName: Address = memory.data(4096, 8);
/** struct utsname: names of 65 bytes; the third is the release. */
const names: Address = memory.data(6 * 65, 8);
const RELEASE: u32 = 130;
const text: Address = memory.data(512, 8);
const folder: Address = memory.data(4096, 8);

/** The program's own path in `folder`; its length. */
function programPath(): i32 {
  putLiteral("/proc/self/exe\0", text);
  const length = readLink(text, folder, PATH_BYTES - 1);
  store<u8>(folder + max(length, 0), 0);
  return max(length, 0);
}

/** Names the image after the folder that the program is in. */
export function initializeImageName(): void {
  programPath();
  const bytes = folderBytes(folder);
  const nameBytes = min<u32>(imageNameBytes(), PATH_BYTES - 1 - bytes);
  memory.copy(imageName, folder, bytes);
  memory.copy(imageName + bytes, imageNameStart(), nameBytes);
  store<u8>(imageName + bytes + nameBytes, 0);
}

export function currentImageName(): Address {
  return imageName;
}

export function setImageName(name: Address, bytes: u32): i32 {
  const error = setPath(path, name, bytes);
  if (error < 0) return error;
  let start: u32 = 0;
  if (load<u8>(path) != 0x2f) {
    // A relative name is below the working directory.
    start = <u32>max(0, workingDirectory(imageName, PATH_BYTES));
    if (start > 0) store<u8>(imageName + start - 1, 0x2f);
  }
  if (start + bytes >= PATH_BYTES) return -36;
  memory.copy(imageName + start, path, bytes + 1);
  return 0;
}

export function attribute(number: i32, address: Address, room: u32): i32 {
  if (number < 0) return optionAt(<u32>-number, address, room);
  if (number == 0) return giveText(folder, programPath(), address, room);
  if (number == 1) return giveText(imageName, lengthOf(imageName), address, room);
  if (number <= 1000) return giveWord(firstImageWord + <u32>number - 2, address, room);
  if (number == 1002) {
    systemNames(names);
    const prefix = putLiteral("linux-", text);
    const length = lengthOf(names + RELEASE);
    memory.copy(text + prefix, names + RELEASE, length);
    return giveText(text, prefix + length, address, room);
  }
  if (number == 9004) {
    const length = workingDirectory(folder, PATH_BYTES);
    return length <= 0 ? -1 : giveText(folder, length - 1, address, room);
  }
  const length = constantAttribute(number);
  return length == 0 ? -1 : giveText(text, length, address, room);
}

/** The program's own options, as given; one more says that there is no window. */
function optionAt(index: u32, address: Address, room: u32): i32 {
  if (index < firstImageWord) return giveWord(index, address, room);
  if (index > firstImageWord || isHeadlessGiven) return -1;
  return giveText(text, putLiteral("--headless", text), address, room);
}

/** Puts an attribute that never changes into `text`; 0 where there is none. */
function constantAttribute(number: i32): u32 {
  switch (number) {
    case 1001:
      return putLiteral("unix", text);
    case 1003:
      return putLiteral("x86_64", text);
    case 1004:
      return putLiteral("Croquet Closure Stack VM [stvm 0.1.0]", text);
    case 1005:
      return putLiteral("null", text);
    case 1006:
    case 1009:
      return putLiteral("stvm 0.1.0", text);
    case 1007:
      return putLiteral("StackInterpreter of stvm 0.1.0 (AssemblyScript, x86-64)", text);
    case 1201:
      return putLiteral("255", text);
    case 1202:
      return putLiteral("UTF-8", text);
    // SecurityPlugin: the image starts with access to files.
    case 9001:
      return putLiteral("1", text);
    default:
      return 0;
  }
}

function putLiteral(literal: string, address: Address): u32 {
  const source = <Address>changetype<usize>(literal);
  const count = <u32>literal.length;
  for (let i: u32 = 0; i < count; i++) store<u8>(address + i, load<u8>(source + (i << 1)));
  return count;
}
