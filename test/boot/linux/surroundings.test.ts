// What a Linux program finds around it may be anything: streams that are closed or take nothing, hardly any stack, a time
// zone that is none, a device where it shall save. It answers, or says why not in one line; it never hangs or crashes.

import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { execFileSync, spawnSync } from "node:child_process";
import { lstatSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const onLinux = process.platform === "linux" && process.arch === "x64" ? describe : describe.skip;

let folder: string;
let program: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "stvm-surroundings-"));
  program = join(folder, "default");
  const image = join(folder, "default.image");
  execFileSync(process.execPath, ["bin/stvm.mjs", "build-image", "images/default", "-o", image]);
  execFileSync(process.execPath, ["bin/stvm.mjs", "build", image, "-o", program]);
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a line of the shell in which "$0" is the program and the words are "$1" and so on. */
function shell(line: string, words: readonly string[], env: NodeJS.ProcessEnv = process.env) {
  const { status, stdout, stderr } = spawnSync("sh", ["-c", line, program, ...words], {
    encoding: "utf8",
    timeout: 20_000,
    env,
  });
  return { status, stdout, stderr };
}

onLinux("standard streams", () => {
  test.each(["0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-"])(
    "a file does not take the place of one closed by %s",
    (closed) => {
      const file = join(folder, "written");
      const tell = "[ FileStream stdout nextPutAll: 'no'; flush ] on: FileError do: [ :error | ]. ";
      const complain = "[ FileStream stderr nextPutAll: 'no'; flush ] on: FileError do: [ :error | ]. ";
      const write = `FileStream forceNewFileNamed: '${file}' do: [ :stream | stream nextPutAll: 'yes'. stream flush. `;
      shell(`"$0" --jit=on -e "$1" ${closed}`, [`${write}${tell}${complain}]`]);
      expect(readFileSync(file, "utf8")).toBe("yes");
    },
  );

  test("a closed input is at its end", () => {
    expect(shell('"$0" --repl 0<&-', [])).toMatchObject({ status: 0, stderr: "" });
  });

  test.each(["2>&-", "2>/dev/full"])(
    "an error that cannot be reported (%s) ends the program all the same",
    (stream) => {
      expect(shell(`"$0" -e "nil foo" ${stream}`, [])).toMatchObject({ status: 1, stdout: "", stderr: "" });
    },
  );
});

onLinux("memory for the stack", () => {
  test.each([32, 64, 100])("%d KB are too little, which it says", (kilobytes) => {
    const { status, stderr } = shell(`ulimit -s ${kilobytes}; exec "$0" -e "3 + 4"`, []);
    expect(status).toBe(1);
    expect(stderr).toBe(
      `stvm: default.image: a stack of ${kilobytes} KB is too small; raise its limit to 128 KB or more (ulimit -s 8192)\n`,
    );
  });

  test("128 KB are enough", () => {
    expect(shell('ulimit -s 128; exec "$0" -e "3 + 4"', []).stdout).toBe("7\n");
  });
});

onLinux("time zones", () => {
  const HEADER_BYTES = 44;
  const offset = (zone: string) => shell('"$0" -e "Time localOffsetSeconds"', [], { ...process.env, TZ: zone });

  /** A file of two blocks, the first empty, whose second tells these counts: times, types. */
  function zoneFile(name: string, times: number, types: number, data: readonly number[]): string {
    const bytes = Buffer.alloc(2 * HEADER_BYTES + data.length);
    for (const start of [0, HEADER_BYTES]) bytes.write("TZif2", start, "latin1");
    bytes.writeUInt32BE(times, HEADER_BYTES + 32);
    bytes.writeUInt32BE(types, HEADER_BYTES + 36);
    bytes.set(data, 2 * HEADER_BYTES);
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return path;
  }

  test("one is read from a file", () => {
    expect(offset(zoneFile("hour", 0, 1, [0, 0, 0x0e, 0x10, 0, 0])).stdout).toBe("3600\n");
  });

  // The sizes that these counts ask for are small again modulo 2^32.
  test.each([
    ["many times", 0x38e38e39, 0x2aaaaaab],
    ["many types", 0, 0x2aaaaaab],
    ["no type", 0, 0],
  ])("a file that tells of %s is none", (_, times, types) => {
    expect(offset(zoneFile("lies", times, types, new Array<number>(60).fill(0xff)))).toMatchObject({
      status: 0,
      stdout: "0\n",
      stderr: "",
    });
  });

  test("a type that is none counts as none", () => {
    const once = [...new Array<number>(8).fill(0), 200];
    expect(offset(zoneFile("type", 1, 1, [...once, 0, 0, 0x0e, 0x10, 0, 0])).stdout).toBe("0\n");
  });

  test.each([4096, 20_000, 100_000])("a name of %d bytes is none", (bytes) => {
    expect(offset("A".repeat(bytes))).toMatchObject({ status: 0, stdout: "0\n", stderr: "" });
  });
});

onLinux("snapshots", () => {
  test("do not replace what is no file", () => {
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    const { status, stderr } = shell('"$0" -e "$1"', [`Smalltalk saveAs: '${pipe}'`]);
    expect(status).toBe(1);
    expect(stderr).toContain("cannot be saved");
    expect(lstatSync(pipe).isFIFO()).toBe(true);
  });
});
