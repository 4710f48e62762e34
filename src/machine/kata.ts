/**
 * What Kata Containers' runtimes do with a configuration (src/runtime/config/configuration-*.toml.in,
 * src/runtime/pkg/katautils/config.go and config-settings.go.in, src/runtime/virtcontainers/qemu.go; 3.0 to 4.0).
 */

import { GiB, MiB, roundUp } from "../units.js";
import {
  pinnedByVfio,
  preallocated,
  stateHugePageSize,
  stateSpareVcpus,
  USUAL_HUGE_PAGE,
  USUAL_HUGE_PAGE_BYTES,
} from "./backing.js";
import { exactSize } from "./exact-size.js";
import { type Findings, short, unexpected } from "./findings.js";
import { remarkInitrd, stateCommandLine, stateFirmwareFile, stateKernelFile } from "./kernel-words.js";
import { stateMachineType } from "./machine-type.js";
import { flagOf, type PlacedValue, textOf, wholeOf, within } from "./placed-value.js";

/** config-settings.go.in: defaultMemSize, defaultMemSlots, defaultVCPUCount, defaultMachineType. */
const DEFAULT_MIB = 2048;
const DEFAULT_SLOTS = 10;
const DEFAULT_MACHINE = "q35";

type Platform = "tdx" | "snp" | "none" | undefined;

/** @throws MachineError for values that Kata refuses */
export function stateKata(root: PlacedValue, findings: Findings): void {
  const [name, hypervisor] = hypervisorOf(root, findings);
  stateLayout(name, hypervisor, findings);
  const platform = statePlatform(hypervisor, findings);
  stateMemory(name, hypervisor, findings, platform);
  stateVcpus(hypervisor, findings, platform);
  stateStart(name, hypervisor, findings);
  stateBacking(hypervisor, findings, platform !== "none");
  const isStatic = flagOf(
    within(root, "runtime", "static_sandbox_resource_mgmt"),
    "static_sandbox_resource_mgmt",
  );
  const text = isStatic
    ? "static_sandbox_resource_mgmt: the guest starts with what the pod's limits add to default_memory and default_vcpus, which the file does not say"
    : "what a pod's limits ask for is plugged in once the guest runs, and not simulated";
  findings.remark(within(root, "runtime", "static_sandbox_resource_mgmt")?.line ?? hypervisor.line, text);
  const others = [...hypervisor.members.keys()].filter((key) => !READ.has(key)).length;
  if (others > 0)
    findings.remark(
      hypervisor.line,
      `${others} other settings of the hypervisor: without bearing on memory, CPUs and acceptance`,
    );
}

/** Settings that say something here. */
const READ: ReadonlySet<string> = new Set(
  `cold_plug_vfio confidential_guest default_maxmemory default_maxvcpus default_memory default_vcpus enable_hugepages
  enable_mem_prealloc enable_numa enable_virtio_mem firmware hot_plug_vfio initrd kernel kernel_params machine_type
  memory_offset memory_slots reclaim_guest_freed_memory sev_snp_guest tdx_quote_generation_service_socket_port path`.split(
    /\s+/,
  ),
);

/** The one that `[runtime]` names, or the first. */
function hypervisorOf(root: PlacedValue, findings: Findings): [string, PlacedValue] {
  const all = within(root, "hypervisor");
  const named = within(root, "runtime", "hypervisor_name");
  const names = [...(all?.members.keys() ?? [])];
  const name = named === undefined ? names[0] : textOf(named, "hypervisor_name");
  const hypervisor = name === undefined ? undefined : within(all, name);
  if (name === undefined || hypervisor === undefined)
    throw unexpected(
      named ?? root,
      "a table [hypervisor.NAME]",
      name === undefined ? "none" : `none for ${name}`,
    );
  if (names.length > 1)
    findings.remark(
      hypervisor.line,
      `${names.length} hypervisors (${names.join(", ")}): that of ${name} is read`,
    );
  return [name, hypervisor];
}

function stateLayout(name: string, hypervisor: PlacedValue, findings: Findings): void {
  const { line } = hypervisor;
  const says = `[hypervisor.${name}]`;
  if (name === "qemu") {
    const type = within(hypervisor, "machine_type");
    const machine = type === undefined ? "" : textOf(type, "machine_type");
    if (machine === "")
      findings.says("vmm.kind", DEFAULT_MACHINE, line, says, "Kata's default for machine_type");
    else stateMachineType(findings, machine, type!, `machine_type = "${machine}"`);
  } else if (name === "clh" || name === "cloud-hypervisor")
    findings.says("vmm.kind", "cloud-hypervisor", line, says);
  else if (name === "firecracker") findings.says("vmm.kind", "firecracker", line, says);
  else findings.remark(line, `${says}: the place of its RAM is none of vmm.kind`);
}

