import { GiB, KiB, MiB } from "../units.js";
import { extraMemory, stateHugePageSize } from "./backing.js";
import { type Findings, type Place, unexpected } from "./findings.js";
import { remarkInitrd, stateCommandLine, stateKernelFile } from "./kernel-words.js";
import { flagOf, type PlacedValue, textOf, wholeOf, within } from "./placed-value.js";

/** Parts of a configuration by name: `machine-config`, `boot-source`. */
export interface FirecrackerParts extends Place {
  readonly members: ReadonlyMap<string, PlacedValue>;
}

/** src/vmm/src/vmm_config/machine_config.rs: MachineConfig::default. */
const DEFAULT_RAM_BYTES: number = 128 * MiB;
/** src/vmm/src/vmm_config/boot_source.rs: DEFAULT_KERNEL_CMDLINE, 1.4 and later. */
const DEFAULT_COMMAND_LINE =
  "reboot=k panic=1 nomodule 8250.nr_uarts=0 i8042.noaux i8042.nomux i8042.dumbkbd swiotlb=noforce";

/** Parts that say something here; all others are counted. */
const READ: ReadonlySet<string> = new Set(["balloon", "boot-source", "machine-config", "memory-hotplug"]);

/** @throws MachineError for values that Firecracker refuses */
export function stateFirecracker(parts: FirecrackerParts, findings: Findings): void {
  const { line, members } = parts;
  const machine = members.get("machine-config");
  const is = machine ?? parts;
  findings.says("vmm.kind", "firecracker", is.line, "machine-config");
  findings.remark(
    is.line,
    "releases of Firecracker up to 1.12 have 3.25 GiB of RAM below 4 GiB (vmm.kind: firecracker-1.12), later ones 3 GiB",
  );
  findings.says(
    "platform.kind",
    "none",
    is.line,
    "machine-config",
    "Firecracker starts no confidential guests",
  );
  const size = within(machine, "mem_size_mib");
  if (size === undefined)
    findings.memory(DEFAULT_RAM_BYTES, is.line, "no mem_size_mib", "Firecracker's default");
  else {
    const mib = wholeOf(size, "mem_size_mib", 1);
    if (mib > (1024 * GiB) / KiB) throw unexpected(size, "at most 2^30 MiB", String(mib));
    findings.memory(mib * MiB, size.line, `"mem_size_mib": ${mib}`);
  }
  const vcpus = within(machine, "vcpu_count");
  if (vcpus === undefined) findings.says("vcpus", 1, is.line, "no vcpu_count", "Firecracker's default");
  else findings.says("vcpus", vcpuCount(vcpus), vcpus.line, `"vcpu_count": ${String(vcpus.scalar)}`);
  stateHugePages(within(machine, "huge_pages"), findings);
  stateBoot(members.get("boot-source"), findings, line);
  const balloon = within(members.get("balloon"), "amount_mib");
  if (balloon !== undefined && wholeOf(balloon, "amount_mib", 0) > 0)
    findings.remark(
      balloon.line,
      `"amount_mib": ${String(balloon.scalar)}: pages that a balloon takes are not simulated`,
    );
  for (const name of ["free_page_reporting", "free_page_hinting"]) {
    const reports = within(members.get("balloon"), name);
    if (reports !== undefined && flagOf(reports, name))
      findings.remark(reports.line, `"${name}": pages that a balloon reports are not simulated`);
  }
  const hotplug = within(members.get("memory-hotplug"), "total_size_mib");
  if (hotplug !== undefined)
    findings.remark(
      hotplug.line,
      extraMemory('"total_size_mib" by virtio-mem', wholeOf(hotplug, "total_size_mib", 1) * MiB),
    );
  for (const [name, part] of members)
    if (!READ.has(name) && part.is !== "null") findings.idle(part.line, name);
}

/** src/vmm/src/vmm_config/machine_config.rs: MAX_SUPPORTED_VCPUS. */
const MAX_VCPUS = 32;

function vcpuCount(value: PlacedValue): number {
  const count = wholeOf(value, "vcpu_count", 1);
  if (count > MAX_VCPUS) throw unexpected(value, `at most ${MAX_VCPUS} for vcpu_count`, String(count));
  return count;
}

function stateHugePages(value: PlacedValue | undefined, findings: Findings): void {
  if (value === undefined) return;
  const text = textOf(value, "huge_pages");
  if (text === "2M")
    stateHugePageSize(findings, { bytes: 2 * MiB, line: value.line, says: '"huge_pages": "2M"' }, false);
  else if (text !== "None") throw unexpected(value, '"None" or "2M" for huge_pages', `"${text}"`);
}

function stateBoot(boot: PlacedValue | undefined, findings: Findings, line: number): void {
  const kernel = within(boot, "kernel_image_path");
  if (kernel !== undefined) {
    stateKernelFile(findings, textOf(kernel, "kernel_image_path"), kernel.line);
    findings.remark(
      kernel.line,
      "Firecracker starts the kernel without firmware and EFI; the firmware that is simulated keeps memory of its own",
    );
  }
  const initrd = within(boot, "initrd_path");
  if (initrd !== undefined) remarkInitrd(findings, textOf(initrd, "initrd_path"), initrd.line);
  const args = within(boot, "boot_args");
  if (args !== undefined) stateCommandLine(findings, textOf(args, "boot_args"), args.line);
  else if (boot !== undefined)
    stateCommandLine(
      findings,
      DEFAULT_COMMAND_LINE,
      boot.line ?? line,
      "no boot_args: Firecracker's default",
    );
}
