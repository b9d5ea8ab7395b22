// How a Linux process enters compiled code: at its start, and on a fault of the processor. The registers that compiled
// code relies on are set here (boot/native/abi.ts).

import { CONTEXT_STACK_LIMIT } from "../native/abi.js";
import { addressOf, assemble, type AssembledCode, memory } from "./assembler.js";

/** Bytes that a function may use below the stack limit. */
const BELOW_LIMIT_BYTES = 16384;
const RT_SIGRETURN = 15;

/**
 * Labels: `process` is the entry, `faultHandler` and `signalReturn` what the kernel is told of signals. Names from
 * elsewhere: `memory`, `context` (what rbp holds), `faultStack` (its lowest address), the functions `start` and `fault`.
 */
export function linuxStart(): AssembledCode {
  return assemble([
    "process:",
    ["mov", "rdi", "rsp"],
    ["mov", "rbx", addressOf("memory")],
    ["mov", "rbp", addressOf("context")],
    ["call", "start"],
    ["ud2"],

    // A signal handler: the signal's number, struct siginfo and struct ucontext are in rdi, rsi and rdx.
    "faultHandler:",
    ["mov", "rbx", addressOf("memory")],
    ["mov", "rbp", addressOf("context")],
    ["mov", "rax", addressOf("faultStack", BELOW_LIMIT_BYTES)],
    ["mov", memory("rbp", CONTEXT_STACK_LIMIT), "rax"],
    ["mov", "r8", "rdx"],
    ["call", "fault"],
    ["ud2"],

    "signalReturn:",
    ["mov", "eax", RT_SIGRETURN],
    ["syscall"],
  ]);
}
