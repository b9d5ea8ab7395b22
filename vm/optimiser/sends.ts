// Sends: what is called is taken from the receiver's class where that is known, else from what the first tier has seen;
// then it is written in line, called directly, or called through a call site as in the first tier.

import { SPECIAL_SELECTORS, TAG_MASK, TAG_SMALL_FLOAT, TAG_SMALL_INTEGER } from "../layout";
import { CAUSE_CLASS, CAUSE_UNREACHED, isLeftOften } from "../interpreter/optimisedCode";
import {
  SITE_ARGUMENT_COUNT,
  SITE_CODE,
  SITE_EXTRA,
  SITE_IS_PLAIN,
  SITE_RETURN,
  SITE_SELECTOR,
  SITE_SPECIAL,
  isMegamorphic,
  newInArea,
  newSite,
  pairClass,
  pairCount,
  siteOf,
} from "../interpreter/codeRecords";

import { FIRST_QUICK_VARIABLE, isQuick } from "../interpreter/primitiveTable";
import { isYoung } from "../memory/map";
import { fetchPointer } from "../memory/object";
import { Address, Oop, isImmediate, smallInteger } from "../memory/oop";
import { classIndexOf } from "../memory/header";
import { falseObject, nil, specialObject, trueObject } from "../memory/roots";
import { INLINE_ALTERNATIVE_UNITS } from "../tuning";
import { BLOCK_CODE, SELECTOR_VALUE, SELECTOR_VALUE_WITH, SHAPES_BYTES } from "../interpreter/shapes";
import { emitBlockReceiver, emitBlockTest } from "../jit/blockCalls";
import * as wasm from "../jit/encoder";
import * as units from "../jit/units";
import { isSteady, pushTaken } from "./bytecodes";
import {
  findSuperTarget,
  findTarget,
  forgetTarget,
  foundMethod,
  foundPrimitive,
  isFound,
  setTarget,
} from "./dependencies";
import { emitPrimitive } from "./elements";
import { CALL_SELF, CALL_SEND, CALL_SUPER, TYPE_CODE } from "./imports";
import { inlineBlock, inlineMethod } from "./inline";
import {
  ALTERNATIVES,
  UNNAMED,
  arrive,
  closeLabel,
  emitBranch,
  isReachable,
  labelOf,
  openIf,
  openLabel,
  placeLabel,
  restoreState,
  saveState,
  setReachable,
  want,
} from "./joins";
import { ENTRY, FRAME, LOW, WORD_A, WORD_C, newLong } from "./locals";
import {
  emitClassIndex,
  emitExit,
  emitForcedExit,
  emitFrameOf,
  emitOop,
  emitStackPointer,
  flush,
  fromLow,
  prepare,
} from "./memory";
import { MANY, WANTS_CLASS, giveUp } from "./round";
import { MAX_SCOPES, calleeOffset, scope, scopeAt, top } from "./scope";
import {
  CLOSURE,
  INSTANCE,
  INTEGER,
  IN_LOCAL,
  SMALL_FLOAT,
  Value,
  forgetWritable,
  knownClass,
  learn,
  learnConstant,
  operandBelow,
  pop,
  push,
  pushConstant,
} from "./state";
import * as instruction from "../../build/generated/instruction";
import { leadsToEntry } from "./entries";

/** Classes that a send is written for; where more were seen it is called. As many as a site remembers. */
const MAX_ALTERNATIVES: u32 = 6;
/** No bound of what may be inlined but the usual. */
const ALWAYS: u32 = u32.MAX_VALUE;

// The send that is being written.
let sendUnit: u32 = 0;
let address: Address = 0;
let next: Address = 0;
let count: u32 = 0;
let selectorIndex: u32 = 0;

