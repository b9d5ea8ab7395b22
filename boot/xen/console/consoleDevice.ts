// The paravirtual console: found by two parameters of the domain, its page shown in a window of linear memory.

import { fence } from "../../cpu";
import { Address } from "../../../vm/memory/oop";
import { PAGE_BYTES } from "../events/eventProtocol";
import { listenTo, notify } from "../events/eventChannels";
import { PARAMETER_CONSOLE_FRAME, PARAMETER_CONSOLE_PORT } from "../hypercalls/hypercallProtocol";
import { domainParameter } from "../hypercalls/hypercalls";
import { mapWindow } from "../pages";
import { isOutputTaken, outputRoom, putOutput, RING_BROKEN, takeInput } from "./consoleRing";

const area = <Address>memory.data(8192, 16);
/** The window: a whole page of the area. */
let page: Address = 0;
let port: u32 = 0;
/** The back end broke the ring; nothing more can be said here. */
let isBroken: bool = false;

/** False where the domain has no console. */
export function startConsole(): bool {
  const frame = domainParameter(PARAMETER_CONSOLE_FRAME);
  port = <u32>domainParameter(PARAMETER_CONSOLE_PORT);
  page = (area + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
  isBroken = frame == 0 || !mapWindow(page, frame) || !listenTo(port);
  if (isBroken) page = 0;
  return !isBroken;
}

/** Bytes that can be written now; RING_BROKEN where the console is gone. */
export function consoleRoom(): i32 {
  if (isBroken) return RING_BROKEN;
  const room = outputRoom(page);
  if (room < 0) isBroken = true;
  return room;
}

/** Puts out what there is room for; answers how much, or RING_BROKEN. */
export function writeConsole(source: Address, bytes: u32): i32 {
  if (isBroken) return RING_BROKEN;
  const count = putOutput(page, source, bytes);
  if (count < 0) isBroken = true;
  if (count > 0) notify(port);
  return count;
}

/** Takes input; answers how much, or RING_BROKEN. */
export function readConsole(target: Address, room: u32): i32 {
  if (isBroken) return RING_BROKEN;
  const count = takeInput(page, target, room);
  if (count < 0) isBroken = true;
  // The back end may be waiting for room.
  if (count > 0) notify(port);
  return count;
}

/** Whether the back end has taken all that was written. */
export function isConsoleDrained(): bool {
  fence();
  return isBroken || isOutputTaken(page);
}
