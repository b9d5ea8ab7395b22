// The file system of the test bed's dom0, made from unpacked Debian packages: busybox, xenstored, xenconsoled, xl, their
// libraries, the kernel modules they need, and the script dom0/init.

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type CpioEntry, cpioArchive } from "./cpio.js";

const MODULES = "xen-evtchn xenfs xen-privcmd xen-gntdev xen-gntalloc virtio_pci virtio_console 9pnet_virtio 9p".split(
  " ",
);
const XEN_PROGRAMS = "xl xenstored xenconsoled xen-init-dom0 xenctx libxl-save-helper".split(" ");
const XENSTORE_PROGRAMS = "read write ls list rm exists chmod".split(" ").map((name) => `xenstore-${name}`);
const EMPTY_FOLDERS = "proc sys dev run tmp host files var/lib/xen etc/xen".split(" ");
const LIBRARY_FOLDER = "lib/x86_64-linux-gnu";

/** Answers the archive's bytes. `packages` is the folder of the unpacked packages, `init` the script of that name. */
export function dom0Archive(packages: string, init: Uint8Array): Uint8Array {
  const archive = new Archive();
  for (const folder of EMPTY_FOLDERS) archive.folder(folder);
  archive.file("init", init, true);
  archive.file("bin/busybox", readFileSync(join(packages, "bin/busybox")), true);
  const xen = only(join(packages, "usr/lib"), /^xen-[\d.]+$/);
  for (const name of XEN_PROGRAMS) archive.program(join(xen, "bin", name), "usr/lib/xen/bin");
  // xl looks for its helpers where it was configured to be.
  archive.link(`usr/lib/${basename(xen)}`, "xen");
  for (const name of XENSTORE_PROGRAMS) archive.program(join(packages, "usr/bin", name), "usr/bin");
  addLibraries(archive, packages);
  addModules(archive, packages);
  archive.file("etc/xen/xl.conf", new Uint8Array(), false);
  // Logs of xl go where the host sees them grow.
  archive.link("var/log/xen", "/host/log");
  archive.link("var/run", "/run");
  archive.link("var/lock", "/run/lock");
  return cpioArchive(archive.entries);
}

class Archive {
  readonly entries: CpioEntry[] = [];
  readonly #paths = new Set<string>();

  folder(path: string): void {
    if (path === "." || this.#paths.has(path)) return;
    this.folder(dirname(path));
    this.#add({ kind: "folder", path });
  }

  link(path: string, target: string): void {
    this.folder(dirname(path));
    this.#add({ kind: "link", path, target });
  }

  file(path: string, bytes: Uint8Array, isProgram: boolean): void {
    this.folder(dirname(path));
    this.#add({ kind: "file", path, bytes, isProgram });
  }

  program(source: string, folder: string): void {
    this.file(join(folder, basename(source)), readFileSync(source), true);
  }

  #add(entry: CpioEntry): void {
    if (this.#paths.has(entry.path)) return;
    this.#paths.add(entry.path);
    this.entries.push(entry);
  }
}

/** Every shared library of the packages: they were chosen for the few programs above. */
function addLibraries(archive: Archive, packages: string): void {
  archive.link("lib64", LIBRARY_FOLDER);
  for (const folder of [LIBRARY_FOLDER, join("usr", LIBRARY_FOLDER)]) {
    for (const entry of readdirSync(join(packages, folder), { withFileTypes: true })) {
      if (!/\.so(\.|$)/.test(entry.name)) continue;
      const source = join(packages, folder, entry.name);
      const path = join(LIBRARY_FOLDER, entry.name);
      if (entry.isSymbolicLink()) archive.link(path, readlinkSync(source));
      else if (entry.isFile()) archive.file(path, readFileSync(source), true);
    }
  }
}

/** The modules and those they depend on, which each module names itself, in the order in which they must be loaded. */
function addModules(archive: Archive, packages: string): void {
  const files = new Map<string, string>();
  for (const file of list(only(join(packages, "lib/modules"), /./))) {
    const match = /([^/]+)\.ko(\.xz)?$/.exec(file);
    if (match !== null) files.set(match[1].replaceAll("-", "_"), file);
  }
  const order: string[] = [];
  const add = (name: string) => {
    const file = files.get(name.replaceAll("-", "_"));
    const target = `${name.replaceAll("-", "_")}.ko`;
    // What is no file is part of the kernel.
    if (file === undefined || order.includes(target)) return;
    const bytes = file.endsWith(".xz") ? unpackXz(packages, readFileSync(file)) : readFileSync(file);
    const [, needed] = /\0depends=([^\0]*)\0/.exec(bytes.toString("latin1")) ?? [];
    for (const other of needed?.split(",") ?? []) add(other);
    order.push(target);
    archive.file(`modules/${target}`, bytes, false);
  };
  for (const name of MODULES) add(name);
  archive.file("modules/order", Buffer.from(order.join("\n")), false);
}

/** Unpacks with the xz of the packages and their libc, since this machine's may be another one. */
export function unpackXz(packages: string, bytes: Uint8Array): Buffer {
  const libraries = join(packages, LIBRARY_FOLDER);
  const loader = join(libraries, "ld-linux-x86-64.so.2");
  const words = ["--library-path", libraries, join(packages, "usr/bin/xz"), "-dc"];
  return execFileSync(loader, words, { input: bytes, maxBuffer: 512 << 20 });
}

/** The one entry of a folder that the pattern fits. */
export function only(folder: string, pattern: RegExp): string {
  const names = readdirSync(folder).filter((name) => pattern.test(name));
  if (names.length !== 1) throw new Error(`${folder}: ${names.length} entries like ${pattern}, not one`);
  return join(folder, names[0]);
}

function list(folder: string): string[] {
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .flatMap((path) => (statSync(path).isDirectory() ? list(path) : [path]));
}
