// The rings of xenstore: bytes out and in. Messages are put together in storeClient.ts.

import { fence } from "../../cpu";
import { Address } from "../../../vm/memory/oop";
import {
  STORE_INDICES_OFFSET,
  STORE_REQUEST_OFFSET,
  STORE_RESPONSE_OFFSET,
  STORE_RING_BYTES,
  StoreIndices,
} from "./storeProtocol";

/** The other side has moved an index where it cannot be. */
export const RING_BROKEN: i32 = -1;

function indicesOf(page: Address): StoreIndices {
  return changetype<StoreIndices>(page + STORE_INDICES_OFFSET);
}

/** Whether the daemon is there: not reconnecting and without an error. */
export function isStoreConnected(page: Address): bool {
  const indices = indicesOf(page);
  fence();
  return indices.connection == 0 && indices.error == 0;
}

/** Puts as many bytes of a request into the ring as there is room for. Answers how many, or RING_BROKEN. */
export function putRequest(page: Address, source: Address, bytes: u32): i32 {
  const indices = indicesOf(page);
  const producer = indices.requestProducer;
  const used = producer - indices.requestConsumer;
  if (used > STORE_RING_BYTES) return RING_BROKEN;
  fence();
  const count = min(bytes, STORE_RING_BYTES - used);
  for (let i: u32 = 0; i < count; i++) {
    store<u8>(page + STORE_REQUEST_OFFSET + ((producer + i) & (STORE_RING_BYTES - 1)), load<u8>(source + i));
  }
  fence();
  indices.requestProducer = producer + count;
  fence();
  return <i32>count;
}

/** Takes up to `room` bytes of what the daemon sent. Answers how many (0: none there), or RING_BROKEN. */
export function takeResponse(page: Address, target: Address, room: u32): i32 {
  const indices = indicesOf(page);
  const consumer = indices.responseConsumer;
  const available = indices.responseProducer - consumer;
  if (available > STORE_RING_BYTES) return RING_BROKEN;
  fence();
  const count = min(room, available);
  for (let i: u32 = 0; i < count; i++) {
    store<u8>(target + i, load<u8>(page + STORE_RESPONSE_OFFSET + ((consumer + i) & (STORE_RING_BYTES - 1))));
  }
  fence();
  indices.responseConsumer = consumer + count;
  fence();
  return <i32>count;
}
