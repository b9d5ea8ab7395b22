// All classes and methods of an image to be, joined from its packages: who inherits from whom, how instances are laid
// out, and which variable a name means in a class. What is wrong in the definitions is reported all at once.

import { readFileSync } from "node:fs";
import * as layout from "../../../vm/layout.js";
import { suggestion } from "../../suggestions.js";
import type {
  Binding,
  ClassDefinition,
  ClassScope,
  ClassType,
  CompiledMethod,
  Diagnostic,
  MethodDefinition,
  PackageDefinition,
} from "../compiledMethod.js";

/** A variable that methods refer to by its Association. */
export interface ProgramBinding extends Binding {
  /** The class that a global names. */
  readonly classNamed?: ProgramClass;
}

export interface ProgramClass {
  readonly definition: ClassDefinition;
  readonly name: string;
  readonly superclass: ProgramClass | undefined;
  readonly subclasses: ProgramClass[];
  /** FORMAT_… of instances. */
  readonly format: number;
  /** Inherited first, in slot order. */
  readonly allInstanceVariables: readonly string[];
  /** Of the class object itself, those that it has as an instance of Class included. */
  readonly allClassInstanceVariables: readonly string[];
  /** Its own class variables, which are what it defines where it is used as a pool. */
  readonly classVariables: ReadonlyMap<string, ProgramBinding>;
  readonly pools: readonly ProgramClass[];
  /** Its binding in Smalltalk. */
  readonly binding: ProgramBinding;
  /** By selector, in the order of the source. */
  readonly methods: Map<string, ProgramMethod>;
  readonly classMethods: Map<string, ProgramMethod>;
}

export interface ProgramMethod {
  readonly owner: ProgramClass;
  readonly isClassSide: boolean;
  readonly definition: MethodDefinition;
  /** Set by compileProgram. */
  compiled: CompiledMethod | undefined;
}

export interface Program {
  /** By name, in the order of their names. */
  readonly classes: ReadonlyMap<string, ProgramClass>;
  /** Every global by name: classes, Smalltalk, Processor, those of the recipe. */
  readonly globals: ReadonlyMap<string, ProgramBinding>;
}

