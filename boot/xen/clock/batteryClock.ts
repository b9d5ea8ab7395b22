// The clock that a PC keeps on a battery (MC146818): seconds since 1970, read once where no hypervisor tells the time.

import { in8, out8 } from "../../cpu";

const INDEX_PORT: i32 = 0x70;
const DATA_PORT: i32 = 0x71;
const SECONDS: i32 = 0;
const MINUTES: i32 = 2;
const HOURS: i32 = 4;
const DAY: i32 = 7;
const MONTH: i32 = 8;
const YEAR: i32 = 9;
const STATUS_A: i32 = 10;
const STATUS_B: i32 = 11;
const UPDATE_IN_PROGRESS: i32 = 0x80;
const IS_BINARY: i32 = 4;
const IS_24_HOURS: i32 = 2;
const AFTERNOON: i32 = 0x80;
/** An update takes 2 ms at most; a read port access takes a microsecond or so. */
const MOST_READS: i32 = 100_000;

/** Seconds since 1970 by the battery clock, taken as UTC; 0 where there is none. */
export function battery(): i64 {
  const status = read(STATUS_B);
  if (status == 0xff) return 0;
  for (let attempt = 0; attempt < 3; attempt++) {
    waitForUpdate();
    const first = readSeconds(status);
    if (first == readSeconds(status)) return first;
  }
  return 0;
}

function readSeconds(status: i32): i64 {
  const isBinary = (status & IS_BINARY) != 0;
  const hourByte = read(HOURS);
  let hour = number(hourByte & ~AFTERNOON, isBinary);
  if ((status & IS_24_HOURS) == 0) hour = (hour % 12) + ((hourByte & AFTERNOON) != 0 ? 12 : 0);
  const year = 2000 + number(read(YEAR), isBinary);
  const days = daysSince1970(year, number(read(MONTH), isBinary), number(read(DAY), isBinary));
  return <i64>((days * 24 + hour) * 60 + number(read(MINUTES), isBinary)) * 60 + number(read(SECONDS), isBinary);
}

/** Days from 1970-01-01 to a date of the Gregorian calendar, by counting years from March. */
export function daysSince1970(year: i32, month: i32, day: i32): i32 {
  const marchYear = month > 2 ? year : year - 1;
  const monthFromMarch = month > 2 ? month - 3 : month + 9;
  const leapDays = marchYear / 4 - marchYear / 100 + marchYear / 400;
  return 365 * marchYear + leapDays + (153 * monthFromMarch + 2) / 5 + day - 1 - 719468;
}

function number(byte: i32, isBinary: bool): i32 {
  return isBinary ? byte : (byte >> 4) * 10 + (byte & 15);
}

function waitForUpdate(): void {
  for (let i = 0; i < MOST_READS && (read(STATUS_A) & UPDATE_IN_PROGRESS) != 0; i++);
}

function read(register: i32): i32 {
  out8(INDEX_PORT, register);
  return in8(DATA_PORT);
}
