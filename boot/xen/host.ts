// The platform contract (vm/host.ts) of the kernel: log, clocks, entropy, attributes, the console as handles 0, 1 and 2.
// Files, directories and snapshots are in hostFiles.ts.

import { Address } from "../../vm/memory/oop";
import { argumentAt, argumentBytes, argumentCount, logLevel, timezoneSeconds } from "./commandLine";
import { monotonicNanoseconds, utcMicroseconds as now } from "./clock/clock";
import { fillWithEntropy } from "./entropy";
import { imageName, imageNameLength } from "./files/snapshots";
import { beginPanic, endPanic, panicWith } from "./panic";
import * as report from "./report";

export function panic(message: Address, bytes: u32): void {
  beginPanic();
  report.message(message, bytes);
  endPanic(true);
}

export function log(level: u32, message: Address, bytes: u32): void {
  if (level > logLevel) return;
  report.text("stvm: ");
  report.message(message, bytes);
  report.endLine(level == 1);
}

export function utcMicroseconds(): i64 {
  return now();
}

export function monotonicMicroseconds(): i64 {
  return <i64>(monotonicNanoseconds() / 1000);
}

export function timezoneOffsetSeconds(): i32 {
  return timezoneSeconds;
}

export function entropy(address: Address, bytes: u32): void {
  if (!fillWithEntropy(address, bytes)) {
    panicWith("the processor has no random numbers (rdrand); give the domain a processor that has them", true);
  }
}

/** Squeak's numbers, as vm/embed/attributes.ts has them. */
export function attribute(number: i32, address: Address, room: u32): i32 {
  if (number >= 2 && number <= 1000) return argumentAttribute(number - 2, address, room);
  switch (number) {
    case -1:
      return put("--headless", address, room);
    case 0:
      return put("/stvm", address, room);
    case 1:
      return give(imageName(), imageNameLength(), address, room);
    case 1001:
      return put("unix", address, room);
    case 1002:
      return put("xen", address, room);
    case 1003:
      return put("x86_64", address, room);
    case 1004:
      return put("Croquet Closure Stack VM [stvm 0.1.0]", address, room);
    case 1005:
      return put("null", address, room);
    case 1006:
    case 1009:
      return put("stvm 0.1.0", address, room);
    case 1007:
      return put("StackInterpreter of stvm 0.1.0 (AssemblyScript, x86-64)", address, room);
    case 1201:
      return put("255", address, room);
    case 1202:
      return put("UTF-8", address, room);
    case 9001:
      return put("1", address, room);
    case 9004:
      return put("/", address, room);
    default:
      return -1;
  }
}

export function environment(name: Address, nameBytes: u32, address: Address, room: u32): i32 {
  return -1;
}

export function displayChanged(left: i32, top: i32, right: i32, bottom: i32): void {}

function argumentAttribute(index: i32, address: Address, room: u32): i32 {
  if (<u32>index >= argumentCount()) return -1;
  return give(argumentAt(index), argumentBytes(index), address, room);
}

/** Writes as much of a text as there is room for; answers its whole length. */
function give(text: Address, bytes: u32, address: Address, room: u32): i32 {
  for (let i: u32 = 0; i < min(bytes, room); i++) store<u8>(address + i, load<u8>(text + i));
  return <i32>bytes;
}

/** The same for a literal. */
function put(literal: string, address: Address, room: u32): i32 {
  const bytes = <u32>literal.length;
  for (let i: u32 = 0; i < min(bytes, room); i++) {
    store<u8>(address + i, load<u8>(changetype<usize>(literal) + (i << 1)));
  }
  return <i32>bytes;
}
