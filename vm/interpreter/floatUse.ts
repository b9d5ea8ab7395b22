// Which methods calculate with floats, as far as the slow cases of arithmetic have seen: the compiler writes floats in line
// for these only, since that takes room. A guess by a part of the method's address, which costs a store and no answer.

import { Address } from "../memory/oop";

const PLACES: u32 = 8192;
const marks: Address = <Address>memory.data(8192, 8);

// @ts-ignore: decorator
@inline
function placeOf(method: Address): Address {
  return marks + ((method >> 3) & (PLACES - 1));
}

// @ts-ignore: decorator
@inline
export function noteFloatUse(method: Address): void {
  store<u8>(placeOf(method), 1);
}

export function usesFloats(method: Address): bool {
  return load<u8>(placeOf(method)) != 0;
}
