// What the program says of itself: help, version, and what is wrong with an option. Help goes to standard output.

import { load8 } from "../cpu";
import { NATIVE_JIT_DEFAULT, NATIVE_JIT_THRESHOLD } from "../../vm/tuning";
import { aheadFunctions } from "../common/code";
import { clearText, put, putByte, putBytes, putNumber, textBytes, textStart } from "../common/text";
import { wordAt, wordCount } from "./commandLine";
import { imageNameBytes, imageNameStart } from "../common/embedded";
import { REQUEST_ELSEWHERE, REQUEST_HELP, REQUEST_VERSION, wrongWord } from "./options";
import { writeLine } from "./output";
import { write } from "./systemCalls";

/** Answers a request of the command line; the exit code. */
export function answerRequest(request: i32): i32 {
  if (request == REQUEST_HELP) return answerHelp();
  if (request == REQUEST_VERSION) {
    put("stvm 0.1.0 (x86-64 Linux, ");
    putBytes(imageNameStart(), imageNameBytes());
    put(")\n");
    writeOut();
    return 0;
  }
  put("stvm: ");
  putWord(wrongWord);
  if (request == REQUEST_ELSEWHERE) {
    put(": not in a program; `stvm run` and `stvm build` have it, and `--` before it gives it to the image");
  } else if (wrongWord + 1 == wordCount && !hasValue(wrongWord)) {
    put(": needs a value; write it behind =");
  } else {
    put(": not a value that it can have; --help lists them");
  }
  writeLine();
  return 2;
}

function answerHelp(): i32 {
  putWord(0);
  put(" [options] [ARGUMENT...]\n\nRuns the image ");
  putBytes(imageNameStart(), imageNameBytes());
  put(" that it was built from, and exits with its code. The first word that is no option, and\n");
  put("all after it or after --, go to the image.\n\n");
  put("  --logLevel=LEVEL         0 or none, 1 error (default), 2 warn, 3 info, 4 debug, 5 trace\n");
  put("  --log                    the same as --logLevel=3\n");
  put("  --maxOldSpaceSize=SIZE   bytes that old objects may take; k, m, g as suffix\n");
  put("  --workingDirectory=DIR   where relative paths start\n");
  put("  --timing                 says how long the start took\n");
  put("  --compile=FILE.wasm      compiles a module with the compiler inside; machine code to standard output\n");
  put("  --jit=off|baseline|on    whether methods that are called often are compiled (default ");
  put(NATIVE_JIT_DEFAULT || aheadFunctions != 0 ? "on)\n" : "off)\n");
  put("  --jit-threshold=CALLS    calls before that (default ");
  putNumber(NATIVE_JIT_THRESHOLD);
  put("; 1 compiles everything)\n");
  put("  --jit-stats              says at the end how much was compiled\n");
  put("  --headless, --interactive, -vm-display-null and such are accepted\n");
  put("  --version, --help\n\n");
  put("Ctrl-C or SIGUSR1 prints the stack of every process; Ctrl-C twice quits with code 130.\n");
  writeOut();
  return 0;
}

function writeOut(): void {
  write(1, textStart(), textBytes());
  clearText();
}

function putWord(index: u32): void {
  let at = wordAt(index);
  for (let byte = load8(at); byte != 0; byte = load8(++at)) putByte(byte);
}

function hasValue(index: u32): bool {
  let at = wordAt(index);
  for (let byte = load8(at); byte != 0; byte = load8(++at)) {
    if (byte == 0x3d) return true;
  }
  return false;
}
