// The last step: ending the domain with a reason, or the machine with what it has for that. Nothing here comes back.

import { cli, hlt, lidt, memoryBase, out16, out8 } from "../cpu";
import { Address } from "../../vm/memory/oop";
import { SHUTDOWN_CRASH, SHUTDOWN_POWER_OFF, SHUTDOWN_REBOOT } from "./hypercalls/hypercallProtocol";
import { shutDownDomain } from "./hypercalls/hypercalls";
import { drainOutput } from "./output";
import { hasStore, onXen } from "./platform";
import * as report from "./report";
import { addByte, addNumber, addText, beginRequest, perform } from "./store/storeClient";
import { STORE_WRITE } from "./store/storeProtocol";

/** QEMU's isa-debug-exit, as `stvm boot` sets it up: the process ends with twice the byte plus one. */
const DEBUG_EXIT_PORT: i32 = 0xf4;
/** Exit codes from here on do not fit: the line on port E9h tells. */
const DEBUG_EXIT_MOST: u32 = 126;
const DEBUG_EXIT_CRASH: u32 = 127;
/** PM1a control of QEMU's pc and q35, and its value for S5 (sleep type 0). */
const ACPI_CONTROL_PORT: i32 = 0x604;
const ACPI_SLEEP: u32 = 1 << 13;
/** Cloud Hypervisor's power-off port, and its value for S5. */
const CLOUD_POWER_PORT: i32 = 0x600;
const CLOUD_POWER_OFF: u32 = (5 << 2) | (1 << 5);
/** The keyboard controller's reset line: reboots a PC, ends Firecracker. */
const KEYBOARD_PORT: i32 = 0x64;
const KEYBOARD_RESET: u32 = 0xfe;

/** Said on the console too how the image ended (`stvm.exit`). */
let saysExit: bool = false;
let isEnding: bool = false;

export function setSaysExit(says: bool): void {
  saysExit = says;
}

/** The image has quit with a code: orderly end, SHUTDOWN_POWER_OFF or SHUTDOWN_REBOOT. */
export function endWithCode(code: u32, reason: u32): void {
  report.text("stvm: exit ");
  report.number(code);
  if (saysExit) report.endLine(true);
  else report.endDebugLine();
  drainOutput();
  if (hasStore) leaveExitCode(code);
  if (onXen) shutDownDomain(reason);
  endMachine(reason, min(code, DEBUG_EXIT_MOST));
}

/** For who started the domain: `data` in xenstore is the domain's own to write, and outlives it where it is preserved. */
function leaveExitCode(code: u32): void {
  beginRequest(STORE_WRITE);
  addText("data/exit-code");
  addByte(0);
  addNumber(code);
  perform();
}

/** Ends the domain as crashed; what went wrong has been said. */
export function crash(): void {
  if (!isEnding) {
    isEnding = true;
    drainOutput();
  }
  if (onXen) shutDownDomain(SHUTDOWN_CRASH);
  endMachine(SHUTDOWN_POWER_OFF, DEBUG_EXIT_CRASH);
}

const noInterrupts = <Address>memory.data(16, 16);

function endMachine(reason: u32, exit: u32): void {
  if (reason != SHUTDOWN_REBOOT) {
    out8(DEBUG_EXIT_PORT, exit);
    out16(ACPI_CONTROL_PORT, ACPI_SLEEP);
    out8(CLOUD_POWER_PORT, CLOUD_POWER_OFF);
  }
  out8(KEYBOARD_PORT, KEYBOARD_RESET);
  // What has none of these stops at a fault that nothing handles.
  lidt(memoryBase() + noInterrupts);
  cli();
  while (true) {
    unreachable();
    hlt();
  }
}
