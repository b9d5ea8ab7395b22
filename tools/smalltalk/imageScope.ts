// What names mean inside a loaded image: the ClassScope of one of its classes, with bindings that know the association's
// address. Addresses are good until the image runs again; make a new ImageNames then.

import { SPECIAL_SELECTORS } from "../../vm/layout.js";
import type { Address } from "../../vm/embed/heap.js";
import type { Reflection } from "../../vm/embed/reflection.js";
import type { Binding, ClassScope } from "./compiledMethod.js";

export interface ImageBinding extends Binding {
  /** The association, or what else stands for it. */
  readonly address: Address;
}

const CONTEXT_CLASSES = ["Context", "MethodContext", "BlockContext"];

/** The variables of one image. */
export class ImageNames {
  private readonly bindings = new Map<Address, ImageBinding>();
  private readonly contextClasses: ReadonlySet<Address>;
  private knownGlobals: ReadonlyMap<string, Address> | undefined;
  private readonly dictionaries = new Map<Address, ReadonlyMap<string, Address>>();

  constructor(private readonly reflection: Reflection) {
    // Contexts' superclasses below Object count too: their methods run on contexts.
    const contexts = CONTEXT_CLASSES.flatMap((name) => reflection.classNamed(name) ?? []);
    const chains = contexts.flatMap((each) => reflection.hierarchyOf(each));
    this.contextClasses = new Set(chains.filter((each) => reflection.allInstanceVariablesOf(each).length > 0));
  }

  /** The scope for methods of a class or metaclass. */
  scopeOf(classObject: Address): ClassScope {
    const { reflection } = this;
    const isMeta = reflection.isMetaclass(classObject);
    const name = reflection.className(classObject);
    const home = isMeta ? (reflection.classNamed(name.slice(0, -" class".length)) ?? classObject) : classObject;
    const pools = reflection.hierarchyOf(home).flatMap((each) => this.poolsOf(each));
    return {
      name,
      instanceVariables: reflection.allInstanceVariablesOf(classObject),
      contextVariableCount: this.contextVariableCount(classObject),
      resolve: (wanted) => {
        for (const { owner, names } of pools) {
          const found = names.get(wanted);
          if (found !== undefined) return this.bindingOf(wanted, found, owner);
        }
        const global = this.globals.get(wanted);
        return global === undefined ? undefined : this.bindingOf(wanted, global, "Smalltalk");
      },
      names: () => [...pools.flatMap(({ names }) => [...names.keys()]), ...this.globals.keys()],
    };
  }

  private contextVariableCount(classObject: Address): number {
    const { reflection } = this;
    const ofContexts = reflection.hierarchyOf(classObject).find((each) => this.contextClasses.has(each));
    return ofContexts === undefined ? 0 : reflection.allInstanceVariablesOf(ofContexts).length;
  }

  /** The special selectors in bytecode order, as this image has them. */
  specialSelectors(): [selector: string, argumentCount: number][] {
    const { heap } = this.reflection;
    const array = heap.specialObject(SPECIAL_SELECTORS);
    return Array.from({ length: heap.slotCountOf(array) >> 1 }, (_, index) => [
      heap.string(heap.reference(array, index * 2)),
      heap.integer(array, index * 2 + 1) ?? 0,
    ]);
  }

  private get globals(): ReadonlyMap<string, Address> {
    this.knownGlobals ??= new Map(this.globalDictionaries().flatMap((each) => [...this.associationsOf(each)]));
    return this.knownGlobals;
  }

  /** Undeclared variables first, so that declared ones win. Squeak keeps globals in environments. */
  private globalDictionaries(): Address[] {
    const { reflection } = this;
    const systems = this.instancesOf("SystemDictionary");
    const environments = this.instancesOf("Environment").flatMap((each) =>
      ["undeclared", "bindings", "declarations"].flatMap((name) => reflection.variable(each, name) ?? []),
    );
    const known = [...environments, ...systems];
    const undeclared = known.flatMap((each) => {
      const association = this.associationsOf(each).get("Undeclared");
      return association === undefined ? [] : [reflection.heap.reference(association, 1)];
    });
    return [...undeclared, ...known];
  }

  private instancesOf(className: string): Address[] {
    const found = this.reflection.classNamed(className);
    return found === undefined ? [] : this.reflection.instancesOf(found);
  }

  /** A class's own variables, and those of the pools it names. */
  private poolsOf(classObject: Address): { owner: string; names: ReadonlyMap<string, Address> }[] {
    const { reflection } = this;
    const { heap } = reflection;
    const owner = reflection.className(classObject);
    const own = reflection.variable(classObject, "classPool");
    const found = own === undefined ? [] : [{ owner, names: this.associationsOf(own) }];
    const shared = reflection.variable(classObject, "sharedPools");
    if (shared === undefined || !heap.isPointers(shared)) return found;
    const list = heap.isArray(shared) ? shared : (reflection.variable(shared, "array") ?? heap.nil);
    if (!heap.isPointers(list)) return found;
    for (const pool of reflection.elements(list)) {
      if (reflection.isClass(pool)) {
        found.push(...reflection.hierarchyOf(pool).flatMap((each) => this.poolsOf(each)));
      } else found.push({ owner: "pool", names: this.associationsOf(pool) });
    }
    return found;
  }

  /** The associations of a dictionary by key. */
  private associationsOf(dictionary: Address): ReadonlyMap<string, Address> {
    const known = this.dictionaries.get(dictionary);
    if (known !== undefined) return known;
    const { heap } = this.reflection;
    const names = new Map<string, Address>();
    const array = heap.isPointers(dictionary) ? this.reflection.variable(dictionary, "array") : undefined;
    if (array !== undefined && heap.isPointers(array)) {
      for (const each of this.reflection.elements(array)) {
        if (!heap.isPointers(each) || each === heap.nil || heap.slotCountOf(each) < 2) continue;
        const key = heap.reference(each, 0);
        if (heap.isBytes(key)) names.set(heap.string(key), each);
      }
    }
    this.dictionaries.set(dictionary, names);
    return names;
  }

  private bindingOf(name: string, address: Address, owner: string): ImageBinding {
    const known = this.bindings.get(address);
    if (known !== undefined) return known;
    const value = this.reflection.heap.reference(address, 1);
    const isWritable = owner !== "Smalltalk" || !this.reflection.isClass(value);
    const binding = { name, owner, isWritable, address };
    this.bindings.set(address, binding);
    return binding;
  }
}
