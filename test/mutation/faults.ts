// The faults that the conformance image must catch (mutate.ts), by area. Each is one slip that a programmer could make.

import type { Fault } from "./seeding.js";

const LOOP = "vm/interpreter/loop.ts";
const BYTECODES = "vm/interpreter/bytecodes.ts";
const ARITHMETIC = "vm/interpreter/arithmetic.ts";
const CONTEXTS = "vm/interpreter/contexts.ts";
const RETURNS = "vm/interpreter/returns.ts";
const LOOKUP = "vm/interpreter/lookup.ts";
const PROCESSES = "vm/interpreter/processes.ts";
const SCAVENGER = "vm/memory/scavenger.ts";
const MARKER = "vm/memory/marker.ts";
const BECOME = "vm/memory/become.ts";
const DIGITS = "primitives/digits.ts";
const SUBSCRIPTS = "primitives/subscripts.ts";
const INTEGERS = "primitives/integers.ts";

const ARITHMETIC_FAULTS: readonly Fault[] = [
  {
    name: "sum-wraps",
    file: LOOP,
    place: "if («<i64>((a ^ sum) & (b ^ sum)) >= 0»)",
    wrong: "true",
  },
  {
    name: "difference-wraps",
    file: LOOP,
    place: "if («<i64>((a ^ b) & (a ^ difference)) >= 0»)",
    wrong: "true",
  },
  {
    name: "product-one-too-large",
    file: LOOP,
    place: "if («<u64>product + (1 << 60) < 1 << 61»)",
    wrong: "<u64>product + (1 << 60) <= 1 << 61",
  },
  {
    name: "long-product-wraps",
    file: ARITHMETIC,
    place: "if («x != 0 && (product / x != y || (x == -1 && y == i64.MIN_VALUE))») return 0;",
    wrong: "false",
  },
  {
    name: "quotient-sign-of-divisor",
    file: ARITHMETIC,
    place: "const floored = x % y != 0 && «x < 0 != y < 0» ?",
    wrong: "x < 0",
  },
  {
    name: "modulo-sign-of-divisor",
    file: ARITHMETIC,
    place: "return smallInteger(remainder != 0 && «remainder < 0 != y < 0» ?",
    wrong: "remainder < 0",
  },
  {
    name: "modulo-without-correction",
    file: INTEGERS,
    place:
      "const remainder = left() % divisor;\n  answerIfSmall(«remainder != 0 && remainder < 0 != divisor < 0» ? remainder",
    wrong: "false",
  },
  {
    name: "shift-loses-bits",
    file: ARITHMETIC,
    place: "return «shifted >> shift == x» && fitsSmallInteger(shifted)",
    wrong: "true",
  },
  { name: "operands-swapped", file: INTEGERS, place: "answerIfSmall(«left() - right()»);", wrong: "right() - left()" },
  {
    name: "sum-of-magnitudes-wraps",
    file: INTEGERS,
    place: "if («a > u64.MAX_VALUE - b») fail();",
    wrong: "false",
  },
  {
    name: "negative-shift-rounds-up",
    file: INTEGERS,
    place: "answerNew(integerOopOf(«negative && lost ? shifted + 1 : shifted», negative));",
    wrong: "shifted",
  },
  {
    name: "carry-lost-in-long-addition",
    file: DIGITS,
    place:
      "carry += digitAt(long, i);\n    setDigit(result, i, <u32>carry);\n    «carry >>= 32;»\n  }\n  setDigit(result, longCount",
    wrong: "carry = 0;",
  },
  {
    name: "borrow-lost",
    file: DIGITS,
    place: "digitAt(smaller, i) : 0);\n    setDigit(result, i, <u32>borrow);\n    «borrow >>= 32;»",
    wrong: "borrow = 0;",
  },
  {
    name: "last-carry-of-product-lost",
    file: DIGITS,
    place: "carry >>= 32;\n    }\n    «store<u32>(place, <u32>carry);»",
    wrong: "",
  },
  {
    name: "quotient-digit-not-added-back",
    file: DIGITS,
    place: "digit--;\n      «addBack(part, scaled, divisorCount);»",
    wrong: "",
  },
  {
    name: "digits-compared-with-sign",
    file: DIGITS,
    place: "if (x != y) return «x > y» ? 1 : -1;",
    wrong: "<i32>x > <i32>y",
  },
  {
    name: "right-shift-misses-last-digit",
    file: DIGITS,
    place: "const high = index + 1 < «count» ?",
    wrong: "count - 1",
  },
];

