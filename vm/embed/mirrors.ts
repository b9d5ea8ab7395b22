// Looking into a virtual machine from outside: classes by name, objects with their class, slots and bytes. A mirror is
// good until the image runs again, since a collection moves objects; ask for a new one then.

import { type Address, type Heap, heapOf, type Oop } from "./heap.js";
import { SPECIAL_DOES_NOT_UNDERSTAND, TAG_SHIFT, TAG_SMALL_INTEGER } from "../layout.js";
import { type VmExports } from "./module.js";
import { Reflection } from "./reflection.js";
import { type Vm, VmError } from "./vm.js";

/** What stands for a Smalltalk object in JavaScript where it can: integers that fit as number, others as bigint. */
export type PlainValue = number | bigint | string | boolean | null;

export interface ObjectMirror {
  /** The 64-bit reference. */
  readonly oop: Oop;
  readonly className: string;
  /** The value of an integer, float, string, symbol, character (a string), boolean or nil; undefined for others. */
  readonly value: PlainValue | undefined;
  /** The class as an object. */
  class(): ObjectMirror;
  /** Every slot that holds a reference, named and indexed. */
  slots(): ObjectMirror[];
  /** A named instance variable; undefined where the class has none of that name. */
  variable(name: string): ObjectMirror | undefined;
  /** The bytes of an object of bytes, shorts or words, copied; undefined for others. */
  bytes(): Uint8Array | undefined;
  /** The object in one line, as Smalltalk prints it as far as that runs no code. */
  toString(): string;
}

/** What can be sent to, and be an argument. */
export type Sendable = ObjectMirror | number | bigint | string | boolean | null;

export interface ClassMirror extends ObjectMirror {
  readonly name: string;
  superclass(): ClassMirror | undefined;
  /** Selectors of the methods that the class itself defines, sorted. */
  selectors(): string[];
  /** Names of all instance variables, inherited ones first. */
  instanceVariables(): string[];
  allInstances(): ObjectMirror[];
}

export interface Mirrors {
  /** `"Point"`, or `"Point class"` for the metaclass; undefined where the image has no such class. */
  classNamed(name: string): ClassMirror | undefined;
  /** Every class by name, metaclasses left out. */
  allClasses(): ClassMirror[];
  object(oop: Oop): ObjectMirror;
  /**
   * Sends a message and answers what it is answered; the image runs meanwhile, by the `runToEnd` that is under way or
   * by this. Integers in the range of SmallInteger, strings (Latin-1), booleans and null become objects. Rejects with a
   * VmError where the image has no such selector, the image ends before it answers, or another message is under way.
   *
   *   (await mirrors.send(mirrors.classNamed("Date")!, "today")).toString()
   */
  send(receiver: Sendable, selector: string, ...args: Sendable[]): Promise<ObjectMirror>;
  /** As `send`, but runs a method with no arguments (its oop) that no class need have. For compilers. */
  run(receiver: Sendable, method: Oop): Promise<ObjectMirror>;
  readonly nil: ObjectMirror;
  readonly true: ObjectMirror;
  readonly false: ObjectMirror;
}

/** Mirrors of what a virtual machine holds now. */
export function mirrorsOf(vm: Vm): Mirrors {
  const heap = heapOf(vm.exports);
  const reflection = new Reflection(heap);
  const object = (oop: Oop) => objectMirror(reflection, oop);
  return {
    classNamed(name) {
      const found = reflection.classNamed(name);
      return found === undefined ? undefined : classMirror(reflection, found);
    },
    allClasses: () =>
      [...reflection.classesByName()]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([, address]) => classMirror(reflection, address)),
    object,
    send: (receiver, selector, ...args) => sendFromOutside(vm, heap, receiver, selector, args),
    run(receiver, method) {
      const receiverOop = BigInt.asIntN(64, oopOf(vm.exports, heap, receiver));
      return answerOf(vm, "the method", vm.exports.startMethod(receiverOop, BigInt.asIntN(64, method)));
    },
    nil: object(BigInt(heap.nil)),
    true: object(BigInt(heap.roots.trueObject)),
    false: object(BigInt(heap.roots.falseObject)),
  };
}

