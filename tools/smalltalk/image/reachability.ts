// What of a program can run, from its entry on: the methods whose selectors are sent somewhere reachable, in classes that
// reachable code names. Which primitives, and hence which drivers, an image needs follows from it.
//
// The analysis errs towards keeping. A symbol among literals counts as sent (perform:) and as the name of a class
// (Smalltalk at:); receivers are not told apart: one reachable send keeps every method with its selector in every class
// that is kept. A class is kept when reachable code names it, when the virtual machine or a literal needs it, or when it
// is a superclass of such a class.

import { literalsOf, classOfLiteral, namedPrimitiveOf } from "./codeWalk.js";
import {
  allMethods,
  methodName,
  type Program,
  type ProgramBinding,
  type ProgramClass,
  type ProgramMethod,
} from "./program.js";
import { REQUIRED_CLASSES } from "./program.js";
import { SPECIAL_CLASSES, SPECIAL_SENDS } from "./system.js";
import type { Selection } from "./world.js";

/** Why something is kept: what led to it first, in words. */
export type Cause = string;

export interface Reachability {
  readonly classes: ReadonlyMap<ProgramClass, Cause>;
  readonly methods: ReadonlyMap<ProgramMethod, Cause>;
  /** Selectors that reachable code or the virtual machine may send. */
  readonly selectors: ReadonlyMap<string, Cause>;
  readonly variables: ReadonlySet<ProgramBinding>;
}

/** Primitives that methods call, by number and by name. */
export interface PrimitiveUses {
  /** Ascending; quick methods (256 and above) and 117 itself left out. */
  readonly numbered: readonly number[];
  /** Sorted by module and name; the module "" is the virtual machine itself. */
  readonly named: readonly { readonly module: string; readonly name: string }[];
}

/** Something that a recipe keeps although nothing may refer to it. */
export type Kept =
  | { readonly kind: "selector"; readonly selector: string }
  /** A class with all its methods, or those of a class that match; an asterisk stands for any letters. */
  | { readonly kind: "members"; readonly className: string; readonly isClassSide: boolean; readonly selector: string };

const FIRST_QUICK_PRIMITIVE = 256;
const NAMED_PRIMITIVE = 117;

/** Analyses a program whose methods are compiled. */
export function reachableFrom(program: Program, entry: ProgramMethod, kept: readonly Kept[] = []): Reachability {
  const search = new Search(program);
  search.start(entry, kept);
  return search.result();
}

/** A selection of what is reachable. */
export function selectionOf(reachability: Reachability): Selection {
  const { classes, methods, variables } = reachability;
  return {
    hasClass: (each) => classes.has(each),
    hasMethod: (owner, isClassSide, selector) => {
      const method = (isClassSide ? owner.classMethods : owner.methods).get(selector);
      return method !== undefined && methods.has(method);
    },
    hasVariable: (binding) => variables.has(binding),
  };
}

/** Which primitives methods call; of a Reachability's `methods.keys()`, all that an image can reach. */
export function primitivesOf(methods: Iterable<ProgramMethod>): PrimitiveUses {
  const numbered = new Set<number>();
  const named = new Map<string, { module: string; name: string }>();
  for (const { compiled } of methods) {
    if (compiled === undefined) continue;
    const call = namedPrimitiveOf(compiled);
    if (call !== undefined) named.set(`${call.module}\0${call.name}`, call);
    else if (isOrdinary(compiled.primitive)) numbered.add(compiled.primitive);
  }
  return {
    numbered: [...numbered].sort((a, b) => a - b),
    named: [...named].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, call]) => call),
  };
}

function isOrdinary(primitive: number): boolean {
  return primitive !== 0 && primitive !== NAMED_PRIMITIVE && primitive < FIRST_QUICK_PRIMITIVE;
}

class Search {
  private readonly classes = new Map<ProgramClass, Cause>();
  private readonly methods = new Map<ProgramMethod, Cause>();
  private readonly selectors = new Map<string, Cause>();
  private readonly variables = new Set<ProgramBinding>();
  /** Reachable methods whose code has not been looked at. */
  private readonly pending: ProgramMethod[] = [];
  private readonly bySelector = new Map<string, ProgramMethod[]>();