/** Writes the decoded send of a selector, a literal or a special one, with so many arguments. */
export function emitSend(unit: u32, index: u32, argumentCount: u32): void {
  sendUnit = unit;
  address = units.addressOf(unit);
  next = instruction.next;
  count = argumentCount;
  selectorIndex = index;
  forgetTarget();
  const receiver = operandBelow(count);
  const selector = selectorOf(index);
  if (isYoung(selector)) {
    emitCall();
    return;
  }
  const known = knownClass(receiver);
  if (known != 0) {
    findTarget(selector, known);
    emitFound(known, ALWAYS);
    return;
  }
  const feedback = siteOf(scope.method, scope.start, address);
  const pairs: u32 = feedback == 0 ? 0 : pairCount(feedback);
  if (pairs > MAX_ALTERNATIVES || (pairs == 0 && isLeftOften(address))) {
    emitCall();
    return;
  }
  if (pairs == 0) {
    emitExit(address, CAUSE_UNREACHED);
    setReachable(false);
    return;
  }
  const targets = findTargets(selector, feedback, pairs);
  const isMore = isLeftOften(address) || isMegamorphic(feedback);
  if (targets > 1 || isMore) {
    emitAlternatives(pairs, targets, isMore);
    return;
  }
  if (!emitIdentityGuard(receiver)) emitGuard(receiver, pairs);
  takeTarget(0);
  emitFound(classOfTarget(0), ALWAYS);
}

/** Writes the decoded super send of a literal: what is called is known from the method's class. */
export function emitSuperSend(unit: u32, index: u32, argumentCount: u32): void {
  sendUnit = unit;
  address = units.addressOf(unit);
  next = instruction.next;
  count = argumentCount;
  selectorIndex = index;
  forgetTarget();
  const selector = selectorOf(index);
  if (!isYoung(selector)) findSuperTarget(selector, scope.method);
  if (isFound && foundPrimitive == 0 && inlineMethod(sendUnit, next, foundMethod, count, ALWAYS)) return;
  if (isFound && isQuick(foundPrimitive)) {
    emitQuick(foundPrimitive);
    return;
  }
  forgetTarget();
  emitSuperCall();
}

/** Calls through a site that knows the code whatever the receiver is, or has the machine send. */
function emitSuperCall(): void {
  const site = newCallSite();
  if (site == 0) return;
  const receiver = operandBelow(count);
  prepare(receiver);
  flush();
  const result = newLong();
  wasm.i32Const(site);
  wasm.load32(SITE_CODE);
  wasm.op(wasm.IF);
  wasm.op(wasm.TYPE_I64);
  emitFrameToCall();
  emitOop(receiver);
  wasm.i32Const(site);
  wasm.load32(SITE_CODE);
  emitCodeCall();
  wasm.op(wasm.ELSE);
  wasm.i32Const(site);
  emitStackPointer();
  emitFrameOf(scope);
  wasm.call(CALL_SUPER);
  wasm.op(wasm.END);
  emitResult(result);
}

/** Writes a send whose target has been looked for: for a class, or for any of several (0); inlines no more than so many units. */
function emitFound(classIndex: u32, most: u32): void {
  const receiver = operandBelow(count);
  if (!isFound) {
    emitCall();
    return;
  }
  if (receiver.kind == CLOSURE && isBlockCall(foundPrimitive) && inlineBlock(sendUnit, next, receiver.local, count)) {
    return;
  }
  if (foundPrimitive == 0) {
    if (inlineMethod(sendUnit, next, foundMethod, count, most)) return;
  } else if (isQuick(foundPrimitive)) {
    emitQuick(foundPrimitive);
    return;
  } else if (classIndex != 0 && emitPrimitive(foundPrimitive, classIndex, address, count)) return;
  emitCall();
}

// The targets of a send that has seen several classes. Those of the innermost scopes' sends are needed at the same time.

/** For each pair of a site: class index u32 | method u32, 0 for none | its primitive u32 | the first pair with that target u32. */
const TARGET_BYTES: u32 = 16;
const targetTable: Address = <Address>memory.data(12 * 6 * 16, 4);
if (MAX_SCOPES != 12 || MAX_ALTERNATIVES != 6) ERROR("sends: targetTable is for 12 scopes and 6 classes");

function targetOf(pair: u32): Address {
  return targetTable + (<u32>top * MAX_ALTERNATIVES + pair) * TARGET_BYTES;
}

/** Looks for what each class of a site has for the selector; answers how many different targets there are. */
function findTargets(selector: Oop, feedback: Address, pairs: u32): u32 {
  let targets: u32 = 0;
  for (let pair: u32 = 0; pair < pairs; pair++) {
    const target = targetOf(pair);
    const classIndex = pairClass(feedback, pair);
    findTarget(selector, classIndex);
    store<u32>(target, classIndex);
    store<u32>(target, isFound ? foundMethod : 0, 4);
    store<u32>(target, foundPrimitive, 8);
    const first = isFound && (foundPrimitive == 0 || isQuick(foundPrimitive)) ? firstWith(foundMethod, pair) : pair;
    store<u32>(target, first, 12);
    if (first == pair) targets++;
  }
  for (let pair = pairs; pair < MAX_ALTERNATIVES; pair++) store<u32>(targetOf(pair), u32.MAX_VALUE, 12);
  return targets;
}

