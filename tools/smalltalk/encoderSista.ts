// SistaV1: which of its forms is shortest, and the extension bytes before the others (EncoderForSistaV1 of Squeak).

import { SISTA_BYTECODES, SISTA_FIRST_SPECIAL_SEND } from "../../vm/tables/bytecodes.js";
import { EncodingLimit, opcodesOf, within, type Bytes, type Encoder } from "./encoder.js";

const { first, short } = opcodesOf(SISTA_BYTECODES);
const FAR = 65536;
const JUMP_SPAN = 32768;

export const sistaEncoder: Encoder = {
  pushInstanceVariable: (index, isLong) =>
    (isLong ? undefined : short("pushInstanceVariable16", index)) ??
    extendedA("pushInstanceVariableExtended", index, "instance variables"),
  storeInstanceVariable: (index) => extendedA("storeInstanceVariableExtended", index, "instance variables"),
  popIntoInstanceVariable: (index, isLong) =>
    (isLong ? undefined : short("popIntoInstanceVariable8", index)) ??
    extendedA("popIntoInstanceVariableExtended", index, "instance variables"),
  pushTemp: (index) => short("pushTemp16", index) ?? [first("pushTempLong"), within(index, 64, "temporaries")],
  storeTemp: (index) => [first("storeTempLong"), within(index, 64, "temporaries")],
  popIntoTemp: (index) => short("popIntoTemp8", index) ?? [first("popIntoTempLong"), within(index, 64, "temporaries")],
  pushRemoteTemp: (index, vector) => remote("pushRemoteTemp", index, vector),
  storeRemoteTemp: (index, vector) => remote("storeRemoteTemp", index, vector),
  popIntoRemoteTemp: (index, vector) => remote("popIntoRemoteTemp", index, vector),
  pushLiteral: (index) => short("pushLiteral32", index) ?? extendedA("pushLiteralExtended", index, "literals"),
  pushVariable: (index) =>
    short("pushLiteralVariable16", index) ?? extendedA("pushLiteralVariableExtended", index, "literals"),
  storeVariable: (index) => extendedA("storeLiteralVariableExtended", index, "literals"),
  popIntoVariable: (index) => extendedA("popIntoLiteralVariableExtended", index, "literals"),
  pushReceiver: () => [first("pushReceiver")],
  pushConstant: (value) => [first({ nil: "pushNil", true: "pushTrue", false: "pushFalse" }[value])],
  pushInteger(value) {
    if (value === 0n) return [first("pushZero")];
    if (value === 1n) return [first("pushOne")];
    if (value < -JUMP_SPAN || value >= JUMP_SPAN) return undefined;
    return signed("pushIntegerExtended", Number(value));
  },
  pushCharacter(codePoint) {
    // Above this the sign of extension B would have to be undone by a second one.
    return codePoint < JUMP_SPAN ? signed("pushCharacterExtended", codePoint) : undefined;
  },
  pushPseudo: (name) => [...(name === "thisProcess" ? [first("extendB"), 1] : []), first("pushThisContextOrPseudo")],
  duplicate: () => [first("duplicateTop")],
  pop: () => [first("pop")],
  returnReceiver: () => [first("returnReceiver")],
  returnConstant: (value) => [first({ nil: "returnNil", true: "returnTrue", false: "returnFalse" }[value])],
  returnTop: () => [first("returnTop")],
  blockReturnTop: () => [first("blockReturnTopExtended")],
  blockReturnNil: () => [first("blockReturnNil")],
  specialSend: (index) => [SISTA_FIRST_SPECIAL_SEND + index],
  send(selector, argumentCount) {
    const bytes = argumentCount < 3 ? short(`sendLiteral${argumentCount}`, selector) : undefined;
    return bytes ?? extendedSend("sendExtended", selector, argumentCount);
  },
  superSend: (selector, argumentCount) => extendedSend("superSendExtended", selector, argumentCount),
  jump: (distance) => short("jumpShort", distance - 1) ?? longJump("jumpExtended", distance),
  jumpBack: (bodyBytes) => signed("jumpExtended", within2(-(bodyBytes + 4)), true),
  branch: (condition, distance) =>
    short(condition ? "jumpTrueShort" : "jumpFalseShort", distance - 1) ??
    longJump(condition ? "jumpTrueExtended" : "jumpFalseExtended", distance),
  newArray: (size) => [first("pushNewArray"), within(size, 128, "elements of an array")],
  arrayOf: (size) => [first("pushNewArray"), 128 + within(size, 128, "elements of an array")],
  callPrimitive: (number) => [first("callPrimitive"), number & 255, within(number, 32768, "primitives") >> 8],
  storeErrorCode: (temp) => [first("storeTempLong"), within(temp, 64, "temporaries")],
  pushBlock: () => {
    throw new Error("blocks of SistaV1 are full blocks");
  },
  pushFullBlock(literal, copiedCount) {
    const [prefix, low] = withA(literal, "literals");
    return [...prefix, first("pushFullClosure"), low, within(copiedCount, 64, "variables that a block copies")];
  },
};

function withA(operand: number, what: string): [prefix: Bytes, low: number] {
  const far = within(operand, FAR, what);
  return [far > 255 ? [first("extendA"), far >> 8] : [], far & 255];
}

function extendedA(handler: string, operand: number, what: string): Bytes {
  const [prefix, low] = withA(operand, what);
  return [...prefix, first(handler), low];
}

/** A signed operand: the high byte is extension B, left out where it is 0. */
function signed(handler: string, operand: number, isFixed = false): Bytes {
  const high = operand >> 8;
  return [...(high === 0 && !isFixed ? [] : [first("extendB"), high & 255]), first(handler), operand & 255];
}

function longJump(handler: string, distance: number): Bytes {
  return signed(handler, within2(distance));
}

function within2(distance: number): number {
  if (distance >= -JUMP_SPAN && distance < JUMP_SPAN) return distance;
  throw new EncodingLimit(`bytes to jump over: the bytecode set has room for ${JUMP_SPAN}; split the method`);
}

function extendedSend(handler: string, selector: number, argumentCount: number): Bytes {
  const highSelector = within(selector, FAR, "literals") >> 5;
  const highCount = argumentCount >> 3;
  return [
    ...(highSelector === 0 ? [] : [first("extendA"), within(highSelector, 256, "pages of literals")]),
    ...(highCount === 0 ? [] : [first("extendB"), highCount]),
    first(handler),
    (selector & 31) * 8 + (argumentCount & 7),
  ];
}

function remote(handler: string, index: number, vector: number): Bytes {
  return [first(handler), within(index, 256, "shared variables"), within(vector, 256, "temporaries")];
}
