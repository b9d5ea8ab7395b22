// What the test bed's machine starts from: Xen, dom0's kernel and dom0's first file system, made from Debian's packages
// and kept in the cache.

import { readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { cacheFolder, cachedFolder } from "./cache.js";
import { dom0Archive, only, unpackXz } from "./dom0.js";
import { PackageError, unpackPackages } from "./packages.js";

const PACKAGES = ["xen-system-amd64", "xenstore-utils", "busybox-static", "xz-utils", "linux-image-amd64"];
/** Another number makes the parts anew. */
const FORMAT = "1";
/** The setup header's fields: Linux, Documentation/arch/x86/boot.rst. */
const PAYLOAD_OFFSET = 0x248;
const PAYLOAD_LENGTH = 0x24c;
const SETUP_SECTORS = 0x1f1;
const SECTOR_BYTES = 512;

/** Paths of files. */
export interface TestbedParts {
  readonly xen: string;
  readonly kernel: string;
  readonly archive: string;
}

/**
 * Answers the parts, from the cache where they are there; otherwise some 80 MB are downloaded. `say` hears what takes
 * long. Throws a PackageError, which names the packages, where they cannot be had.
 */
export async function testbedParts(say: (message: string) => void = () => {}): Promise<TestbedParts> {
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new PackageError(`${PACKAGES.join(", ")}: this is no Linux on x86-64; the test bed is made of its programs`);
  }
  const init = await readFile(join(sourceFolder(), "dom0/init"));
  const code = await readFile(fileURLToPath(new URL("dom0.js", import.meta.url)));
  const folder = await cachedFolder("testbed", [FORMAT, PACKAGES.join(), init, code], async (draft) => {
    say("making the Xen test bed from Debian's packages: downloading Xen and a kernel for dom0");
    const packages = join(draft, "packages");
    await unpackPackages(PACKAGES, packages, join(cacheFolder(), "lists"), isNeeded);
    const xen = await readFile(only(join(packages, "boot"), /^xen-.*\.gz$/));
    await writeFile(join(draft, "xen"), gunzipSync(xen));
    const kernel = await readFile(only(join(packages, "boot"), /^vmlinuz-/));
    await writeFile(join(draft, "kernel"), innerKernel(packages, kernel));
    await writeFile(join(draft, "archive"), dom0Archive(packages, init));
    await rm(packages, { recursive: true });
  });
  return { xen: join(folder, "xen"), kernel: join(folder, "kernel"), archive: join(folder, "archive") };
}

function isNeeded(name: string): boolean {
  if (/^lib(python|perl)/.test(name)) return false;
  return /^(lib|zlib1g$|xen-hypervisor-\d|xen-utils-\d|linux-image-)/.test(name);
}

/** The ELF file inside a bzImage: Xen would take seconds to unpack it, at every start. */
function innerKernel(packages: string, image: Buffer): Buffer {
  const start = (image[SETUP_SECTORS] + 1) * SECTOR_BYTES + image.readUInt32LE(PAYLOAD_OFFSET);
  const payload = image.subarray(start, start + image.readUInt32LE(PAYLOAD_LENGTH));
  if (payload.readUInt32BE(0) === 0xfd377a58) {
    // Behind the payload stands its unpacked size, which is no part of it.
    return unpackXz(packages, payload.subarray(0, payload.length - 4));
  }
  if (payload.readUInt16BE(0) === 0x1f8b) return gunzipSync(payload);
  return image;
}

/** tools/testbed in the sources, from build/js/tools/testbed. */
function sourceFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  return join(here, "../../../../tools/testbed");
}
