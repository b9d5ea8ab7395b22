// Giving the event loop its turn, cheaply, and turning the image's times into timers.

/** setTimeout takes no longer delay; a longer wait is started again. */
const MAX_TIMER_MILLISECONDS = 2 ** 31 - 1;

/** Resolves when the event loop has been round once: input, timers and signals have been handled. */
export const nextTurn: () => Promise<void> =
  typeof setImmediate === "function" ? () => new Promise((resolve) => setImmediate(resolve)) : messageTurn();

/** In the browser: setTimeout would wait 4 ms after a few rounds, a message does not. */
function messageTurn(): () => Promise<void> {
  const waiting: (() => void)[] = [];
  const channel = new MessageChannel();
  channel.port1.onmessage = () => waiting.shift()?.();
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      channel.port2.postMessage(0);
    });
}

/** Milliseconds to wait for a time (0n: without end); 0 where it has come. */
export function timerMilliseconds(untilMicroseconds: bigint, nowMicroseconds: bigint): number {
  if (untilMicroseconds === 0n) return MAX_TIMER_MILLISECONDS;
  if (untilMicroseconds <= nowMicroseconds) return 0;
  const milliseconds = Number((untilMicroseconds - nowMicroseconds + 999n) / 1000n);
  return Math.min(milliseconds, MAX_TIMER_MILLISECONDS);
}
