// Compiled code as objects of a loaded image: what `stvm eval` runs. Symbols must be in the image already (`missing`
// says which are not); everything else is made from outside, while nothing runs and so nothing moves.

import * as layout from "../../vm/layout.js";
import type { Address, Oop } from "../../vm/embed/heap.js";
import { VmError } from "../../vm/embed/node.js";
import type { Session } from "../session.js";
import type { CompiledCode, CompiledMethod, Literal } from "./compiledMethod.js";
import { character, floatBits, isSmallInteger, magnitudeBytes, smallFloat, smallInteger } from "./image/heap.js";
import { headerOf } from "./image/methodObjects.js";
import type { ImageBinding } from "./imageScope.js";

/** A trailer that says that there is none, as Squeak, Pharo and Cuis read it. */
const NO_TRAILER = Uint8Array.of(0, 0, 0, 0);

export class Injection {
  private readonly symbols = new Map<string, Address>();

  constructor(private readonly session: Session) {
    const { heap } = session;
    const selectorClass = heap.classOfObject(heap.specialObject(layout.SPECIAL_DOES_NOT_UNDERSTAND));
    const index = heap.identityHashOf(selectorClass);
    heap.forEachObject((object, classIndex) => {
      if (classIndex === index && heap.isBytes(object)) this.symbols.set(heap.string(object), object);
    });
  }

  /** The symbols that code needs and the image has not. */
  missing(code: CompiledCode): string[] {
    return [...new Set(symbolsOf(code.literals))].filter((name) => !this.symbols.has(name));
  }

  /** The method's oop. Its last literal is the association of `owner`, which it counts as a method of. */
  method(compiled: CompiledMethod, owner: ImageBinding): Oop {
    return this.code("CompiledMethod", compiled, compiled.primitive !== 0, owner, undefined);
  }

  private code(
    className: string,
    compiled: CompiledCode,
    hasPrimitive: boolean,
    owner: ImageBinding,
    outer: Oop | undefined,
  ): Oop {
    const { heap } = this.session;
    const references = 1 + compiled.literals.length;
    const byteCount = compiled.bytecodes.length + NO_TRAILER.length;
    const slots = references + Math.ceil(byteCount / layout.WORD_BYTES);
    const unused = (slots - references) * layout.WORD_BYTES - byteCount;
    const classObject =
      className === "CompiledMethod"
        ? heap.specialObject(layout.SPECIAL_CLASS_COMPILED_METHOD)
        : this.classNamed(className);
    const code = this.create(classObject, layout.FORMAT_COMPILED_METHOD + unused, slots);
    const start = Number(code) + layout.HEADER_BYTES;
    // References first, all valid: whatever walks the heap may meet the method from here on.
    for (let index = 0; index < references; index++) this.store(code, index, BigInt(heap.nil));
    this.store(code, 0, smallInteger(headerOf(compiled, hasPrimitive)));
    this.bytesAt(start + references * layout.WORD_BYTES).set([...compiled.bytecodes, ...NO_TRAILER]);
    compiled.literals.forEach((literal, index) => {
      this.store(code, index + 1, this.literal(literal, code, owner, outer));
    });
    return code;
  }

  private literal(literal: Literal, code: Oop, owner: ImageBinding, outer: Oop | undefined): Oop {
    const { heap } = this.session;
    switch (literal.kind) {
      case "nil":
        return BigInt(heap.nil);
      case "boolean":
        return BigInt(literal.value ? heap.roots.trueObject : heap.roots.falseObject);
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
        return this.string(literal.value);
      case "symbol":
        return this.symbol(literal.value);
      case "byteArray":
        return this.raw(heap.specialObject(layout.SPECIAL_CLASS_BYTE_ARRAY), literal.bytes);
      case "array":
        return this.pointers(
          heap.specialObject(layout.SPECIAL_CLASS_ARRAY),
          layout.FORMAT_ARRAY,
          literal.elements.map((each) => this.literal(each, code, owner, outer)),
        );
      case "variable":
        return BigInt((literal.binding as ImageBinding).address);
      case "block":
        return this.code("CompiledBlock", literal.block, false, owner, code);
      case "methodState":
        return this.symbol(literal.selector);
      case "methodClass":
        return BigInt(owner.address);
      case "outerCode":
        return outer!;
    }
  }

