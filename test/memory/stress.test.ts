// Random graphs under random collections, beside a model in JavaScript that says what must be there, what may be gone
// and, after a full collection, what must be gone. SEED=n runs one seed again.

import { expect, test } from "@jest/globals";
import { CLASS, FORMAT, Heap, isObject, Random, small, smallValue } from "./heap.js";

const SEEDS = process.env.SEED ? [Number(process.env.SEED)] : [1, 2, 3, Date.now() % 1_000_000];
const STEPS = Number(process.env.STEPS ?? 400);
const ROOTS = 40;
const WORDS64 = 9;
const ERROR_PINNED = 16;
const ERROR_READ_ONLY = 8;

type Kind = "fixed" | "array" | "weak" | "ephemeron" | "method" | "bits";
type Value = Node | number | null;

/** An object of the model: its slots beside the one with its number. */
interface Node {
  id: number;
  kind: Kind;
  values: Value[];
  hash: number;
  pinned: boolean;
}

/** Where each kind keeps its number, and its values. */
const ID_SLOT: Record<Kind, number> = { fixed: 0, array: 0, weak: 0, ephemeron: 2, method: 1, bits: 0 };
const FORMATS: Record<Kind, number> = {
  fixed: FORMAT.fixed,
  array: FORMAT.array,
  weak: FORMAT.weak,
  ephemeron: FORMAT.ephemeron,
  method: FORMAT.method,
  bits: WORDS64,
};

class Stress {
  private readonly nodes: Node[] = [];
  private readonly roots: Value[] = Array.from({ length: ROOTS }, () => null);
  private readonly frames: { slot: number; value: Value }[] = [];
  /** Oops of the model's nodes as the last look found them; no collection has been since. */
  private oops = new Map<Node, bigint>();

  constructor(
    private readonly heap: Heap,
    private readonly random: Random,
  ) {}

  run(steps: number): void {
    this.pushFrames();
    for (let step = 0; step < steps; step++) {
      for (let i = 0; i < 30; i++) this.mutate();
      const choice = this.random.below(20);
      if (choice < 11) this.collect("young");
      else if (choice < 13) this.collect("sweep");
      else if (choice < 15) this.collect("compact");
      else if (choice === 15) this.collect("snapshot");
      else if (choice < 18) this.become();
      else this.changePin();
      this.compare();
    }
  }

  private pushFrames(): void {
    const [method, object] = [this.make("method"), this.make("fixed")];
    const base = this.heap.call.pushBaseFrame(this.oops.get(method)!, this.oops.get(object)!, 0n, this.heap.nil, true);
    for (const slot of [base + 8, base - 24, base - 32, base - 40]) this.frames.push({ slot, value: object });
    this.frames.push({ slot: base - 8, value: method });
  }

  // Changes.

  private mutate(): void {
    const choice = this.random.below(10);
    if (choice < 4) {
      const kinds: Kind[] = ["fixed", "fixed", "array", "array", "weak", "ephemeron", "method", "bits"];
      const node = this.make(kinds[this.random.below(kinds.length)]!);
      this.putSomewhere(node);
    } else if (choice < 8) this.putSomewhere(this.someValue());
    else if (choice === 8) this.setRoot(this.random.below(ROOTS), this.someValue());
    else if (this.random.below(3) === 0) this.setRoot(this.random.below(ROOTS), null);
  }

  private make(kind: Kind): Node {
    let count = kind === "fixed" || kind === "ephemeron" ? 2 : this.random.below(12);
    if (kind === "array" && this.random.below(30) === 0) count = 250 + this.random.below(60);
    if (kind === "bits" && this.random.below(40) === 0) count = 3000;
    const values: Value[] = [];
    for (let i = 0; i < count; i++) values.push(kind === "bits" ? this.random.below(1000) : this.someValue());
    const node: Node = { id: this.nodes.length + 1, kind, values, hash: 0, pinned: false };
    this.nodes.push(node);
    const old = this.random.below(4) === 0;
    const classIndex = kind === "weak" ? CLASS.weakWithStrong : kind === "ephemeron" ? CLASS.ephemeron : CLASS.pair;
    const slots = kind === "method" ? count + 3 : count + 1;
    const oop = this.heap.make(slots, FORMATS[kind], classIndex, old);
    this.oops.set(node, oop);
    if (kind === "bits") {
      const words = new BigUint64Array(this.heap.memory.buffer, Number(oop) + 8, slots);
      words.set([BigInt(node.id), ...values.map((value) => BigInt(value as number))]);
      return node;
    }
    if (kind === "method") {
      const words = new BigUint64Array(this.heap.memory.buffer, Number(oop) + 8, slots);
      words[0] = small(count + 1);
      words[slots - 1] = 0x0123456789abcdefn;
    }
    this.heap.put(oop, ID_SLOT[kind], small(node.id));
    values.forEach((value, i) => this.heap.put(oop, slotOf(node, i), this.oopOf(value)));
    return node;
  }

