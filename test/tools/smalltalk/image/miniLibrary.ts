// The smallest class library that an image can be made of, as the readers of sources would answer it, and a few methods
// assembled by hand: the image writer can be tested without the compiler.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type {
  ClassDefinition,
  ClassType,
  Compile,
  CompiledMethod,
  Literal,
  MethodDefinition,
  PackageDefinition,
} from "../../../../tools/smalltalk/compiledMethod.js";

type Row = readonly [name: string, superclass: string | undefined, slots?: string, type?: ClassType];

const CLASSES: readonly Row[] = [
  ["Object", undefined],
  ["Behavior", "Object", "superclass methodDict format"],
  ["ClassDescription", "Behavior", "instanceVariables organization"],
  ["Class", "ClassDescription", "subclasses name classPool sharedPools environment category comment"],
  ["Metaclass", "ClassDescription", "thisClass"],
  ["UndefinedObject", "Object"],
  ["Boolean", "Object"],
  ["True", "Boolean"],
  ["False", "Boolean"],
  ["SmallInteger", "Object", "", "immediate"],
  ["Character", "Object", "", "immediate"],
  ["SmallFloat64", "Object", "", "immediate"],
  ["BoxedFloat64", "Object", "", "words"],
  ["LargePositiveInteger", "Object", "", "bytes"],
  ["LargeNegativeInteger", "LargePositiveInteger"],
  ["Fraction", "Object", "numerator denominator"],
  ["ScaledDecimal", "Object", "fraction scale"],
  ["Array", "Object", "", "variable"],
  ["WeakArray", "Object", "", "weak"],
  ["ByteArray", "Object", "", "bytes"],
  ["Bitmap", "Object", "", "words"],
  ["String", "Object"],
  ["ByteString", "String", "", "bytes"],
  ["WideString", "String", "", "words"],
  ["Symbol", "String"],
  ["ByteSymbol", "Symbol", "", "bytes"],
  ["WideSymbol", "Symbol", "", "words"],
  ["SymbolTable", "Object", "tally array"],
  ["MethodDictionary", "Object", "tally array", "variable"],
  ["SystemDictionary", "Object", "tally array"],
  ["Association", "Object", "key value"],
  ["Message", "Object", "selector args lookupClass"],
  ["Point", "Object", "x y"],
  ["CompiledMethod", "Object", "", "compiledMethod"],
  ["CompiledBlock", "Object", "", "compiledMethod"],
  ["AdditionalMethodState", "Object", "method selector", "variable"],
  ["Pragma", "Object", "method keyword arguments"],
  ["Context", "Object", "sender pc stackp method closureOrNil receiver", "variable"],
  ["BlockClosure", "Object", "outerContext startpc numArgs", "variable"],
  ["FullBlockClosure", "BlockClosure", "receiver", "variable"],
  ["Link", "Object", "nextLink"],
  ["Process", "Link", "suspendedContext priority myList"],
  ["ProcessorScheduler", "Object", "quiescentProcessLists activeProcess"],
  ["LinkedList", "Object", "firstLink lastLink"],
  ["Semaphore", "LinkedList", "excessSignals"],
  ["Start", "Object"],
];

/** Class definitions of the library, by default without methods; `changes` replace what they name. */
export function miniLibrary(
  methods: readonly MethodDefinition[] = [],
  changes: Readonly<Record<string, Partial<ClassDefinition>>> = {},
): PackageDefinition {
  const classes = CLASSES.map(([name, superclass, slots = "", type = "normal"]): ClassDefinition => ({
    name,
    superclass,
    type,
    instanceVariables: slots === "" ? [] : slots.split(" "),
    classVariables: name === "Symbol" ? ["SymbolTable"] : [],
    classInstanceVariables: [],
    pools: [],
    category: "Mini",
    comment: "",
    file: `Mini/${name}.class.st`,
    line: 1,
    methods: methods.filter(({ className }) => className === name),
    ...changes[name],
  }));
  return { name: "Mini", classes, extensions: [] };
}

/** A method whose "source" is its selector alone. */
export function method(className: string, selector: string, isClassSide = false): MethodDefinition {
  const source = { text: selector, file: `Mini/${className}.class.st`, line: 5 };
  return { className, isClassSide, selector, protocol: "mini", source };
}

export interface Assembled {
  readonly bytes: readonly number[];
  readonly literals?: readonly Literal[];
  readonly primitive?: number;
  readonly argumentCount?: number;
  readonly tempCount?: number;
  readonly sent?: readonly string[];
  readonly set?: CompiledMethod["bytecodeSet"];
}

/** A compiled method of these bytes; selector and class follow its literals. */
export function assembled(selector: string, code: Assembled): CompiledMethod {
  const { bytes, literals = [], primitive = 0, argumentCount = 0, tempCount = argumentCount, sent = [] } = code;
  return {
    selector,
    bytecodeSet: code.set ?? "V3PlusClosures",
    argumentCount,
    tempCount,
    tempNames: new Array(tempCount).fill(undefined),
    needsLargeFrame: false,
    literals: [...literals, { kind: "symbol", value: selector }, { kind: "methodClass", className: "" }],
    bytecodes: Uint8Array.from(bytes),
    debugMap: [{ pc: 0, range: { start: 0, end: selector.length } }],
    primitive,
    pragmas: [],
    sentSelectors: sent,
    inlinedSelectors: [],
  };
}

/** A compiler that answers methods assembled by hand, by selector; others answer their receiver. */
export function compilerOf(code: Readonly<Record<string, Assembled>>): Compile {
  return (source) => {
    const selector = source.text;
    return { kind: "method", method: assembled(selector, code[selector] ?? { bytes: [120] }), warnings: [] };
  };
}

/** A start that quits with 7: `start` sends `quitWith: 7`, whose primitive is 113. */
export const QUIT: Readonly<Record<string, Assembled>> = {
  start: {
    bytes: [112, 32, 225, 135, 120],
    literals: [
      { kind: "integer", value: 7n },
      { kind: "symbol", value: "quitWith:" },
    ],
    sent: ["quitWith:"],
  },
  "quitWith:": { bytes: [139, 113, 0, 120], primitive: 113, argumentCount: 1 },
};
export const QUIT_METHODS = [method("Start", "start", true), method("Start", "quitWith:", true)];

/**
 * Writes the library as a Tonel package, with the text of methods behind each class, such as
 * { Start: "Start class >> start [\n\t^ 1\n]" }.
 */
export function writeTonel(folder: string, bodies: Readonly<Record<string, string>>): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.st"), "Package { #name : #Mini }\n");
  const list = (names: readonly string[]) => `[ ${names.map((name) => `'${name}'`).join(", ")} ]`;
  for (const each of miniLibrary().classes) {
    const lines = [
      "Class {",
      `\t#name : #${each.name},`,
      `\t#superclass : #${each.superclass ?? "nil"},`,
      `\t#type : #${each.type},`,
      `\t#instVars : ${list(each.instanceVariables)},`,
      `\t#classVars : ${list(each.classVariables)},`,
      "\t#category : #Mini",
      "}",
    ];
    const methods = (bodies[each.name] ?? "")
      .split("\n\n")
      .filter((text) => text !== "")
      .map((text) => `\n{ #category : #all }\n${text}\n`);
    writeFileSync(join(folder, `${each.name}.class.st`), `${lines.join("\n")}\n${methods.join("")}`);
  }
}