  private integer(value: bigint): Oop {
    if (isSmallInteger(value)) return smallInteger(value);
    const { heap } = this.session;
    const special = value < 0n ? layout.SPECIAL_CLASS_LARGE_NEGATIVE : layout.SPECIAL_CLASS_LARGE_POSITIVE;
    return this.raw(heap.specialObject(special), magnitudeBytes(value));
  }

  private float(value: number): Oop {
    const immediate = smallFloat(value);
    if (immediate !== undefined) return immediate;
    const { heap } = this.session;
    const oop = this.create(heap.specialObject(layout.SPECIAL_CLASS_FLOAT), layout.FORMAT_WORDS64, 1);
    new DataView(this.session.vm.exports.memory.buffer).setBigUint64(
      Number(oop) + layout.HEADER_BYTES,
      floatBits(value),
      true,
    );
    return oop;
  }

  private fraction(numerator: bigint, denominator: bigint): Oop {
    return this.instance("Fraction", {
      numerator: this.integer(numerator),
      denominator: this.integer(denominator),
    });
  }

  private scaledDecimal(numerator: bigint, denominator: bigint, scale: number): Oop {
    const value = denominator === 1n ? this.integer(numerator) : this.fraction(numerator, denominator);
    return this.instance("ScaledDecimal", {
      fraction: value,
      numerator: this.integer(numerator),
      denominator: this.integer(denominator),
      scale: smallInteger(scale),
    });
  }

  private string(text: string): Oop {
    const { heap } = this.session;
    const codePoints = [...text].map((each) => each.codePointAt(0)!);
    if (codePoints.every((each) => each < 256)) {
      return this.raw(heap.specialObject(layout.SPECIAL_CLASS_BYTE_STRING), Uint8Array.from(codePoints));
    }
    const words = Uint32Array.from(codePoints);
    return this.raw(this.classNamed("WideString"), new Uint8Array(words.buffer), layout.FORMAT_WORDS32, 4);
  }

  private symbol(name: string): Oop {
    const address = this.symbols.get(name);
    if (address === undefined) throw new VmError("selector", `stvm: #${name}: the image has no such symbol`);
    return BigInt(address);
  }

  /** An instance with the named variables that its class has. */
  private instance(className: string, fields: Readonly<Record<string, Oop>>): Oop {
    const classObject = this.classNamed(className);
    const names = this.session.reflection.allInstanceVariablesOf(classObject);
    const nil = BigInt(this.session.heap.nil);
    return this.pointers(
      classObject,
      layout.FORMAT_FIXED,
      names.map((name) => fields[name] ?? nil),
    );
  }

  private pointers(classObject: Address, format: number, values: readonly Oop[]): Oop {
    const object = this.create(classObject, format, values.length);
    values.forEach((value, index) => this.store(object, index, value));
    return object;
  }

  private raw(classObject: Address, bytes: Uint8Array, format = layout.FORMAT_BYTES, unit = 1): Oop {
    const slots = Math.ceil(bytes.length / layout.WORD_BYTES);
    const unused = (slots * layout.WORD_BYTES - bytes.length) / unit;
    const object = this.create(classObject, format + unused, slots);
    this.bytesAt(Number(object) + layout.HEADER_BYTES).set(bytes);
    return object;
  }

  private create(classObject: Address, format: number, slots: number): Oop {
    const oop = BigInt.asUintN(64, this.session.vm.exports.newObjectFrom(BigInt(classObject), format, slots));
    if (oop === 0n) throw new VmError("send", "stvm: no memory for the code; give the virtual machine more");
    return oop;
  }

  private store(object: Oop, index: number, value: Oop): void {
    this.session.vm.exports.storeReferenceFrom(BigInt.asIntN(64, object), index, BigInt.asIntN(64, value));
  }

  private bytesAt(address: Address): Uint8Array {
    return new Uint8Array(this.session.vm.exports.memory.buffer, address);
  }

  private classNamed(name: string): Address {
    const found = this.session.reflection.classNamed(name);
    if (found === undefined)
      throw new VmError("class", `stvm: ${name}: the image has no such class, which a literal needs`);
    return found;
  }
}

function symbolsOf(literals: readonly Literal[]): string[] {
  return literals.flatMap((literal) => {
    switch (literal.kind) {
      case "symbol":
        return [literal.value];
      case "methodState":
        return [literal.selector];
      case "array":
        return symbolsOf(literal.elements);
      case "block":
        return symbolsOf(literal.block.literals);
      default:
        return [];
    }
  });
}
