// Signals. Those of the user wait until they are read (signalfd), so that nothing is interrupted; faults of the processor
// go to a handler on a stack of its own, which reports them (faults.ts).

import { linked } from "../cpu";
import { FAULT_STACK_BYTES, LINKED_FAULT_HANDLER, LINKED_FAULT_STACK, LINKED_SIGNAL_RETURN } from "./linked";
import { Address, blockSignals, read, signalAction, signalDescriptor, signalStack } from "./systemCalls";

export const SIGINT: u32 = 2;
export const SIGILL: u32 = 4;
export const SIGTRAP: u32 = 5;
export const SIGBUS: u32 = 7;
export const SIGFPE: u32 = 8;
export const SIGUSR1: u32 = 10;
export const SIGSEGV: u32 = 11;
const SIGPIPE: u32 = 13;

const IGNORE: u64 = 1;
// Information with the signal, on the other stack, a return address given.
const FLAGS: u64 = 0x4 | 0x08000000 | 0x04000000;

/** Reads waiting signals. */
export let signalsDescriptor: i32 = -1;

/** struct sigaction of the kernel: handler, flags, restorer, mask. */
const action: Address = memory.data(32, 8);
/** stack_t: address, flags, size. */
const stack: Address = memory.data(24, 8);
/** A 64-bit set, and struct signalfd_siginfo. */
const set: Address = memory.data(8, 8);
const information: Address = memory.data(128, 8);

export function listenToSignals(): void {
  store<u64>(stack, linked(LINKED_FAULT_STACK));
  store<u64>(stack, <u64>FAULT_STACK_BYTES, 16);
  signalStack(stack);
  handle(SIGILL, linked(LINKED_FAULT_HANDLER), FLAGS);
  handle(SIGTRAP, linked(LINKED_FAULT_HANDLER), FLAGS);
  handle(SIGBUS, linked(LINKED_FAULT_HANDLER), FLAGS);
  handle(SIGFPE, linked(LINKED_FAULT_HANDLER), FLAGS);
  handle(SIGSEGV, linked(LINKED_FAULT_HANDLER), FLAGS);
  // Writing to a pipe that nobody reads is an error of the write.
  handle(SIGPIPE, IGNORE, 0x04000000);
  store<u64>(set, (1 << (SIGINT - 1)) | (1 << (SIGUSR1 - 1)));
  blockSignals(set);
  signalsDescriptor = signalDescriptor(set);
}

function handle(signal: u32, handler: u64, flags: u64): void {
  store<u64>(action, handler);
  store<u64>(action, flags, 8);
  store<u64>(action, linked(LINKED_SIGNAL_RETURN), 16);
  store<u64>(action, 0, 24);
  signalAction(signal, action);
}

/** The next signal that waits; 0 for none. */
export function nextSignal(): u32 {
  return read(signalsDescriptor, information, 128) == 128 ? load<u32>(information) : 0;
}
