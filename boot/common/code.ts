// Installing what the compiler of methods writes (vm/jit) is not this platform's yet: methods stay interpreted.

import { Address } from "../../vm/memory/oop";

const ENOSYS: i32 = 38;

export function installCode(address: Address, bytes: u32): i32 {
  return -ENOSYS;
}
