// What is kept and what is dropped of an image, why, and which primitives remain.

import { describe, expect, test } from "@jest/globals";
import { createVm } from "../../../../vm/embed/node.js";
import { readImageFile } from "../../../../tools/imageReader.js";
import type { Literal } from "../../../../tools/smalltalk/compiledMethod.js";
import { compileProgram } from "../../../../tools/smalltalk/image/compileProgram.js";
import { joinPackages, methodName, type Program } from "../../../../tools/smalltalk/image/program.js";
import {
  type Kept,
  primitivesOf,
  type Reachability,
  reachableFrom,
  selectionOf,
} from "../../../../tools/smalltalk/image/reachability.js";
import { writeImage } from "../../../../tools/smalltalk/image/writeImage.js";
import { type Assembled, compilerOf, method, miniLibrary, QUIT, QUIT_METHODS } from "./miniLibrary.js";

const symbol = (value: string): Literal => ({ kind: "symbol", value });

/** Beside the library: Used is named by `start`, Unused by nothing, and Used's superclass is Base. */
function programOf(code: Readonly<Record<string, Assembled>>, methods = METHODS): Program {
  const library = miniLibrary(methods);
  const extra = ["Base", "Used", "Unused", "Named"].map((name) => ({
    ...library.classes[0],
    name,
    superclass: name === "Used" ? "Base" : "Object",
    classVariables: name === "Used" ? ["Read", "NeverRead"] : [],
    methods: methods.filter(({ className }) => className === name),
  }));
  const { program, errors } = joinPackages([{ ...library, classes: [...library.classes, ...extra] }], []);
  expect(errors).toEqual([]);
  const variable = (owner: string, name: string): Literal => ({
    kind: "variable",
    binding: owner === "" ? program.globals.get(name)! : program.classes.get(owner)!.classVariables.get(name)!,
  });
  const start: Assembled = {
    ...QUIT.start,
    literals: [...QUIT.start.literals!, variable("", "Used"), variable("Used", "Read")],
    sent: ["quitWith:", "useful", "more"],
  };
  compileProgram(program, compilerOf({ ...QUIT, start, ...code }), "V3PlusClosures");
  return program;
}

const METHODS = [
  ...QUIT_METHODS,
  method("Base", "useful"),
  method("Base", "useless"),
  method("Used", "more", true),
  method("Unused", "useful"),
  method("Named", "useful"),
  method("Object", "doesNotUnderstand:"),
  method("Used", "performed"),
];

function analyse(code: Readonly<Record<string, Assembled>> = {}, kept: readonly Kept[] = []) {
  const program = programOf(code);
  const entry = program.classes.get("Start")!.classMethods.get("start")!;
  const found = reachableFrom(program, entry, kept);
  return {
    program,
    entry,
    found,
    methods: methodNames(found),
    classes: new Set([...found.classes.keys()].map(({ name }) => name)),
  };
}

function methodNames({ methods }: Reachability): Map<string, string> {
  return new Map([...methods].map(([each, cause]) => [methodName(each), cause]));
}