/** The runtime takes what the host offers, so that a confidential guest without more words can be any. */
function statePlatform(hypervisor: PlacedValue, findings: Findings): Platform {
  const confidential = within(hypervisor, "confidential_guest");
  if (!flagOf(confidential, "confidential_guest")) {
    const line = confidential?.line ?? hypervisor.line;
    findings.says("platform.kind", "none", line, "confidential_guest", "false, which is Kata's default");
    return "none";
  }
  const { line } = confidential!;
  const snp = within(hypervisor, "sev_snp_guest");
  if (flagOf(snp, "sev_snp_guest")) {
    findings.says("platform.kind", "snp", snp!.line, "sev_snp_guest = true");
    return "snp";
  }
  const hint = ["tdx_quote_generation_service_socket_port", "firmware", "path", "kernel_params"]
    .map((key) => ({ key, value: within(hypervisor, key) }))
    .find(
      ({ key, value }) =>
        value !== undefined && (key.startsWith("tdx") || /tdx|tdvf|td-?shim/i.test(String(value.scalar))),
    );
  if (hint?.value !== undefined) {
    findings.says(
      "platform.kind",
      "tdx",
      hint.value.line,
      hint.key,
      "confidential, and a setting that only TDX has",
    );
    return "tdx";
  }
  findings.remark(
    line,
    "confidential_guest: the runtime takes what the host offers, TDX or SEV, and nothing here says which (platform.kind)",
  );
  return undefined;
}

/** qemu.go: for TDX, memory of 61 GiB and more is rounded up to whole GiB (kata-containers pull 12537, 2026-02). */
const TDX_ROUNDS_FROM: number = 61 * GiB;

function stateMemory(name: string, hypervisor: PlacedValue, findings: Findings, platform: Platform): void {
  const memory = within(hypervisor, "default_memory");
  const mib = memory === undefined ? 0 : wholeOf(memory, "default_memory", 0);
  const line = memory?.line ?? hypervisor.line;
  let bytes = (mib === 0 ? DEFAULT_MIB : mib) * MiB;
  if (mib === 0) findings.memory(bytes, line, "no default_memory", "Kata's default");
  else if (platform === "tdx" && name === "qemu" && bytes >= TDX_ROUNDS_FROM && bytes % GiB !== 0) {
    bytes = roundUp(bytes, GiB);
    findings.memory(
      bytes,
      line,
      `default_memory = ${mib}`,
      "rounded up to GiB, as Kata does for TDX since 2026-02",
    );
  } else findings.memory(bytes, line, `default_memory = ${mib}`);
  stateWindow(name, hypervisor, bytes, findings);
  const virtio = within(hypervisor, "enable_virtio_mem");
  if (flagOf(virtio, "enable_virtio_mem"))
    findings.remark(
      virtio!.line,
      "enable_virtio_mem: memory that virtio-mem adds once the guest runs is not simulated",
    );
}

function stateWindow(name: string, hypervisor: PlacedValue, ramBytes: number, findings: Findings): void {
  if (name === "firecracker") return;
  const max = within(hypervisor, "default_maxmemory");
  const offset = within(hypervisor, "memory_offset");
  const mib = max === undefined ? 0 : wholeOf(max, "default_maxmemory", 0);
  const line = max?.line ?? hypervisor.line;
  if (mib === 0) {
    findings.remark(
      line,
      "default_maxmemory is 0: as much as the host has can be plugged in, which the file does not say (vmm.maxMemory)",
    );
    return;
  }
  const bytes = (mib + (offset === undefined ? 0 : wholeOf(offset, "memory_offset", 0))) * MiB;
  if (bytes <= ramBytes) {
    findings.remark(line, `default_maxmemory = ${mib}: not above the RAM, so that nothing can be plugged in`);
    return;
  }
  findings.says(
    "vmm.maxMemory",
    exactSize(bytes),
    line,
    `default_maxmemory = ${mib}`,
    offset === undefined ? undefined : "with memory_offset",
  );
  const slots = within(hypervisor, "memory_slots");
  const count = slots === undefined ? 0 : wholeOf(slots, "memory_slots", 0);
  if (count > 0) findings.says("vmm.slots", count, slots!.line, `memory_slots = ${count}`);
  else findings.says("vmm.slots", DEFAULT_SLOTS, hypervisor.line, "no memory_slots", "Kata's default");
}

