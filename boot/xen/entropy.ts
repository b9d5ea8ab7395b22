// Entropy: the processor's own generator. Where it has none there is nothing to replace it with, and the kernel says so.

import { cpuid, rdrand } from "../cpu";
import { Address } from "../../vm/memory/oop";

/** CPUID leaf 1, ECX. */
const HAS_RDRAND: u32 = 1 << 30;
/** Intel's advice (Digital Random Number Generator, 5.2.1) is ten; a busy generator gets more. */
const MOST_TRIES: u32 = 1000;

const leaf = <Address>memory.data(16, 16);

export function hasEntropy(): bool {
  cpuid(1, 0, leaf);
  return (load<u32>(leaf, 8) & HAS_RDRAND) != 0;
}

/** Fills memory with random bytes; false where the generator stays empty or there is none. */
export function fillWithEntropy(address: Address, bytes: u32): bool {
  if (!hasEntropy()) return false;
  for (let i: u32 = 0; i < bytes;) {
    let word = random();
    if (word == 0) return false;
    for (let k = 0; k < 8 && i < bytes; k++) {
      store<u8>(address + i++, <u8>word);
      word >>= 8;
    }
  }
  return true;
}

function random(): u64 {
  for (let attempt: u32 = 0; attempt < MOST_TRIES; attempt++) {
    const word = rdrand();
    if (word != 0) return word;
  }
  return 0;
}
