// Protocol: xenstore over a shared page (xen/include/public/io/xs_wire.h): two rings of bytes with indices that count on,
// carrying messages of a header and a payload, answers and watch events mixed.

export const STORE_RING_BYTES: u32 = 1024;
export const STORE_REQUEST_OFFSET: u32 = 0;
export const STORE_RESPONSE_OFFSET: u32 = 1024;
export const STORE_INDICES_OFFSET: u32 = 2048;
export const STORE_MAX_PAYLOAD_BYTES: u32 = 4096;

// Types of messages (enum xsd_sockmsg_type).
export const STORE_DIRECTORY: u32 = 1;
export const STORE_READ: u32 = 2;
export const STORE_WATCH: u32 = 4;
export const STORE_UNWATCH: u32 = 5;
export const STORE_TRANSACTION_START: u32 = 6;
export const STORE_TRANSACTION_END: u32 = 7;
export const STORE_WRITE: u32 = 11;
export const STORE_MAKE_DIRECTORY: u32 = 12;
export const STORE_REMOVE: u32 = 13;
export const STORE_SET_PERMISSIONS: u32 = 14;
export const STORE_WATCH_EVENT: u32 = 15;
export const STORE_ERROR: u32 = 16;

/** What follows the two rings. */
// @ts-ignore: decorator
@unmanaged
export class StoreIndices {
  requestConsumer: u32;
  requestProducer: u32;
  responseConsumer: u32;
  responseProducer: u32;
  serverFeatures: u32;
  /** Not 0 while the other side reconnects. */
  connection: u32;
  error: u32;
}
if (STORE_RESPONSE_OFFSET + STORE_RING_BYTES != STORE_INDICES_OFFSET) ERROR("xs_wire.h: req_cons follows rsp");
if (offsetof<StoreIndices>("responseProducer") != 12) ERROR("xs_wire.h: rsp_prod is 12 bytes after req_cons");
if (offsetof<StoreIndices>("connection") != 20) ERROR("xs_wire.h: connection is 20 bytes after req_cons");

/** xsd_sockmsg: before every payload. */
// @ts-ignore: decorator
@unmanaged
export class StoreHeader {
  type: u32;
  requestId: u32;
  transaction: u32;
  payloadBytes: u32;
}
if (offsetof<StoreHeader>() != 16) ERROR("xs_wire.h: xsd_sockmsg has 16 bytes");