const FLOAT_FAULTS: readonly Fault[] = [
  { name: "nan-is-not-above", file: ARITHMETIC, place: "return i32(«x <= y»);", wrong: "!(x > y)" },
  {
    name: "nan-is-not-unequal",
    file: "primitives/floats.ts",
    place: "primitiveFloatNotEqual(): void {\n  if (loadOperands(ERROR_GENERIC)) answerBoolean(«left != right»);",
    wrong: "left < right || left > right",
  },
  {
    name: "integer-rounded-to-compare",
    file: ARITHMETIC,
    place: "if (!convert(a) || («isSmallInteger(a) && !isExact(smallIntegerValue(a))»))",
    wrong: "false",
  },
  {
    name: "division-by-zero",
    file: ARITHMETIC,
    place: "return «y == 0 ? 0 : newFloat(x / y)»;",
    wrong: "newFloat(x / y)",
  },
  {
    name: "truncated-one-too-large",
    file: "primitives/floats.ts",
    place: "whole >= -SMALL_INTEGER_LIMIT && «whole < SMALL_INTEGER_LIMIT»",
    wrong: "whole <= SMALL_INTEGER_LIMIT",
  },
  {
    name: "fraction-of-whole-loses-sign",
    file: "primitives/floats.ts",
    place: "answerFloat(copysign<f64>(isInfinite ? 0 : left - trunc(left), «left»));",
    wrong: "left - trunc(left)",
  },
  {
    name: "exponent-of-denormal",
    file: "primitives/floats.ts",
    place: "answerInteger(field == 0 ? «-1011 - <i64>clz(fraction)» : field - 1023);",
    wrong: "-1010 - <i64>clz(fraction)",
  },
];

const ACCESS_FAULTS: readonly Fault[] = [
  {
    name: "at-one-past-the-end",
    file: SUBSCRIPTS,
    place: "if (value < first || «value > size») return refuse(format",
    wrong: "value > size + 1",
  },
  {
    name: "at-zero",
    file: SUBSCRIPTS,
    place: "if («value < first» || value > size) return refuse(format",
    wrong: "value < first - 1",
  },
  {
    name: "slot-one-past-the-end",
    file: SUBSCRIPTS,
    place:
      "return refuse(ERROR_BAD_RECEIVER);\n  const value = smallIntegerValue(index);\n  if (value < 1 || «value > <i64>elementCountOf(object)») return",
    wrong: "value > <i64>elementCountOf(object) + 1",
  },
  {
    name: "nine-bit-byte",
    file: SUBSCRIPTS,
    place: "isSmallIntegerUpTo(value, «0xff»))",
    wrong: "0x1ff",
  },
  {
    name: "store-into-read-only",
    file: SUBSCRIPTS,
    place:
      "if (above != 0 && «isReadOnly(<Address>object)») return refuse(ERROR_NO_MODIFICATION);\n  if (isClassIndex(object, CLASS_INDEX_CONTEXT)) return refuse(ERROR_BAD_RECEIVER);",
    wrong: "false",
  },
  {
    name: "assignment-into-read-only",
    file: BYTECODES,
    place: "if («isReadOnly(<Address>object)») {\n    push(object);",
    wrong: "false",
  },
  {
    name: "replacement-past-the-end",
    file: "primitives/replacement.ts",
    place: "stop - start + first + sourceFixed > «<i64>elementCountOf(source)»",
    wrong: "<i64>elementCountOf(source) + 1",
  },
  {
    name: "overlapping-replacement",
    file: "primitives/replacement.ts",
    place: "if («target > origin && target < origin + (count << shift)»)",
    wrong: "false",
  },
  {
    name: "character-limit",
    file: "primitives/identity.ts",
    place: "«<u64>smallIntegerValue(code) < CHARACTER_LIMIT»",
    wrong: "<u64>smallIntegerValue(code) <= CHARACTER_LIMIT",
  },
  {
    name: "bytes-past-the-end",
    file: "primitives/bytesAccess.ts",
    place: "value > «<i64>byteSize(object) - <i64>bytes»",
    wrong: "<i64>byteSize(object)",
  },
  {
    name: "strings-compared-backwards",
    file: "primitives/strings.ts",
    place: "if (a != b) return «<i64>a - <i64>b»;",
    wrong: "<i64>b - <i64>a",
  },
  {
    name: "copy-cut-at-a-byte-of-slots",
    file: "primitives/objects.ts",
    place: "memory.copy(bodyOf(copy), bodyOf(original), «slots» << 3);",
    wrong: "min<u32>(slots, 255)",
  },
  {
    name: "failure-code-off-by-one",
    file: "vm/interpreter/activation.ts",
    place: "const entry = fetchPointer(«failureCode - 1», table);",
    wrong: "failureCode",
  },
];

