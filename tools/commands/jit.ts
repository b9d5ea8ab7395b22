// `stvm jit`: the bytecodes of a method and of its blocks beside the WebAssembly that they become. Nothing is run.

import { type CommandModule } from "yargs";
import { colours, UsageError } from "../terminal.js";

interface Arguments {
  image: string;
  method: string;
  tier: string;
  json: boolean;
}

const BLOCK = /^\s*\[\] in\s+/;

export const jitCommand: CommandModule<object, Arguments> = {
  command: "jit <image> <method>",
  describe: "show a method's bytecodes beside the WebAssembly they become",
  builder: (parser) =>
    parser
      .positional("image", { type: "string", demandOption: true, describe: "the image file; it is not run" })
      .positional("method", {
        type: "string",
        demandOption: true,
        describe: "'Class>>selector' with its blocks, or '[] in Class>>selector' for these alone",
      })
      .option("tier", {
        choices: ["baseline", "optimised"],
        default: "baseline",
        describe: "which compiler; `stvm jit --tier=optimised --help` says what is different with the second",
      })
      .option("json", { type: "boolean", default: false, describe: "print JSON, for programs" })
      .example("$0 jit Pharo.image 'Integer>>gcd:'", "")
      .example("$0 jit Pharo.image '[] in Collection>>inject:into:'", ""),
  handler: show,
};

async function show(given: Arguments): Promise<void> {
  const [{ openImage }, { methodNamed }, { translationsOf }, { listerFor, listingText }] = await Promise.all([
    import("../session.js"),
    import("../lookup.js"),
    import("../jit/translation.js"),
    import("../jit/listing.js"),
  ]);
  const session = await openImage(given.image);
  const method = await methodNamed(session, given.method.replace(BLOCK, ""), given.image);
  const wanted = translationsOf(session, method).filter(({ isBlock }) => isBlock || !BLOCK.test(given.method));
  if (wanted.length === 0) throw new UsageError(`${given.method}: there is no block in it; ask for it without [] in`);
  const listings = wanted.map(await listerFor(session));
  session.vm.destroy();
  const text = given.json
    ? `${JSON.stringify({ tier: given.tier, code: listings }, undefined, 2)}\n`
    : listings.map((listing) => listingText(listing, colours)).join("\n");
  process.stdout.write(text);
}
