// Compiled methods, blocks and their literals as objects. Sources: CompiledMethod, CompiledBlock and
// AdditionalMethodState of Squeak; SpurMemoryManager for the header.

import * as layout from "../../../vm/layout.js";
import type { CompiledCode, CompiledMethod, Literal, Pragma } from "../compiledMethod.js";
import {
  character,
  floatBits,
  type HeapObject,
  isSmallInteger,
  magnitudeBytes,
  pointersObject,
  rawObject,
  smallFloat,
  smallInteger,
  type Value,
} from "./heap.js";
import type { ProgramBinding, ProgramClass } from "./program.js";
import type { World } from "./world.js";

/** The header of a method in SistaV1 is negative: to its fields the smallest SmallInteger is added. */
const SISTA_HEADER = -(1n << 60n);
/** A trailer of one byte, which says that there is none. Blocks do without. */
const NO_TRAILER = 0;
const SCALED_DECIMAL_FRACTION = "fraction";

/** What a literal stands in. */
interface Place {
  readonly owner: ProgramClass;
  readonly isClassSide: boolean;
  /** The method or block whose literal it is. */
  readonly code: HeapObject;
  /** The code around a block. */
  readonly outer: HeapObject | undefined;
}

export class MethodObjects {
  /** Numbers that stay as they are may be shared between methods. */
  private readonly numbers = new Map<string, HeapObject>();
  /** Whether one of the methods is in SistaV1. */
  usesSista = false;

  constructor(private readonly world: World) {}

  /** The object of a compiled method. */
  method(compiled: CompiledMethod, owner: ProgramClass, isClassSide: boolean): HeapObject {
    const code = this.emptyCode("CompiledMethod", compiled, [NO_TRAILER]);
    this.fillCode(code, compiled, compiled.primitive !== 0, { owner, isClassSide, code, outer: undefined });
    return code;
  }

  /** The value of a literal that needs no method around it. */
  value(literal: Literal, place?: Place): Value {
    const { world } = this;
    switch (literal.kind) {
      case "nil":
        return world.nil;
      case "boolean":
        return literal.value ? world.true : world.false;
      case "integer":
        return this.integer(literal.value);
      case "float":
        return this.float(literal.value);
      case "fraction":
        return this.fraction(literal.numerator, literal.denominator);
      case "scaledDecimal":
        return this.scaledDecimal(literal.numerator, literal.denominator, literal.scale);
      case "character":
        return character(literal.codePoint);
      case "string":
        return world.string(literal.value);
      case "symbol":
        return world.symbol(literal.value);
      case "byteArray":
        return rawObject(world.classNamed("ByteArray"), layout.FORMAT_BYTES, literal.bytes);
      case "array":
        return world.array(literal.elements.map((each) => this.value(each, place)));
      case "variable":
        return world.association(literal.binding as ProgramBinding);
      default:
        return this.placedValue(literal, place!);
    }
  }

  private placedValue(
    literal: Extract<Literal, { kind: "block" | "methodState" | "methodClass" | "outerCode" }>,
    place: Place,
  ): Value {
    switch (literal.kind) {
      case "block": {
        const code = this.emptyCode("CompiledBlock", literal.block, []);
        this.fillCode(code, literal.block, false, { ...place, code, outer: place.code });
        return code;
      }
      case "methodState":
        return this.methodState(literal.selector, literal.pragmas, place);
      case "methodClass":
        if (place.isClassSide) return this.world.metaclassAssociation(place.owner);
        return this.world.association(place.owner.binding);
      case "outerCode":
        return place.outer!;
    }
  }

  private emptyCode(className: string, compiled: CompiledCode, trailer: number[]): HeapObject {
    const bytes = Uint8Array.from([...compiled.bytecodes, ...trailer]);
    return {
      behavior: this.world.classNamed(className),
      format: layout.FORMAT_COMPILED_METHOD,
      hash: 0,
      slots: [],
      bytes,
    };
  }

  private fillCode(code: HeapObject, compiled: CompiledCode, hasPrimitive: boolean, place: Place): void {
    if (compiled.bytecodeSet === "SistaV1") this.usesSista = true;
    code.slots.push(smallInteger(headerOf(compiled, hasPrimitive)));
    for (const literal of compiled.literals) code.slots.push(this.value(literal, place));
  }

