// Walks the stacks of a stopped virtual machine: frames on stack pages and contexts in the heap, as one chain of
// activations. The layout of a frame is drawn in vm/layout.ts; what each process is doing is processes.ts.

import * as layout from "../layout.js";
import { type Address, exported, type Heap, integerOf, isInteger, type Oop } from "./heap.js";
import type { VmExports } from "./module.js";
import type { Reflection } from "./reflection.js";

const PAGE_HEAD_FP = 0;
const PAGE_HEAD_SP = 4;
const PAGE_HEAD_IP = 8;
const PAGE_BASE_FP = 12;
const MAX_ACTIVATIONS = 1_000_000;

/** A method or block under way, innermost first in every list. */
export interface Activation {
  /** Its frame, or 0 where it is only a context. */
  readonly frame: Address;
  /** The frame's flags (FRAME_… of vm/layout.ts); 0 where it is only a context. */
  readonly flags: number;
  /** Its context, or 0 where it has none. */
  readonly context: Address;
  readonly method: Address;
  readonly receiver: Oop;
  /** The closure of a block; 0 of a method. */
  readonly closure: Address;
  /** One-based pc of the next bytecode; 0 where the context cannot go on. */
  readonly pc: number;
  /** Arguments, temporaries and operands. */
  readonly values: readonly Oop[];
}

export interface StackReader {
  /** The chain of the active process. */
  active(): Activation[];
  /** The chain that starts at a context, in the heap or on a page. */
  from(context: Address): Activation[];
}