async function sendFromOutside(
  vm: Vm,
  heap: Heap,
  receiver: Sendable,
  selector: string,
  args: readonly Sendable[],
): Promise<ObjectMirror> {
  const { exports } = vm;
  const symbol = symbolNamed(heap, selector);
  if (symbol === undefined) {
    throw new VmError("selector", `stvm: #${selector}: no such symbol in the image; is it spelt as there?`);
  }
  // No collection happens between here and startSend, so that these references stay good.
  const [receiverOop, ...oops] = [receiver, ...args].map((value) => oopOf(exports, heap, value));
  const words = new DataView(exports.memory.buffer, exports.outsideArguments());
  oops.forEach((oop, index) => index < MAX_ARGUMENTS && words.setBigUint64(index * 8, oop, true));
  const status = exports.startSend(BigInt.asIntN(64, receiverOop!), BigInt.asIntN(64, symbol), oops.length);
  return answerOf(vm, `#${selector}`, status);
}

/** Runs the image until what was started is answered. `status` says whether it was. */
async function answerOf(vm: Vm, what: string, status: number): Promise<ObjectMirror> {
  const { exports } = vm;
  if (status !== 0) throw new VmError("send", `stvm: ${what}: ${SEND_FAULTS[status]}`);
  let answer: ObjectMirror | undefined;
  let ended = false;
  const settled = new Promise<void>((resolve) => {
    vm.onAnswered = () => {
      vm.onAnswered = undefined;
      const oop = BigInt.asUintN(64, exports.outsideAnswer());
      if (oop === 0n) ended = true;
      else answer = objectMirror(new Reflection(heapOf(exports)), oop);
      resolve();
    };
  });
  if (vm.isRunning) vm.wake();
  else while (answer === undefined && !ended) await runOnce(vm, () => answer !== undefined || ended);
  await settled;
  if (answer === undefined) throw new VmError("send", `stvm: ${what}: the image ended before it answered`);
  return answer;
}

const MAX_ARGUMENTS = 15;
const SEND_FAULTS: Record<number, string> = {
  1: "another message is under way; wait for its answer first",
  2: "no memory for it; give the virtual machine more",
  3: `more than ${MAX_ARGUMENTS} arguments; pass an Array`,
  4: "the image waits for input; give it some first",
};

async function runOnce(vm: Vm, isSettled: () => boolean): Promise<void> {
  const outcome = vm.run();
  if (!isSettled()) await vm.wait(outcome);
}

/** The Symbol of that name, found among the objects of the selectors' class. */
function symbolNamed(heap: Heap, name: string): Oop | undefined {
  const classIndex = heap.classIndexOf(heap.specialObject(SPECIAL_DOES_NOT_UNDERSTAND));
  let found: Address | undefined;
  heap.forEachObject((object, index) => {
    if (found === undefined && index === classIndex && heap.byteSizeOf(object) === name.length) {
      if (heap.string(object) === name) found = object;
    }
  });
  return found === undefined ? undefined : BigInt(found);
}

function oopOf(exports: VmExports, heap: Heap, value: Sendable): Oop {
  if (value === null) return BigInt(heap.nil);
  switch (typeof value) {
    case "boolean":
      return BigInt(value ? heap.roots.trueObject : heap.roots.falseObject);
    case "number":
    case "bigint":
      return integerOop(value);
    case "string":
      return stringOop(exports, value);
    case "object":
      return value.oop;
  }
}

function integerOop(value: number | bigint): Oop {
  if (typeof value === "number" && !Number.isInteger(value)) {
    throw new VmError("argument", `stvm: ${value}: not an integer; send Float class a message that makes it`);
  }
  const integer = BigInt(value);
  if (integer !== BigInt.asIntN(61, integer)) {
    throw new VmError("argument", `stvm: ${value}: no SmallInteger; build larger ones with messages`);
  }
  return BigInt.asUintN(64, (integer << BigInt(TAG_SHIFT)) | BigInt(TAG_SMALL_INTEGER));
}