const MEMORY_FAULTS: readonly Fault[] = [
  {
    name: "write-barrier-skipped",
    file: "vm/memory/object.ts",
    place:
      "«if (isYoung(value) && !isYoungObject(<Address>object) && !isRemembered(<Address>object)) remember(<Address>object);»",
    wrong: "",
  },
  {
    name: "write-barrier-skipped-in-loop",
    file: LOOP,
    place: "return «!isYoung(value) || isYoungObject(<Address>object) || isRemembered(<Address>object)»;",
    wrong: "true",
  },
  {
    name: "write-barrier-skipped-in-large-copy",
    file: "primitives/objects.ts",
    place: "if («isYoungObject(<Address>copy)») return copy;",
    wrong: "true",
  },
  {
    name: "write-barrier-skipped-in-become",
    file: BECOME,
    place: "rememberIfYoungWithin(first);\n  «rememberIfYoungWithin(second);»",
    wrong: "",
  },
  {
    name: "forwarder-to-young-not-remembered",
    file: BECOME,
    place: "makeForwarder(object, target);\n  «writeBarrier(object, target);»",
    wrong: "",
  },
  {
    name: "tenured-object-not-remembered",
    file: SCAVENGER,
    place: "if (scavengeObject(object) && !isRemembered(object)) «remember(object);»",
    wrong: "",
  },
  {
    name: "weak-object-forgotten",
    file: SCAVENGER,
    place: "return scavengeObject(object) || «format == FORMAT_WEAK_ARRAY»;",
    wrong: "false",
  },
  {
    name: "weak-slot-not-cleared-by-scavenge",
    file: SCAVENGER,
    place: "«oop = nil;»\n        lost = true;",
    wrong: "oop = survivor(oop);",
  },
  {
    name: "weak-slot-not-cleared-by-full-collection",
    file: MARKER,
    place: "if («format == FORMAT_WEAK_ARRAY» && list(object))",
    wrong: "false",
  },
  {
    name: "ephemeron-mourned-again",
    file: SCAVENGER,
    place: "«setFormat(ephemeron, FORMAT_FIXED);»",
    wrong: "",
  },
  {
    name: "ephemeron-keeps-its-key",
    file: MARKER,
    place: "if (format == FORMAT_EPHEMERON && «!isKeyMarked(object)» && list(object)) return;",
    wrong: "false",
  },
  {
    name: "mourner-stays-queued",
    file: "vm/memory/mourners.ts",
    place: "storePointerUnchecked(PAGE_COUNT, page, «count - 1»);",
    wrong: "count",
  },
  {
    name: "finalization-not-signalled",
    file: "vm/interpreter/poll.ts",
    place: "clearMournersPending();\n    «signalSpecial(SPECIAL_FINALIZATION_SEMAPHORE);»",
    wrong: "",
  },
  {
    name: "last-literal-not-marked",
    file: MARKER,
    place: "markSlots(object, literalCountOf(object) + «1»);",
    wrong: "0",
  },
  {
    name: "top-of-suspended-stack-cleared",
    file: "vm/memory/walk.ts",
    place: "<u64>(CONTEXT_RECEIVER + «1 + smallIntegerValue(stackPointer)»)",
    wrong: "smallIntegerValue(stackPointer)",
  },
  {
    name: "hash-lost-by-pinning",
    file: BECOME,
    place: "«setRawHash(<Address>clone, rawHashOf(<Address>object));»",
    wrong: "",
  },
  {
    name: "hash-goes-with-the-wrong-object",
    file: BECOME,
    place: "const high = (headerHigh(first) ^ headerHigh(second)) & («copyHash» ?",
    wrong: "!copyHash",
  },
  {
    name: "stack-keeps-forwarders",
    file: BECOME,
    place: "}\n  «mapStackPages(followForwarded);»",
    wrong: "",
  },
  {
    name: "ready-lists-keep-forwarders",
    file: BECOME,
    place: "followClassTable();\n  «followScheduler();»",
    wrong: "",
  },
  {
    name: "instances-in-eden-missing",
    file: "vm/memory/enumeration.ts",
    place: "«countInstances(edenStart, edenFree(), classObject, hash)» +",
    wrong: "<u32>0",
  },
  {
    name: "compaction-forgets-remembered-objects",
    file: "vm/memory/compactor.ts",
    place: "«for (let i: u32 = 0; i < rememberedCount; i++) setRememberedAt(i, <u32>mapMoved(rememberedAt(i)));»",
    wrong: "",
  },
];

