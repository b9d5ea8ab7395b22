// Every subcommand, one file each: a yargs CommandModule, loaded when it is asked for, since files cost time to start.

import type { CommandModule } from "yargs";

/** Each command has its own type of arguments. */
type Command = CommandModule<object, any>;

export const commands: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import("./run.js")).runCommand,
  inspect: async () => (await import("./inspect.js")).inspectCommand,
  build: async () => (await import("./build.js")).buildCommand,
  "build-image": async () => (await import("./buildImage.js")).buildImageCommand,
  test: async () => (await import("./test.js")).testCommand,
  eval: async () => (await import("./eval.js")).evalCommand,
  debug: async () => (await import("./debug.js")).debugCommand,
  jit: async () => (await import("./jit.js")).jitCommand,
  profile: async () => (await import("./profile.js")).profileCommand,
  bisect: async () => (await import("./bisect.js")).bisectCommand,
  boot: async () => (await import("./boot.js")).bootCommand,
};