  /** The pragmas that say more than the bytecodes do, or the selector alone where there are none. */
  private methodState(selector: string, pragmas: readonly Pragma[], { code }: Place): Value {
    const { world } = this;
    const symbol = world.symbol(selector);
    const kept = pragmas.filter(({ keyword }) => !isPrimitivePragma(keyword));
    if (kept.length === 0 || world.findClass("AdditionalMethodState") === undefined) return symbol;
    const state = world.instance("AdditionalMethodState", { 0: code, 1: symbol });
    for (const pragma of kept) {
      const values = pragma.arguments.map((each) => this.value(each));
      const fields = { 0: code, 1: world.symbol(pragma.keyword), 2: world.array(values) };
      state.slots.push(world.findClass("Pragma") === undefined ? fields[1] : world.instance("Pragma", fields));
    }
    return state;
  }

  private integer(value: bigint): Value {
    if (isSmallInteger(value)) return smallInteger(value);
    const name = value < 0n ? "LargeNegativeInteger" : "LargePositiveInteger";
    return this.shared(`integer ${value}`, () =>
      rawObject(this.world.classNamed(name), layout.FORMAT_BYTES, magnitudeBytes(value)),
    );
  }

  private float(value: number): Value {
    const immediate = smallFloat(value);
    if (immediate !== undefined) return immediate;
    const bits = floatBits(value);
    return this.shared(`float ${bits}`, () => {
      const bytes = new Uint8Array(8);
      new DataView(bytes.buffer).setBigUint64(0, bits, true);
      return rawObject(this.world.classNamed("BoxedFloat64"), layout.FORMAT_WORDS32, bytes);
    });
  }

  private fraction(numerator: bigint, denominator: bigint): Value {
    const fields = { numerator: this.integer(numerator), denominator: this.integer(denominator) };
    return this.shared(`fraction ${numerator} ${denominator}`, () => this.world.instance("Fraction", fields));
  }

  /** Its value is a number, or two integers, as the library has it. */
  private scaledDecimal(numerator: bigint, denominator: bigint, scale: number): Value {
    const names = this.world.program.classes.get("ScaledDecimal")!.allInstanceVariables;
    const value = () => (denominator === 1n ? this.integer(numerator) : this.fraction(numerator, denominator));
    const fields: Record<string, Value> = names.includes(SCALED_DECIMAL_FRACTION)
      ? { fraction: value(), scale: smallInteger(scale) }
      : { numerator: this.integer(numerator), denominator: this.integer(denominator), scale: smallInteger(scale) };
    return this.shared(`scaled ${numerator} ${denominator} ${scale}`, () =>
      this.world.instance("ScaledDecimal", fields),
    );
  }

  private shared(key: string, create: () => HeapObject): HeapObject {
    const present = this.numbers.get(key);
    if (present !== undefined) return present;
    const created = create();
    this.numbers.set(key, created);
    return created;
  }
}

/** `primitive:` and its longer forms, which the bytecodes tell. */
export function isPrimitivePragma(keyword: string): boolean {
  return /^primitive:(error:|module:(error:)?)?$/.test(keyword);
}

/** The integer that begins a method; the fields are drawn in vm/layout.ts. */
export function headerOf(compiled: CompiledCode, hasPrimitive: boolean): bigint {
  const fields =
    compiled.literals.length |
    (hasPrimitive ? layout.METHOD_HAS_PRIMITIVE : 0) |
    (compiled.needsLargeFrame ? layout.METHOD_LARGE_FRAME : 0) |
    (compiled.tempCount << layout.METHOD_TEMP_COUNT_SHIFT) |
    (compiled.argumentCount << layout.METHOD_ARGUMENT_COUNT_SHIFT);
  return BigInt(fields) + (compiled.bytecodeSet === "SistaV1" ? SISTA_HEADER : 0n);
}

/** A context that is about to execute a method's first bytecode, without a sender. */
export function entryContext(world: World, compiled: CompiledMethod, method: HeapObject, receiver: Value): HeapObject {
  const { nil } = world;
  const frameSlots = compiled.needsLargeFrame ? layout.LARGE_FRAME_SLOTS : layout.SMALL_FRAME_SLOTS;
  const slots = new Array<Value>(layout.CONTEXT_FIRST_TEMP + frameSlots).fill(nil);
  slots[layout.CONTEXT_PC] = smallInteger(method.slots.length * layout.WORD_BYTES + 1);
  slots[layout.CONTEXT_STACK_POINTER] = smallInteger(compiled.tempCount);
  slots[layout.CONTEXT_METHOD] = method;
  slots[layout.CONTEXT_RECEIVER] = receiver;
  return pointersObject(world.classNamed("Context"), layout.FORMAT_FIXED_AND_INDEXABLE, slots);
}