  private putSomewhere(value: Value): void {
    const node = this.someNode();
    if (node === undefined || this.random.below(8) === 0) return this.setRoot(this.random.below(ROOTS), value);
    if (node.kind === "bits" || node.values.length === 0) return;
    const index = this.random.below(node.values.length);
    node.values[index] = value;
    this.heap.put(this.oops.get(node)!, slotOf(node, index), this.oopOf(value));
  }

  private setRoot(index: number, value: Value): void {
    this.roots[index] = value;
    this.heap.setRoot(index, this.oopOf(value));
  }

  private someValue(): Value {
    const choice = this.random.below(6);
    if (choice === 0) return null;
    if (choice === 1) return this.random.below(1000);
    return this.someNode() ?? null;
  }

  /** An object that is reachable: at the end of a random path from a root. */
  private someNode(): Node | undefined {
    let value = this.roots[this.random.below(ROOTS)]!;
    if (!isNode(value)) return undefined;
    for (let depth = this.random.below(12); depth > 0; depth--) {
      const next = value.kind === "bits" ? null : value.values[this.random.below(value.values.length || 1)];
      if (!isNode(next ?? null)) break;
      value = next as Node;
    }
    return this.oops.has(value) ? value : undefined;
  }

  private oopOf(value: Value): bigint {
    if (value === null) return this.heap.nil;
    return typeof value === "number" ? small(value) : this.oops.get(value)!;
  }

  // Become and pinning.

  private become(): void {
    const from: Node[] = [];
    const to: Node[] = [];
    for (let i = this.random.below(5); i >= 0; i--) {
      const [first, second] = [this.someNode(), this.someNode()];
      if (first === undefined || second === undefined || first === second) continue;
      if ([...from, ...to].some((node) => node === first || node === second)) continue;
      from.push(first);
      to.push(second);
    }
    const twoWay = this.random.below(2) === 0;
    const copyHash = this.random.below(2) === 0;
    const readOnly = from.length > 0 && this.random.below(6) === 0 ? this.oops.get(from[0]!)! : 0n;
    if (readOnly !== 0n) this.heap.call.setReadOnly(Number(readOnly), 1);
    const arrays = [from, to].map((nodes) => this.heap.array(nodes.map((node) => this.oops.get(node)!)));
    const code = this.heap.call.become(arrays[0]!, arrays[1]!, twoWay ? 1 : 0, copyHash ? 1 : 0);
    if (readOnly !== 0n) this.heap.call.setReadOnly(Number(readOnly), 0);
    const pinned = [...from, ...(twoWay ? to : [])].some((node) => node.pinned);
    if (pinned || readOnly !== 0n) {
      expect([ERROR_PINNED, ERROR_READ_ONLY]).toContain(code);
      return;
    }
    expect(code).toBe(0);
    const replaced = new Map<Value, Node>();
    from.forEach((node, i) => {
      replaced.set(node, to[i]!);
      if (twoWay) replaced.set(to[i]!, node);
      const hash = node.hash;
      // Hashes stay with the references, or go along with the objects.
      if (twoWay && !copyHash) [node.hash, to[i]!.hash] = [to[i]!.hash, hash];
      if (!twoWay && copyHash) to[i]!.hash = hash;
    });
    const replace = (value: Value): Value => replaced.get(value) ?? value;
    for (const node of this.nodes) if (node.kind !== "bits") node.values = node.values.map(replace);
    this.roots.forEach((value, i) => (this.roots[i] = replace(value)));
    for (const frame of this.frames) frame.value = replace(frame.value);
  }

