// The image writer on a library without a compiler: the structure of the file, which an independent reader looks at,
// and that the virtual machine takes it, runs it, saves it and runs what it saved.

import { describe, expect, test } from "@jest/globals";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as layout from "../../../../vm/layout.js";
import { createVm } from "../../../../vm/embed/node.js";
import { type ImageFile, type ImageObject, type ImageValue, readImageFile } from "../../../../tools/imageReader.js";
import type { Literal } from "../../../../tools/smalltalk/compiledMethod.js";
import { compileProgram } from "../../../../tools/smalltalk/image/compileProgram.js";
import { joinPackages, type Program } from "../../../../tools/smalltalk/image/program.js";
import { stringHash } from "../../../../tools/smalltalk/image/symbols.js";
import { EVERYTHING, type ImageOptions, writeImage } from "../../../../tools/smalltalk/image/writeImage.js";
import { imagePath, testWithImages } from "../../../images.js";
import { type Assembled, compilerOf, method, miniLibrary, QUIT, QUIT_METHODS } from "./miniLibrary.js";

const OPTIONS: ImageOptions = {
  protocols: false,
  comments: false,
  globals: {},
  edenBytes: 0,
  stackPages: 0,
  externalSemaphores: 0,
  preemptionYields: true,
};

function programOf(code: Readonly<Record<string, Assembled>>, methods = QUIT_METHODS, globals: string[] = []): Program {
  const { program, errors } = joinPackages([miniLibrary(methods)], globals);
  expect(errors).toEqual([]);
  compileProgram(program, compilerOf(code), "V3PlusClosures");
  return program;
}

function bytesOf(program: Program, options = OPTIONS): Uint8Array {
  const entry = program.classes.get("Start")!.classMethods.get("start")!;
  return writeImage(program, entry, EVERYTHING, options).bytes;
}

/** Questions to an image file, by the names of its classes and variables. */
class Reader {
  constructor(readonly image: ImageFile) {}

  object(value: ImageValue): ImageObject {
    if (value.kind !== "object") throw new Error(`${value.kind} instead of an object`);
    return value.object;
  }

  slot(object: ImageObject, index: number): ImageObject {
    return this.object(this.image.slot(object, index));
  }

  integer(object: ImageObject, index: number): number {
    const value = this.image.slot(object, index);
    if (value.kind !== "integer") throw new Error(`${value.kind} instead of an integer`);
    return Number(value.value);
  }

  text(object: ImageObject): string {
    return Buffer.from(this.image.contents(object)).toString("latin1");
  }

  className(object: ImageObject): string | undefined {
    return this.image.nameOf(this.image.classAt(object.classIndex));
  }

  classNamed(name: string): ImageObject {
    return this.image.objects.find((each) => this.image.nameOf(each) === name && /class$/.test(this.className(each)!))!;
  }

  elements(array: ImageObject): ImageObject[] {
    return Array.from({ length: array.slots }, (_, index) => this.slot(array, index));
  }

  /** A method by its selector, found as the virtual machine finds it: from its hash on to the first nil. */
  lookUp(classObject: ImageObject, selector: string): ImageObject | undefined {
    const dictionary = this.slot(classObject, layout.CLASS_METHOD_DICTIONARY);
    const values = this.slot(dictionary, layout.METHOD_DICTIONARY_VALUES);
    const capacity = dictionary.slots - layout.METHOD_DICTIONARY_KEYS;
    const symbol = this.image.objects.find(
      (each) => /Symbol$/.test(this.className(each) ?? "") && this.text(each) === selector,
    );
    for (let i = 0, index = symbol!.hash % capacity; i < capacity; i++, index = (index + 1) % capacity) {
      const key = this.slot(dictionary, layout.METHOD_DICTIONARY_KEYS + index);
      if (key === this.image.objects[0]) return undefined;
      if (key === symbol) return this.slot(values, index);
    }
    return undefined;
  }
}

const readerOf = (program: Program, options = OPTIONS) => new Reader(readImageFile(bytesOf(program, options)));

