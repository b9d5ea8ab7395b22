// Lets prettier read AssemblyScript, which allows decorators on functions: while it formats, a line with nothing but a
// decorator is a comment.

import * as estree from "prettier/plugins/estree";
import * as typescript from "prettier/plugins/typescript";

const MARK = "//@assemblyscript ";

export const parsers = {
  assemblyscript: {
    ...typescript.parsers.typescript,
    astFormat: "assemblyscript",
    preprocess: (text) => text.replace(/^( *)(@\w+(?:\(.*\))?)$/gm, `$1${MARK}$2`),
  },
};

export const printers = {
  assemblyscript: {
    ...estree.printers.estree,
    printComment(path, options) {
      const comment = path.node;
      const text = options.originalText.slice(options.locStart(comment), options.locEnd(comment)).trimEnd();
      if (text.startsWith(MARK)) return text.slice(MARK.length);
      return estree.printers.estree.printComment(path, options);
    },
  },
};
