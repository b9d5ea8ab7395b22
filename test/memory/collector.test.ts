// Each kind of object and root through each kind of collection, one at a time.

import { describe, expect, test } from "@jest/globals";
import { ARRAY, CLASS, CONTEXT, FORMAT, Heap, small } from "./heap.js";

const EDEN = 65536;

async function heap(roots = 16): Promise<Heap> {
  return Heap.create(EDEN, roots);
}

/** Every kind of collection, by name. */
const COLLECT: Record<string, (heap: Heap) => void> = {
  scavenge: (heap) => heap.call.collectYoung(),
  sweep: (heap) => heap.call.collectAll(false),
  compact: (heap) => heap.call.collectAll(true),
  snapshot: (heap) => expect(heap.call.prepareForSnapshot()).toBeTruthy(),
};

describe.each(Object.keys(COLLECT))("%s", (kind) => {
  const collect = COLLECT[kind];

  test("keeps what roots reach, young and old, with its contents", async () => {
    const h = await heap();
    h.make(100, FORMAT.bytes, 50, true);
    h.setRoot(0, h.pair(small(1), h.array([small(2), h.pair(small(3), h.nil)])));
    h.setRoot(1, h.pair(small(4), h.pair(small(5), h.nil), true));
    h.setRoot(2, h.array(Array.from({ length: 300 }, (_, i) => small(i))));
    collect(h);
    collect(h);
    expect(h.at(h.root(0), 0)).toBe(small(1));
    expect(h.at(h.at(h.at(h.root(0), 1), 1), 0)).toBe(small(3));
    expect(h.at(h.at(h.root(1), 1), 0)).toBe(small(5));
    expect(h.at(h.root(2), 299)).toBe(small(299));
    expect(h.call.slotCountOf(Number(h.root(2)))).toBe(300);
    expect(h.faults()).toEqual([]);
  });

  test("empties weak slots, keeps strong ones", async () => {
    const h = await heap();
    const kept = h.pair(small(1), h.nil);
    h.setRoot(0, kept);
    h.setRoot(1, h.weak([kept, h.pair(small(2), h.nil), small(9)]));
    const named = h.make(2, FORMAT.weak, CLASS.weakWithStrong);
    h.put(named, 0, h.pair(small(3), h.nil));
    h.put(named, 1, h.pair(small(4), h.nil));
    h.setRoot(2, named);
    collect(h);
    expect(h.at(h.root(1), 0)).toBe(h.root(0));
    expect(h.at(h.root(1), 1)).toBe(h.nil);
    expect(h.at(h.root(1), 2)).toBe(small(9));
    expect(h.at(h.at(h.root(2), 0), 0)).toBe(small(3));
    expect(h.at(h.root(2), 1)).toBe(h.nil);
    expect(h.global("mournersPending")).toBe(2);
  });

  test("fires ephemerons whose keys die, and only these", async () => {
    const h = await heap();
    const key = h.pair(small(1), h.nil);
    h.setRoot(0, key);
    h.setRoot(1, h.ephemeron(key, small(10)));
    h.setRoot(2, h.ephemeron(h.pair(small(2), h.nil), small(20)));
    // An ephemeron that nothing reaches neither fires nor stays.
    h.ephemeron(h.pair(small(3), h.nil), small(30));
    // Its key is kept by the value of one that stays inactive.
    const inner = h.pair(small(4), h.nil);
    h.setRoot(3, h.ephemeron(inner, small(40)));
    h.setRoot(4, h.ephemeron(key, inner));
    // A key that only its own value refers to dies.
    const own = h.pair(small(5), h.nil);
    h.setRoot(5, h.ephemeron(own, h.pair(own, h.nil)));
    collect(h);
    expect(h.global("mournersPending")).toBe(2);
    const mourned = [h.call.fetchMourner(), h.call.fetchMourner()].sort();
    expect(mourned).toEqual([h.root(2), h.root(5)].sort());
    expect(h.call.fetchMourner()).toBe(0n);
    expect(h.call.formatOf(Number(h.root(2)))).toBe(FORMAT.fixed);
    expect(h.at(h.at(h.root(2), 0), 0)).toBe(small(2));
    expect(h.call.formatOf(Number(h.root(3)))).toBe(FORMAT.ephemeron);
    expect(h.call.formatOf(Number(h.root(1)))).toBe(FORMAT.ephemeron);
    expect(h.at(h.at(h.root(5), 1), 0)).toBe(h.at(h.root(5), 0));
  });

  test("a queued mourner stays until it is fetched", async () => {
    const h = await heap();
    h.setRoot(0, h.ephemeron(h.pair(small(7), h.nil), small(1)));
    collect(h);
    h.setRoot(0, h.nil);
    collect(h);
    collect(h);
    const mourner = h.call.fetchMourner();
    expect(h.at(h.at(mourner, 0), 0)).toBe(small(7));
  });

  test("maps frames, and instruction pointers with their methods", async () => {
    const h = await heap();
    h.make(60, FORMAT.bytes, 50, true);
    const object = h.pair(small(6), h.nil);
    const first = h.method([object]);
    const second = h.method([small(1), small(2)], true);
    h.make(60, FORMAT.bytes, 50, true);
    const third = h.method([], true);
    const base = h.call.pushBaseFrame(first, object, 0n, h.nil, true);
    const middle = h.call.pushFrame(base, second, object);
    const top = h.call.pushFrame(middle, third, object);
    const ips = () => [
      h.call.callerIpOf(middle) - h.call.frameMethodOf(base),
      h.call.callerIpOf(top) - h.call.frameMethodOf(middle),
      h.call.headIpOf(top) - h.call.frameMethodOf(top),
    ];
    const before = ips();
    collect(h);
    collect(h);
    expect(ips()).toEqual(before);
    const moved = h.at(BigInt(h.call.frameMethodOf(base)), 1);
    expect(h.at(moved, 0)).toBe(small(6));
    for (const slot of [base + 8, base - 24, base - 32, base - 40, middle + 8, middle - 24, top - 24]) {
      expect(h.call.frameWord(slot)).toBe(moved);
    }
  });
});

