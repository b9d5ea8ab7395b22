// The temps that a loop's statements may read before they write them: these keep a value from one round to the next
// unless they are set to nil (OptimizedBlockLocalTempReadBeforeWrittenVisitor of Squeak).

import { inlinedScopesOf, type Node, type Scope, type Temp } from "./program.js";

export function readBeforeWritten(scope: Scope): ReadonlySet<Temp> {
  const visit = new Visit();
  scope.statements.forEach((each) => visit.node(each));
  return visit.early;
}

class Visit {
  readonly early = new Set<Temp>();
  private written = new Set<Temp>();

  node(node: Node): void {
    switch (node.kind) {
      case "temp":
        if (!this.written.has(node.temp)) this.early.add(node.temp);
        return;
      case "assign":
        this.node(node.value);
        if (node.target.kind === "temp") this.written.add(node.target.temp);
        return;
      case "send":
        if (node.receiver !== undefined) this.node(node.receiver);
        node.arguments.forEach((each) => this.node(each));
        return;
      case "cascade":
        this.node(node.receiver);
        node.messages.forEach((each) => this.node(each));
        return;
      case "brace":
        node.elements.forEach((each) => this.node(each));
        return;
      case "return":
        this.node(node.value);
        return;
      case "block":
        this.maybe(node.scope);
        return;
      case "if":
        this.node(node.condition);
        this.branches(node.whenTrue, node.whenFalse);
        return;
      case "toDo":
        this.node(node.start);
        this.node(node.limit);
        break;
      case "ifNil":
      case "case":
        this.node(node.receiver);
        break;
    }
    inlinedScopesOf(node).forEach((each) => this.maybe(each));
  }

  /** Written is what both branches write. */
  private branches(first: Scope, second: Scope): void {
    const before = this.written;
    const after = [first, second].map((scope) => {
      this.written = new Set(before);
      scope.statements.forEach((each) => this.node(each));
      return this.written;
    });
    this.written = new Set([...after[0]].filter((temp) => after[1].has(temp)));
  }

  /** A scope that may not run writes nothing for sure. */
  private maybe(scope: Scope): void {
    const before = new Set(this.written);
    scope.statements.forEach((each) => this.node(each));
    this.written = before;
  }
}
