// Clocks and entropy (vm/host.ts). The time zone is read from TZ's own file or /etc/localtime (RFC 8536) when first
// asked for.

import { Address, close, monotonicMicrosecondsInto, open, randomBytes, read, utcMicrosecondsInto } from "./systemCalls";
import { commandEnvironment } from "./commandLine";
import { path, PATH_BYTES, setPath } from "./paths";

const time: Address = memory.data(16, 8);
/** A time zone's file; the largest in use have some 4 KB. */
const ZONE_BYTES: u32 = 16384;
const zone: Address = memory.data(16384, 8);
let zoneBytes: u32 = 0;
let zoneIsRead: bool = false;

/** What the system's clock said when the program started. */
let started: i64 = 0;

/** Makes this moment the start of `monotonicMicroseconds`. */
export function startClock(): void {
  started = monotonicMicrosecondsInto(time);
}

export function utcMicroseconds(): i64 {
  return utcMicrosecondsInto(time);
}

export function monotonicMicroseconds(): i64 {
  return monotonicMicrosecondsInto(time) - started;
}

export function entropy(address: Address, bytes: u32): void {
  while (bytes > 0) {
    const count = <u32>randomBytes(address, min<u32>(bytes, 256));
    if (<i32>count < 0) continue;
    address += count;
    bytes -= count;
  }
}

export function timezoneOffsetSeconds(): i32 {
  if (!zoneIsRead) readZone();
  return offsetAt(utcMicroseconds() / 1_000_000);
}

function readZone(): void {
  zoneIsRead = true;
  let length = commandEnvironment("TZ", zone, PATH_BYTES);
  // Longer than any path, and not all of it is here.
  if (length >= <i32>PATH_BYTES) return;
  let name = zone;
  if (length > 0 && load<u8>(name) == 0x3a) {
    name++;
    length--;
  }
  if (length < 0) length = putLiteral("/etc/localtime", zone);
  else if (load<u8>(name) != 0x2f) {
    // A relative name is below the system's folder of zones.
    memory.copy(zone + 20, name, length);
    length += putLiteral("/usr/share/zoneinfo/", zone);
    name = zone;
  }
  if (setPath(path, name, length) < 0) return;
  const descriptor = open(path, 0, 0);
  if (descriptor < 0) return;
  const count = read(descriptor, zone, ZONE_BYTES);
  if (count > 0) zoneBytes = <u32>count;
  close(descriptor);
}

function putLiteral(literal: string, address: Address): i32 {
  const source = <Address>changetype<usize>(literal);
  for (let i = 0; i < literal.length; i++) store<u8>(address + i, load<u8>(source + (i << 1)));
  return literal.length;
}

/**
 * Seconds that local time is ahead at a time, from the second block of the file, whose times have 64 bits. After the last
 * change of the table the rule of the file's last line would hold; the standard time of the last change is taken then.
 */
function offsetAt(seconds: i64): i32 {
  if (zoneBytes < 44 || load<u32>(zone) != 0x66695a54) return 0;
  // Counts of a file that lies may be anything: sums have 64 bits until they are known to be within the file.
  const skip =
    count(zone, 3) * 5 + count(zone, 4) * 6 + count(zone, 5) + count(zone, 2) * 8 + count(zone, 1) + count(zone, 0);
  if (load<u8>(zone, 4) < 0x32 || 44 + skip + 44 > zoneBytes) return 0;
  const header = zone + 44 + <u32>skip;
  if (header + 44 - zone + count(header, 3) * 9 + count(header, 4) * 6 > zoneBytes) return 0;
  const times = <u32>count(header, 3);
  const types = <u32>count(header, 4);
  if (types == 0) return 0;
  const table = header + 44;
  const kinds = table + times * 8;
  const infos = kinds + times;
  let kind: u32 = 0;
  for (let i: u32 = 0; i < times; i++) {
    if (<i64>bswap<u64>(load<u64>(table + i * 8)) > seconds) break;
    kind = load<u8>(kinds + i);
  }
  return kind < types ? <i32>bswap<u32>(load<u32>(infos + kind * 6)) : 0;
}

/** The counts of a header: 0 UT, 1 standard, 2 leap seconds, 3 times, 4 types, 5 characters. */
function count(header: Address, index: u32): u64 {
  return <u64>bswap<u32>(load<u32>(header + 20 + index * 4));
}
