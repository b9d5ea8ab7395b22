// Puts faults into the virtual machine's sources: all at once, each asleep until the global `seededFault` has its number
// (mutant schemata), so that one module serves for all of them.

/** A fault, and where it goes. */
export interface Fault {
  readonly name: string;
  readonly file: string;
  /**
   * A piece of that file, found there exactly once, with the expression or the statements to be replaced between « and ».
   * What ends with `;` or `}` is taken for statements, which may be replaced by nothing.
   */
  readonly place: string;
  readonly wrong: string;
}

/** The file, beside the copied sources, that has the global. */
export const SWITCH_FILE = "vm/seededFault.ts";
/** What the global is in the module as compiled: five bytes of which there is no second occurrence. */
const SLEEPING = 0x3ab1c5ed;

export function switchSource(): string {
  return `// The number of the fault that is awake.\nexport let seededFault: i32 = ${SLEEPING};\n`;
}

/** Where in a file's text a fault goes, as offsets. Throws where the place is not there exactly once. */
export function locate(fault: Fault, text: string): { start: number; end: number } {
  const [before, right, after, ...rest] = fault.place.split(/[«»]/);
  if (after === undefined || rest.length > 0) throw new Error(`${fault.name}: its place needs one « and one »`);
  const whole = before + right + after;
  const found = text.indexOf(whole);
  if (found < 0) throw new Error(`${fault.name}: ${fault.file} no longer has ${JSON.stringify(whole)}`);
  if (text.indexOf(whole, found + 1) >= 0)
    throw new Error(`${fault.name}: ${fault.file} has ${JSON.stringify(whole)} more than once`);
  const start = found + before.length;
  return { start, end: start + right.length };
}

/** A file's text with faults in it; each comes with its number. */
export function withFaults(text: string, file: string, faults: ReadonlyMap<number, Fault>): string {
  const places = [...faults]
    .map(([number, fault]) => ({ number, fault, ...locate(fault, text) }))
    .sort((a, b) => b.start - a.start);
  let result = text;
  let limit = text.length;
  for (const { number, fault, start, end } of places) {
    if (end > limit) throw new Error(`${fault.name}: its place overlaps another fault's`);
    limit = start;
    const right = text.slice(start, end);
    const isAwake = `seededFault == ${number}`;
    const both = /[;}]\s*$/.test(right)
      ? `if (${isAwake}) { ${fault.wrong} } else { ${right} }`
      : `(${isAwake} ? (${fault.wrong}) : (${right}))`;
    result = result.slice(0, start) + both + result.slice(end);
  }
  const up = "../".repeat(file.split("/").length - 1) || "./";
  return `import { seededFault } from "${up}${SWITCH_FILE.slice(0, -3)}";\n${result}`;
}

/** A copy of the compiled module with one fault awake; 0 for none. */
export function awaken(module: Uint8Array, number: number): Uint8Array {
  const copy = Buffer.from(module);
  const sleeping = signedLeb(SLEEPING);
  const place = copy.indexOf(sleeping);
  if (place < 0 || copy.indexOf(sleeping, place + 1) >= 0)
    throw new Error("the mutants' module does not have its switch exactly once");
  signedLeb(number).copy(copy, place);
  return copy;
}

/** A 32-bit integer below 2^30 as five bytes of LEB128, padded where it is short. */
function signedLeb(value: number): Buffer {
  const groups = [0, 7, 14, 21, 28].map((shift) => (value >> shift) & 127);
  return Buffer.from(groups.map((group, index) => (index < 4 ? group | 128 : group)));
}
