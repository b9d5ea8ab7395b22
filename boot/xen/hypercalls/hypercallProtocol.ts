// Protocol: numbers and argument structures of the hypercalls that the kernel makes. Layouts of xen/include/public: xen.h,
// sched.h, event_channel.h, memory.h, hvm/hvm_op.h, hvm/params.h, version.h.

// xen.h, __HYPERVISOR_…
export const HYPERCALL_MEMORY_OP: u32 = 12;
export const HYPERCALL_XEN_VERSION: u32 = 17;
export const HYPERCALL_CONSOLE_IO: u32 = 18;
export const HYPERCALL_GRANT_TABLE_OP: u32 = 20;
export const HYPERCALL_VCPU_OP: u32 = 24;
export const HYPERCALL_SCHED_OP: u32 = 29;
export const HYPERCALL_EVENT_CHANNEL_OP: u32 = 32;
export const HYPERCALL_HVM_OP: u32 = 34;

export const DOMAIN_SELF: u16 = 0x7ff0;

// sched.h
export const SCHED_YIELD: u64 = 0;
export const SCHED_SHUTDOWN: u64 = 2;
export const SCHED_POLL: u64 = 3;
export const SHUTDOWN_POWER_OFF: u32 = 0;
export const SHUTDOWN_REBOOT: u32 = 1;
export const SHUTDOWN_SUSPEND: u32 = 2;
export const SHUTDOWN_CRASH: u32 = 3;

// event_channel.h
export const EVENT_BIND_INTERDOMAIN: u64 = 0;
export const EVENT_CLOSE: u64 = 3;
export const EVENT_SEND: u64 = 4;
export const EVENT_ALLOCATE_UNBOUND: u64 = 6;

// memory.h
export const MEMORY_ADD_TO_PHYSMAP: u64 = 7;
export const MAP_SHARED_INFO: u32 = 0;
export const MAP_GRANT_TABLE: u32 = 1;

// hvm/hvm_op.h, hvm/params.h
export const HVM_GET_PARAMETER: u64 = 1;
export const PARAMETER_STORE_FRAME: u32 = 1;
export const PARAMETER_STORE_PORT: u32 = 2;
export const PARAMETER_CONSOLE_FRAME: u32 = 17;
export const PARAMETER_CONSOLE_PORT: u32 = 18;

// console_io and version.h
export const CONSOLE_WRITE: u64 = 0;
export const VERSION_NUMBER: u64 = 0;

/** Errors are minus these (errno.h of Xen). */
export const XEN_ENOSYS: i64 = -38;

/** sched_poll: waits for any of `ports`, or for a system time in nanoseconds (0: without end). */
// @ts-ignore: decorator
@unmanaged
export class PollArguments {
  /** Pointer to u32 port numbers. */
  ports: u64;
  portCount: u32;
  padding: u32;
  timeoutNanoseconds: u64;
}
if (offsetof<PollArguments>("timeoutNanoseconds") != 16) ERROR("sched.h: timeout is at byte 16");

/** evtchn_alloc_unbound. */
// @ts-ignore: decorator
@unmanaged
export class UnboundArguments {
  domain: u16;
  remoteDomain: u16;
  port: u32;
}
if (offsetof<UnboundArguments>() != 8) ERROR("event_channel.h: evtchn_alloc_unbound has 8 bytes");

/** evtchn_bind_interdomain. */
// @ts-ignore: decorator
@unmanaged
export class InterdomainArguments {
  remoteDomain: u16;
  padding: u16;
  remotePort: u32;
  localPort: u32;
}
if (offsetof<InterdomainArguments>("localPort") != 8) ERROR("event_channel.h: local_port is at byte 8");

/** xen_add_to_physmap: puts a page of Xen's at one of our frames. */
// @ts-ignore: decorator
@unmanaged
export class PhysmapArguments {
  domain: u16;
  size: u16;
  space: u32;
  index: u64;
  frame: u64;
}
if (offsetof<PhysmapArguments>("frame") != 16) ERROR("memory.h: gpfn is at byte 16");

/** xen_hvm_param. */
// @ts-ignore: decorator
@unmanaged
export class ParameterArguments {
  domain: u16;
  padding: u16;
  index: u32;
  value: u64;
}
if (offsetof<ParameterArguments>("value") != 8) ERROR("hvm_op.h: value is at byte 8");