/** Classes whose instances have these as first slots, since the virtual machine reads them by position. */
const FIXED_SLOTS: readonly (readonly [name: string, slots: readonly string[], isOptional?: true])[] = [
  ["Behavior", ["superclass", "methodDict", "format"]],
  ["Class", ["superclass", "methodDict", "format", "instanceVariables", "organization", "subclasses", "name"]],
  ["Metaclass", ["superclass", "methodDict", "format", "instanceVariables", "organization", "thisClass"]],
  ["MethodDictionary", ["tally", "array"]],
  ["Association", ["key", "value"]],
  ["Message", ["selector", "args", "lookupClass"]],
  ["Point", ["x", "y"]],
  ["Context", ["sender", "pc", "stackp", "method", "closureOrNil", "receiver"]],
  ["BlockClosure", ["outerContext", "startpc", "numArgs"]],
  ["Process", ["nextLink", "suspendedContext", "priority", "myList"]],
  ["ProcessorScheduler", ["quiescentProcessLists", "activeProcess"]],
  ["LinkedList", ["firstLink", "lastLink"]],
  ["Semaphore", ["firstLink", "lastLink", "excessSignals"]],
  ["FullBlockClosure", ["outerContext", "startpc", "numArgs", "receiver"], true],
  ["Mutex", ["firstLink", "lastLink", "owningProcess"], true],
];
/** Slot names that may differ, as Squeak's and Pharo's do. */
const OTHER_NAMES: Readonly<Record<string, readonly string[]>> = {
  methodDict: ["methodDictionary"],
  startpc: ["startpcOrMethod", "compiledBlock", "startPc"],
  owningProcess: ["owner"],
  args: ["arguments"],
  stackp: ["stackPointer"],
  closureOrNil: ["closure"],
  array: ["values"],
};
/** Formats that an image must give to the instances of these classes. */
const FIXED_FORMATS: Readonly<Record<string, number>> = {
  SmallInteger: layout.FORMAT_FORWARDED,
  Character: layout.FORMAT_FORWARDED,
  SmallFloat64: layout.FORMAT_FORWARDED,
  BoxedFloat64: layout.FORMAT_WORDS32,
  LargePositiveInteger: layout.FORMAT_BYTES,
  LargeNegativeInteger: layout.FORMAT_BYTES,
  ByteArray: layout.FORMAT_BYTES,
  ByteString: layout.FORMAT_BYTES,
  ByteSymbol: layout.FORMAT_BYTES,
  WideString: layout.FORMAT_WORDS32,
  WideSymbol: layout.FORMAT_WORDS32,
  Bitmap: layout.FORMAT_WORDS32,
  Array: layout.FORMAT_ARRAY,
  WeakArray: layout.FORMAT_WEAK_ARRAY,
  MethodDictionary: layout.FORMAT_FIXED_AND_INDEXABLE,
  Context: layout.FORMAT_FIXED_AND_INDEXABLE,
  BlockClosure: layout.FORMAT_FIXED_AND_INDEXABLE,
  FullBlockClosure: layout.FORMAT_FIXED_AND_INDEXABLE,
  CompiledMethod: layout.FORMAT_COMPILED_METHOD,
  CompiledBlock: layout.FORMAT_COMPILED_METHOD,
};
/** Every image has these. */
export const REQUIRED_CLASSES = [
  ...FIXED_SLOTS.filter(([, , isOptional]) => isOptional !== true).map(([name]) => name),
  ...["Object", "UndefinedObject", "True", "False", "SmallInteger", "Character", "SmallFloat64", "BoxedFloat64"],
  ...["LargePositiveInteger", "LargeNegativeInteger", "ByteArray", "ByteString", "ByteSymbol", "Bitmap", "Array"],
  ...["CompiledMethod", "SystemDictionary"],
];

/** Joins packages; `extraGlobals` are those of the recipe at that path. Every problem comes back as an error at its place. */
export function joinPackages(
  packages: readonly PackageDefinition[],
  extraGlobals: readonly string[],
  recipePath = "recipe",
): { program: Program; errors: Diagnostic[] } {
  const joiner = new Joiner();
  for (const { classes } of packages) joiner.addDefinitions(classes);
  joiner.buildClasses(extraGlobals);
  for (const { classes, extensions } of packages) {
    for (const { methods } of classes) joiner.addMethods(methods);
    joiner.addMethods(extensions);
  }
  joiner.checkLayouts(recipePath);
  return { program: { classes: joiner.classes, globals: joiner.globals }, errors: joiner.errors };
}

/** What the compiler sees of a class, or of its class side. */
export function scopeOf(program: Program, owner: ProgramClass, isClassSide: boolean): ClassScope {
  return {
    name: isClassSide ? `${owner.name} class` : owner.name,
    contextVariableCount: isClassSide ? 0 : contextVariableCount(program, owner),
    instanceVariables: isClassSide ? owner.allClassInstanceVariables : owner.allInstanceVariables,
    resolve: (name) => resolve(program, owner, name),
    *names() {
      for (let at: ProgramClass | undefined = owner; at !== undefined; at = at.superclass) {
        yield* at.classVariables.keys();
        for (const pool of at.pools) yield* pool.classVariables.keys();
      }
      yield* program.globals.keys();
    },
  };
}

/** How many variables it has from Context or a class above that. */
function contextVariableCount(program: Program, owner: ProgramClass): number {
  const context = program.classes.get("Context");
  const ofContexts = new Set(context === undefined ? [] : hierarchyOf(context));
  const nearest = [...hierarchyOf(owner)].find((each) => ofContexts.has(each));
  return nearest?.allInstanceVariables.length ?? 0;
}

