// What a build made, and what was left out and why: plain data for --json, and the same as lines of text.

import { NUMBERED_PRIMITIVES } from "../../../vm/tables/primitives.js";
import type { BuildResult } from "./buildImage.js";
import type { HeapObject } from "./heap.js";
import { allMethods, methodName, type Program } from "./program.js";
import { type PrimitiveUses, primitivesOf, type Reachability } from "./reachability.js";
import type { Recipe } from "./recipe.js";
import { objectBytesOf } from "./spurFile.js";
import type { WrittenImage } from "./writeImage.js";

type Built = Extract<BuildResult, { kind: "built" }>;

export interface BuildReport {
  readonly recipe: string;
  readonly image: string;
  readonly entry: string;
  readonly bytecodes: string;
  readonly bytes: number;
  readonly objects: number;
  readonly classes: number;
  readonly methods: number;
  readonly strip: string;
  /** What cannot be reached from the entry: dropped where `strip` is "unreachable", else in the image all the same. */
  readonly unreachable: { readonly classes: readonly Reason[]; readonly methods: readonly Reason[] };
  /** What can be reached, and what led to it first. */
  readonly reachable: { readonly classes: readonly Reason[]; readonly methods: readonly Reason[] };
  /** Primitives that reachable methods call. */
  readonly primitives: PrimitiveUses;
  /** Bytes by class of the objects, largest first. */
  readonly histogram: readonly { readonly class: string; readonly instances: number; readonly bytes: number }[];
}

export interface Reason {
  readonly name: string;
  readonly because: string;
}

export function reportBuild(recipe: Recipe, output: string, built: Built): BuildReport {
  const { image, program, reachability } = built;
  const isStripped = recipe.strip === "unreachable";
  return {
    recipe: recipe.path,
    image: output,
    entry: `${recipe.entry.className} class>>${recipe.entry.selector}`,
    bytecodes: recipe.bytecodes,
    bytes: image.bytes.length,
    objects: image.objects.length,
    classes: isStripped ? reachability.classes.size : program.classes.size,
    methods: image.methods.size,
    strip: recipe.strip,
    unreachable: unreachable(program, reachability),
    reachable: {
      classes: [...reachability.classes].map(([each, because]) => ({ name: each.name, because })).sort(byName),
      methods: [...reachability.methods].map(([each, because]) => ({ name: methodName(each), because })).sort(byName),
    },
    primitives: primitivesOf(reachability.methods.keys()),
    histogram: histogramOf(image),
  };
}

/** The report as text, for people. */
export function reportLines(report: BuildReport): string[] {
  const { unreachable, reachable, primitives } = report;
  const names = new Map(NUMBERED_PRIMITIVES.map(([number, name]) => [number, name]));
  const verb = report.strip === "unreachable" ? "dropped" : "unreachable, but kept (strip: none)";
  const reasons = (list: readonly Reason[]) => list.map(({ name, because }) => `  ${name}: ${because}`);
  return [
    `${report.image}: ${report.bytes} bytes, ${report.objects} objects, ${report.classes} classes, ${report.methods} methods`,
    `recipe ${report.recipe}, entry ${report.entry}, ${report.bytecodes}`,
    "",
    `classes ${verb}: ${unreachable.classes.length}`,
    ...reasons(unreachable.classes),
    "",
    `methods ${verb}: ${unreachable.methods.length}`,
    ...reasons(unreachable.methods),
    "",
    `primitives that can be called: ${primitives.numbered.length} by number, ${primitives.named.length} by name`,
    ...primitives.numbered.map((number) => `  ${number} ${names.get(number) ?? ""}`.trimEnd()),
    ...primitives.named.map(({ module, name }) => `  ${module || "(virtual machine)"} ${name}`),
    "",
    "bytes by class",
    ...report.histogram.map((line) => `  ${line.bytes} ${line.instances} ${line.class}`),
    "",
    `classes kept: ${reachable.classes.length}`,
    ...reasons(reachable.classes),
    "",
    `methods kept: ${reachable.methods.length}`,
    ...reasons(reachable.methods),
  ];
}

function unreachable(program: Program, { classes, methods }: Reachability): BuildReport["unreachable"] {
  const lost = [...allMethods(program)].filter((method) => !methods.has(method));
  return {
    classes: [...program.classes.values()]
      .filter((each) => !classes.has(each))
      .map(({ name }) => ({ name, because: "nothing reachable refers to it" })),
    methods: lost.map((method) => ({
      name: methodName(method),
      because: classes.has(method.owner) ? "nothing reachable sends its selector" : "its class is not reachable",
    })),
  };
}

/** Metaclasses have one instance each: all classes are one line. */
function histogramOf({ objects, classNames }: WrittenImage): BuildReport["histogram"] {
  const counts = new Map<HeapObject | number, { instances: number; bytes: number }>();
  for (const object of objects) {
    const line = counts.get(object.behavior) ?? { instances: 0, bytes: 0 };
    line.instances++;
    line.bytes += objectBytesOf(object);
    counts.set(object.behavior, line);
  }
  const byClass = new Map<string, { instances: number; bytes: number }>();
  for (const [behavior, { instances, bytes }] of counts) {
    const name =
      typeof behavior === "number"
        ? "(for the virtual machine)"
        : classNames.get(behavior)!.replace(/^.* class$/, "(classes)");
    const line = byClass.get(name) ?? { instances: 0, bytes: 0 };
    byClass.set(name, { instances: line.instances + instances, bytes: line.bytes + bytes });
  }
  return [...byClass]
    .map(([name, line]) => ({ class: name, ...line }))
    .sort((a, b) => b.bytes - a.bytes || (a.class < b.class ? -1 : 1));
}

function byName(a: Reason, b: Reason): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
