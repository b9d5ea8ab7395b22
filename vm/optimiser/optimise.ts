// The second tier: translates one method or block, with what it calls written in line, to a WebAssembly function like
// those of the first tier. Code is written in one pass over the bytecodes, with what is known of every value at hand, and
// as often as assumptions at loops and joins need it (round.ts). Where an assumption about the running program fails,
// code writes the frames of all scopes as if nothing had been inlined, and leaves to the interpreter.

import { hostInstallCode, hostMonotonicMicroseconds } from "../host";
import { areaMark, discardSince, isAreaFull, noteFull, setOptimised } from "../interpreter/codeRecords";
import { isSelected } from "../interpreter/codeSelection";
import { countCompiling, countFunction, countModule, countNotTaken } from "../interpreter/codeStatistics";
import { isV3Shape, shapeArgumentCount, shapeCopiedCount } from "../interpreter/compileQueue";
import {
  newDependencies,
  newOptimised,
  offerLoops,
  setOptimisedCode,
  setOptimisedEntry,
} from "../interpreter/optimisedCode";
import { tellOptimised, tellRefused } from "../interpreter/optimiserLog";
import { primitiveNumberOf } from "../interpreter/methods";
import { nil } from "../memory/roots";
import { Address, Oop } from "../memory/oop";
import * as wasm from "../jit/encoder";
import { emitPollCondition } from "../jit/exits";
import * as units from "../jit/units";
import { beginAsides, writePieces } from "./aside";
import { beginClosures } from "./closures";
import { areTooMany, beginDependencies, dependencyCount, keepDependencies } from "./dependencies";
import { beginEntries, entryAddress, entryCount, entrySlots, forgetEntries } from "./entries";
import { emitScope } from "./flow";
import { CALL_POLL, writeHead } from "./imports";
import { beginInlining, findUnits } from "./inline";
import { beginJoins, closeLabel, openIf } from "./joins";
import { markScope } from "./listing";
import {
  ENTRY,
  FRAME,
  LOW,
  RECEIVER,
  WORD_A,
  beginLocals,
  declareLocals,
  endLocals,
  homeOf,
  openHomes,
} from "./locals";
import { emitLeaving, fromLow } from "./memory";
import { beginRound, beginTranslation, failed, floatLimit, frameLimit, homeLimit, isAgain, record } from "./round";
import { closeAllScopes, openScope, scope, shapeBlock, shapeMethod } from "./scope";
import { setConstant, setLocal, valueAt } from "./state";

/** Room before the functions for the head of any module. */
const HEAD_BYTES: u32 = 16384;
let moduleStart: Address = 0;

const MAX_ROUNDS: u32 = 16;
const MAX_ROOT_UNITS: u32 = 700;

const NO_SPACE: i32 = -28;

/**
 * Translates a method, or the block of a shape that begins at `start`, and gives the result to the record of its first
 * code. Answers whether there is new code.
 */
export function optimise(baseline: Address, method: Oop, start: Address, shape: u32): bool {
  // A method with a primitive is entered with a frame that tells why that has failed.
  if (shape == 0 && primitiveNumberOf(method) != 0) return refuse(method, start, "it has a primitive");
  if (!isSelected(1, method, start)) return false;
  const startMicroseconds = hostMonotonicMicroseconds();
  const mark = areaMark();
  const optimised = newOptimised(<Address>method, start);
  if (optimised == 0) return refuse(method, start, whyNot());
  const bytes = write(optimised, method, start, shape);
  const dependencies = bytes == 0 ? 0 : newDependencies(optimised, dependencyCount);
  if (dependencies == 0) {
    countCompiling(1, hostMonotonicMicroseconds() - startMicroseconds);
    discardSince(mark);
    return refuse(method, start, whyNot());
  }
  keepDependencies(dependencies);
  const code = hostInstallCode(moduleStart, bytes);
  countModule(1, bytes, hostMonotonicMicroseconds() - startMicroseconds);
  if (code <= 0) {
    if (code == NO_SPACE) noteFull();
    else countNotTaken(code);
    discardSince(mark);
    return refuse(method, start, "the host does not take its code");
  }
  countFunction(1, shape != 0);
  for (let entry: u32 = 1; entry <= entryCount; entry++) {
    setOptimisedEntry(optimised, entry, entryAddress(entry), entrySlots(entry));
  }
  setOptimisedCode(optimised, code);
  setOptimised(baseline, optimised);
  offerLoops(baseline, optimised, true);
  tellOptimised(<Address>method, start, bytes, moduleStart, rounds, homeLimit, floatLimit);
  return true;
}