/** Class variables, then pools, of the class and then of those above it; then globals. */
export function resolve(program: Program, owner: ProgramClass, name: string): ProgramBinding | undefined {
  for (let at: ProgramClass | undefined = owner; at !== undefined; at = at.superclass) {
    const own = at.classVariables.get(name);
    if (own !== undefined) return own;
    for (const pool of at.pools) {
      for (let holder: ProgramClass | undefined = pool; holder !== undefined; holder = holder.superclass) {
        const found = holder.classVariables.get(name);
        if (found !== undefined) return found;
      }
    }
  }
  return program.globals.get(name);
}

/** A class and those above it, the class first. */
export function* hierarchyOf(start: ProgramClass): Iterable<ProgramClass> {
  for (let at: ProgramClass | undefined = start; at !== undefined; at = at.superclass) yield at;
}

/** Every method, class by class, instance side first. */
export function* allMethods(program: Program): Iterable<ProgramMethod> {
  for (const each of program.classes.values()) {
    yield* each.methods.values();
    yield* each.classMethods.values();
  }
}

/** `Point>>x` or `Point class>>x:y:`. */
export function methodName({ owner, isClassSide, definition }: ProgramMethod): string {
  return `${owner.name}${isClassSide ? " class" : ""}>>${definition.selector}`;
}

class Joiner {
  readonly errors: Diagnostic[] = [];
  readonly classes = new Map<string, ProgramClass>();
  readonly globals = new Map<string, ProgramBinding>();
  private readonly definitions = new Map<string, ClassDefinition>();
  /** Classes whose superclasses are being built, to find cycles. */
  private readonly inProgress = new Set<string>();
  private classSlots: readonly string[] = [];

  addDefinitions(classes: readonly ClassDefinition[]): void {
    for (const definition of classes) {
      const other = this.definitions.get(definition.name);
      if (other === undefined) this.definitions.set(definition.name, definition);
      else this.fault(definition, `class ${definition.name} is defined in ${other.file} too; keep one of them`);
    }
  }

  buildClasses(extraGlobals: readonly string[]): void {
    this.classSlots = this.inheritedNames("Class");
    for (const name of [...this.definitions.keys()].sort()) this.classNamed(name);
    const inOrder = [...this.classes].sort(([a], [b]) => (a < b ? -1 : 1));
    this.classes.clear();
    for (const [name, each] of inOrder) {
      this.classes.set(name, each);
      this.globals.set(name, each.binding);
    }
    for (const name of ["Smalltalk", "Processor", ...extraGlobals]) {
      if (!this.globals.has(name)) this.globals.set(name, { name, owner: "Smalltalk", isWritable: true });
    }
  }

  addMethods(methods: readonly MethodDefinition[]): void {
    for (const definition of methods) {
      const owner = this.classes.get(definition.className);
      if (owner === undefined) {
        // Of a class whose definition is wrong, one error is enough.
        if (this.definitions.has(definition.className)) continue;
        const hint = suggestion(definition.className, this.definitions.keys());
        this.faultAt(
          definition.source.file,
          definition.source.line ?? 1,
          `no package of the recipe defines class ${definition.className}${hint}`,
        );
        continue;
      }
      const side = definition.isClassSide ? owner.classMethods : owner.methods;
      const present = side.get(definition.selector);
      if (present === undefined) {
        side.set(definition.selector, { owner, isClassSide: definition.isClassSide, definition, compiled: undefined });
        continue;
      }
      const { file, line } = present.definition.source;
      const name = methodName(present);
      this.faultAt(
        definition.source.file,
        definition.source.line ?? 1,
        `${name} is defined at ${file}:${line ?? 1} too; keep one of them`,
      );
    }
  }

