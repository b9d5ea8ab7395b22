// Chooses where Xen guests run.

import { type BedOptions, startBed } from "./bed.js";
import { isXenHost, localToolstack } from "./local.js";
import type { Toolstack } from "./toolstack.js";

/**
 * This machine's own toolstack where it is a Xen host, otherwise a test bed of its own, which takes some seconds to start
 * and must be closed. Throws a PackageError or a ToolstackError with reason and way out.
 */
export async function openToolstack(options: BedOptions = {}): Promise<Toolstack> {
  return isXenHost() ? localToolstack() : startBed(options);
}
