// V3PlusClosures: which of its forms is shortest (EncoderForV3PlusClosures of Squeak).

import { V3_BYTECODES, V3_FIRST_SPECIAL_SEND } from "../../vm/tables/bytecodes.js";
import { EncodingLimit, opcodesOf, within, type Bytes, type Encoder } from "./encoder.js";

const { first, short } = opcodesOf(V3_BYTECODES);
const PUSH = first("extendedPush");
const STORE = first("extendedStore");
const POP_INTO = first("extendedPopInto");
const ANYTHING = first("doubleExtendedDoAnything");
const BRANCH_SPAN = 1024;
const LITERALS = "literals";

/** The two high bits of the byte after extendedPush, extendedStore and extendedPopInto. */
const PLACE = { instanceVariable: 0, temp: 64, literal: 128, variable: 192 };
/** The three high bits of the byte after doubleExtendedDoAnything. */
const DO = { send: 0, superSend: 32, pushInstanceVariable: 64, pushLiteral: 96, pushVariable: 128 };
const STORE_INSTANCE_VARIABLE = 160;
const POP_INTO_INSTANCE_VARIABLE = 192;
const STORE_VARIABLE = 224;

export const v3Encoder: Encoder = {
  pushInstanceVariable(index, isLong) {
    const long = () => [ANYTHING, DO.pushInstanceVariable, within(index, 256, "instance variables")];
    if (isLong) return long();
    return short("pushInstanceVariable16", index) ?? (index < 64 ? [PUSH, PLACE.instanceVariable + index] : long());
  },
  storeInstanceVariable(index, isLong) {
    if (!isLong && index < 64) return [STORE, PLACE.instanceVariable + index];
    return [ANYTHING, STORE_INSTANCE_VARIABLE, within(index, 256, "instance variables")];
  },
  popIntoInstanceVariable(index, isLong) {
    const long = () => [ANYTHING, POP_INTO_INSTANCE_VARIABLE, within(index, 256, "instance variables")];
    if (isLong) return long();
    const place = () => [POP_INTO, PLACE.instanceVariable + index];
    return short("popIntoInstanceVariable8", index) ?? (index < 64 ? place() : long());
  },
  pushTemp: (index) => short("pushTemp16", index) ?? [PUSH, PLACE.temp + within(index, 64, "temporaries")],
  storeTemp: (index) => [STORE, PLACE.temp + within(index, 64, "temporaries")],
  popIntoTemp: (index) => short("popIntoTemp8", index) ?? [POP_INTO, PLACE.temp + within(index, 64, "temporaries")],
  pushRemoteTemp: (index, vector) => remote("pushRemoteTemp", index, vector),
  storeRemoteTemp: (index, vector) => remote("storeRemoteTemp", index, vector),
  popIntoRemoteTemp: (index, vector) => remote("popIntoRemoteTemp", index, vector),
  pushLiteral(index) {
    if (index < 64) return short("pushLiteral32", index) ?? [PUSH, PLACE.literal + index];
    return [ANYTHING, DO.pushLiteral, within(index, 256, LITERALS)];
  },
  pushVariable(index) {
    if (index < 64) return short("pushLiteralVariable32", index) ?? [PUSH, PLACE.variable + index];
    return [ANYTHING, DO.pushVariable, within(index, 256, LITERALS)];
  },
  storeVariable: (index) => (index < 64 ? [STORE, PLACE.variable + index] : storeFarVariable(index)),
  popIntoVariable(index) {
    if (index < 64) return [POP_INTO, PLACE.variable + index];
    return [...storeFarVariable(index), first("pop")];
  },
  pushReceiver: () => [first("pushReceiver")],
  pushConstant: (value) => [first({ nil: "pushNil", true: "pushTrue", false: "pushFalse" }[value])],
  pushInteger(value) {
    const handler = ["pushMinusOne", "pushZero", "pushOne", "pushTwo"][Number(value) + 1];
    return value >= -1n && value <= 2n ? [first(handler)] : undefined;
  },
  pushCharacter: () => undefined,
  pushPseudo(name) {
    if (name === "thisContext") return [first("pushThisContext")];
    throw new EncodingLimit("V3PlusClosures has no thisProcess");
  },
  duplicate: () => [first("duplicateTop")],
  pop: () => [first("pop")],
  returnReceiver: () => [first("returnReceiver")],
  returnConstant: (value) => [first({ nil: "returnNil", true: "returnTrue", false: "returnFalse" }[value])],
  returnTop: () => [first("returnTop")],
  blockReturnTop: () => [first("blockReturnTop")],
  blockReturnNil: () => undefined,
  specialSend: (index) => [V3_FIRST_SPECIAL_SEND + index],
  send(selector, argumentCount) {
    if (argumentCount < 3) {
      const bytes = short(`sendLiteral${argumentCount}`, selector);
      if (bytes !== undefined) return bytes;
    }
    if (selector < 32 && argumentCount < 8) return [first("extendedSend"), argumentCount * 32 + selector];
    if (selector < 64 && argumentCount < 4) return [first("secondExtendedSend"), argumentCount * 64 + selector];
    return [ANYTHING, DO.send + within(argumentCount, 32, "arguments"), within(selector, 256, LITERALS)];
  },
  superSend(selector, argumentCount) {
    if (selector < 32 && argumentCount < 8) return [first("extendedSuperSend"), argumentCount * 32 + selector];
    return [ANYTHING, DO.superSend + within(argumentCount, 32, "arguments"), within(selector, 256, LITERALS)];
  },
  jump: (distance) => short("jumpShort", distance - 1) ?? longJump(distance),
  jumpBack: (bodyBytes) => longJump(-(bodyBytes + 2)),
  branch(condition, distance) {
    const near = condition ? undefined : short("jumpFalseShort", distance - 1);
    if (near !== undefined) return near;
    const far = within(distance, BRANCH_SPAN, "bytes to branch over");
    return [first(condition ? "jumpTrueLongV3" : "jumpFalseLongV3") + (far >> 8), far & 255];
  },
  newArray: (size) => [first("pushNewArrayV3"), within(size, 128, "elements of an array")],
  arrayOf: (size) => [first("pushNewArrayV3"), 128 + within(size, 128, "elements of an array")],
  callPrimitive: (number) => [first("callPrimitive"), number & 255, within(number, 65536, "primitives") >> 8],
  storeErrorCode: (temp) => [STORE, PLACE.temp + within(temp, 64, "temporaries")],
  pushBlock(copiedCount, argumentCount, bytes) {
    const counts =
      within(copiedCount, 16, "variables that a block copies") * 16 + within(argumentCount, 16, "arguments");
    return [first("pushClosure"), counts, within(bytes, 65536, "bytes of a block") >> 8, bytes & 255];
  },
  pushFullBlock: () => {
    throw new Error("V3PlusClosures has no full blocks");
  },
};

function remote(handler: string, index: number, vector: number): Bytes {
  return [first(handler), within(index, 256, "shared variables"), within(vector, 256, "temporaries")];
}

function storeFarVariable(index: number): Bytes {
  return [ANYTHING, STORE_VARIABLE, within(index, 256, LITERALS)];
}

function longJump(distance: number): Bytes {
  const biased = within(distance + BRANCH_SPAN, 2 * BRANCH_SPAN, "bytes to jump over (both ways)");
  return [first("jumpLongV3") + (biased >> 8), biased & 255];
}
