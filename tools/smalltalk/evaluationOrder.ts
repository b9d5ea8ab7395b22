// What a method's source sends, assigns and returns, in the order of evaluation: for tools that must find their way from
// bytecodes to source without compiling it to the very same ones.

import { Reporter } from "./diagnostics.js";
import { parse } from "./parser.js";
import type { Expression, MessageSyntax, Statement } from "./syntaxTree.js";

/** A send (by its selector), an assignment (":=") or a return ("^"), and where in the source it stands. */
export interface SourceEvent {
  readonly name: string;
  readonly offset: number;
}

export interface MethodOutline {
  readonly argumentNames: readonly string[];
  readonly tempNames: readonly string[];
  /** Of the whole method, blocks where they are written. */
  readonly events: readonly SourceEvent[];
  /** Of each block by itself, outer before inner. */
  readonly blocks: readonly (readonly SourceEvent[])[];
}

/** The outline of a method; an empty one where the source is none. */
export function outlineOf(source: string): MethodOutline {
  const nil = () => ({ kind: "nil" }) as const;
  const method = parse(source, { evaluate: nil }, new Reporter({ text: source, file: "" }));
  if (method === undefined) return { argumentNames: [], tempNames: [], events: [], blocks: [] };
  const walk = new Walk();
  walk.statements(method.statements);
  return {
    argumentNames: method.parameters.map(({ name }) => name),
    tempNames: method.temporaries.map(({ name }) => name),
    events: walk.events,
    blocks: walk.blocks,
  };
}

class Walk {
  readonly events: SourceEvent[] = [];
  readonly blocks: SourceEvent[][] = [];

  statements(statements: readonly Statement[]): void {
    for (const statement of statements) {
      if (statement.kind !== "return") this.expression(statement);
      else {
        this.expression(statement.value);
        this.add("^", statement.range.start);
      }
    }
  }

  private expression(node: Expression): void {
    switch (node.kind) {
      case "literal":
      case "variable":
        return;
      case "assignment":
        this.expression(node.value);
        return this.add(":=", node.variable.range.start);
      case "message":
        this.expression(node.receiver);
        return this.message(node.message);
      case "cascade":
        this.expression(node.receiver);
        return node.messages.forEach((each) => this.message(each));
      case "brace":
        return node.elements.forEach((each) => this.expression(each));
      case "block": {
        const start = this.events.length;
        const index = this.blocks.push([]) - 1;
        this.statements(node.statements);
        this.blocks[index] = this.events.slice(start);
      }
    }
  }

  private message({ selector, arguments: values, range }: MessageSyntax): void {
    values.forEach((each) => this.expression(each));
    this.add(selector, range.start);
  }

  private add(name: string, offset: number): void {
    this.events.push({ name, offset });
  }
}