function refuse(method: Oop, start: Address, reason: string): bool {
  tellRefused(<Address>method, start, reason);
  return false;
}

/** Why nothing has come of it. */
function whyNot(): string {
  if (isAreaFull) return "all code is to be dropped first";
  if (areTooMany) return "it depends on too many methods";
  if (wasm.isFull()) return "its code is too long";
  if (failed) return "it is too large, or does something that stays with the first tier";
  return isAgain ? "what is assumed of its loops does not settle" : "it has too many bytecodes";
}

/** How often the last module was written. */
let rounds: u32 = 0;

/** Writes the module, in as many rounds as it takes. Answers its bytes, 0 where there is none. */
function write(optimised: Address, method: Oop, start: Address, shape: u32): u32 {
  beginTranslation(optimised);
  forgetEntries();
  const mark = areaMark();
  for (rounds = 1; rounds <= MAX_ROUNDS; rounds++) {
    beginRound();
    discardSince(mark);
    const bytes = writeOnce(method, start, shape);
    if (failed || wasm.isFull() || areTooMany) return 0;
    if (!isAgain) return bytes;
  }
  return 0;
}

function writeOnce(method: Oop, start: Address, shape: u32): u32 {
  closeAllScopes();
  beginClosures();
  beginDependencies();
  beginEntries();
  beginInlining();
  beginJoins();
  beginLocals();
  openScope();
  let leading: u32 = 0;
  if (shape == 0) shapeMethod(method, start);
  else leading = shapeBlock(method, start, !isV3Shape(shape), shapeArgumentCount(shape), shapeCopiedCount(shape));
  scope.key = 1;
  if (!findUnits(leading, MAX_ROOT_UNITS)) return 0;
  openHomes(scope);
  beginAsides();
  wasm.beginBuffer();
  wasm.setPosition(wasm.bufferStart() + HEAD_BYTES);
  const body = wasm.reserveLength();
  declareLocals();
  markScope();
  emitPrologue();
  emitScope();
  // Nothing falls off the end.
  wasm.op(wasm.UNREACHABLE);
  wasm.op(wasm.END);
  endLocals();
  wasm.fillLength(body);
  writePieces();
  return wasm.isFull() ? 0 : finishModule(body);
}

/** Writes the head right before the functions, which begin at an address; answers the module's bytes. */
function finishModule(functions: Address): u32 {
  const bytes = wasm.position() - functions;
  wasm.beginBuffer();
  writeHead(bytes);
  const headBytes = wasm.position() - wasm.bufferStart();
  moduleStart = functions - headBytes;
  memory.copy(moduleStart, wasm.bufferStart(), headBytes);
  return headBytes + bytes;
}

/** Takes arguments and copied values from where the caller and the closure have them; polls. */
function emitPrologue(): void {
  wasm.get(FRAME);
  wasm.i32Const(frameLimit);
  wasm.op(wasm.I32_SUB);
  wasm.set(LOW);
  setLocal(valueAt(0), RECEIVER);
  for (let i: u32 = 0; i < scope.argumentCount; i++) {
    wasm.get(FRAME);
    wasm.load64(8 + ((scope.argumentCount - 1 - i) << 3));
    takeTemporary(i);
  }
  if (scope.copiedCount != 0) {
    // The closure is where the receiver of `value` is.
    wasm.get(FRAME);
    wasm.load64(8 + (scope.argumentCount << 3));
    wasm.op(wasm.I32_WRAP_I64);
    wasm.set(WORD_A);
  }
  for (let i: u32 = 0; i < scope.copiedCount; i++) {
    wasm.get(WORD_A);
    wasm.load64(8 + ((scope.firstCopied + i) << 3));
    takeTemporary(scope.argumentCount + i);
  }
  for (let i = scope.argumentCount + scope.copiedCount; i < scope.tempCount; i++) setConstant(valueAt(1 + i), nil);
  // Deep frames below this one are looked out for here.
  fromLow(0);
  if (entryCount != 0) {
    wasm.get(ENTRY);
    wasm.op(wasm.I32_EQZ);
    openIf();
  }
  emitPollCondition();
  openIf();
  emitLeaving(units.addressOf(0), record, CALL_POLL);
  closeLabel();
  if (entryCount != 0) closeLabel();
}

function takeTemporary(index: u32): void {
  const local = homeOf(scope, 1 + index);
  wasm.set(local);
  setLocal(valueAt(1 + index), local);
}