const SEND_FAULTS: readonly Fault[] = [
  {
    name: "forwarder-as-receiver",
    file: LOOKUP,
    place: "«if (isForwardedOop(receiver)) setStackValue(count, followForwarded(receiver));»",
    wrong: "",
  },
  {
    name: "forwarder-as-receiver-of-a-block",
    file: "vm/interpreter/activation.ts",
    place: "count, flags, «followForwarded(receiver)»);",
    wrong: "receiver",
  },
  {
    name: "forwarder-compared-by-address",
    file: LOOP,
    place: "if («isForwardedOop(b)») break;",
    wrong: "false",
  },
  {
    name: "method-cache-keeps-selector",
    file: LOOKUP,
    place: "if («load<u32>(entry, ENTRY_SELECTOR) == selectorOrMethod» ||",
    wrong: "false",
  },
  {
    name: "method-cache-survives-compaction",
    file: "vm/interpreter/poll.ts",
    place: "«flushMethodCache»();\n    if (codeObjectsLost)",
    wrong: "flushYoungMethods",
  },
  {
    name: "super-starts-in-the-class",
    file: "vm/interpreter/superSends.ts",
    place: "return «superclassOf(fetchPointer(ASSOCIATION_VALUE, last))»;",
    wrong: "fetchPointer(ASSOCIATION_VALUE, last)",
  },
  {
    name: "message-arguments-reversed",
    file: LOOKUP,
    place: "storePointer(i, array, stackValue(«count - 1 - i»));",
    wrong: "i",
  },
  {
    name: "message-without-lookup-class",
    file: LOOKUP,
    place: "if («instanceSizeOf(messageClass) > MESSAGE_LOOKUP_CLASS») storePointer",
    wrong: "false",
  },
  {
    name: "perform-any-count",
    file: "vm/interpreter/control.ts",
    place: "|| «headerArgumentCount(methodHeader(method)) == count»;",
    wrong: "true",
  },
  {
    name: "boolean-popped-before-its-message",
    file: BYTECODES,
    place: "send(specialObject(SPECIAL_MUST_BE_BOOLEAN), 0);\n    «return;»",
    wrong: "",
  },
  {
    name: "copied-values-reversed",
    file: "vm/interpreter/closures.ts",
    place: "load<u64>(stackPointer + ((«copied - 1 - i») << 3)));",
    wrong: "i",
  },
  {
    name: "brace-array-reversed",
    file: "vm/interpreter/closures.ts",
    place: "load<u64>(stackPointer + ((«size - 1 - i») << 3))",
    wrong: "i",
  },
];

const CONTEXT_FAULTS: readonly Fault[] = [
  {
    name: "return-from-the-outer-block-only",
    file: RETURNS,
    place: "«closure = fetchPointer(CONTEXT_CLOSURE, context);»",
    wrong: "closure = nil;",
  },
  {
    name: "unwind-mark-missed",
    file: RETURNS,
    place: "if (!isBlockFrame(frame) && «isUnwindMarked(frameMethod(frame))»)",
    wrong: "false",
  },
  {
    name: "unwind-mark-missed-beyond-the-page",
    file: RETURNS,
    place: "if («isMarkedContext(context, PRIMITIVE_UNWIND_MARK)») {",
    wrong: "false",
  },
  {
    name: "contexts-returned-from-stay-alive",
    file: RETURNS,
    place:
      "storePointerUnchecked(CONTEXT_SENDER, context, nil);\n    «storePointerUnchecked(CONTEXT_PC, context, nil);»",
    wrong: "",
  },
  {
    name: "pc-off-by-one",
    file: CONTEXTS,
    place: "return smallInteger(«pcOf(frameIp(frame), frameMethod(frame))»);",
    wrong: "pcOf(frameIp(frame), frameMethod(frame)) + 1",
  },
  {
    name: "top-of-stack-left-in-the-frame",
    file: CONTEXTS,
    place: "const count = «(<u32>(frame + FRAME_RECEIVER - frameSpValue)) >> 3»;",
    wrong: "((<u32>(frame + FRAME_RECEIVER - frameSpValue)) >> 3) - 1",
  },
  {
    name: "context-at-one-past-its-stack",
    file: "vm/interpreter/contextPrimitives.ts",
    place: "if (index >= 1 && index <= «<i64>stackDepthOf(context)») return index;",
    wrong: "<i64>stackDepthOf(context) + 1",
  },
  {
    name: "new-page-misses-top-of-stack",
    file: CONTEXTS,
    place: "memory.copy(frame + FRAME_RECEIVER - (count << 3), sp, «count << 3»);",
    wrong: "(count - 1) << 3",
  },
];