  checkLayouts(recipePath: string): void {
    const missing = [...new Set(REQUIRED_CLASSES)].filter((name) => !this.definitions.has(name));
    if (missing.length > 0) {
      this.faultAt(recipePath, 1, `no package defines ${missing.join(", ")}, which every image has`);
    }
    for (const [name, slots] of FIXED_SLOTS) {
      const each = this.classes.get(name);
      if (each === undefined || hasSlots(each.allInstanceVariables, slots)) continue;
      this.fault(
        each.definition,
        `${name} has the instance variables (${each.allInstanceVariables.join(" ")}); the virtual machine reads the first ones as (${slots.join(" ")})`,
      );
    }
    for (const [name, format] of Object.entries(FIXED_FORMATS)) {
      const each = this.classes.get(name);
      if (each === undefined || each.format === format) continue;
      this.fault(
        each.definition,
        `instances of ${name} have format ${each.format}; the virtual machine makes them with format ${format} (#type : #${typeOfFormat(format)})`,
      );
    }
  }

  /** The class with this name and those above it, built; undefined where that is impossible, which is reported. */
  private classNamed(name: string): ProgramClass | undefined {
    const present = this.classes.get(name);
    const definition = this.definitions.get(name);
    if (present !== undefined || definition === undefined) return present;
    if (this.inProgress.has(name)) {
      this.fault(definition, `${name} is its own superclass by ${[...this.inProgress].join(", ")}; break the circle`);
      return undefined;
    }
    this.inProgress.add(name);
    const built = this.build(definition);
    this.inProgress.delete(name);
    if (built !== undefined) this.classes.set(name, built);
    return built;
  }

  private build(definition: ClassDefinition): ProgramClass | undefined {
    const { name } = definition;
    const superclass = definition.superclass === undefined ? undefined : this.classNamed(definition.superclass);
    if (definition.superclass !== undefined && superclass === undefined) {
      if (!this.definitions.has(definition.superclass)) {
        const hint = suggestion(definition.superclass, this.definitions.keys());
        this.fault(definition, `superclass ${definition.superclass} of ${name} is in no package of the recipe${hint}`);
      }
      return undefined;
    }
    const allInstanceVariables = [...(superclass?.allInstanceVariables ?? []), ...definition.instanceVariables];
    this.checkNames(definition, allInstanceVariables);
    const format = this.formatOf(definition, superclass, allInstanceVariables.length);
    // Names of pools may come after this class: they are looked up when all classes are there.
    const pools: ProgramClass[] = [];
    const built: ProgramClass = {
      definition,
      name,
      superclass,
      subclasses: [],
      format,
      allInstanceVariables,
      allClassInstanceVariables: [
        ...(superclass?.allClassInstanceVariables ?? this.classSlots),
        ...definition.classInstanceVariables,
      ],
      classVariables: new Map(
        definition.classVariables.map((each) => [each, { name: each, owner: name, isWritable: true }]),
      ),
      pools,
      binding: {
        name,
        owner: "Smalltalk",
        isWritable: false,
        get classNamed() {
          return built;
        },
      },
      methods: new Map(),
      classMethods: new Map(),
    };
    superclass?.subclasses.push(built);
    this.classes.set(name, built);
    pools.push(...this.poolsOf(definition));
    return built;
  }

  private poolsOf(definition: ClassDefinition): ProgramClass[] {
    return definition.pools.flatMap((name) => {
      const pool = this.classNamed(name);
      if (pool === undefined && !this.definitions.has(name)) {
        const hint = suggestion(name, this.definitions.keys());
        this.fault(definition, `pool ${name} of ${definition.name} is no class of the recipe's packages${hint}`);
      }
      return pool === undefined ? [] : [pool];
    });
  }

  private checkNames(definition: ClassDefinition, all: readonly string[]): void {
    const seen = new Set<string>();
    for (const name of all) {
      if (seen.has(name)) this.fault(definition, `${definition.name} has two instance variables ${name}; rename one`);
      seen.add(name);
    }
  }