describe("running", () => {
  test("quits with the image's code, after a collection and the debug module's check of the heap", async () => {
    // start: self collect. self quitWith: 7. collect is primitive 130.
    const literals: Literal[] = [
      { kind: "integer", value: 7n },
      { kind: "symbol", value: "quitWith:" },
      { kind: "symbol", value: "collect" },
    ];
    const code = {
      ...QUIT,
      start: { bytes: [112, 210, 135, 112, 32, 225, 120], literals },
      collect: { bytes: [139, 130, 0, 120], primitive: 130 },
    };
    const program = programOf(code, [...QUIT_METHODS, method("Start", "collect", true)]);
    const vm = await createVm({ image: bytesOf(program), wasm: "debug" });
    expect(await vm.runToEnd()).toEqual({ kind: "quit", code: 7 });
    vm.destroy();
  });

  test("a snapshot goes on where it was taken, with other answers there and here", async () => {
    // start: self saved == 4 ifTrue: [self quitWith: 9] ifFalse: [self quitWith: 7]. saved is primitive 97, which
    // answers false where it was saved and true in the snapshot.
    const literals: Literal[] = [
      { kind: "symbol", value: "saved" },
      { kind: "symbol", value: "quitWith:" },
      { kind: "integer", value: 7n },
      { kind: "integer", value: 9n },
    ];
    const code = {
      ...QUIT,
      start: { bytes: [112, 208, 155, 112, 35, 225, 124, 112, 34, 225, 124], literals },
      saved: { bytes: [139, 97, 0, 120], primitive: 97 },
    };
    const folder = mkdtempSync(join(tmpdir(), "stvm-writer-"));
    const image = join(folder, "a.image");
    writeFileSync(image, bytesOf(programOf(code, [...QUIT_METHODS, method("Start", "saved", true)])));
    const first = await createVm({ image, wasm: "debug" });
    expect(await first.runToEnd()).toEqual({ kind: "quit", code: 7 });
    first.destroy();
    const second = await createVm({ image, wasm: "debug" });
    expect(await second.runToEnd()).toEqual({ kind: "quit", code: 9 });
    second.destroy();
    rmSync(folder, { recursive: true });
  });
});

describe("the file", () => {
  test("has the same bytes every time", () => {
    expect(Buffer.compare(bytesOf(programOf(QUIT)), bytesOf(programOf(QUIT)))).toBe(0);
  });

  test("says in its header what it holds", () => {
    const options = {
      ...OPTIONS,
      edenBytes: 1 << 20,
      stackPages: 50,
      externalSemaphores: 300,
      preemptionYields: false,
    };
    const { header } = readerOf(programOf(QUIT), options).image;
    expect(header).toMatchObject({ format: 68021, headerBytes: 128, edenBytes: 1 << 20, stackPages: 50 });
    expect(header).toMatchObject({ externalSemaphores: 300, flags: 18, firstSegmentBytes: header.dataBytes });
    const sista = { ...QUIT, start: { ...QUIT.start, set: "SistaV1" as const } };
    expect(readerOf(programOf(sista)).image.header.format).toBe(68533);
  });

  test("begins with nil, false, true, the free lists, the class table", () => {
    const { image } = readerOf(programOf(QUIT));
    const [nil, no, yes, free, roots, page] = image.objects;
    const reader = new Reader(image);
    expect([nil, no, yes].map((each) => reader.className(each))).toEqual(["UndefinedObject", "False", "True"]);
    expect(free).toMatchObject({ classIndex: 19, format: 9, slots: 64 });
    expect(roots).toMatchObject({ classIndex: 16, format: 2, slots: 4104 });
    expect(page).toMatchObject({ classIndex: 16, format: 2, slots: 1024 });
  });

  test("has no reference that leads nowhere", () => {
    const { image } = readerOf(programOf(QUIT));
    for (const object of image.objects) {
      for (let i = 0; i < image.pointerSlots(object); i++) expect(image.slot(object, i).kind).not.toBe("dangling");
    }
  });
});

