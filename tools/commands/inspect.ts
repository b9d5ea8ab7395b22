// `stvm inspect`: what is in an image, without running it.

import { type CommandModule } from "yargs";
import type { ClassReport } from "../classReport.js";
import type { ImageReport } from "../imageReport.js";
import type { Session } from "../session.js";
import { colours } from "../terminal.js";

interface Arguments {
  image: string;
  class?: string;
  method?: string;
  json: boolean;
  all: boolean;
}

const HISTOGRAM_LINES = 20;

export const inspectCommand: CommandModule<object, Arguments> = {
  command: "inspect <image>",
  describe: "show what is in an image, or one class or method",
  builder: (parser) =>
    parser
      .positional("image", { type: "string", demandOption: true, describe: "the image file" })
      .option("class", { type: "string", requiresArg: true, describe: "show one class: NAME or 'NAME class'" })
      .option("method", {
        type: "string",
        requiresArg: true,
        describe: "show one method: 'Class>>selector' or 'Class class>>selector'",
      })
      .option("json", { type: "boolean", default: false, describe: "print JSON, for programs" })
      .option("all", { type: "boolean", default: false, describe: "list every class and primitive, not the first few" })
      .conflicts("class", "method")
      .example("$0 inspect Pharo.image --class Process", "")
      .example("$0 inspect Pharo.image --method 'Process>>resume'", ""),
  handler: inspect,
};

async function inspect(given: Arguments): Promise<void> {
  const { openImage } = await import("../session.js");
  const session = await openImage(given.image);
  if (given.class !== undefined) await showClass(session, given.class, given);
  else if (given.method !== undefined) await showMethod(session, given.method, given);
  else await showImage(session, given);
  session.vm.destroy();
}

async function showImage(session: Session, given: Arguments): Promise<void> {
  const { reportImage } = await import("../imageReport.js");
  const report = reportImage(given.image, session);
  if (given.json) printJson(report);
  else print(imageLines(report, given.all));
}

async function showClass(session: Session, name: string, given: Arguments): Promise<void> {
  const { reportClass } = await import("../classReport.js");
  const { classNamed } = await import("../lookup.js");
  const report = reportClass(session, await classNamed(session, name, given.image));
  if (given.json) printJson(report);
  else print(classLines(report));
}

async function showMethod(session: Session, name: string, given: Arguments): Promise<void> {
  const { disassemble } = await import("../disassembly.js");
  const { methodNamed } = await import("../lookup.js");
  const { Sources } = await import("../sources.js");
  const method = await methodNamed(session, name, given.image);
  const lines = disassemble(session.reflection, method);
  const source = new Sources(session.reflection, given.image).sourceOf(method);
  if (given.json) {
    const text = typeof source === "string" ? { missing: source } : source;
    printJson({ method: session.reflection.methodName(method), disassembly: lines, source: text });
    return;
  }
  print([colours.bold(lines[0]), ...lines.slice(1), ""]);
  if (typeof source === "string") print([`source: ${source}`]);
  else print([`source (${source.path})`, ...source.text.split("\n").map((line) => `  ${line}`)]);
}

