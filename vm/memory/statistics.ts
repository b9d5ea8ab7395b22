// What the collectors did, for the image's VM parameters and for reports.

/** Scavenges since the start. */
export let scavengeCount: u32 = 0;
/** Microseconds in scavenges, all together and the last one. */
export let scavengeMicroseconds: i64 = 0;
export let lastScavengeMicroseconds: i64 = 0;
/** Full collections since the start. */
export let fullCollectionCount: u32 = 0;
export let fullCollectionMicroseconds: i64 = 0;
export let lastFullCollectionMicroseconds: i64 = 0;
/** Full collections that compacted, and the microseconds of compacting alone. */
export let compactionCount: u32 = 0;
export let compactionMicroseconds: i64 = 0;
/** Objects and bytes tenured since the start. */
export let tenureCount: u64 = 0;
export let tenuredBytesTotal: u64 = 0;
/** Bytes that survived the last scavenge in new space. */
export let lastSurvivorBytes: u32 = 0;
/** Bytes of old space in use before and after the last full collection. */
export let usedBeforeFullCollection: u32 = 0;
export let usedAfterFullCollection: u32 = 0;

export function recordScavenge(microseconds: i64, tenured: u32, tenuredBytes: u32, survivors: u32): void {
  scavengeCount++;
  scavengeMicroseconds += microseconds;
  lastScavengeMicroseconds = microseconds;
  tenureCount += tenured;
  tenuredBytesTotal += tenuredBytes;
  lastSurvivorBytes = survivors;
}

export function recordFullCollection(microseconds: i64, usedBefore: u32, usedAfter: u32): void {
  fullCollectionCount++;
  fullCollectionMicroseconds += microseconds;
  lastFullCollectionMicroseconds = microseconds;
  usedBeforeFullCollection = usedBefore;
  usedAfterFullCollection = usedAfter;
}

export function recordCompaction(microseconds: i64): void {
  compactionCount++;
  compactionMicroseconds += microseconds;
}
