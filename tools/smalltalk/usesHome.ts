// Whether a block needs the method activation that made it: self, an instance variable, super, thisContext or a return
// from the method, in itself or in a block inside.

import { inlinedScopesOf, type Node, type Scope } from "./program.js";

export function usesHome(scope: Scope): boolean {
  return scope.statements.some(needsHome);
}

function needsHome(node: Node): boolean {
  switch (node.kind) {
    case "self":
    case "instanceVariable":
    case "pseudo":
    case "return":
      return true;
    case "assign":
      return needsHome(node.target) || needsHome(node.value);
    case "send":
      return (node.receiver !== undefined && needsHome(node.receiver)) || node.arguments.some(needsHome);
    case "cascade":
      return needsHome(node.receiver) || node.messages.some(needsHome);
    case "brace":
      return node.elements.some(needsHome);
    case "block":
      return usesHome(node.scope);
    case "if":
      return needsHome(node.condition) || inlinedScopesOf(node).some(usesHome);
    case "ifNil":
      return needsHome(node.receiver) || usesHome(node.whenNil);
    case "toDo":
      return needsHome(node.start) || needsHome(node.limit) || usesHome(node.body);
    case "case":
      // Without an otherwise block it sends caseError to self.
      return node.otherwise === undefined || needsHome(node.receiver) || inlinedScopesOf(node).some(usesHome);
    case "while":
    case "repeat":
      return inlinedScopesOf(node).some(usesHome);
    default:
      return false;
  }
}
