// Protocol: the page that Xen shares with a domain (struct shared_info, xen/include/public/xen.h, 64 bits): time of the
// one vCPU, pending and masked event channels in the two-level layout, wall clock.

import { TimeInfo, WallClock } from "../clock/clockProtocol";

export const PAGE_BYTES: u32 = 4096;
/** vcpu_info[0].time */
export const SHARED_TIME_OFFSET: u32 = 32;
/** evtchn_pending: after 32 vcpu_infos of 64 bytes. */
export const SHARED_PENDING_OFFSET: u32 = 2048;
/** evtchn_mask: after 64 words of pending bits. */
export const SHARED_MASK_OFFSET: u32 = 2560;
/** wc_version */
export const SHARED_WALL_CLOCK_OFFSET: u32 = 3072;
/** Ports of the two-level layout: a bit each in 64 words of 64 bits. */
export const MAX_PORTS: u32 = 4096;

/** vcpu_info. */
// @ts-ignore: decorator
@unmanaged
export class VcpuInfo {
  upcallPending: u8;
  upcallMask: u8;
  padding: u16;
  padding1: u32;
  pendingSelector: u64;
  faultAddress: u64;
  padding2: u64;
}
if (offsetof<VcpuInfo>("pendingSelector") != 8) ERROR("xen.h: evtchn_pending_sel is at byte 8");
if (offsetof<VcpuInfo>() != SHARED_TIME_OFFSET) ERROR("xen.h: time is at byte 32 of vcpu_info");
if (offsetof<VcpuInfo>() + offsetof<TimeInfo>() != 64) ERROR("xen.h: vcpu_info has 64 bytes");
if (SHARED_WALL_CLOCK_OFFSET + offsetof<WallClock>() > PAGE_BYTES) ERROR("xen.h: shared_info fits in a page");
