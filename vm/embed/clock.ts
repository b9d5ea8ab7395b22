// Clocks that a virtual machine can be given: the system's, or one of its own that makes every run alike.

export interface Clock {
  /** Microseconds since 1970-01-01, UTC. */
  utcMicroseconds(): bigint;
  /** Microseconds from an arbitrary start; never goes back. */
  monotonicMicroseconds(): bigint;
  /** Seconds that local time is ahead of UTC now. */
  timezoneOffsetSeconds(): number;
  /** What to do in place of waiting; a clock without it runs by itself. */
  skipTo?(utcMicroseconds: bigint): void;
}

/** The system's clocks. Date gives the day, performance.now the microseconds within it. */
export function systemClock(): Clock {
  let anchor = Date.now() * 1000 - performance.now() * 1000;
  return {
    utcMicroseconds() {
      const coarse = Date.now() * 1000;
      let fine = anchor + performance.now() * 1000;
      // The system's time was set, or the two clocks have drifted apart.
      if (Math.abs(fine - coarse) > 2000) {
        anchor = coarse - performance.now() * 1000;
        fine = coarse;
      }
      return BigInt(Math.floor(fine));
    },
    monotonicMicroseconds: () => BigInt(Math.floor(performance.now() * 1000)),
    timezoneOffsetSeconds: () => -new Date().getTimezoneOffset() * 60,
  };
}

/**
 * A clock that starts at `startMicroseconds` (UTC) and goes on by `stepMicroseconds` whenever it is read; waiting takes
 * no time. Two runs of the same image with it see the same times.
 */
export function virtualClock(startMicroseconds = 1_577_836_800_000_000n, stepMicroseconds = 20n): Clock {
  let now = startMicroseconds;
  return {
    utcMicroseconds: () => (now += stepMicroseconds),
    monotonicMicroseconds: () => (now += stepMicroseconds) - startMicroseconds,
    timezoneOffsetSeconds: () => 0,
    skipTo(utcMicroseconds) {
      if (utcMicroseconds > now) now = utcMicroseconds;
    },
  };
}
