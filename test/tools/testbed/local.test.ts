// The toolstack of a Xen host, with scripts in the places of xl, xenstore-read and xenconsole: that a guest is created
// paused, its console attached, and all that was started ended. The test bed's tests run xl itself.

import { afterAll, expect, test } from "@jest/globals";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createGuest } from "../../../tools/testbed/guest.js";
import { localToolstack } from "../../../tools/testbed/local.js";

const folder = mkdtempSync(join(tmpdir(), "stvm-local-"));
const { PATH } = process.env;

afterAll(() => {
  process.env.PATH = PATH;
  rmSync(folder, { recursive: true });
});

const XL = `#!/bin/sh
echo "$*" >>${folder}/calls
log=${folder}/xl-guest.log
case $1 in
create) echo "Waiting for domain guest (domid 7) to die [pid 1]" >$log;;
shutdown) echo "Domain 7 has shut down, reason code 0 0x0" >>$log
  echo "Action for shutdown reason code 0 is preserve" >>$log;;
esac
`;

test("a guest's console is attached before it runs", async () => {
  mkdirSync(join(folder, "xen-4/bin"), { recursive: true });
  const script = (name: string, text: string) => writeFileSync(join(folder, name), text, { mode: 0o755 });
  script("xl", XL);
  script("xenstore-read", "#!/bin/sh\nexit 1\n");
  script("xen-4/bin/xenconsole", `#!/bin/sh\necho "xenconsole $*" >>${folder}/calls\necho hello\nexec cat\n`);
  process.env.PATH = `${folder}${delimiter}${PATH}`;

  const toolstack = await localToolstack(folder, [folder]);
  const guest = await createGuest(toolstack, { name: "guest", kernel: Buffer.from("kernel"), memoryMegabytes: 16 });
  await guest.waitForOutput(/hello/);
  await guest.type("typed");
  await guest.waitForOutput(/typed/);
  await guest.shutdown();
  expect(await guest.ended()).toEqual({ reason: "poweroff" });
  await toolstack.close();

  const calls = readFileSync(join(folder, "calls"), "utf8").trim().split("\n");
  expect(calls.map((call) => call.replace(/\S*guest.cfg/, "CONFIG"))).toEqual([
    "create -q -p CONFIG",
    "xenconsole 7 --num 0 --interactive",
    "unpause 7",
    "shutdown guest",
    "dmesg",
    "destroy guest",
    "destroy guest",
  ]);
});