/** The first of the pairs up to one that has a method as its target. */
function firstWith(method: Address, pair: u32): u32 {
  let first: u32 = 0;
  while (first < pair && load<u32>(targetOf(first), 4) != method) first++;
  return first;
}

function isFirst(pair: u32): bool {
  return load<u32>(targetOf(pair), 12) == pair;
}

/** Has what was found for a pair be the target again. */
function takeTarget(pair: u32): void {
  const target = targetOf(pair);
  setTarget(load<u32>(target, 4), load<u32>(target, 8));
}

/** The one class that has the target of a pair; 0 where several have. */
function classOfTarget(first: u32): u32 {
  for (let pair = first + 1; pair < MAX_ALTERNATIVES; pair++) {
    if (load<u32>(targetOf(pair), 12) == first) return 0;
  }
  return load<u32>(targetOf(first));
}

/** Writes a send for each of the targets, one behind another, and a call where there are more; paths join behind them. */
function emitAlternatives(pairs: u32, targets: u32, areMore: bool): void {
  // What is inlined writes sends of its own.
  const unit = sendUnit;
  const ownAddress = address;
  const ownNext = next;
  const ownCount = count;
  const ownIndex = selectorIndex;
  const position = scope.depth - 1 - count;
  const wasNested = scope.isNested;
  const label = labelOf(top, ALTERNATIVES, unit);
  scope.isNested = 1;
  openLabel(label, wasm.BLOCK);
  for (let pair: u32 = 0; pair <= pairs; pair++) {
    if (pair < pairs && !isFirst(pair)) continue;
    sendUnit = unit;
    address = ownAddress;
    next = ownNext;
    count = ownCount;
    selectorIndex = ownIndex;
    const kept = saveState();
    openLabel(labelOf(top, UNNAMED, 0), wasm.BLOCK);
    if (pair < pairs) {
      const receiver = operandBelow(count);
      emitHasClassOf(receiver, pair, pairs);
      wasm.op(wasm.I32_EQZ);
      wasm.op(wasm.BR_IF);
      wasm.unsigned(0);
      learnClassOf(receiver, pair, pairs);
      takeTarget(pair);
      emitFound(classOfTarget(pair), targets == 2 ? ALWAYS : INLINE_ALTERNATIVE_UNITS);
    } else if (areMore) {
      forgetTarget();
      emitCall();
    } else {
      emitExit(address, CAUSE_CLASS);
      setReachable(false);
    }
    if (isReachable) {
      arrive(label, position + 1);
      emitBranch(wasm.BR, label);
    }
    closeLabel();
    restoreState(kept);
    setReachable(true);
  }
  setReachable(false);
  wasm.op(wasm.UNREACHABLE);
  placeLabel(label, position + 1);
  scope.isNested = wasNested;
}

/** On WebAssembly's stack: whether a value has one of the classes with the target of a pair. */
function emitHasClassOf(value: Value, first: u32, pairs: u32): void {
  if (classOfTarget(first) != 0) {
    emitHasClass(value, load<u32>(targetOf(first)));
    return;
  }
  emitClassIndex(value);
  wasm.set(WORD_C);
  for (let pair = first; pair < pairs; pair++) {
    if (load<u32>(targetOf(pair), 12) != first) continue;
    wasm.get(WORD_C);
    wasm.i32Const(load<u32>(targetOf(pair)));
    wasm.op(wasm.I32_EQ);
    if (pair != first) wasm.op(wasm.I32_OR);
  }
}

function learnClassOf(value: Value, first: u32, pairs: u32): void {
  if (classOfTarget(first) != 0) {
    learnClass(value, load<u32>(targetOf(first)));
    return;
  }
  for (let pair = first; pair < pairs; pair++) {
    const target = targetOf(pair);
    if (load<u32>(target, 12) == first && load<u32>(target) <= TAG_MASK) return;
  }
  learn(value, INSTANCE, 0);
}

function selectorOf(index: u32): Oop {
  if (index < instruction.SPECIAL_SEND) return load<u64>(scope.method + 16 + (index << 3));
  return fetchPointer((index - instruction.SPECIAL_SEND) << 1, specialObject(SPECIAL_SELECTORS));
}