  private changePin(): void {
    const node = this.someNode();
    if (node === undefined || node.kind === "method") return;
    const oop = this.oops.get(node)!;
    if (node.pinned) this.heap.call.unpin(oop);
    else this.heap.call.pin(oop);
    node.pinned = !node.pinned;
  }

  // Collections.

  private collect(how: "young" | "sweep" | "compact" | "snapshot"): void {
    const { heap } = this;
    const before = new Map([...this.oops].filter(([node]) => node.pinned));
    if (how === "young") heap.call.collectYoung();
    else if (how === "snapshot") expect(heap.call.prepareForSnapshot()).toBeTruthy();
    else heap.call.collectAll(how === "compact" ? 1 : 0);
    expect(heap.faults()).toEqual([]);

    this.dropped = [];
    this.takeMourners(this.reachable());
    const reached = this.reachable();
    this.look(reached, how !== "young");
    for (const [node, oop] of before) {
      if (this.oops.has(node)) expect(this.oops.get(node)).toBe(oop);
    }
    if (how !== "young") this.checkNothingElse(reached);
    this.dropped = [];
  }

  /** What roots held that mourners have taken since the collection. */
  private dropped: Value[] = [];

  /** What strong references lead to; of ephemerons the contents only where the key is reached otherwise. */
  private reachable(): Set<Node> {
    const reached = new Set<Node>();
    const waiting = new Set<Node>();
    const stack: Value[] = [...this.roots, ...this.dropped, ...this.frames.map((frame) => frame.value)];
    const mark = () => {
      while (stack.length > 0) {
        const value = stack.pop()!;
        if (!isNode(value) || reached.has(value)) continue;
        reached.add(value);
        if (value.kind === "weak" || value.kind === "bits") continue;
        if (value.kind === "ephemeron" && !isKept(value.values[0]!)) waiting.add(value);
        else stack.push(...value.values);
      }
    };
    const isKept = (key: Value) => !isNode(key) || reached.has(key);
    for (;;) {
      mark();
      const inactive = [...waiting].filter((node) => isKept(node.values[0]!));
      if (inactive.length === 0) break;
      for (const node of inactive) {
        waiting.delete(node);
        stack.push(...node.values);
      }
    }
    this.waiting = waiting;
    return reached;
  }

  /** Ephemerons with keys that nothing else keeps, as `reachable` found them. */
  private waiting = new Set<Node>();

  /** Fetches the fired ephemerons, which must be such as may fire, and keeps them in roots. */
  private takeMourners(base: Set<Node>): void {
    for (;;) {
      const oop = this.heap.call.fetchMourner();
      if (oop === 0n) return;
      const node = this.nodes[smallValue(this.heap.at(oop, ID_SLOT.ephemeron)) - 1]!;
      expect(node.kind).toBe("ephemeron");
      expect(base.has(node.values[0] as Node)).toBe(false);
      node.kind = "fixed";
      Object.assign(node, { fired: true });
      const index = this.random.below(ROOTS);
      this.dropped.push(this.roots[index]!);
      this.roots[index] = node;
      this.heap.put(this.heap.roots, index, oop);
    }
  }

  /** Looks at the heap along the model: finds oops, forgets weak values that are gone and must not be kept. */
  private look(reached: Set<Node>, everything: boolean): void {
    if (everything) expect([...this.waiting].map((node) => node.id)).toEqual([]);
    this.compare();
    for (const [node, oop] of this.oops) {
      if (node.kind !== "weak") continue;
      node.values.forEach((value, i) => {
        if (!isNode(value)) return;
        const gone = this.heap.followed(oop, i + 1) === this.heap.nil;
        if (gone) {
          expect(reached.has(value)).toBe(false);
          node.values[i] = null;
        } else if (everything) expect(reached.has(value)).toBe(true);
      });
    }
    this.compare();
  }