export function stackReader(exports: VmExports, heap: Heap): StackReader {
  const [fp, sp, ip, activePage, stackPagesStart] = ["fp", "sp", "ip", "activePage", "stackPagesStart"].map((name) => {
    const global = exported(exports, name);
    return () => Number(global.value) >>> 0;
  });

  return {
    active: () => (fp() === 0 ? [] : walk({ frame: fp(), sp: sp(), ip: ip() })),
    from(context) {
      const frame = frameOf(context);
      return walk(frame === undefined ? { context } : frame);
    },
  };

  /** Where to start or go on: a frame with its registers, or a context without one. */
  type Place = { frame: Address; sp: Address; ip: Address } | { context: Address };

  function walk(start: Place): Activation[] {
    const chain: Activation[] = [];
    let place: Place | undefined = start;
    while (place !== undefined && chain.length < MAX_ACTIVATIONS) {
      if ("frame" in place) {
        chain.push(frameActivation(place.frame, place.sp, place.ip));
        place = callerOf(place.frame);
      } else {
        const activation = contextActivation(place.context);
        if (activation === undefined) break;
        chain.push(activation);
        place = placeOf(heap.reference(place.context, layout.CONTEXT_SENDER));
      }
    }
    return chain;
  }

  function callerOf(frame: Address): Place | undefined {
    const caller = heap.word(frame + layout.FRAME_CALLER_FP);
    const link = heap.word(frame + layout.FRAME_CALLER_IP);
    if (caller === 0) return placeOf(link);
    return { frame: caller, sp: heap.word(frame + layout.FRAME_CALLER_SP) + 8, ip: link };
  }

  /** Where a sender's activation is; undefined for what is no context (nil ends a chain). */
  function placeOf(context: Address): Place | undefined {
    if (!heap.isObject(context) || heap.classIndexOf(context) !== layout.CLASS_INDEX_CONTEXT) return undefined;
    return frameOf(context) ?? { context };
  }

  /** The frame of a married context with its registers; undefined where it has none, or not any more. */
  function frameOf(context: Address): { frame: Address; sp: Address; ip: Address } | undefined {
    const sender = heap.slot(context, layout.CONTEXT_SENDER);
    if (!isInteger(sender)) return undefined;
    const frame = Number(integerOf(sender) & 0xffffffffn);
    const page = pageOf(frame);
    if (page === undefined) return undefined;
    const isActive = page === activePage();
    const head = isActive ? fp() : heap.word(page + PAGE_HEAD_FP);
    if (head === 0 || frame < head || frame > heap.word(page + PAGE_BASE_FP)) return undefined;
    if ((heap.word(frame + layout.FRAME_FLAGS) & layout.FRAME_HAS_CONTEXT) === 0) return undefined;
    if (heap.word(frame + layout.FRAME_CONTEXT) !== context) return undefined;
    if (frame === head && isActive) return { frame, sp: sp(), ip: ip() };
    if (frame === head) return { frame, sp: heap.word(page + PAGE_HEAD_SP), ip: heap.word(page + PAGE_HEAD_IP) };
    for (let callee = head; callee !== 0; callee = heap.word(callee + layout.FRAME_CALLER_FP)) {
      if (heap.word(callee + layout.FRAME_CALLER_FP) !== frame) continue;
      const callerSp = heap.word(callee + layout.FRAME_CALLER_SP);
      return { frame, sp: callerSp + 8, ip: heap.word(callee + layout.FRAME_CALLER_IP) };
    }
    return undefined;
  }

  /** The stack page with an address on it; pages are aligned to their size. */
  function pageOf(frame: Address): Address | undefined {
    const start = stackPagesStart();
    if (frame < start || frame >= start + layout.STACK_PAGE_BYTES * layout.STACK_PAGE_COUNT) return undefined;
    return frame - (frame % layout.STACK_PAGE_BYTES);
  }

  function frameActivation(frame: Address, stackPointer: Address, instructionPointer: Address): Activation {
    const flags = heap.word(frame + layout.FRAME_FLAGS);
    const method = heap.word(frame + layout.FRAME_METHOD);
    const count = Math.max(0, (frame + layout.FRAME_RECEIVER - stackPointer) >> 3);
    const isBlock = (flags & layout.FRAME_IS_BLOCK) !== 0;
    return {
      frame,
      flags,
      context: (flags & layout.FRAME_HAS_CONTEXT) !== 0 ? heap.word(frame + layout.FRAME_CONTEXT) : 0,
      method,
      receiver: heap.doubleWord(frame + layout.FRAME_RECEIVER),
      closure: isBlock ? heap.word(heap.word(frame + layout.FRAME_CALLER_SP)) : 0,
      pc: instructionPointer - method - layout.HEADER_BYTES + 1,
      values: Array.from({ length: count }, (_, index) => heap.doubleWord(frame + layout.FRAME_FIRST_TEMP - index * 8)),
    };
  }

  function contextActivation(context: Address): Activation | undefined {
    const method = heap.reference(context, layout.CONTEXT_METHOD);
    if (!heap.isMethod(method)) return undefined;
    const closure = heap.reference(context, layout.CONTEXT_CLOSURE);
    const room = heap.slotCountOf(context) - layout.CONTEXT_FIRST_TEMP;
    const count = Math.min(heap.integer(context, layout.CONTEXT_STACK_POINTER) ?? 0, room);
    return {
      frame: 0,
      flags: 0,
      context,
      method,
      receiver: heap.slot(context, layout.CONTEXT_RECEIVER),
      closure: closure === heap.nil ? 0 : closure,
      pc: heap.integer(context, layout.CONTEXT_PC) ?? 0,
      values: Array.from({ length: Math.max(0, count) }, (_, index) =>
        heap.slot(context, layout.CONTEXT_FIRST_TEMP + index),
      ),
    };
  }
}

/** `Class(Implementor)>>selector`, with "[] in " before it for a block, as Smalltalk prints a context. */
export function activationName(reflection: Reflection, activation: Activation): string {
  const receiverClass = reflection.className(reflection.heap.classOf(activation.receiver));
  const owner = reflection.methodClassOf(activation.method);
  const implementor = owner === undefined ? receiverClass : reflection.className(owner);
  const where = implementor === receiverClass ? receiverClass : `${receiverClass}(${implementor})`;
  return `${activation.closure === 0 ? "" : "[] in "}${where}>>${reflection.selectorOf(activation.method) ?? "?"}`;
}

/** One line of a stack: name, where in the method, receiver. */
export function activationLine(reflection: Reflection, activation: Activation): string {
  const place = activation.pc === 0 ? "ended" : `pc ${activation.pc}`;
  return `${activationName(reflection, activation)}  ${place}  ${reflection.print(activation.receiver, 1)}`;
}
