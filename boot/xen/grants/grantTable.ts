// Grants: which pages of linear memory another domain may map. A free entry is taken from a list kept in the entries'
// frame fields; the entry's number is the grant reference that the other domain is told. Used by the drivers of rings
// shared with a back end (block, net, vchan).

import { fence } from "../../cpu";
import { Address } from "../../../vm/memory/oop";
import { MAP_GRANT_TABLE } from "../hypercalls/hypercallProtocol";
import { addToPhysmap } from "../hypercalls/hypercalls";
import { frameOf } from "../pages";
import {
  GRANT_ENTRIES_PER_PAGE,
  GRANT_PERMIT_ACCESS,
  GRANT_READ_ONLY,
  GRANT_READING,
  GRANT_RESERVED_ENTRIES,
  GRANT_WRITING,
  GrantEntry,
} from "./grantProtocol";

/** No entry is free, or none could be had. */
export const NO_GRANT: u32 = 0;

let table: Address = 0;
let freeEntry: u32 = NO_GRANT;
export let freeGrants: u32 = 0;

function entryAt(reference: u32): GrantEntry {
  return changetype<GrantEntry>(table + (reference << 3));
}

/** Maps `pageCount` pages of the table at `pages` (page-aligned, the kernel's own). A status of Xen, 0 for success. */
export function startGrantTable(pages: Address, pageCount: u32): i64 {
  table = pages;
  freeEntry = NO_GRANT;
  freeGrants = 0;
  for (let i: u32 = 0; i < pageCount; i++) {
    const status = addToPhysmap(MAP_GRANT_TABLE, i, pages + (i << 12));
    if (status < 0) return status;
  }
  for (let reference = pageCount * GRANT_ENTRIES_PER_PAGE - 1; reference >= GRANT_RESERVED_ENTRIES; reference--) {
    release(reference);
  }
  return 0;
}

/** Lets a domain map a page; the grant reference, or NO_GRANT. */
export function grantAccess(domain: u16, page: Address, readOnly: bool): u32 {
  if (freeEntry == NO_GRANT) return NO_GRANT;
  const frame = frameOf(page);
  if (frame == 0) return NO_GRANT;
  const reference = freeEntry;
  const entry = entryAt(reference);
  freeEntry = entry.frame;
  freeGrants--;
  entry.domain = domain;
  entry.frame = <u32>frame;
  // The flags make the entry valid: last.
  fence();
  entry.flags = GRANT_PERMIT_ACCESS | (readOnly ? GRANT_READ_ONLY : 0);
  return reference;
}

/** Takes a grant back. False while the other domain still has the page mapped: the page must not be used again. */
export function endAccess(reference: u32): bool {
  const entry = entryAt(reference);
  const flags = entry.flags;
  if ((flags & (GRANT_READING | GRANT_WRITING)) != 0) return false;
  entry.flags = 0;
  fence();
  // Xen may have mapped it in between.
  if ((entry.flags & (GRANT_READING | GRANT_WRITING)) != 0) return false;
  release(reference);
  return true;
}

function release(reference: u32): void {
  const entry = entryAt(reference);
  entry.flags = 0;
  entry.domain = 0;
  entry.frame = freeEntry;
  freeEntry = reference;
  freeGrants++;
}