describe("what is reachable", () => {
  test("are sent selectors in classes that code names, and the classes above them", () => {
    const { methods, classes } = analyse();
    expect([...methods.keys()].sort()).toEqual([
      "Base>>useful",
      "Object>>doesNotUnderstand:",
      "Start class>>quitWith:",
      "Start class>>start",
      "Used class>>more",
    ]);
    for (const name of ["Used", "Base", "Object", "Array", "Process"]) expect(classes).toContain(name);
    for (const name of ["Unused", "Named", "Pragma"]) expect(classes).not.toContain(name);
  });

  test("has its cause", () => {
    const { methods, found, program } = analyse();
    expect(methods.get("Start class>>start")).toBe("entry point");
    expect(methods.get("Base>>useful")).toBe("sent by Start class>>start");
    expect(methods.get("Object>>doesNotUnderstand:")).toBe("sent by the virtual machine");
    expect(found.classes.get(program.classes.get("Base")!)).toBe("superclass of Used");
    expect(found.classes.get(program.classes.get("Used")!)).toBe("referred to by Start class>>start");
  });

  test("symbols count as sent, and as names of classes, in arrays too", () => {
    const literals = [{ kind: "array" as const, elements: [symbol("performed"), symbol("Named")] }];
    const { methods, classes } = analyse({ more: { bytes: [120], literals } });
    expect(methods.get("Used>>performed")).toBe("named in Used class>>more");
    expect(classes).toContain("Named");
    expect([...methods.keys()]).toContain("Named>>useful");
  });

  test("a method's own selector among its literals is not sent by it", () => {
    expect([...analyse({ more: { bytes: [120], literals: [symbol("performed")] } }).methods.keys()]).toContain(
      "Used>>performed",
    );
    expect([...analyse().methods.keys()]).not.toContain("Used>>performed");
  });

  test("blocks count with their method", () => {
    const block = {
      bytecodeSet: "V3PlusClosures" as const,
      argumentCount: 0,
      tempCount: 0,
      tempNames: [],
      needsLargeFrame: false,
      literals: [symbol("performed"), { kind: "outerCode" as const }],
      bytecodes: Uint8Array.of(115),
      debugMap: [],
      range: { start: 0, end: 1 },
      copiedCount: 0,
      usesHome: false,
    };
    const { methods } = analyse({ more: { bytes: [120], literals: [{ kind: "block", block }] } });
    expect([...methods.keys()]).toContain("Used>>performed");
  });

  test("recipes may keep more", () => {
    const keep = (kept: Kept) => analyse({}, [kept]).methods;
    expect([...keep({ kind: "selector", selector: "useless" }).keys()]).toContain("Base>>useless");
    const all = keep({ kind: "members", className: "Un*", isClassSide: false, selector: "*" });
    expect(all.get("Unused>>useful")).toBe("kept by the recipe");
    const some = keep({ kind: "members", className: "Base", isClassSide: false, selector: "usel*" });
    expect([...some.keys()]).toContain("Base>>useless");
    expect([...some.keys()]).not.toContain("Unused>>useful");
  });
});

describe("primitives", () => {
  test("of reachable methods, by number and by name", () => {
    const description: Literal = {
      kind: "array",
      elements: [
        { kind: "string", value: "ZipPlugin" },
        { kind: "string", value: "primitiveInflate" },
      ],
    };
    const { found } = analyse({
      useful: { bytes: [139, 117, 0, 120], primitive: 117, literals: [description] },
      useless: { bytes: [139, 1, 0, 120], primitive: 1 },
      more: { bytes: [139, 0, 1, 120], primitive: 256 },
    });
    expect(primitivesOf(found.methods.keys())).toEqual({
      numbered: [113],
      named: [{ module: "ZipPlugin", name: "primitiveInflate" }],
    });
  });
});

describe("an image of what is reachable", () => {
  const { program, entry, found } = analyse();
  const options = {
    protocols: false,
    comments: false,
    globals: {},
    edenBytes: 0,
    stackPages: 0,
    externalSemaphores: 0,
    preemptionYields: true,
  };
  const { bytes } = writeImage(program, entry, selectionOf(found), options);

  test("has nothing else in it, class variables included", () => {
    const image = readImageFile(bytes);
    const names = new Set(image.objects.map((each) => image.nameOf(each)));
    expect(names).toContain("Used");
    expect(names).not.toContain("Unused");
    const texts = image.objects
      .filter(({ format }) => format >= 16 && format < 24)
      .map((each) => Buffer.from(image.contents(each)).toString());
    expect(texts).toContain("Read");
    for (const text of ["NeverRead", "useless", "Unused"]) expect(texts).not.toContain(text);
  });

  test("runs as the whole one does", async () => {
    const vm = await createVm({ image: bytes, wasm: "debug" });
    expect(await vm.runToEnd()).toEqual({ kind: "quit", code: 7 });
    vm.destroy();
  });
});
