// The loader and the writer of images alone, as a WebAssembly module, for the tests of vm/image.

export { loadImage } from "../../vm/image/load";
export { writeSnapshot } from "../../vm/image/snapshot";
export { imageFault, imageFaultOffset, imageFaultInHeap } from "../../vm/image/fault";
export { imageFormat, imageIsBigEndian } from "../../vm/image/header";
export { prepareForSnapshot } from "../../vm/memory/collector";
export { oldSpaceStart } from "../../vm/memory/map";
export { oldSpaceEnd } from "../../vm/memory/oldspace";
export { specialObjects } from "../../vm/memory/roots";