describe("classes", () => {
  const reader = readerOf(programOf(QUIT));
  const { image } = reader;

  test("have the indices that Spur reserves", () => {
    const names = [1, 2, 3, 4, 16, 32, 33, 34, 35, 36, 37, 38, 50, 51, 52, 53].map((index) =>
      image.nameOf(image.classAt(index)),
    );
    expect(names).toEqual(
      "SmallInteger Character SmallInteger SmallFloat64 Array LargeNegativeInteger LargePositiveInteger BoxedFloat64 Message Context BlockClosure FullBlockClosure ByteArray Array ByteString Bitmap".split(
        " ",
      ),
    );
  });

  testWithImages("where a real image has them", () => {
    const real = readImageFile(readFileSync(imagePath("pharo8-kernel/Pharo")));
    for (const index of [1, 2, 3, 4, 16, 32, 33, 34, 35, 36, 37, 38, 50, 51, 52]) {
      expect(image.nameOf(image.classAt(index))).toBe(real.nameOf(real.classAt(index)));
    }
    const shape = ({ classIndex, format, slots }: ImageObject) => ({ classIndex, format, slots });
    expect(image.objects.slice(3, 6).map(shape)).toEqual(real.objects.slice(3, 6).map(shape));
  });

  test("carry their index as hash, and are instances of their metaclasses", () => {
    for (const name of ["Object", "Class", "Metaclass", "Start", "Array"]) {
      const found = reader.classNamed(name);
      const metaclass = image.classAt(found.classIndex)!;
      expect(image.classAt(found.hash)).toBe(found);
      expect(reader.slot(metaclass, layout.METACLASS_THIS_CLASS)).toBe(found);
      expect(reader.className(metaclass)).toBe("Metaclass");
    }
  });

  test("inherit, on both sides", () => {
    const above = (object: ImageObject) => image.nameOf(reader.slot(object, layout.CLASS_SUPERCLASS));
    const semaphore = reader.classNamed("Semaphore");
    expect(above(semaphore)).toBe("LinkedList");
    expect(above(image.classAt(semaphore.classIndex)!)).toBe("LinkedList class");
    const object = reader.classNamed("Object");
    expect(reader.slot(object, layout.CLASS_SUPERCLASS)).toBe(image.objects[0]);
    expect(above(image.classAt(object.classIndex)!)).toBe("Class");
  });

  test("know their variables, subclasses and format", () => {
    const process = reader.classNamed("Process");
    const names = reader
      .elements(reader.slot(process, layout.CLASS_INSTANCE_VARIABLES))
      .map((each) => reader.text(each));
    expect(names).toEqual(["suspendedContext", "priority", "myList"]);
    expect(reader.integer(process, layout.CLASS_FORMAT)).toBe((1 << 16) + 4);
    expect(reader.integer(reader.classNamed("Context"), layout.CLASS_FORMAT)).toBe((3 << 16) + 6);
    const below = reader.elements(reader.slot(reader.classNamed("String"), 5)).map((each) => image.nameOf(each));
    expect(below).toEqual(["ByteString", "Symbol", "WideString"]);
  });
});