function stateVcpus(hypervisor: PlacedValue, findings: Findings, platform: Platform): void {
  const vcpus = within(hypervisor, "default_vcpus");
  const value = vcpus?.scalar ?? 0;
  const line = vcpus?.line ?? hypervisor.line;
  if (typeof value !== "number") throw unexpected(vcpus!, "a number for default_vcpus", String(value));
  if (value < 0)
    findings.remark(
      line,
      `default_vcpus = ${value}: as many as the host has, which the file does not say (vcpus)`,
    );
  else if (value === 0) findings.says("vcpus", 1, line, "no default_vcpus", "Kata's default");
  else
    findings.says(
      "vcpus",
      Math.ceil(value),
      line,
      `default_vcpus = ${value}`,
      Number.isInteger(value) ? undefined : "rounded up",
    );
  stateSpare(hypervisor, Math.ceil(Math.max(1, value)), findings, platform);
}

/** What the runtime passes on to a confidential guest, in which no CPU can be plugged, the file does not settle. */
function stateSpare(hypervisor: PlacedValue, vcpus: number, findings: Findings, platform: Platform): void {
  const max = within(hypervisor, "default_maxvcpus");
  const most = max === undefined ? 0 : wholeOf(max, "default_maxvcpus", 0);
  if (max === undefined || (most > 0 && most <= vcpus)) return;
  const says = `default_maxvcpus = ${most}`;
  if (platform === "none" && most > 0) stateSpareVcpus(findings, most - vcpus, max.line, says);
  else
    findings.remark(
      max.line,
      `${says}: how many CPUs could be plugged in, the file does not settle (guest.hotplugCpus)`,
    );
}

function stateStart(name: string, hypervisor: PlacedValue, findings: Findings): void {
  const text = (key: string): { readonly text: string; readonly line: number } | undefined => {
    const value = within(hypervisor, key);
    const written = value === undefined ? "" : textOf(value, key);
    return written === "" ? undefined : { text: written, line: value!.line };
  };
  const firmware = text("firmware");
  if (firmware !== undefined) stateFirmwareFile(findings, firmware.text, firmware.line);
  else
    findings.remark(
      hypervisor.line,
      `no firmware: ${name} starts the kernel without EFI; the firmware that is simulated keeps memory of its own`,
    );
  const kernel = text("kernel");
  if (kernel !== undefined) stateKernelFile(findings, kernel.text, kernel.line);
  const initrd = text("initrd");
  if (initrd !== undefined) remarkInitrd(findings, initrd.text, initrd.line);
  const params = text("kernel_params");
  if (params !== undefined)
    stateCommandLine(findings, params.text, params.line, "Kata puts words of its own before them");
}

function stateBacking(hypervisor: PlacedValue, findings: Findings, isConfidential: boolean): void {
  const huge = within(hypervisor, "enable_hugepages");
  if (flagOf(huge, "enable_hugepages")) {
    const { line } = huge!;
    const says = "enable_hugepages = true";
    stateHugePageSize(
      findings,
      { bytes: USUAL_HUGE_PAGE_BYTES, line, says, derived: USUAL_HUGE_PAGE },
      isConfidential,
    );
    findings.remark(line, preallocated(says, isConfidential));
  }
  const early = within(hypervisor, "enable_mem_prealloc");
  if (flagOf(early, "enable_mem_prealloc"))
    findings.remark(early!.line, preallocated("enable_mem_prealloc = true", isConfidential));
  const reclaim = within(hypervisor, "reclaim_guest_freed_memory");
  if (flagOf(reclaim, "reclaim_guest_freed_memory"))
    findings.remark(
      reclaim!.line,
      "reclaim_guest_freed_memory: pages that a balloon reports are not simulated",
    );
  const numa = within(hypervisor, "enable_numa");
  if (flagOf(numa, "enable_numa"))
    findings.remark(
      numa!.line,
      "enable_numa: a scenario says nodes by their addresses (numa), which this text does not have",
    );
  for (const key of ["cold_plug_vfio", "hot_plug_vfio"]) {
    const port = within(hypervisor, key);
    if (port !== undefined && textOf(port, key) !== "no-port")
      findings.remark(port.line, pinnedByVfio(`${key} = "${short(String(port.scalar))}"`));
  }
}