test("a full collection frees stack pages that only a dead context leads to", async () => {
  const h = await heap();
  const method = h.method([], true);
  const context = () => {
    const object = h.make(22, FORMAT.indexable, CONTEXT, true);
    h.put(object, 2, small(0));
    return object;
  };
  const active = h.call.pushBaseFrame(method, h.nil, 0n, h.nil, true);
  const [kept, dead] = [context(), context()];
  const reached = h.call.pushBaseFrame(method, h.nil, kept, h.nil, false);
  const unreached = h.call.pushBaseFrame(method, h.nil, dead, h.nil, false);
  h.put(kept, 0, small(reached));
  h.put(dead, 0, small(unreached));
  h.setRoot(0, kept);
  h.call.collectAll(true);
  expect([active, reached, unreached].map((fp) => Boolean(h.call.isPageFree(fp)))).toEqual([false, false, true]);
});

test("a context's slots beyond its stack pointer keep nothing alive", async () => {
  const h = await heap();
  const context = h.make(22, FORMAT.indexable, CONTEXT);
  h.put(context, 2, small(1));
  h.put(context, 6, h.pair(small(1), h.nil));
  h.put(context, 7, h.pair(small(2), h.nil));
  h.setRoot(0, context);
  h.call.collectYoung();
  expect(h.at(h.at(h.root(0), 6), 0)).toBe(small(1));
  expect(h.at(h.root(0), 7)).toBe(h.nil);
});

test("pinned objects stay where they are, others slide past them", async () => {
  const h = await heap();
  h.make(500, FORMAT.bytes, 50, true);
  const pinned = h.call.pin(h.pair(small(1), h.nil));
  h.make(500, FORMAT.bytes, 50, true);
  h.setRoot(0, pinned);
  h.setRoot(1, h.pair(small(2), pinned, true));
  const before = h.root(1);
  h.call.collectAll(true);
  expect(h.root(0)).toBe(pinned);
  expect(h.root(1) < before).toBe(true);
  expect(h.at(h.root(1), 1)).toBe(pinned);
  expect(h.global("freeListBytes")).toBeGreaterThan(0);
  h.call.unpin(pinned);
  h.call.collectAll(true);
  expect(h.root(0) < pinned).toBe(true);
  expect(h.global("freeListBytes")).toBe(0);
});

test("pin of a young object answers its old self, and references follow", async () => {
  const h = await heap();
  const young = h.pair(small(1), h.nil);
  h.setRoot(0, young);
  const pinned = h.call.pin(young);
  expect(pinned).not.toBe(young);
  expect(h.root(0)).toBe(pinned);
  h.call.collectYoung();
  expect(h.at(h.roots, 0)).toBe(pinned);
});

test("survivors are tenured once they fill their space", async () => {
  const h = await heap();
  const keep: bigint[] = [];
  for (let i = 0; i < 500; i++) keep.push(h.pair(small(i), h.nil));
  h.setRoot(0, h.array(keep));
  h.call.collectYoung();
  const tenured = Number(h.global("tenureCount"));
  h.call.collectYoung();
  h.call.collectYoung();
  expect(Number(h.global("tenureCount"))).toBeGreaterThan(tenured);
  const array = h.root(0);
  for (let i = 0; i < 500; i++) expect(h.at(h.at(array, i), 0)).toBe(small(i));
});