  constructor(private readonly program: Program) {
    for (const method of allMethods(program)) {
      const { selector } = method.definition;
      const list = this.bySelector.get(selector) ?? [];
      list.push(method);
      this.bySelector.set(selector, list);
    }
  }

  start(entry: ProgramMethod, kept: readonly Kept[]): void {
    for (const name of [...REQUIRED_CLASSES, ...SPECIAL_CLASSES]) this.nameClass(name, "needed by the virtual machine");
    for (const selector of SPECIAL_SENDS) this.send(selector, "sent by the virtual machine");
    // The names of globals are found in them, and so is the table that symbols live in.
    for (const name of ["Symbol", "SymbolTable", "WeakArray"]) this.nameClass(name, "needed by the symbol table");
    const table = this.program.classes.get("Symbol")?.classVariables.get("SymbolTable");
    if (table !== undefined) this.variables.add(table);
    this.addClass(entry.owner, "entry point");
    this.addMethod(entry, "entry point");
    for (const each of kept) this.keep(each);
    for (let method = this.pending.pop(); method !== undefined; method = this.pending.pop()) this.visit(method);
  }

  result(): Reachability {
    return { classes: this.classes, methods: this.methods, selectors: this.selectors, variables: this.variables };
  }

  private keep(kept: Kept): void {
    const cause = "kept by the recipe";
    if (kept.kind === "selector") return this.send(kept.selector, cause);
    const classPattern = patternOf(kept.className);
    const selectorPattern = patternOf(kept.selector);
    for (const [name, each] of this.program.classes) {
      if (!classPattern.test(name)) continue;
      this.addClass(each, cause);
      const sides =
        kept.selector === "*"
          ? [each.methods, each.classMethods]
          : [kept.isClassSide ? each.classMethods : each.methods];
      for (const side of sides) {
        for (const [selector, method] of side) if (selectorPattern.test(selector)) this.addMethod(method, cause);
      }
    }
  }

  private visit(method: ProgramMethod): void {
    const { compiled } = method;
    if (compiled === undefined) return;
    const name = methodName(method);
    for (const selector of compiled.sentSelectors) this.send(selector, `sent by ${name}`);
    for (const literal of literalsOf(compiled)) {
      if (literal.kind === "symbol" && literal.value !== compiled.selector) {
        this.send(literal.value, `named in ${name}`);
        this.nameClass(literal.value, `named in ${name}`);
      } else if (literal.kind === "variable") this.refer(literal.binding as ProgramBinding, name);
      const className = classOfLiteral(literal);
      if (className !== undefined) this.nameClass(className, `literal in ${name}`);
    }
  }

  private refer(binding: ProgramBinding, name: string): void {
    this.variables.add(binding);
    if (binding.classNamed !== undefined) this.addClass(binding.classNamed, `referred to by ${name}`);
  }

  private send(selector: string, cause: Cause): void {
    if (this.selectors.has(selector)) return;
    this.selectors.set(selector, cause);
    for (const method of this.bySelector.get(selector) ?? []) {
      if (this.classes.has(method.owner)) this.addMethod(method, cause);
    }
  }

  private nameClass(name: string, cause: Cause): void {
    const found = this.program.classes.get(name);
    if (found !== undefined) this.addClass(found, cause);
  }

  private addClass(each: ProgramClass, cause: Cause): void {
    if (this.classes.has(each)) return;
    this.classes.set(each, cause);
    if (each.superclass !== undefined) this.addClass(each.superclass, `superclass of ${each.name}`);
    for (const side of [each.methods, each.classMethods]) {
      for (const [selector, method] of side) {
        const sent = this.selectors.get(selector);
        if (sent !== undefined) this.addMethod(method, sent);
      }
    }
  }

  private addMethod(method: ProgramMethod, cause: Cause): void {
    if (this.methods.has(method)) return;
    this.methods.set(method, cause);
    this.pending.push(method);
  }
}

/** A pattern in which an asterisk stands for any letters. */
export function patternOf(text: string): RegExp {
  const parts = text.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`);
}
