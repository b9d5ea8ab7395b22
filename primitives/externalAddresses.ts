// Primitives 630 to 659: values of C types at an address outside the heap. There is no such memory here: all of them fail
// with "unsupported". Source: VMMaker, StackInterpreterPrimitives>>primitiveLoad…FromExternalAddress and its relatives.

import { ERROR_UNSUPPORTED, fail } from "../vm/plugin";

/** 630 */
export function primitiveLoadBoolean8FromExternalAddress(): void {
  fail(ERROR_UNSUPPORTED);
}

/** 631 */
export function primitiveLoadUInt8FromExternalAddress(): void {
  fail(ERROR_UNSUPPORTED);
}

/** 632 */
export function primitiveLoadInt8FromExternalAddress(): void {
  fail(ERROR_UNSUPPORTED);
}

/** 633 */
export function primitiveLoadUInt16FromExternalAddress(): void {
  fail(ERROR_UNSUPPORTED);
}

/** 634 */
export function primitiveLoadInt16FromExternalAddress(): void {
  fail(ERROR_UNSUPPORTED);
}

/** 635 */
export function primitiveLoadUInt32FromExternalAddress(): void {
  fail(ERROR_UNSUPPORTED);
}

/** 636 */
export function primitiveLoadInt32FromExternalAddress(): void {
  fail(ERROR_UNSUPPORTED);
}

/** 637 */
export function primitiveLoadUInt64FromExternalAddress(): void {
  fail(ERROR_UNSUPPORTED);
}

/** 638 */
export function primitiveLoadInt64FromExternalAddress(): void {
  fail(ERROR_UNSUPPORTED);
}

/** 639 */
export function primitiveLoadPointerFromExternalAddress(): void {
  fail(ERROR_UNSUPPORTED);
}

/** 640 */
export function primitiveLoadChar8FromExternalAddress(): void {
  fail(ERROR_UNSUPPORTED);
}

/** 641 */
export function primitiveLoadChar16FromExternalAddress(): void {
  fail(ERROR_UNSUPPORTED);
}

/** 642 */
export function primitiveLoadChar32FromExternalAddress(): void {
  fail(ERROR_UNSUPPORTED);
}

/** 643 */
export function primitiveLoadFloat32FromExternalAddress(): void {
  fail(ERROR_UNSUPPORTED);
}

/** 644 */
export function primitiveLoadFloat64FromExternalAddress(): void {
  fail(ERROR_UNSUPPORTED);
}

/** 645 */
export function primitiveStoreBoolean8IntoExternalAddress(): void {
  fail(ERROR_UNSUPPORTED);
}

/** 646 */
export function primitiveStoreUInt8IntoExternalAddress(): void {
  fail(ERROR_UNSUPPORTED);
}

/** 647 */
export function primitiveStoreInt8IntoExternalAddress(): void {
  fail(ERROR_UNSUPPORTED);
}

/** 648 */
export function primitiveStoreUInt16IntoExternalAddress(): void {
  fail(ERROR_UNSUPPORTED);
}

/** 649 */
export function primitiveStoreInt16IntoExternalAddress(): void {
  fail(ERROR_UNSUPPORTED);
}

/** 650 */
export function primitiveStoreUInt32IntoExternalAddress(): void {
  fail(ERROR_UNSUPPORTED);
}

/** 651 */
export function primitiveStoreInt32IntoExternalAddress(): void {
  fail(ERROR_UNSUPPORTED);
}

/** 652 */
export function primitiveStoreUInt64IntoExternalAddress(): void {
  fail(ERROR_UNSUPPORTED);
}

/** 653 */
export function primitiveStoreInt64IntoExternalAddress(): void {
  fail(ERROR_UNSUPPORTED);
}

/** 654 */
export function primitiveStorePointerIntoExternalAddress(): void {
  fail(ERROR_UNSUPPORTED);
}

/** 655 */
export function primitiveStoreChar8IntoExternalAddress(): void {
  fail(ERROR_UNSUPPORTED);
}

/** 656 */
export function primitiveStoreChar16IntoExternalAddress(): void {
  fail(ERROR_UNSUPPORTED);
}

/** 657 */
export function primitiveStoreChar32IntoExternalAddress(): void {
  fail(ERROR_UNSUPPORTED);
}

/** 658 */
export function primitiveStoreFloat32IntoExternalAddress(): void {
  fail(ERROR_UNSUPPORTED);
}

/** 659 */
export function primitiveStoreFloat64IntoExternalAddress(): void {
  fail(ERROR_UNSUPPORTED);
}