test("a mark stack that overflows loses nothing", async () => {
  const h = await heap();
  // More than the stack holds, each with a further object below it, so that scanning goes on after the overflow.
  const count = 30_000;
  const all: bigint[] = [];
  for (let i = 0; i < count; i++) all.push(h.pair(h.pair(small(i), h.nil, true), small(i), true));
  h.setRoot(0, h.array(all, true));
  h.call.collectAll(true);
  expect(h.global("markStackOverflows")).toBeGreaterThan(0);
  for (let i = 0; i < count; i += 7) expect(h.at(h.at(h.at(h.root(0), i), 0), 0)).toBe(small(i));
});

test("a remembered set that overflows loses nothing", async () => {
  const h = await Heap.create(8 << 20, 4);
  const count = 300_000;
  const rows: bigint[] = [];
  for (let i = 0; i < count; i++) rows.push(h.make(1, FORMAT.array, ARRAY, true));
  const all = h.array(rows, true);
  h.setRoot(0, all);
  const weak = h.weak([h.nil], true);
  h.setRoot(1, weak);
  for (let i = 0; i < count; i++) h.put(rows[i], 0, i % 3 === 0 ? h.array([small(i)]) : all);
  for (let i = 0; i < count; i++) h.put(rows[i], 0, h.array([small(i)]));
  h.put(weak, 0, h.array([small(5)]));
  expect(h.global("rememberedOverflow")).toBeTruthy();
  h.call.collectYoung();
  expect(h.faults()).toEqual([]);
  h.call.collectAll(true);
  expect(h.at(h.root(1), 0)).toBe(h.nil);
  for (let i = 0; i < count; i += 97) expect(h.at(h.at(h.at(h.root(0), i), 0), 0)).toBe(small(i));
});

test("free memory is used again, and a compaction gives the end back", async () => {
  const h = await heap();
  const keep: bigint[] = [];
  for (let i = 0; i < 200; i++) {
    keep.push(h.make(20 + (i % 300), FORMAT.bytes, 50, true));
    h.make(20 + ((i * 7) % 300), FORMAT.bytes, 50, true);
  }
  h.setRoot(0, h.array(keep, true));
  const full = h.global("oldSpaceEnd");
  h.call.collectAll(false);
  const free = h.global("freeListBytes");
  const size = 30;
  if (free > 0) {
    h.make(size, FORMAT.bytes, 50, true);
    expect(h.global("freeListBytes")).toBe(free - (size + 1) * 8);
  }
  h.call.collectAll(true);
  expect(h.global("freeListBytes")).toBe(0);
  expect(h.global("oldSpaceEnd")).toBeLessThan(full);
});

test("the limit of old space holds, and low space is noticed", async () => {
  const h = await heap();
  const used = h.global("oldSpaceEnd") - h.global("oldSpaceStart");
  h.call.setMaxOldSpaceBytes(used + 100_000);
  expect(h.call.allocateOldSlots(20_000, FORMAT.bytes, 50)).toBe(0n);
  expect(h.global("fullCollectionWanted")).toBeTruthy();
  const large = h.make(10_000, FORMAT.bytes, 50, true);
  h.setRoot(0, large);
  h.call.setLowSpaceThresholdBytes(150_000);
  h.call.collectAll(true);
  expect(h.global("lowSpace")).toBeTruthy();
});

test("the limit of old space is the less of what was asked for and what the machine has", async () => {
  const h = await heap();
  const limit = () => h.global("maxOldSpaceBytes");
  const machine = (bytes: number) => h.call.fitOldSpace(BigInt(h.global("oldSpaceEnd") + bytes), 0);
  h.call.setMaxOldSpaceBytes(50_000_000);
  expect(machine(20_000_000)).toBeTruthy();
  const most = limit();
  expect(most).toBeLessThan(21_000_000);
  h.call.setMaxOldSpaceBytes(3_000_000);
  expect(limit()).toBe(3_000_000);
  expect(machine(30_000_000)).toBeTruthy();
  expect(limit()).toBe(3_000_000);
  h.call.setMaxOldSpaceBytes(0);
  expect(limit()).toBe(most + 10_000_000);
  expect(machine(100_000)).toBeFalsy();
  expect(limit()).toBe(most + 10_000_000);
});

test("classes die with their last instance, and their index is used again", async () => {
  const h = await heap();
  const living = h.call.newClassObject(FORMAT.fixed, 1);
  const instance = h.call.newInstance(living);
  const index = h.call.classIndexOf(Number(instance));
  h.setRoot(0, instance);
  const dead = h.call.newClassObject(FORMAT.fixed, 1);
  const deadIndex = h.call.classIndexForInstancesOf(dead);
  h.call.collectAll(true);
  expect(h.call.classAtIndex(deadIndex)).toBe(h.nil);
  expect(h.call.classAtIndex(index)).not.toBe(h.nil);
  const next = h.call.newClassObject(FORMAT.fixed, 1);
  expect(h.call.classIndexForInstancesOf(next)).toBe(deadIndex);
});

