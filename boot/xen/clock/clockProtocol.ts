// Protocol: clocks that a hypervisor keeps in memory. vcpu_time_info of xen/include/public/xen.h, which KVM's kvm-clock
// uses too (Linux, Documentation/virt/kvm/x86/msr.rst), and the wall clock of both.

/** vcpu_time_info: system time = systemTime + (tsc - tscTimestamp) scaled. An odd version is an update under way. */
// @ts-ignore: decorator
@unmanaged
export class TimeInfo {
  version: u32;
  padding: u32;
  tscTimestamp: u64;
  /** Nanoseconds since the start of the machine. */
  systemTime: u64;
  multiplier: u32;
  shift: i8;
  flags: u8;
  padding1: u16;
}
if (offsetof<TimeInfo>("multiplier") != 24) ERROR("xen.h: tsc_to_system_mul is at byte 24");
if (offsetof<TimeInfo>() != 32) ERROR("xen.h: vcpu_time_info has 32 bytes");

/** Wall clock when system time was 0: wc_version and what follows it in shared_info; kvm-clock has the first three. */
// @ts-ignore: decorator
@unmanaged
export class WallClock {
  version: u32;
  seconds: u32;
  nanoseconds: u32;
  /** Xen only. */
  secondsHigh: u32;
}
if (offsetof<WallClock>("nanoseconds") != 8) ERROR("xen.h: wc_nsec is 8 bytes after wc_version");

// kvm-clock: a leaf of CPUID and two model-specific registers.
export const KVM_FEATURES_LEAF: u32 = 1;
/** Bit of EAX in that leaf: the registers below are there. */
export const KVM_FEATURE_CLOCK: u32 = 1 << 3;
export const KVM_REGISTER_WALL_CLOCK: u32 = 0x4b564d00;
export const KVM_REGISTER_SYSTEM_TIME: u32 = 0x4b564d01;
export const KVM_SYSTEM_TIME_ENABLE: u64 = 1;
