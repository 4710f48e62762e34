/**
 * What cloud-hypervisor is told of a machine, by its command line (cloud-hypervisor/src/main.rs, vmm/src/config.rs) or as
 * the VmConfig of its API (vmm/src/vm_config.rs), releases 34 to 49.
 */

import { GiB, MiB } from "../units.js";
import {
  extraMemory,
  pinnedByVfio,
  preallocated,
  stateHugePageSize,
  stateSpareVcpus,
  USUAL_HUGE_PAGE,
  USUAL_HUGE_PAGE_BYTES,
} from "./backing.js";
import { exactSize } from "./exact-size.js";
import { type Findings, type Place, unexpected } from "./findings.js";
import { remarkInitrd, stateCommandLine, stateFirmwareFile, stateKernelFile } from "./kernel-words.js";

/** A number, switch or name with its place. */
export interface At<Value> extends Place {
  readonly value: Value;
  /** The words that say so. */
  readonly says: string;
}

export interface CloudMemory {
  readonly size: At<number> | undefined;
  readonly hotplugSize: At<number> | undefined;
  readonly hotplugMethod: string | undefined;
  readonly hugePages: At<boolean> | undefined;
  readonly hugePageSize: At<number> | undefined;
  readonly prefault: At<boolean> | undefined;
  readonly hostNode: At<string> | undefined;
}

/** A guest of cloud-hypervisor, whoever described it. */
export interface CloudGuest {
  /** Where the description begins. */
  readonly place: Place;
  readonly memory: CloudMemory;
  readonly zones: readonly CloudMemory[];
  readonly bootVcpus: At<number> | undefined;
  readonly maxVcpus: At<number> | undefined;
  readonly tdx: At<boolean> | undefined;
  readonly snp: At<boolean> | undefined;
  readonly kernel: At<string> | undefined;
  readonly firmware: At<string> | undefined;
  readonly igvm: At<string> | undefined;
  readonly initramfs: At<string> | undefined;
  readonly commandLine: At<string> | undefined;
  /** NUMA nodes of the guest. */
  readonly nodes: readonly Place[];
  /** Devices of the host. */
  readonly passed: readonly At<string>[];
  readonly balloon: At<number> | undefined;
}

/** vmm/src/vm_config.rs: DEFAULT_MEMORY_MB, DEFAULT_VCPUS. */
const DEFAULT_RAM_BYTES: number = 512 * MiB;
/** vmm/src/memory_manager.rs: HOTPLUG_COUNT. */
const SLOTS = 8;

/** @throws MachineError where cloud-hypervisor would refuse it */
export function stateCloudGuest(guest: CloudGuest, findings: Findings): void {
  findings.says("vmm.kind", "cloud-hypervisor", guest.place.line, "cloud-hypervisor");
  const isConfidential = statePlatform(guest, findings);
  stateMemory(guest, findings, isConfidential);
  stateVcpus(guest, findings);
  statePayload(guest, findings);
  for (const { line, says } of guest.passed) findings.remark(line, pinnedByVfio(says));
  const { balloon, nodes } = guest;
  if (balloon !== undefined && balloon.value > 0)
    findings.remark(balloon.line, `${balloon.says}: pages that a balloon takes are not simulated`);
  if (nodes.length > 1)
    findings.remark(
      nodes[0]!.line,
      `${nodes.length} NUMA nodes: a scenario says them by their addresses (numa), which this text does not have`,
    );
}

function statePlatform({ tdx, snp, place }: CloudGuest, findings: Findings): boolean {
  if (tdx?.value === true && snp?.value === true) throw unexpected(snp, "either tdx or sev_snp", "both");
  const on = [tdx, snp].find((one) => one?.value === true);
  if (on !== undefined) findings.says("platform.kind", on === tdx ? "tdx" : "snp", on.line, on.says);
  else {
    const derived = "a guest without either is not confidential";
    findings.says("platform.kind", "none", place.line, "neither tdx nor sev_snp", derived);
  }
  return on !== undefined;
}

