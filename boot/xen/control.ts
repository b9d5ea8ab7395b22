// Requests of the tool stack through xenstore's control/shutdown (xen/docs/misc/xenstore-paths): power off, halt, reboot,
// suspend, crash. What becomes of them is decided in shutdown.ts.

import { addByte, addText, answerPayload, beginRequest, perform, takeWatchEvents } from "./store/storeClient";
import { isName } from "./store/storeErrors";
import { STORE_READ, STORE_WATCH, STORE_WRITE } from "./store/storeProtocol";

export const REQUEST_NONE: u32 = 0;
export const REQUEST_POWER_OFF: u32 = 1;
export const REQUEST_REBOOT: u32 = 2;
export const REQUEST_SUSPEND: u32 = 3;
export const REQUEST_CRASH: u32 = 4;

/** The watch's token, a digit. */
const TOKEN: u32 = 1;

/** Asks to be told of requests. 0, or an error of xenstore. */
export function startControl(): i32 {
  beginRequest(STORE_WATCH);
  addText("control/shutdown");
  addByte(0);
  addByte(48 + TOKEN);
  addByte(0);
  const status = perform();
  return status < 0 ? status : 0;
}

/** A new request (REQUEST_…), acknowledged; REQUEST_NONE where there is none. */
export function takeRequest(): u32 {
  if ((takeWatchEvents() & (1 << TOKEN)) == 0) return REQUEST_NONE;
  beginRequest(STORE_READ);
  addText("control/shutdown");
  addByte(0);
  const bytes = perform();
  // A watch tells once when it is set, too: then there is nothing to read.
  if (bytes <= 0) return REQUEST_NONE;
  const request = requestNamed(bytes);
  if (request != REQUEST_NONE) acknowledge();
  return request;
}

function requestNamed(bytes: u32): u32 {
  const name = answerPayload();
  if (isName(name, bytes, "poweroff") || isName(name, bytes, "halt")) return REQUEST_POWER_OFF;
  if (isName(name, bytes, "reboot")) return REQUEST_REBOOT;
  if (isName(name, bytes, "suspend")) return REQUEST_SUSPEND;
  if (isName(name, bytes, "crash")) return REQUEST_CRASH;
  return REQUEST_NONE;
}

/** The tool stack waits for the request to be emptied. */
function acknowledge(): i32 {
  beginRequest(STORE_WRITE);
  addText("control/shutdown");
  addByte(0);
  return perform();
}
