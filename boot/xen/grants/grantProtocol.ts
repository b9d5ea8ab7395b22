// Protocol: the grant table, version 1 (xen/include/public/grant_table.h): an array of entries that say which domain may
// map which of our frames.

export const GRANT_ENTRIES_PER_PAGE: u32 = 512;
/** The first entries belong to the tool stack (console, xenstore). */
export const GRANT_RESERVED_ENTRIES: u32 = 8;

export const GRANT_PERMIT_ACCESS: u16 = 1;
export const GRANT_READ_ONLY: u16 = 1 << 2;
/** Set by Xen while the other domain has the frame mapped. */
export const GRANT_READING: u16 = 1 << 3;
export const GRANT_WRITING: u16 = 1 << 4;

/** grant_entry_v1. */
// @ts-ignore: decorator
@unmanaged
export class GrantEntry {
  flags: u16;
  domain: u16;
  frame: u32;
}
if (offsetof<GrantEntry>("frame") != 4) ERROR("grant_table.h: frame is at byte 4");
if (offsetof<GrantEntry>() != 8) ERROR("grant_table.h: grant_entry_v1 has 8 bytes");
