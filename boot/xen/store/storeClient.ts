// The xenstore client: one request at a time, answers matched by their number, watch events kept apart. A request waits
// for its answer at most five seconds; an answer that comes later is dropped. Errors are minus an errno of Linux.

import { Address } from "../../../vm/memory/oop";
import { systemNanoseconds } from "../clock/clock";
import { PAGE_BYTES } from "../events/eventProtocol";
import { listenTo, notify, takeEvents, waitForEvents } from "../events/eventChannels";
import { PARAMETER_STORE_FRAME, PARAMETER_STORE_PORT } from "../hypercalls/hypercallProtocol";
import { domainParameter } from "../hypercalls/hypercalls";
import { mapWindow } from "../pages";
import { errorNumberOf } from "./storeErrors";
import { STORE_ERROR, STORE_MAX_PAYLOAD_BYTES, STORE_WATCH_EVENT, StoreHeader } from "./storeProtocol";
import { isStoreConnected, putRequest, takeResponse } from "./storeRing";

export const STORE_NO_ENTRY: i32 = -2;
export const STORE_IO_ERROR: i32 = -5;
export const STORE_TOO_BIG: i32 = -7;
export const STORE_TIMED_OUT: i32 = -110;

const ANSWER_NANOSECONDS: u64 = 5_000_000_000;
const HEADER_BYTES: u32 = 16;

const area = <Address>memory.data(8192, 16);
let page: Address = 0;
let port: u32 = 0;
/** The daemon sent what cannot be; it is asked nothing more. */
let isBroken: bool = false;

/** The message being put together: header and payload. */
const request = <Address>memory.data(4112, 16);
let requestBytes: u32 = 0;
let requestTooBig: bool = false;
let requestId: u32 = 0;

/** The message being taken in. */
const header = <Address>memory.data(16, 16);
/** The payload, with a zero behind it. */
const payload = <Address>memory.data(4104, 16);
let receivedBytes: u32 = 0;

/** Watch events not looked at yet: as many as there are bits, by the token's first digit. */
let watchEvents: u32 = 0;

/** False where the domain has no xenstore (a dom0, or no Xen). */
export function startStore(): bool {
  const frame = domainParameter(PARAMETER_STORE_FRAME);
  port = <u32>domainParameter(PARAMETER_STORE_PORT);
  page = (area + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
  isBroken = frame == 0 || !mapWindow(page, frame) || !listenTo(port);
  receivedBytes = 0;
  if (isBroken) page = 0;
  return !isBroken;
}

/** Starts a request of a STORE_… type. */
export function beginRequest(type: u32, transaction: u32 = 0): void {
  const head = changetype<StoreHeader>(request);
  head.type = type;
  head.requestId = ++requestId;
  head.transaction = transaction;
  requestBytes = HEADER_BYTES;
  requestTooBig = false;
}

export function addByte(byte: u32): void {
  if (requestBytes == HEADER_BYTES + STORE_MAX_PAYLOAD_BYTES) requestTooBig = true;
  else store<u8>(request + requestBytes++, <u8>byte);
}

/** Adds a literal of ASCII, without a zero. */
export function addText(text: string): void {
  for (let i = 0; i < text.length; i++) addByte(load<u16>(changetype<usize>(text) + ((<usize>i) << 1)));
}

export function addBytes(source: Address, bytes: u32): void {
  for (let i: u32 = 0; i < bytes; i++) addByte(load<u8>(source + i));
}

export function addNumber(value: u32): void {
  if (value > 9) addNumber(value / 10);
  addByte(48 + (value % 10));
}

/**
 * Sends the request and waits for its answer. Answers the payload's size (its place is `answerPayload`), or an error:
 * the daemon's own, STORE_TIMED_OUT, or STORE_IO_ERROR where the daemon is gone or talks nonsense.
 */
export function perform(): i32 {
  if (page == 0 || isBroken) return STORE_IO_ERROR;
  if (requestTooBig) return STORE_TOO_BIG;
  changetype<StoreHeader>(request).payloadBytes = requestBytes - HEADER_BYTES;
  const until = systemNanoseconds() + ANSWER_NANOSECONDS;
  const status = send(until);
  if (status < 0) return status;
  const wanted = requestId;
  while (true) {
    takeEvents();
    while (receiveMessage()) {
      const head = changetype<StoreHeader>(header);
      if (noteWatchEvent(head.type) || head.requestId != wanted) continue;
      if (head.type != STORE_ERROR) return <i32>head.payloadBytes;
      return errorNumberOf(payload, head.payloadBytes);
    }
    if (isBroken || !isStoreConnected(page)) return STORE_IO_ERROR;
    if (systemNanoseconds() >= until) return STORE_TIMED_OUT;
    if (!waitForEvents(until)) return STORE_IO_ERROR;
  }
}

/** The payload of the last answer, good until the next request. */
export function answerPayload(): Address {
  return payload;
}

/** Looks for watch events. The tokens' first digits since the last call, as bits. */
export function takeWatchEvents(): u32 {
  // An answer here is to a request given up before.
  if (page != 0 && !isBroken) while (receiveMessage()) noteWatchEvent(changetype<StoreHeader>(header).type);
  const events = watchEvents;
  watchEvents = 0;
  return events;
}

function send(until: u64): i32 {
  let sent: u32 = 0;
  while (sent < requestBytes) {
    takeEvents();
    const count = putRequest(page, request + sent, requestBytes - sent);
    if (count < 0) isBroken = true;
    if (isBroken || !notify(port)) return STORE_IO_ERROR;
    sent += count;
    if (sent == requestBytes) break;
    // The ring is full: half a request in it cannot be taken back.
    if (systemNanoseconds() >= until) {
      isBroken = true;
      return STORE_TIMED_OUT;
    }
    if (!waitForEvents(until)) return STORE_IO_ERROR;
  }
  return 0;
}

/** Takes in what has come. True once a message is whole. */
function receiveMessage(): bool {
  if (!receiveUpTo(HEADER_BYTES, header, 0)) return false;
  const bytes = changetype<StoreHeader>(header).payloadBytes;
  if (bytes > STORE_MAX_PAYLOAD_BYTES) {
    isBroken = true;
    return false;
  }
  if (!receiveUpTo(HEADER_BYTES + bytes, payload, HEADER_BYTES)) return false;
  store<u8>(payload + bytes, 0);
  receivedBytes = 0;
  return true;
}

/** Takes bytes in until `wanted` of the message are there; the part from `start` on goes to `target`. */
function receiveUpTo(wanted: u32, target: Address, start: u32): bool {
  while (receivedBytes < wanted) {
    const count = takeResponse(page, target + (receivedBytes - start), wanted - receivedBytes);
    if (count < 0) isBroken = true;
    if (count <= 0) return false;
    receivedBytes += count;
    // The daemon may be waiting for room.
    notify(port);
  }
  return true;
}

/** A watch event's payload is the path and the token, a zero behind each; our tokens are digits. */
function noteWatchEvent(type: u32): bool {
  if (type != STORE_WATCH_EVENT) return false;
  let at: u32 = 0;
  const bytes = changetype<StoreHeader>(header).payloadBytes;
  while (at < bytes && load<u8>(payload + at) != 0) at++;
  const digit = load<u8>(payload + min(at + 1, bytes)) - 48;
  if (digit < 10) watchEvents |= 1 << digit;
  return true;
}