/** RAM is `size`, or, where that is 0, the sum of its zones (docs/memory.md). */
function stateMemory(guest: CloudGuest, findings: Findings, isConfidential: boolean): void {
  const { memory, zones, place } = guest;
  const { size } = memory;
  const [first] = zones;
  let bytes = size?.value ?? DEFAULT_RAM_BYTES;
  if (first !== undefined) {
    if (size !== undefined && size.value > 0)
      throw unexpected(size, "a size of 0 where there are zones of memory", size.says);
    bytes = zones.reduce((all, zone) => all + (zone.size?.value ?? 0), 0);
    const at = first.size ?? place;
    if (bytes === 0) throw unexpected(at, "zones with a size above 0", "none");
    const derived =
      zones.length === 1 ? "the only zone of memory" : `the sum of ${zones.length} zones of memory`;
    findings.memory(bytes, at.line, first.size!.says, derived);
  } else if (size === undefined) {
    findings.memory(bytes, place.line, "no size of memory", "cloud-hypervisor's default");
  } else if (bytes > 0) findings.memory(bytes, size.line, size.says);
  else throw unexpected(size, "a size above 0, or zones of memory", size.says);
  for (const one of [memory, ...zones]) stateBacking(one, findings, isConfidential);
  stateWindow(memory, bytes, findings);
  for (const zone of zones) {
    const { hotplugSize } = zone;
    if (hotplugSize !== undefined)
      findings.remark(hotplugSize.line, extraMemory(hotplugSize.says, hotplugSize.value));
  }
}

function stateWindow(
  { hotplugSize, hotplugMethod }: CloudMemory,
  ramBytes: number,
  findings: Findings,
): void {
  if (hotplugSize === undefined) return;
  const { value, line, says } = hotplugSize;
  if (value === 0) throw unexpected(hotplugSize, "a size above 0 to plug in", says);
  if (/^virtio-?mem$/i.test(hotplugMethod ?? "acpi")) {
    findings.remark(line, extraMemory(`${says} by virtio-mem`, value));
    return;
  }
  findings.says(
    "vmm.maxMemory",
    exactSize(ramBytes + value),
    line,
    says,
    "the RAM and what can be plugged in",
  );
  findings.says("vmm.slots", SLOTS, line, says, "cloud-hypervisor's ACPI has 8 slots for memory");
}

function stateBacking(memory: CloudMemory, findings: Findings, isConfidential: boolean): void {
  const { hugePages, hugePageSize, prefault, hostNode } = memory;
  if (hugePages?.value === true) {
    const { line, says } = hugePageSize ?? hugePages;
    const bytes = hugePageSize?.value ?? USUAL_HUGE_PAGE_BYTES;
    if (bytes !== 2 * MiB && bytes !== GiB)
      throw unexpected(hugePageSize!, "2M or 1G, the sizes of x86", says);
    const derived = hugePageSize === undefined ? USUAL_HUGE_PAGE : undefined;
    if (isConfidential || !findings.has("host.pageSize"))
      stateHugePageSize(findings, { bytes, line, says, derived }, isConfidential);
  }
  if (prefault?.value === true) findings.remark(prefault.line, preallocated(prefault.says, isConfidential));
  if (hostNode !== undefined)
    findings.remark(
      hostNode.line,
      `${hostNode.says}: the node of the host costs nothing in a simulated guest`,
    );
}

function stateVcpus({ bootVcpus, maxVcpus, place }: CloudGuest, findings: Findings): void {
  const boot = bootVcpus?.value ?? 1;
  if (bootVcpus === undefined)
    findings.says("vcpus", 1, place.line, "no number of CPUs", "cloud-hypervisor's default");
  else findings.says("vcpus", boot, bootVcpus.line, bootVcpus.says);
  if (maxVcpus === undefined || maxVcpus.value === boot) return;
  if (maxVcpus.value < boot) throw unexpected(maxVcpus, `at least the ${boot} CPUs at start`, maxVcpus.says);
  stateSpareVcpus(findings, maxVcpus.value - boot, maxVcpus.line, maxVcpus.says);
}

function statePayload(guest: CloudGuest, findings: Findings): void {
  const { kernel, firmware, igvm, initramfs, commandLine } = guest;
  if (firmware !== undefined) stateFirmwareFile(findings, firmware.value, firmware.line);
  if (igvm !== undefined)
    findings.remark(
      igvm.line,
      `${igvm.says}: what the IGVM file puts into memory at launch is not simulated`,
    );
  if (kernel !== undefined) stateKernelFile(findings, kernel.value, kernel.line);
  if (kernel !== undefined && firmware === undefined && igvm === undefined)
    findings.remark(
      kernel.line,
      "a kernel without firmware starts at its PVH entry, without EFI; the firmware that is simulated accepts and keeps memory of its own",
    );
  if (initramfs !== undefined) remarkInitrd(findings, initramfs.value, initramfs.line);
  if (commandLine !== undefined) stateCommandLine(findings, commandLine.value, commandLine.line);
}
