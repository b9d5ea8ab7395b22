// Why `run` returns, as vm/interpreter/stop.ts numbers it; that file cannot be imported here without the state it keeps.

export const OUTCOME_SLICE: i32 = 0;
export const OUTCOME_IDLE: i32 = 1;
export const OUTCOME_QUIT: i32 = 2;
export const OUTCOME_FATAL: i32 = 3;
export const OUTCOME_WAITING: i32 = 4;
