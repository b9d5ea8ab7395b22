// SecurityPlugin: what an image may still do, and giving it up (VMMaker, SecurityPlugin). What the embedder refuses
// from the start is refused by the host (vm/embed/filePolicy.ts); nothing here can loosen it.

import { answerBoolean, hostAttribute, SCRATCH_BYTES, scratchMemory } from "../../vm/plugin";
import { answerScratch } from "../environment";
import {
  fileAccessAllowed,
  giveUpFileAccess,
  giveUpImageWrite,
  giveUpSocketAccess,
  imageWriteAllowed,
  socketAccessAllowed,
} from "../files/security";

// Private attributes (vm/embed/attributes.ts).
const ATTRIBUTE_SECURE_FOLDER: i32 = 9002;
const ATTRIBUTE_UNTRUSTED_FOLDER: i32 = 9003;

/** SecurityPlugin>>primitiveCanWriteImage. */
export function primitiveCanWriteImage(): void {
  answerBoolean(imageWriteAllowed);
}

/** SecurityPlugin>>primitiveDisableImageWrite: for the rest of this run. */
export function primitiveDisableImageWrite(): void {
  giveUpImageWrite();
}

/** SecurityPlugin>>primitiveHasFileAccess. */
export function primitiveHasFileAccess(): void {
  answerBoolean(fileAccessAllowed());
}

/** SecurityPlugin>>primitiveDisableFileAccess: for the rest of this run. */
export function primitiveDisableFileAccess(): void {
  giveUpFileAccess();
}

/** SecurityPlugin>>primitiveHasSocketAccess. */
export function primitiveHasSocketAccess(): void {
  answerBoolean(socketAccessAllowed);
}

/** SecurityPlugin>>primitiveDisableSocketAccess: for the rest of this run. */
export function primitiveDisableSocketAccess(): void {
  giveUpSocketAccess();
}

/** The folder for what only this user may read; fails where there is none. primitiveGetSecureUserDirectory. */
export function primitiveGetSecureUserDirectory(): void {
  answerScratch(hostAttribute(ATTRIBUTE_SECURE_FOLDER, scratchMemory(), SCRATCH_BYTES));
}

/** The folder that an image in a sandbox may write to. SecurityPlugin>>primitiveGetUntrustedUserDirectory. */
export function primitiveGetUntrustedUserDirectory(): void {
  answerScratch(hostAttribute(ATTRIBUTE_UNTRUSTED_FOLDER, scratchMemory(), SCRATCH_BYTES));
}