describe("methods", () => {
  const wide = "Σx";
  const literals: Literal[] = [
    { kind: "integer", value: (1n << 60n) - 1n },
    { kind: "integer", value: 1n << 60n },
    { kind: "integer", value: -(2n ** 100n) },
    { kind: "float", value: -2.5 },
    { kind: "float", value: 1e300 },
    { kind: "float", value: 0 },
    { kind: "float", value: -0 },
    { kind: "float", value: NaN },
    { kind: "character", codePoint: 0x1f600 },
    { kind: "string", value: "añb" },
    { kind: "string", value: wide },
    { kind: "symbol", value: wide },
    { kind: "byteArray", bytes: Uint8Array.of(1, 2, 255) },
    { kind: "fraction", numerator: -1n, denominator: 3n },
    { kind: "scaledDecimal", numerator: 5n, denominator: 2n, scale: 3 },
    { kind: "array", elements: [{ kind: "nil" }, { kind: "boolean", value: true }, { kind: "array", elements: [] }] },
    {
      kind: "methodState",
      selector: "many",
      pragmas: [{ keyword: "test:", arguments: [{ kind: "integer", value: 3n }] }],
    },
  ];
  const reader = readerOf(
    programOf({ ...QUIT, many: { bytes: [120], literals } }, [...QUIT_METHODS, method("Start", "many")]),
  );
  const { image } = reader;
  const many = reader.lookUp(reader.classNamed("Start"), "many")!;

  test("are found by the hash of their selectors", () => {
    const start = image.classAt(reader.classNamed("Start").classIndex)!;
    for (const selector of ["start", "quitWith:"]) {
      expect(reader.text(reader.slot(reader.lookUp(start, selector)!, selector === "start" ? 3 : 1))).toBe(selector);
    }
    expect(reader.lookUp(start, "many")).toBeUndefined();
  });

  test("hold numbers as Spur holds them", () => {
    expect(image.slot(many, 1)).toEqual({ kind: "integer", value: (1n << 60n) - 1n });
    const large = reader.slot(many, 2);
    expect(reader.className(large)).toBe("LargePositiveInteger");
    expect([...image.contents(large)]).toEqual([0, 0, 0, 0, 0, 0, 0, 16]);
    expect(reader.className(reader.slot(many, 3))).toBe("LargeNegativeInteger");
    expect(image.contents(reader.slot(many, 3)).length).toBe(13);
    expect(image.slot(many, 4)).toEqual({ kind: "float", value: -2.5 });
    const boxed = reader.slot(many, 5);
    expect(reader.className(boxed)).toBe("BoxedFloat64");
    expect(new DataView(Uint8Array.from(image.contents(boxed)).buffer).getFloat64(0, true)).toBe(1e300);
    expect(image.slot(many, 6)).toEqual({ kind: "float", value: 0 });
    expect(image.slot(many, 7)).toEqual({ kind: "float", value: -0 });
    expect(reader.className(reader.slot(many, 8))).toBe("BoxedFloat64");
    const fraction = reader.slot(many, 14);
    expect([reader.className(fraction), reader.integer(fraction, 0), reader.integer(fraction, 1)]).toEqual([
      "Fraction",
      -1,
      3,
    ]);
    const scaled = reader.slot(many, 15);
    expect([reader.className(reader.slot(scaled, 0)), reader.integer(scaled, 1)]).toEqual(["Fraction", 3]);
  });

  test("hold characters, strings and arrays", () => {
    expect(image.slot(many, 9)).toEqual({ kind: "character", codePoint: 0x1f600 });
    expect(reader.text(reader.slot(many, 10))).toBe("añb");
    expect([...new Uint32Array(Uint8Array.from(image.contents(reader.slot(many, 11))).buffer)]).toEqual([0x3a3, 0x78]);
    expect(reader.className(reader.slot(many, 12))).toBe("WideSymbol");
    expect([...image.contents(reader.slot(many, 13))]).toEqual([1, 2, 255]);
    const array = reader.slot(many, 16);
    expect(reader.elements(array).slice(0, 2)).toEqual([image.objects[0], image.objects[2]]);
    expect(reader.slot(array, 2)).toMatchObject({ slots: 0, format: 2 });
  });

  test("keep their pragmas", () => {
    const state = reader.slot(many, 17);
    expect(reader.className(state)).toBe("AdditionalMethodState");
    expect(reader.slot(state, 0)).toBe(many);
    const pragma = reader.slot(state, 2);
    expect([reader.className(pragma), reader.text(reader.slot(pragma, 1))]).toEqual(["Pragma", "test:"]);
    expect(reader.integer(reader.slot(pragma, 2), 0)).toBe(3);
  });

  test("end with their class's own variable in Smalltalk", () => {
    const association = reader.slot(many, image.pointerSlots(many) - 1);
    expect(reader.slot(association, 1)).toBe(reader.classNamed("Start"));
    const smalltalk = reader.slot(image.objectAt(image.header.specialObjects)!, 8);
    expect(reader.elements(reader.slot(smalltalk, 1))).toContain(association);
  });
});