function stringOop(exports: VmExports, text: string): Oop {
  const bytes = Uint8Array.from(text, (character) => {
    const code = character.charCodeAt(0);
    if (code > 255) throw new VmError("argument", `stvm: ${text}: has characters beyond Latin-1; send its UTF-8 bytes`);
    return code;
  });
  if (bytes.length > SCRATCH_BYTES)
    throw new VmError("argument", "stvm: a string of more than 64 KiB; send it in parts");
  const scratch = exports.scratchMemory();
  new Uint8Array(exports.memory.buffer, scratch, bytes.length).set(bytes);
  const oop = BigInt.asUintN(64, exports.newStringFrom(scratch, bytes.length));
  if (oop === 0n) throw new VmError("send", "stvm: no memory for a string; give the virtual machine more");
  return oop;
}

const SCRATCH_BYTES = 65536;

function objectMirror(reflection: Reflection, oop: Oop): ObjectMirror {
  const { heap } = reflection;
  const value = heap.value(oop);
  const address = value.kind === "object" ? value.address : 0;
  const classObject = heap.classOf(oop);
  const mirror = (slot: Oop) => objectMirror(reflection, slot);
  return {
    oop: address === 0 ? oop : BigInt(address),
    className: reflection.className(classObject),
    value: plainValue(reflection, oop),
    class: () => classMirror(reflection, classObject),
    slots: () =>
      address === 0
        ? []
        : Array.from({ length: heap.pointerCountOf(address) }, (_, index) => mirror(heap.slot(address, index))),
    variable(name) {
      const index = address === 0 ? -1 : reflection.allInstanceVariablesOf(classObject).indexOf(name);
      return index < 0 ? undefined : mirror(heap.slot(address, index));
    },
    bytes: () =>
      address === 0 || heap.isPointers(address) || heap.isMethod(address) ? undefined : heap.bytesOf(address).slice(),
    toString: () => reflection.print(oop),
  };
}

function classMirror(reflection: Reflection, address: Address): ClassMirror {
  const superclass = () => reflection.superclassOf(address);
  return {
    ...objectMirror(reflection, BigInt(address)),
    name: reflection.className(address),
    superclass() {
      const found = superclass();
      return found === undefined ? undefined : classMirror(reflection, found);
    },
    selectors: () =>
      reflection
        .methodsOf(address)
        .map(({ selector }) => selector)
        .sort(),
    instanceVariables: () => reflection.allInstanceVariablesOf(address),
    allInstances: () => reflection.instancesOf(address).map((each) => objectMirror(reflection, BigInt(each))),
  };
}

/** The value of an oop in JavaScript; undefined where it has none. */
function plainValue(reflection: Reflection, oop: Oop): PlainValue | undefined {
  const { heap } = reflection;
  const value = heap.value(oop);
  switch (value.kind) {
    case "integer":
      return Number.isSafeInteger(Number(value.value)) ? Number(value.value) : value.value;
    case "character":
      return String.fromCodePoint(value.codePoint);
    case "float":
      return value.value;
    case "object":
      return plainObject(heap, reflection, value.address);
  }
}

function plainObject(heap: Heap, reflection: Reflection, address: Address): PlainValue | undefined {
  if (address === heap.nil) return null;
  if (address === heap.roots.trueObject) return true;
  if (address === heap.roots.falseObject) return false;
  const classObject = heap.classOfObject(address);
  const name = reflection.className(classObject);
  if (name === "LargePositiveInteger" || name === "LargeNegativeInteger") return largeInteger(heap, address, name);
  if (name === "Float" || name === "BoxedFloat64") return heap.float64At(address);
  if (!heap.isBytes(address)) return undefined;
  return reflection.inheritsFrom(classObject, "String") ? heap.string(address) : undefined;
}

function largeInteger(heap: Heap, address: Address, className: string): bigint {
  const magnitude = heap.bytesOf(address).reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return className === "LargeNegativeInteger" ? -magnitude : magnitude;
}
