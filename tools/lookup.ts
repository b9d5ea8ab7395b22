// Classes and methods by the names that people type; errors say which names are near.

import type { Address } from "../vm/embed/heap.js";
import type { Session } from "./session.js";
import { UsageError } from "./terminal.js";

/** A class by its name, or an error that says which names are near. */
export async function classNamed({ reflection }: Session, name: string, image: string): Promise<Address> {
  const found = reflection.classNamed(name.trim());
  if (found !== undefined) return found;
  const { suggestion } = await import("./suggestions.js");
  const near = suggestion(name.replace(/ class$/, ""), reflection.classesByName().keys());
  throw new UsageError(`${image}: no class named ${name}${near || "; `stvm inspect IMAGE --all` lists them"}`);
}

/** `Class>>selector`, the selector with or without #; inherited methods are named as such in the error. */
export async function methodNamed(session: Session, name: string, image: string): Promise<Address> {
  const { reflection } = session;
  const match = /^(.+?)\s*>>\s*#?'?([^']+?)'?$/.exec(name.trim());
  if (match === null)
    throw new UsageError(`${name}: no method name; write 'Class>>selector' or 'Class class>>selector'`);
  const [, className, selector] = match;
  const owner = await classNamed(session, className, image);
  const method = reflection.methodNamed(owner, selector);
  if (method !== undefined) return method;
  const inherited = reflection
    .hierarchyOf(owner)
    .slice(1)
    .find((each) => reflection.methodNamed(each, selector) !== undefined);
  if (inherited !== undefined) {
    const where = reflection.className(inherited);
    throw new UsageError(`${image}: ${className} inherits ${selector} from ${where}; ask for '${where}>>${selector}'`);
  }
  const { suggestion } = await import("./suggestions.js");
  const near = suggestion(
    selector,
    reflection.hierarchyOf(owner).flatMap((each) => selectors(reflection.methodsOf(each))),
  );
  throw new UsageError(`${image}: ${className} has no method ${selector}${near || `; see --class '${className}'`}`);
}

function selectors(methods: readonly { selector: string }[]): string[] {
  return methods.map(({ selector }) => selector);
}