/** Leaves unless the receiver has a class that was seen. Code that is entered in the middle passes here without its operands. */
function emitGuard(receiver: Value, pairs: u32): void {
  openLabel(labelOf(top, UNNAMED, 0), wasm.BLOCK);
  if (leadsToEntry(sendUnit, sendUnit)) {
    wasm.get(ENTRY);
    wasm.op(wasm.BR_IF);
    wasm.unsigned(0);
  }
  emitHasClassOf(receiver, 0, pairs);
  if (receiver.kind == IN_LOCAL) want(receiver.local, WANTS_CLASS, pairs == 1 ? load<u32>(targetOf(0)) : MANY);
  emitForcedExit();
  wasm.op(wasm.BR_IF);
  wasm.unsigned(0);
  emitExit(address, CAUSE_CLASS);
  closeLabel();
  learnClassOf(receiver, 0, pairs);
}

/** Where the receiver is likely one certain object of the only class that was seen, as classes are: leaves where it is another. */
function emitIdentityGuard(receiver: Value): bool {
  const classIndex = classOfTarget(0);
  if (receiver.kind != IN_LOCAL || receiver.oop == 0 || classIndex <= TAG_MASK || isLeftOften(address)) return false;
  if (!isSteady(receiver.oop) || isImmediate(receiver.oop) || classIndexOf(<Address>receiver.oop) != classIndex)
    return false;
  if (leadsToEntry(sendUnit, sendUnit)) return false;
  openLabel(labelOf(top, UNNAMED, 0), wasm.BLOCK);
  wasm.get(receiver.local);
  wasm.i64Const(receiver.oop);
  wasm.op(wasm.I64_EQ);
  emitForcedExit();
  wasm.op(wasm.BR_IF);
  wasm.unsigned(0);
  emitExit(address, CAUSE_CLASS);
  closeLabel();
  learnConstant(receiver, receiver.oop);
  return true;
}

function learnClass(receiver: Value, classIndex: u32): void {
  if (classIndex == TAG_SMALL_INTEGER) learn(receiver, INTEGER, 0);
  else if (classIndex == TAG_SMALL_FLOAT) learn(receiver, SMALL_FLOAT, 0);
  else if (classIndex > TAG_MASK) learn(receiver, INSTANCE, classIndex);
}

/** On WebAssembly's stack: whether a value has a class. */
function emitHasClass(value: Value, classIndex: u32): void {
  prepare(value);
  if (classIndex <= TAG_MASK) {
    emitOop(value);
    wasm.op(wasm.I32_WRAP_I64);
    wasm.i32Const(TAG_MASK);
    wasm.op(wasm.I32_AND);
    wasm.i32Const(classIndex);
    wasm.op(wasm.I32_EQ);
    return;
  }
  emitClassIndex(value);
  wasm.i32Const(classIndex);
  wasm.op(wasm.I32_EQ);
}

/** BlockClosure>>value and its relatives, of which the argument count has been compared. */
function isBlockCall(primitive: u32): bool {
  return (primitive >= 201 && primitive <= 205) || primitive == 207 || primitive == 221;
}

/** A method that only answers itself, a constant or an instance variable. */
function emitQuick(primitive: u32): void {
  const receiver = operandBelow(count);
  if (primitive >= FIRST_QUICK_VARIABLE) {
    prepare(receiver);
    emitOop(receiver);
    wasm.op(wasm.I32_WRAP_I64);
    wasm.load64(8 + ((primitive - FIRST_QUICK_VARIABLE) << 3));
    pop(count + 1);
    pushTaken();
    return;
  }
  if (primitive == 256) {
    pop(count);
    return;
  }
  pop(count + 1);
  if (primitive == 257) pushConstant(trueObject);
  else if (primitive == 258) pushConstant(falseObject);
  else if (primitive == 259) pushConstant(nil);
  else pushConstant(smallInteger(<i64>primitive - 261));
}

/** A new site for the send; 0, and all is given up, where there is no room. */
function newCallSite(): Address {
  const site = newSite(0, 0);
  if (site == 0) {
    giveUp();
    return 0;
  }
  if (selectorIndex >= instruction.SPECIAL_SEND)
    store<u32>(site, selectorIndex - instruction.SPECIAL_SEND, SITE_SPECIAL);
  else store<u32>(site, scope.method + 16 + (selectorIndex << 3), SITE_SELECTOR);
  store<u32>(site, count, SITE_ARGUMENT_COUNT);
  store<u32>(site, next, SITE_RETURN);
  store<u8>(site, 1, SITE_IS_PLAIN);
  return site;
}

