// Files in memory, as the browser has them.

import { memoryFiles } from "../../vm/embed/memoryFiles.js";
import { describeFiles } from "../files/fileContract.js";

describeFiles("files in memory", () => Promise.resolve(memoryFiles({}, "/", "full").drivers));