  private formatOf(definition: ClassDefinition, superclass: ProgramClass | undefined, size: number): number {
    const inherited = superclass?.format ?? layout.FORMAT_EMPTY;
    const format = formatOfType(definition.type, inherited, size);
    const isRaw = format >= layout.FORMAT_FORWARDED;
    if (isRaw && size > 0) {
      this.fault(
        definition,
        `${definition.name} (#${definition.type}) has instance variables beside raw elements; remove them`,
      );
    }
    if (inherited >= layout.FORMAT_FORWARDED && !isSameKind(inherited, format)) {
      this.fault(
        definition,
        `${definition.name} (#${definition.type}) is laid out otherwise than its superclass ${superclass!.name}`,
      );
    }
    return format;
  }

  /** Instance variables of a class with those it inherits, from the definitions alone. */
  private inheritedNames(name: string): string[] {
    const names: string[][] = [];
    let definition = this.definitions.get(name);
    for (let depth = 0; definition !== undefined && depth < this.definitions.size; depth++) {
      names.unshift([...definition.instanceVariables]);
      definition = definition.superclass === undefined ? undefined : this.definitions.get(definition.superclass);
    }
    return names.flat();
  }

  private fault(definition: ClassDefinition, message: string): void {
    this.faultAt(definition.file, definition.line, message);
  }

  private faultAt(file: string, line: number, message: string): void {
    this.errors.push(diagnosticAt(file, line, message));
  }
}

/** An error at a whole line of a file, whose text it reads. */
export function diagnosticAt(file: string, line: number, message: string): Diagnostic {
  const text = readText(file);
  const lines = text.split(/\r\n|\r|\n/);
  const sourceLine = lines[line - 1] ?? "";
  const start = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
  const indent = sourceLine.length - sourceLine.trimStart().length;
  return {
    severity: "error",
    message,
    file,
    line,
    column: indent + 1,
    sourceLine,
    width: Math.max(1, sourceLine.trim().length),
    range: { start: start + indent, end: start + sourceLine.length },
  };
}

/** The text of a source file; empty where it cannot be read, which its reader has reported. */
function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function hasSlots(names: readonly string[], wanted: readonly string[]): boolean {
  return wanted.every((name, index) => names[index] === name || (OTHER_NAMES[name] ?? []).includes(names[index]));
}

/** Spur's format of instances: named and indexable slots, weak ones, raw elements. */
function formatOfType(type: ClassType, inherited: number, size: number): number {
  const named = size === 0 ? layout.FORMAT_EMPTY : layout.FORMAT_FIXED;
  const indexable = size === 0 ? layout.FORMAT_ARRAY : layout.FORMAT_FIXED_AND_INDEXABLE;
  switch (type) {
    case "normal":
      if (inherited <= layout.FORMAT_FIXED) return named;
      return inherited === layout.FORMAT_ARRAY ? indexable : inherited;
    case "variable":
      return indexable;
    case "weak":
      return layout.FORMAT_WEAK_ARRAY;
    case "ephemeron":
      return layout.FORMAT_EPHEMERON;
    case "immediate":
      return layout.FORMAT_FORWARDED;
    case "doubleWords":
      return layout.FORMAT_WORDS64;
    case "words":
      return layout.FORMAT_WORDS32;
    case "doubleBytes":
      return layout.FORMAT_SHORTS;
    case "bytes":
      return layout.FORMAT_BYTES;
    case "compiledMethod":
      return layout.FORMAT_COMPILED_METHOD;
  }
}

/** A subclass of raw elements has them too; only bytes may become a method's. */
function isSameKind(inherited: number, format: number): boolean {
  if (inherited === format) return true;
  return inherited === layout.FORMAT_BYTES && format === layout.FORMAT_COMPILED_METHOD;
}

function typeOfFormat(format: number): string {
  const types: readonly ClassType[] = ["variable", "weak", "immediate", "words", "bytes", "compiledMethod"];
  return types.find((type) => formatOfType(type, layout.FORMAT_EMPTY, 0) === format) ?? "variable";
}