/** Calls through a call site: the code in line where the site knows the class, else the machine sends. */
function emitCall(): void {
  const site = newCallSite();
  if (site == 0) return;
  const receiver = operandBelow(count);
  prepare(receiver);
  flush();
  const result = newLong();
  if (isSelf()) {
    emitFrameToCall();
    emitOop(receiver);
    wasm.call(CALL_SELF);
  } else if (isBlockSelector()) emitBlockOrCall(site, receiver, result);
  else emitCallOf(site, receiver);
  emitResult(result);
}

/** Takes the value on WebAssembly's stack in the place of receiver and arguments; code leaves where it is none. */
function emitResult(result: u32): void {
  forgetWritable();
  wasm.tee(result);
  wasm.op(wasm.I64_EQZ);
  openIf();
  wasm.i64Const(0);
  wasm.op(wasm.RETURN);
  closeLabel();
  pop(count + 1);
  push(IN_LOCAL).local = result;
}

/** Calls the code that a site knows for the receiver's class, or has the machine send; the value is on the stack. */
function emitCallOf(site: Address, receiver: Value): void {
  emitClassIndex(receiver);
  wasm.i32Const(site);
  wasm.load32(0);
  wasm.op(wasm.I32_EQ);
  wasm.op(wasm.IF);
  wasm.op(wasm.TYPE_I64);
  emitFrameToCall();
  emitOop(receiver);
  wasm.i32Const(site);
  wasm.load32(SITE_CODE);
  emitCodeCall();
  wasm.op(wasm.ELSE);
  wasm.i32Const(site);
  emitStackPointer();
  emitFrameOf(scope);
  wasm.call(CALL_SEND);
  wasm.op(wasm.END);
}

function emitCodeCall(): void {
  wasm.op(wasm.CALL_INDIRECT);
  wasm.unsigned(TYPE_CODE);
  wasm.unsigned(0);
}

function isBlockSelector(): bool {
  const special = selectorIndex - instruction.SPECIAL_SEND;
  return special == SELECTOR_VALUE || special == SELECTOR_VALUE_WITH;
}

/** Calls the block that a site has called last without asking, as in jit/blockCalls.ts; the value is on the stack. */
function emitBlockOrCall(site: Address, receiver: Value, result: u32): void {
  const cell = newInArea(SHAPES_BYTES);
  if (cell == 0) {
    giveUp();
    return;
  }
  store<u32>(site, cell, SITE_EXTRA);
  const isFull = scope.bytecodeSet != 0;
  openLabel(labelOf(top, UNNAMED, 0), wasm.BLOCK);
  openLabel(labelOf(top, UNNAMED, 1), wasm.BLOCK);
  emitOop(receiver);
  wasm.op(wasm.I32_WRAP_I64);
  wasm.set(WORD_A);
  emitBlockTest(cell, isFull, count);
  emitFrameToCall();
  emitBlockReceiver(isFull);
  wasm.i32Const(cell + BLOCK_CODE);
  wasm.load32(0);
  emitCodeCall();
  wasm.set(result);
  wasm.op(wasm.BR);
  wasm.unsigned(1);
  closeLabel();
  emitCallOf(site, receiver);
  wasm.set(result);
  closeLabel();
  wasm.get(result);
}

/** Whether what is sent is surely the root itself: a target is known, and is the root's method. */
function isSelf(): bool {
  const root = scopeAt(0);
  return isFound && root.isBlock == 0 && foundMethod == root.method && foundPrimitive == 0;
}

/** Writes the link of the frame that is called; its address is the first parameter on the stack, the entry the second. */
function emitFrameToCall(): void {
  const calleeFrame = scope.frameOffset + calleeOffset(scope);
  wasm.get(LOW);
  emitFrameOf(scope);
  wasm.op(wasm.I64_EXTEND_I32_U);
  wasm.i64Const((<i64>next) << 32);
  wasm.op(wasm.I64_OR);
  wasm.store64(fromLow(calleeFrame));
  wasm.get(FRAME);
  wasm.i32Const(calleeFrame);
  wasm.op(wasm.I32_SUB);
  wasm.i32Const(0);
}