function imageLines(report: ImageReport, all: boolean): string[] {
  const { header, heap } = report;
  const shown = all ? report.histogram : report.histogram.slice(0, HISTOGRAM_LINES);
  const version = Object.entries(report.version).map(([name, value]) => `${name} ${value}`);
  const sets = Object.entries(report.bytecodeSets).filter(([, methods]) => methods > 0);
  const lines = [
    `${colours.bold(report.image)}: ${header.description}, format ${header.format}, ${bytes(header.fileBytes)}`,
    ...(version.length > 0 ? [`version: ${version.join(", ")}`] : []),
    `header: ${header.headerBytes} bytes, heap ${bytes(header.heapBytes)} saved at ${header.oldBaseAddress}, first segment ` +
      `${bytes(header.firstSegmentBytes)}, window ${header.windowWidth}x${header.windowHeight}, flags ${header.flags}, ` +
      `eden ${header.edenBytes}, stack pages ${header.stackPages}, external semaphores ${header.externalSemaphores}`,
    `heap: ${number(heap.objects)} objects in ${bytes(heap.bytes)}, ${bytes(heap.freeBytes)} free, ` +
      `${number(heap.classes)} classes, ${number(heap.methods)} methods and blocks`,
    `bytecode sets: ${sets.map(([set, methods]) => `${set} in ${number(methods)} methods`).join(", ")}`,
    "",
    colours.bold("classes, by bytes"),
    ...table(
      ["bytes", "instances", "class"],
      shown.map((line) => [number(line.bytes), number(line.instances), line.class]),
    ),
  ];
  if (shown.length < report.histogram.length) {
    lines.push(`  … ${report.histogram.length - shown.length} more; --all shows them`);
  }
  lines.push("", colours.bold("special objects"));
  for (const { index, role, value } of report.specialObjects) {
    if (all || (role !== "" && value !== "nil") || index === 0) {
      lines.push(`  ${String(index).padStart(2)}  ${role.padEnd(32)}${value.slice(0, 80)}`);
    }
  }
  return [...lines, "", ...primitiveLines(report, all)];
}

function primitiveLines(report: ImageReport, all: boolean): string[] {
  const missingNumbers = report.numberedPrimitives.filter(({ answered }) => !answered);
  const missingNames = report.namedPrimitives.filter(({ answered }) => !answered);
  const numbered = all ? report.numberedPrimitives : missingNumbers;
  const named = all ? report.namedPrimitives : missingNames;
  const modules = new Map<string, { answered: number; total: number }>();
  for (const { module, answered } of report.namedPrimitives) {
    const entry = modules.get(module) ?? { answered: 0, total: 0 };
    modules.set(module, { answered: entry.answered + (answered ? 1 : 0), total: entry.total + 1 });
  }
  const answeredNumbers = report.numberedPrimitives.length - missingNumbers.length;
  const lines = [
    colours.bold("primitives that methods name"),
    `  by number: ${report.numberedPrimitives.length}, of which ${answeredNumbers} are answered here`,
    `  by name: ${report.namedPrimitives.length}, of which ${report.namedPrimitives.length - missingNames.length} are answered here`,
    ...[...modules].map(
      ([module, { answered, total }]) => `    ${(module || "(no module)").padEnd(32)}${answered} of ${total}`,
    ),
    "",
    colours.bold(all ? "each of them (- fails here)" : "those that fail here"),
    ...numbered.map((use) => `  ${mark(use)} ${String(use.number).padStart(4)} ${use.name}${methodCount(use)}`),
    ...named.map((use) => `  ${mark(use)} ${use.module || "(no module)"} ${use.name}${methodCount(use)}`),
  ];
  return numbered.length + named.length === 0 ? lines.slice(0, -2) : lines;
}

function mark({ answered }: { answered: boolean }): string {
  return answered ? "+" : "-";
}

function methodCount({ methods }: { methods: number }): string {
  return methods === 1 ? "" : ` (in ${methods} methods)`;
}

function classLines(report: ClassReport): string[] {
  return [
    colours.bold(report.definition[0]),
    ...report.definition.slice(1),
    "",
    `all instance variables: ${report.allInstanceVariables.join(" ") || "none"}`,
    `instances: ${number(report.instances)} in ${bytes(report.bytes)}${report.isMetaclass ? "" : `, class index ${report.classIndex}`}`,
    `subclasses: ${report.subclasses.join(" ") || "none"}`,
    "",
    colours.bold(`methods (${report.methods.length})`),
    ...report.methods.map((selector) => `  ${selector}`),
    colours.bold(`class methods (${report.classMethods.length})`),
    ...report.classMethods.map((selector) => `  ${selector}`),
  ];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column].length)));
  return [head, ...rows].map(
    (row) => `  ${row.map((cell, column) => (column < 2 ? cell.padStart(widths[column]) : cell)).join("  ")}`,
  );
}

function bytes(count: number): string {
  return count < 10_000 ? `${count} bytes` : `${(count / 1_000_000).toFixed(2)} MB`;
}

function number(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

function print(lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${line}\n`).join(""));
}

function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
}
