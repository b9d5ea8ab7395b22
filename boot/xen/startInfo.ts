// Protocol: what a PVH loader (Xen, QEMU, Firecracker, Cloud Hypervisor) leaves in memory for the kernel. Layouts of
// xen/include/public/arch-x86/hvm/start_info.h. The structures lie at physical addresses, outside linear memory, and are
// copied in by pages.ts.

export const START_MAGIC: u32 = 0x336ec578;
/** Flag of `flags`: the domain is privileged (dom0). */
export const START_IS_PRIVILEGED: u32 = 1;
export const MEMORY_TYPE_RAM: u32 = 1;

// @ts-ignore: decorator
@unmanaged
export class StartInfo {
  magic: u32;
  version: u32;
  flags: u32;
  moduleCount: u32;
  moduleList: u64;
  commandLine: u64;
  rootPointer: u64;
  // From version 1 on:
  memoryMap: u64;
  memoryMapEntries: u32;
  reserved: u32;
}
if (offsetof<StartInfo>("commandLine") != 24) ERROR("start_info.h: cmdline_paddr is at byte 24");
if (offsetof<StartInfo>("memoryMap") != 40) ERROR("start_info.h: memmap_paddr is at byte 40");
if (offsetof<StartInfo>() != 56) ERROR("start_info.h: hvm_start_info has 56 bytes");

// @ts-ignore: decorator
@unmanaged
export class MemoryMapEntry {
  address: u64;
  size: u64;
  type: u32;
  reserved: u32;
}
if (offsetof<MemoryMapEntry>("type") != 16) ERROR("start_info.h: type is at byte 16");
if (offsetof<MemoryMapEntry>() != 24) ERROR("start_info.h: hvm_memmap_table_entry has 24 bytes");