describe("the system", () => {
  const options = { ...OPTIONS, globals: { Answer: 42, Lock: { new: "Semaphore" }, Name: "x", Yes: true, None: null } };
  const reader = readerOf(programOf(QUIT, QUIT_METHODS, Object.keys(options.globals)), options);
  const { image } = reader;
  const special = image.objectAt(image.header.specialObjects)!;

  test("has Squeak's special objects", () => {
    expect(special).toMatchObject({ slots: 60, format: 2 });
    expect(image.nameOf(image.specialObject(layout.SPECIAL_CLASS_BYTE_STRING))).toBe("ByteString");
    expect(reader.text(reader.slot(special, layout.SPECIAL_DOES_NOT_UNDERSTAND))).toBe("doesNotUnderstand:");
    const selectors = reader.slot(special, layout.SPECIAL_SELECTORS);
    expect(selectors.slots).toBe(64);
    expect(reader.text(reader.slot(selectors, 34))).toBe("at:put:");
    expect(reader.integer(selectors, 35)).toBe(2);
    for (const index of [17, 30, 41]) expect(reader.className(reader.slot(special, index))).toBe("Semaphore");
  });

  testWithImages("has them where a real image has them", () => {
    const real = new Reader(readImageFile(readFileSync(imagePath("cuis5/cuis5-tests-64"))));
    const other = real.image.objectAt(real.image.header.specialObjects)!;
    const symbolOrClass = (each: Reader, array: ImageObject, index: number) => {
      const object = each.slot(array, index);
      return /Symbol$/.test(each.className(object) ?? "") ? each.text(object) : each.image.nameOf(object);
    };
    for (let index = 0; index < other.slots; index++) {
      const wanted = symbolOrClass(real, other, index);
      if (wanted === undefined || wanted === "String" || wanted === "MethodContext") continue;
      expect([index, symbolOrClass(reader, special, index)]).toEqual([index, wanted]);
    }
    const errors = (each: Reader, array: ImageObject) =>
      each
        .elements(each.slot(array, layout.SPECIAL_PRIMITIVE_ERRORS))
        .slice(1, 17)
        .map((name) => each.text(name));
    expect(errors(reader, special)).toEqual(errors(real, other));
  });

  test("is about to start the entry method", () => {
    const scheduler = reader.slot(reader.slot(special, layout.SPECIAL_SCHEDULER), 1);
    expect(reader.slot(scheduler, 0).slots).toBe(80);
    const process = reader.slot(scheduler, layout.SCHEDULER_ACTIVE_PROCESS);
    expect(reader.integer(process, layout.PROCESS_PRIORITY)).toBe(40);
    const context = reader.slot(process, layout.PROCESS_SUSPENDED_CONTEXT);
    expect(context).toMatchObject({ classIndex: 36, format: 3, slots: 22 });
    expect(image.nameOf(reader.slot(context, layout.CONTEXT_RECEIVER))).toBe("Start");
    expect(reader.slot(context, layout.CONTEXT_SENDER)).toBe(image.objects[0]);
    expect(reader.integer(context, layout.CONTEXT_PC)).toBe(5 * 8 + 1);
  });

  test("finds globals by the identity hash of their names", () => {
    const smalltalk = reader.slot(special, 8);
    const table = reader.slot(smalltalk, 1);
    const names = new Map<string, ImageValue>();
    reader.elements(table).forEach((association, place) => {
      if (association === image.objects[0]) return;
      const key = reader.slot(association, 0);
      names.set(reader.text(key), image.slot(association, 1));
      for (let index = key.hash % table.slots; index !== place; index = (index + 1) % table.slots) {
        expect(reader.slot(table, index)).not.toBe(image.objects[0]);
      }
    });
    expect(reader.integer(smalltalk, 0)).toBe(names.size);
    expect(names.get("Answer")).toEqual({ kind: "integer", value: 42n });
    expect(reader.text(reader.object(names.get("Name")!))).toBe("x");
    expect(reader.className(reader.object(names.get("Lock")!))).toBe("Semaphore");
    expect([names.get("Yes"), names.get("None")].map((each) => reader.object(each!))).toEqual([
      image.objects[2],
      image.objects[0],
    ]);
    expect(reader.object(names.get("Smalltalk")!)).toBe(smalltalk);
    expect(image.nameOf(reader.object(names.get("Start")!))).toBe("Start");
  });

  test("finds symbols by the hash of their characters, each once", () => {
    const symbolClass = reader.classNamed("Symbol");
    const variable = reader.elements(reader.slot(symbolClass, 7))[0];
    const table = reader.slot(reader.slot(variable, 1), 1);
    expect(reader.className(table)).toBe("WeakArray");
    const found = reader.elements(table).filter((each) => each !== image.objects[0]);
    const symbols = image.objects.filter((each) => /Symbol$/.test(reader.className(each) ?? ""));
    expect(new Set(found)).toEqual(new Set(symbols));
    expect(found.length).toBe(new Set(found.map((each) => reader.text(each))).size);
    for (const symbol of found) {
      let index = stringHash(reader.text(symbol)) % table.slots;
      while (reader.slot(table, index) !== symbol) {
        expect(reader.slot(table, index)).not.toBe(image.objects[0]);
        index = (index + 1) % table.slots;
      }
    }
  });

  test("hashes strings as the virtual machine's plugin does", () => {
    expect(stringHash("")).toBe(0);
    // (97 * 1664525 + 98) * 1664525 modulo 2^28, by hand.
    expect(stringHash("ab")).toBe(Number(((97n * 1664525n + 98n) * 1664525n) % (1n << 28n)));
  });
});

