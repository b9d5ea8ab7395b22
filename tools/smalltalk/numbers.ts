// Number literals: radix, fraction, exponent and scale, as Squeak and Pharo read them (SqNumberParser, NumberParser).
// Values are exact until a float is made, which is rounded once.

import type { Literal } from "./compiledMethod.js";

export interface NumberLiteral {
  readonly value: Literal;
  readonly end: number;
  /** What is wrong with it; the value is 0 then. */
  readonly error?: string;
}

/** Integers of more digits than this are an error of the writer, not a wish. */
const MAX_EXPONENT = 20_000;

/**
 * The number that starts at `start`, without its sign: `10 16r1F 1.5e3 2e-3 3.14s2 1s 2r1e4 16r1.8 36rZ`. An exponent
 * letter without digits after it, and a full stop without, are not part of the number.
 */
export function readNumber(text: string, start: number): NumberLiteral {
  let at = digitsEnd(text, start, 10);
  let digits = text.slice(start, at);
  let radix = 10;
  let isNegative = false;
  if (text[at] === "r") {
    const sign = text[at + 1] === "-" ? 1 : 0;
    const claimed = Number(digits);
    const end = claimed >= 2 && claimed <= 36 ? digitsEnd(text, at + 1 + sign, claimed) : at + 1;
    if (claimed < 2 || claimed > 36) return failed(wordEnd(text, at), `a radix is from 2 to 36, not ${digits}`);
    if (end === at + 1 + sign) return failed(wordEnd(text, at), `digits of radix ${digits} must follow ${digits}r`);
    radix = claimed;
    isNegative = sign === 1;
    digits = text.slice(at + 1 + sign, end);
    at = end;
  }
  let fraction = "";
  if (text[at] === ".") {
    const end = digitsEnd(text, at + 1, radix);
    fraction = text.slice(at + 1, end);
    if (fraction !== "") at = end;
  }
  const tail = readTail(text, at);
  const mantissa = integerOf(digits + fraction, radix) * (isNegative ? -1n : 1n);
  return finish({ mantissa, radix, fractionDigits: fraction.length, ...tail });
}

/** The literal with its sign turned. */
export function negated(literal: Literal): Literal {
  switch (literal.kind) {
    case "integer":
      return { kind: "integer", value: -literal.value };
    case "float":
      return { kind: "float", value: -literal.value };
    case "fraction":
    case "scaledDecimal":
      return { ...literal, numerator: -literal.numerator };
    default:
      return literal;
  }
}

interface Tail {
  readonly end: number;
  readonly exponent: number;
  readonly hasScale: boolean;
  readonly scale: number | undefined;
}

/** `e5`, `e-5`, `s2`, `s` or nothing. */
function readTail(text: string, at: number): Tail {
  const exponent = /[edq]([-+]?[0-9]+)/y;
  exponent.lastIndex = at;
  const found = exponent.exec(text);
  if (found !== null) return { end: exponent.lastIndex, exponent: Number(found[1]), hasScale: false, scale: undefined };
  const scale = /s([0-9]*)(?![\p{L}\p{N}_])/uy;
  scale.lastIndex = at;
  const scaled = scale.exec(text);
  if (scaled === null) return { end: at, exponent: 0, hasScale: false, scale: undefined };
  return {
    end: scale.lastIndex,
    exponent: 0,
    hasScale: true,
    scale: scaled[1] === "" ? undefined : Number(scaled[1]),
  };
}

function finish(parts: Tail & { mantissa: bigint; radix: number; fractionDigits: number }): NumberLiteral {
  const { mantissa, radix, fractionDigits, exponent, end } = parts;
  if (fractionDigits > 0 && !parts.hasScale && radix === 10) {
    // JavaScript rounds decimal numbers of any length correctly.
    return { value: { kind: "float", value: Number(`${mantissa}e${exponent - fractionDigits}`) }, end };
  }
  if (Math.abs(exponent) > MAX_EXPONENT) return failed(end, `the exponent ${exponent} is beyond ${MAX_EXPONENT}`);
  const power = exponent - fractionDigits;
  const scaling = BigInt(radix) ** BigInt(Math.abs(power));
  const [numerator, denominator] = reduced(power < 0 ? mantissa : mantissa * scaling, power < 0 ? scaling : 1n);
  if (parts.hasScale) {
    const scale = parts.scale ?? fractionDigits;
    return { value: { kind: "scaledDecimal", numerator, denominator, scale }, end };
  }
  if (fractionDigits > 0) return { value: { kind: "float", value: nearestFloat(numerator, denominator) }, end };
  if (denominator === 1n) return { value: { kind: "integer", value: numerator }, end };
  return { value: { kind: "fraction", numerator, denominator }, end };
}

/**
 * Where the digits that start at `at` end. Upper case letters are digits of radixes above 10; so are lower case ones
 * unless they start an exponent or a scale.
 */
function digitsEnd(text: string, at: number, radix: number): number {
  let end = at;
  for (; end < text.length; end++) {
    const character = text[end];
    if (digitValue(character) >= radix) break;
    if (/[a-z]/.test(character) && /^([edq][-+]?[0-9]|s[0-9]*(?![a-zA-Z0-9_]))/.test(text.slice(end, end + 8))) break;
  }
  return end;
}

function digitValue(character: string): number {
  return /[0-9A-Za-z]/.test(character) ? parseInt(character, 36) : 99;
}

function integerOf(digits: string, radix: number): bigint {
  if (radix === 10) return BigInt(digits);
  let value = 0n;
  for (const digit of digits) value = value * BigInt(radix) + BigInt(digitValue(digit));
  return value;
}

function reduced(numerator: bigint, denominator: bigint): [bigint, bigint] {
  let [a, b] = [numerator < 0n ? -numerator : numerator, denominator];
  while (b !== 0n) [a, b] = [b, a % b];
  return a === 0n ? [0n, 1n] : [numerator / a, denominator / a];
}

/** The float nearest to a fraction, ties to even: 64 quotient bits and a sticky one, rounded once by Number(). */
function nearestFloat(numerator: bigint, denominator: bigint): number {
  if (numerator < 0n) return -nearestFloat(-numerator, denominator);
  if (numerator === 0n) return 0;
  const shift = 64 - (bitLength(numerator) - bitLength(denominator));
  const scaled = shift > 0 ? numerator << BigInt(shift) : numerator;
  const divisor = shift < 0 ? denominator << BigInt(-shift) : denominator;
  const quotient = ((scaled / divisor) << 1n) | (scaled % divisor === 0n ? 0n : 1n);
  // Denormals would be rounded twice; a radix literal that small is beyond use, and still right to one unit.
  return Number(quotient) * 2 ** (-shift - 1);
}

function bitLength(value: bigint): number {
  return value.toString(2).length;
}

function wordEnd(text: string, at: number): number {
  const word = /[\p{L}\p{N}_]*/uy;
  word.lastIndex = at;
  word.exec(text);
  return Math.max(word.lastIndex, at + 1);
}

function failed(end: number, error: string): NumberLiteral {
  return { value: { kind: "integer", value: 0n }, end, error };
}
