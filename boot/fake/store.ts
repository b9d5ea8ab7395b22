// xenstored in memory: a tree of texts, watches, transactions that always succeed. It can answer late, in small pieces,
// after a watch event or an answer nobody waits for, with nonsense, or not at all.

import { type FakeMachine } from "./machine.js";
import { type FakeXen, STORE_FRAME, STORE_PORT } from "./xen.js";

export interface FakeStore {
  readonly values: Map<string, string>;
  readonly watches: Map<string, string>;
  /** Requests so far: type and payload, zeros shown as "|". */
  readonly requests: { type: number; payload: string }[];
  /** Writes as another domain would: watches fire. */
  write(path: string, value: string): void;
  /** Bytes moved in one step, each way; 0 is a daemon that is gone. */
  bytesPerStep: number;
  /** Sent before the next answer. */
  readonly before: Uint8Array[];
  /** Replaces the next answer. */
  replacement: Uint8Array | undefined;
  setIndex(index: number, value: number): void;
}

const RESPONSE = 1024;
const INDICES = 2048;
const ERROR = 16;
const WATCH_EVENT = 15;

/** A message of the daemon as bytes. */
export function storeMessage(type: number, id: number, payload: string, claimedBytes?: number): Uint8Array {
  const text = Buffer.from(payload, "utf8");
  const bytes = Buffer.alloc(16 + text.length);
  [type, id, 0, claimedBytes ?? text.length].forEach((value, index) => bytes.writeUInt32LE(value, index * 4));
  text.copy(bytes, 16);
  return bytes;
}

export function createFakeStore(machine: FakeMachine, xen: FakeXen): FakeStore {
  let incoming: number[] = [];
  let outgoing: number[] = [];
  let nextTransaction = 1;
  const view = () => new DataView(machine.memory.buffer, machine.pageOf(STORE_FRAME), 4096);
  const index = (number: number) => view().getUint32(INDICES + number * 4, true);
  const setIndex = (number: number, value: number) => view().setUint32(INDICES + number * 4, value >>> 0, true);
  const send = (bytes: Uint8Array) => void outgoing.push(...bytes);

  const store: FakeStore = {
    values: new Map([["domid", "7"]]),
    watches: new Map(),
    requests: [],
    bytesPerStep: 4096,
    before: [],
    replacement: undefined,
    setIndex,
    write(path, value) {
      store.values.set(path, value);
      fire(path);
    },
  };
  xen.backends.push(step);
  return store;

  function fire(path: string): void {
    for (const [watched, token] of store.watches) {
      if (path === watched || path.startsWith(`${watched}/`)) send(storeMessage(WATCH_EVENT, 0, `${path}\0${token}\0`));
    }
  }

  function step(): void {
    let moved = false;
    for (let i = 0; i < store.bytesPerStep && index(0) !== index(1); i++) {
      incoming.push(view().getUint8(index(0) & 1023));
      setIndex(0, index(0) + 1);
      moved = true;
    }
    if (store.bytesPerStep > 0) takeRequests();
    for (let i = 0; i < store.bytesPerStep && outgoing.length > 0 && (index(3) - index(2)) >>> 0 < 1024; i++) {
      view().setUint8(RESPONSE + (index(3) & 1023), outgoing.shift()!);
      setIndex(3, index(3) + 1);
      moved = true;
    }
    if (moved) xen.notify(STORE_PORT);
  }

  function takeRequests(): void {
    while (incoming.length >= 16) {
      const header = Buffer.from(incoming.slice(0, 16));
      const bytes = header.readUInt32LE(12);
      if (incoming.length < 16 + bytes) return;
      const payload = Buffer.from(incoming.slice(16, 16 + bytes)).toString("utf8");
      incoming = incoming.slice(16 + bytes);
      const type = header.readUInt32LE(0);
      store.requests.push({ type, payload: payload.replaceAll("\0", "|") });
      for (const message of store.before.splice(0)) send(message);
      const answer = store.replacement ?? answerTo(type, header.readUInt32LE(4), payload);
      store.replacement = undefined;
      send(answer);
    }
  }

  function answerTo(type: number, id: number, payload: string): Uint8Array {
    const [path, rest] = split(payload);
    switch (type) {
      case 1:
        return storeMessage(type, id, children(path));
      case 2: {
        const value = store.values.get(path);
        return value === undefined ? storeMessage(ERROR, id, "ENOENT\0") : storeMessage(type, id, value);
      }
      case 4:
        store.watches.set(path, rest.replace(/\0$/, ""));
        fire(path);
        return storeMessage(type, id, "OK\0");
      case 6:
        return storeMessage(type, id, `${nextTransaction++}\0`);
      case 11:
        store.values.set(path, rest);
        fire(path);
        return storeMessage(type, id, "OK\0");
      case 13:
        store.values.delete(path);
        return storeMessage(type, id, "OK\0");
      case 5:
      case 7:
      case 12:
      case 14:
        return storeMessage(type, id, "OK\0");
      default:
        return storeMessage(ERROR, id, "ENOSYS\0");
    }
  }

  function children(path: string): string {
    const names = [...store.values.keys()]
      .filter((key) => key.startsWith(`${path}/`))
      .map((key) => key.slice(path.length + 1).split("/")[0]!);
    return [...new Set(names)].map((name) => `${name}\0`).join("");
  }

  function split(payload: string): [string, string] {
    const end = payload.indexOf("\0");
    return end < 0 ? [payload, ""] : [payload.slice(0, end), payload.slice(end + 1)];
  }
}