describe("definitions that make no image", () => {
  const errorsOf = (changes: Parameters<typeof miniLibrary>[1], methods = QUIT_METHODS) =>
    joinPackages([miniLibrary(methods, changes)], []).errors.map(({ message }) => message);

  test("are all named", () => {
    expect(errorsOf({ Start: { superclass: "Objet" } })).toEqual([
      "superclass Objet of Start is in no package of the recipe; did you mean Object?",
    ]);
    expect(errorsOf({ Start: { pools: ["Pool"] } })[0]).toMatch(/^pool Pool of Start/);
    expect(errorsOf({ Object: { superclass: "Start" } }).join()).toMatch(/its own superclass/);
    expect(errorsOf({ Process: { instanceVariables: ["priority"] } })[0]).toMatch(
      /reads the first ones as \(nextLink susp/,
    );
    expect(errorsOf({ ByteString: { type: "normal" } })[0]).toMatch(/ByteString have format 0; .*#type : #bytes/);
    expect(errorsOf({ ByteArray: { instanceVariables: ["x"] } })[0]).toMatch(/instance variables beside raw elements/);
    expect(errorsOf({ LargeNegativeInteger: { type: "words" } })[0]).toMatch(/otherwise than its superclass/);
    expect(errorsOf({ Process: { name: "Proces" }, Start: { pools: ["Q"] } }).length).toBeGreaterThan(1);
    expect(errorsOf({}, [...QUIT_METHODS, QUIT_METHODS[0]])[0]).toMatch(
      /Start class>>start is defined at Mini.*:5 too/,
    );
  });

  test("include extensions of classes that are not there", () => {
    const library = { ...miniLibrary(QUIT_METHODS), extensions: [method("Strat", "more")] };
    const [error] = joinPackages([library], []).errors;
    expect(error.message).toBe("no package of the recipe defines class Strat; did you mean Start?");
    expect([error.file, error.line]).toEqual(["Mini/Strat.class.st", 5]);
  });
});
