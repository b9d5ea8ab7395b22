// Every subcommand, one file each: a yargs CommandModule.

import { type CommandModule } from "yargs";
import { debugCommand } from "./debug.js";
import { inspectCommand } from "./inspect.js";
import { runCommand } from "./run.js";

/** Each command has its own type of arguments. */
export const commands: CommandModule<object, any>[] = [runCommand, inspectCommand, debugCommand];