test("become refuses what it must, and changes nothing then", async () => {
  const h = await heap();
  const [first, second] = [h.pair(small(1), h.nil, true), h.pair(small(2), h.nil, true)];
  h.setRoot(0, first);
  const become = (from: bigint, to: bigint, twoWay = 1) => h.call.become(h.array([from]), h.array([to]), twoWay, 0);
  expect(h.call.become(first, h.array([second]), 1, 0)).toBe(2);
  expect(h.call.become(h.array([first]), h.array([second, second]), 1, 0)).toBe(3);
  expect(become(first, small(3))).toBe(6);
  expect(become(small(3), first, 0)).toBe(6);
  expect(become(h.nil, first)).toBe(6);
  h.call.setReadOnly(Number(second), 1);
  expect(become(first, second)).toBe(8);
  h.call.setReadOnly(Number(second), 0);
  h.call.pin(second);
  expect(become(first, second)).toBe(16);
  h.call.unpin(second);
  expect(h.at(h.root(0), 0)).toBe(small(1));
  expect(become(first, second)).toBe(0);
  expect(h.at(h.root(0), 0)).toBe(small(2));
  expect(become(h.root(0), small(7), 0)).toBe(0);
  expect(h.root(0)).toBe(small(7));
  h.call.collectAll(1);
  expect(h.at(h.roots, 0)).toBe(small(7));
});

test("instances follow their class through become, and the class table does", async () => {
  for (const [twoWay, copyHash] of [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ]) {
    const h = await heap();
    const classes = [h.call.newClassObject(FORMAT.fixed, 1), h.call.newClassObject(FORMAT.fixed, 2)];
    h.setRoot(0, h.call.newInstance(classes[0]));
    h.setRoot(1, h.call.newInstance(classes[1]));
    h.setRoot(2, classes[0]);
    h.setRoot(3, classes[1]);
    expect(h.call.become(h.array([classes[0]]), h.array([classes[1]]), twoWay, copyHash)).toBe(0);
    for (let i = 0; i < 2; i++) {
      expect(h.faults()).toEqual([]);
      const classOf = (root: number) => h.call.classAtIndex(h.call.classIndexOf(Number(h.root(root))));
      // One way both are instances of the second now; two ways each is one of what its class became.
      if (twoWay && copyHash) expect([classOf(0), classOf(1)]).toEqual([h.root(3), h.root(2)]);
      else expect([classOf(0), classOf(1)]).toEqual([h.root(2), h.root(3)]);
      h.call.collectAll(1);
    }
  }
});

test("enumeration sees every instance once, young and old", async () => {
  const h = await heap();
  const made: bigint[] = [];
  for (let i = 0; i < 300; i++) made.push(h.pair(small(i), h.nil, i % 2 === 0));
  h.setRoot(0, h.array(made));
  h.call.collectYoung();
  for (let i = 0; i < 10; i++) h.pair(small(i), h.nil);
  const all = h.call.allInstancesOf(h.call.classAtIndex(CLASS.pair));
  const found = Array.from({ length: h.call.slotCountOf(Number(all)) }, (_, i) => h.at(all, i));
  expect(found.length).toBe(310);
  expect(new Set(found).size).toBe(310);
  const objects = h.call.allObjects();
  expect(h.call.slotCountOf(Number(objects))).toBe(h.call.countObjects() - 1);
  expect(h.faults()).toEqual([]);
});

test("the verifier finds what is wrong", async () => {
  const damage: Record<string, (h: Heap, object: bigint, words: BigUint64Array) => void> = {
    "reference to no object": (h, object, words) => (words[Number(object) / 8 + 1] = object + 8n),
    "old object with young references is not remembered": (h, object, words) =>
      (words[Number(object) / 8 + 1] = h.pair(h.nil, h.nil)),
    "class index without a class": (_h, object, words) => (words[Number(object) / 8]! += 100n),
    "mark or grey bit outside a collection": (_h, object, words) => (words[Number(object) / 8]! |= 1n << 55n),
    "an object ends beyond its space": (_h, object, words) => (words[Number(object) / 8]! |= 0x7fn << 56n),
    "impossible tag": (_h, object, words) => (words[Number(object) / 8 + 1] = 3n),
  };
  for (const [fault, harm] of Object.entries(damage)) {
    const h = await heap();
    const object = h.pair(h.nil, h.nil, true);
    expect(h.faults()).toEqual([]);
    harm(h, object, new BigUint64Array(h.memory.buffer));
    expect(h.faults().join("\n")).toContain(fault);
  }
});