const PROCESS_FAULTS: readonly Fault[] = [
  {
    name: "equal-priority-preempts",
    file: PROCESSES,
    place: "if («newPriority <= activePriority») {\n    addLast",
    wrong: "newPriority < activePriority",
  },
  {
    name: "yield-goes-first",
    file: PROCESSES,
    place: "if (isEmptyList(list)) return;\n  «addLast(active, list);»",
    wrong: "addFirst(active, list);",
  },
  {
    name: "excess-signals-lost",
    file: PROCESSES,
    place: "smallInteger(«excess + 1»)",
    wrong: "1",
  },
  {
    name: "last-signal-not-taken",
    file: PROCESSES,
    place: "if («excess > 0») {",
    wrong: "excess > 1",
  },
  {
    name: "mutex-has-no-new-owner",
    file: PROCESSES,
    place: "const process = removeFirst(mutex);\n    «storePointer(MUTEX_OWNER, mutex, process);»",
    wrong: "",
  },
  {
    name: "preempted-process-to-the-other-end",
    file: PROCESSES,
    place: "if («(imageFlags & FLAG_PREEMPTED_STAYS_FIRST) == 0») addLast(active, list);",
    wrong: "(imageFlags & FLAG_PREEMPTED_STAYS_FIRST) != 0",
  },
  {
    name: "list-keeps-removed-last-process",
    file: PROCESSES,
    place: "if (next == nil) «storePointer(LIST_LAST_LINK, list, previous);»",
    wrong: "",
  },
  {
    name: "timer-early",
    file: "vm/interpreter/poll.ts",
    place: "if (wakeTime != 0 && «hostUtcMicroseconds() >= wakeTime»)",
    wrong: "hostUtcMicroseconds() >= wakeTime - 5000",
  },
];

const PLUGIN_FAULTS: readonly Fault[] = [
  {
    name: "checksum-without-modulus",
    file: "primitives/plugins/ZipPlugin.ts",
    place: "low = «(low + load<u8>(bytes + i)) % ADLER_MODULUS»;",
    wrong: "low + load<u8>(bytes + i)",
  },
  {
    name: "blit-reads-beyond-its-source",
    file: "primitives/bitblt/clip.ts",
    place: "right = min(right, «x + source.width - fromX»);",
    wrong: "x + source.width",
  },
  {
    name: "blit-rule-swapped",
    file: "primitives/bitblt/rules.ts",
    place: "case 4:\n      return «~from & to»;",
    wrong: "from & ~to",
  },
  {
    name: "blit-overlap-from-the-wrong-end",
    file: "primitives/bitblt/clip.ts",
    place: "blit.bottomUp = «blit.y > blit.fromY»;",
    wrong: "false",
  },
  {
    name: "file-position-stays-after-writing",
    file: "primitives/plugins/FilePlugin.ts",
    place: "setPosition(file, «positionOf(file) + count»);",
    wrong: "positionOf(file)",
  },
  {
    name: "strings-collated-backwards",
    file: "primitives/plugins/MiscPrimitivePlugin.ts",
    place: "if (a != b) return answerInteger(«a < b» ? 1 : 3);",
    wrong: "b < a",
  },
  {
    name: "snapshot-with-survivors",
    file: "vm/memory/collector.ts",
    place: "runScavenge(«true»);\n  collectOld(true, true);",
    wrong: "false",
  },
];

export const FAULTS: readonly Fault[] = [
  ...ARITHMETIC_FAULTS,
  ...FLOAT_FAULTS,
  ...ACCESS_FAULTS,
  ...MEMORY_FAULTS,
  ...SEND_FAULTS,
  ...CONTEXT_FAULTS,
  ...PROCESS_FAULTS,
  ...PLUGIN_FAULTS,
];
