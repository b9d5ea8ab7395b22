// The literals of one method or block, in the order of first use. Equal literals are one; a selector may share the
// place of an equal symbol that came before it, as in Squeak (Encoder>>sharableLitIndex:).

import type { Binding, Literal } from "./compiledMethod.js";

export class LiteralFrame {
  private readonly entries: Literal[] = [];
  private readonly literals = new Map<string, number>();
  private readonly selectors = new Map<string, number>();
  private readonly variables = new Map<Binding, number>();

  get literalCount(): number {
    return this.entries.length;
  }

  literal(value: Literal): number {
    return this.place(this.literals, keyOf(value), value);
  }

  selector(selector: string): number {
    const known = this.selectors.get(selector) ?? this.entries.findIndex((each) => isSymbol(each, selector));
    if (known < 0) return this.place(this.selectors, selector, { kind: "symbol", value: selector });
    this.selectors.set(selector, known);
    return known;
  }

  variable(binding: Binding): number {
    return this.place(this.variables, binding, { kind: "variable", binding });
  }

  /** A literal of its own, shared with none. */
  add(value: Literal): number {
    return this.entries.push(value) - 1;
  }

  all(): readonly Literal[] {
    return this.entries;
  }

  private place<Key>(map: Map<Key, number>, key: Key, value: Literal): number {
    const known = map.get(key);
    if (known !== undefined) return known;
    map.set(key, this.entries.length);
    return this.add(value);
  }
}

function isSymbol(literal: Literal, selector: string): boolean {
  return literal.kind === "symbol" && literal.value === selector;
}

/** Equal for literals that may share a place: same class, same value; 0.0 and -0.0 differ. */
export function keyOf(literal: Literal): string {
  switch (literal.kind) {
    case "nil":
    case "methodClass":
    case "outerCode":
      return literal.kind;
    case "boolean":
    case "integer":
      return `${literal.kind} ${literal.value}`;
    case "float":
      return `float ${Object.is(literal.value, -0) ? "-0" : literal.value}`;
    case "fraction":
      return `fraction ${literal.numerator}/${literal.denominator}`;
    case "scaledDecimal":
      return `scaledDecimal ${literal.numerator}/${literal.denominator}s${literal.scale}`;
    case "character":
      return `character ${literal.codePoint}`;
    case "string":
    case "symbol":
      return `${literal.kind} ${JSON.stringify(literal.value)}`;
    case "byteArray":
      return `byteArray ${literal.bytes.join(" ")}`;
    case "array":
      return `array (${literal.elements.map(keyOf).join(" ")})`;
    case "variable":
      return `variable ${literal.binding.owner} ${literal.binding.name}`;
    case "methodState":
      return `methodState ${literal.selector}`;
    case "block":
      return `block ${literal.block.range.start}`;
  }
}
