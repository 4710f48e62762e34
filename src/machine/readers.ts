/** Every kind of text that says something about a machine; the first that recognises a text reads it. */

import { CLOUD_HYPERVISOR, CLOUD_HYPERVISOR_JSON } from "./readers/cloud-hypervisor.js";
import { CROSVM, CROSVM_JSON } from "./readers/crosvm.js";
import { FIRECRACKER, FIRECRACKER_API } from "./readers/firecracker.js";
import { GUEST_DMESG } from "./readers/guest-dmesg.js";
import { HOST_DMESG } from "./readers/host-dmesg.js";
import { KATA } from "./readers/kata.js";
import { LIBKRUN } from "./readers/libkrun.js";
import { LIBVIRT } from "./readers/libvirt.js";
import { FIRMWARE_MEMMAP, PROC_IOMEM } from "./readers/map-files.js";
import { PROC_CPUINFO, PROC_MEMINFO, PROC_VMSTAT, PROC_ZONEINFO } from "./readers/proc-files.js";
import { QEMU } from "./readers/qemu.js";
import type { MachineReader } from "./statement.js";

export const MACHINE_READERS: readonly MachineReader[] = [
  LIBVIRT,
  HOST_DMESG,
  GUEST_DMESG,
  PROC_IOMEM,
  FIRMWARE_MEMMAP,
  PROC_MEMINFO,
  PROC_ZONEINFO,
  PROC_VMSTAT,
  PROC_CPUINFO,
  QEMU,
  CLOUD_HYPERVISOR,
  CLOUD_HYPERVISOR_JSON,
  FIRECRACKER,
  FIRECRACKER_API,
  CROSVM,
  CROSVM_JSON,
  LIBKRUN,
  KATA,
];

/** The readers of a text, the one to take first; none where it is of no kind. A host's log is no guest's. */
export function readersOf(text: string): readonly MachineReader[] {
  const found = MACHINE_READERS.filter((reader) => reader.recognises(text));
  return found[0] === HOST_DMESG ? found.filter((reader) => reader !== GUEST_DMESG) : found;
}
