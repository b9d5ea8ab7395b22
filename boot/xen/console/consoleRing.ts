// The rings of the paravirtual console: indices and bytes. Says nothing of who is told (consoleDevice.ts).

import { fence } from "../../cpu";
import { Address } from "../../../vm/memory/oop";
import {
  CONSOLE_INDICES_OFFSET,
  CONSOLE_INPUT_BYTES,
  CONSOLE_INPUT_OFFSET,
  CONSOLE_OUTPUT_BYTES,
  CONSOLE_OUTPUT_OFFSET,
  ConsoleIndices,
} from "./consoleProtocol";

/** The other side has moved an index where it cannot be. */
export const RING_BROKEN: i32 = -1;

function indicesOf(page: Address): ConsoleIndices {
  return changetype<ConsoleIndices>(page + CONSOLE_INDICES_OFFSET);
}

/** Whether the back end has taken all output. */
export function isOutputTaken(page: Address): bool {
  const indices = indicesOf(page);
  fence();
  return indices.outputConsumer == indices.outputProducer;
}

/** Bytes for which the output ring has room, or RING_BROKEN. */
export function outputRoom(page: Address): i32 {
  const indices = indicesOf(page);
  fence();
  const used = indices.outputProducer - indices.outputConsumer;
  return used > CONSOLE_OUTPUT_BYTES ? RING_BROKEN : <i32>(CONSOLE_OUTPUT_BYTES - used);
}

/** Puts as many bytes into the output ring as there is room for. Answers how many, or RING_BROKEN. */
export function putOutput(page: Address, source: Address, bytes: u32): i32 {
  const indices = indicesOf(page);
  const producer = indices.outputProducer;
  const used = producer - indices.outputConsumer;
  if (used > CONSOLE_OUTPUT_BYTES) return RING_BROKEN;
  // What the back end has read must be read before it is written over.
  fence();
  const count = min(bytes, CONSOLE_OUTPUT_BYTES - used);
  for (let i: u32 = 0; i < count; i++) {
    const place = (producer + i) & (CONSOLE_OUTPUT_BYTES - 1);
    store<u8>(page + CONSOLE_OUTPUT_OFFSET + place, load<u8>(source + i));
  }
  fence();
  indices.outputProducer = producer + count;
  fence();
  return <i32>count;
}

/** Takes up to `room` bytes of input. Answers how many (0: none there), or RING_BROKEN. */
export function takeInput(page: Address, target: Address, room: u32): i32 {
  const indices = indicesOf(page);
  const consumer = indices.inputConsumer;
  const available = indices.inputProducer - consumer;
  if (available > CONSOLE_INPUT_BYTES) return RING_BROKEN;
  fence();
  const count = min(room, available);
  for (let i: u32 = 0; i < count; i++) {
    const place = (consumer + i) & (CONSOLE_INPUT_BYTES - 1);
    store<u8>(target + i, load<u8>(page + CONSOLE_INPUT_OFFSET + place));
  }
  fence();
  indices.inputConsumer = consumer + count;
  fence();
  return <i32>count;
}