  /** After a full collection memory holds what is reachable and no more. */
  private checkNothingElse(reached: Set<Node>): void {
    const expected = [...reached].map((node) => node.id).sort((a, b) => a - b);
    const found: number[] = [];
    const { heap } = this;
    for (let object = heap.call.firstObject(); object !== 0n; object = heap.call.nextObject(object)) {
      const classIndex = heap.call.classIndexOf(Number(object));
      if (classIndex !== CLASS.pair && classIndex !== CLASS.weakWithStrong && classIndex !== CLASS.ephemeron) continue;
      found.push(this.idOf(object));
    }
    expect(found.sort((a, b) => a - b)).toEqual(expected);
  }

  private idOf(oop: bigint): number {
    const { heap } = this;
    const format = heap.call.formatOf(Number(oop));
    if (format === WORDS64) return Number(heap.at(oop, 0));
    if (format >= FORMAT.method) return smallValue(heap.at(oop, 1));
    if (heap.call.classIndexOf(Number(oop)) === CLASS.ephemeron) return smallValue(heap.at(oop, 2));
    return smallValue(heap.at(oop, 0));
  }

  /** Walks heap and model side by side. What the model has, weak values aside, the heap must have, with identities. */
  private compare(): void {
    this.oops = new Map();
    const owners = new Map<bigint, Node>();
    const work: [Node, bigint][] = [];
    const pair = (value: Value, oop: bigint, where: string) => {
      if (value === null) return check(oop === this.heap.nil, where, "nil", oop);
      if (typeof value === "number") return check(oop === small(value), where, value, oop);
      check(isObject(oop) && oop !== this.heap.nil, where, `object ${value.id}`, oop);
      const known = this.oops.get(value);
      if (known !== undefined) return check(known === oop, where, `object ${value.id} at ${known}`, oop);
      check(!owners.has(oop), where, `object ${value.id}`, oop);
      this.oops.set(value, oop);
      owners.set(oop, value);
      work.push([value, oop]);
    };
    this.roots.forEach((value, i) => pair(value, this.heap.root(i), `root ${i}`));
    for (const { slot, value } of this.frames) {
      pair(value, BigInt.asUintN(32, this.heap.call.frameWord(slot)), "frame");
    }
    for (let next = work.pop(); next !== undefined; next = work.pop()) this.compareObject(...next, pair);
  }

  private compareObject(node: Node, oop: bigint, pair: (value: Value, oop: bigint, where: string) => void): void {
    const { heap } = this;
    const where = `${node.kind} ${node.id}`;
    check(heap.call.formatOf(Number(oop)) === FORMATS[node.kind], where, "format", oop);
    check(Boolean(heap.call.isPinned(Number(oop))) === node.pinned, where, "pinned", oop);
    if (node.hash === 0) node.hash = heap.call.identityHashOf(oop);
    check(heap.call.identityHashOf(oop) === node.hash, where, `hash ${node.hash}`, oop);
    if (node.kind === "bits") {
      const words = new BigUint64Array(heap.memory.buffer, Number(oop) + 8, node.values.length + 1);
      check(words[0] === BigInt(node.id), where, "number", oop);
      node.values.forEach((value, i) => check(words[i + 1] === BigInt(value as number), where, `word ${i}`, oop));
      return;
    }
    const idSlot = "fired" in node ? ID_SLOT.ephemeron : ID_SLOT[node.kind];
    check(heap.at(oop, idSlot) === small(node.id), where, "number", oop);
    node.values.forEach((value, i) => {
      const found = heap.followed(oop, slotOf(node, i));
      // A weak value may be gone; whether rightly, `look` asks.
      if (node.kind === "weak" && isNode(value) && found === heap.nil) return;
      pair(value, found, `${where} slot ${i}`);
    });
  }
}

function slotOf(node: Node, index: number): number {
  if (node.kind === "ephemeron" || "fired" in node) return index;
  return ID_SLOT[node.kind] + 1 + index;
}

function isNode(value: Value): value is Node {
  return typeof value === "object" && value !== null;
}

function check(holds: boolean, where: string, wanted: unknown, found: bigint): void {
  if (!holds) throw new Error(`${where}: expected ${String(wanted)}, found 0x${found.toString(16)}`);
}

test.each(SEEDS)("random graphs survive, seed %d", async (seed) => {
  process.stderr.write(`test/memory/stress: SEED=${seed}\n`);
  const random = new Random(seed);
  const heap = await Heap.create(65536 * (1 + random.below(3)), ROOTS);
  new Stress(heap, random).run(STEPS);
});
