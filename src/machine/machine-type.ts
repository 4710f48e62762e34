import { type Findings, type Place, unexpected } from "./findings.js";

/**
 * The layout of RAM by the name of QEMU's machine: `q35`, `pc-q35-8.2`, `pc`, `pc-i440fx-8.2`, `microvm`.
 *
 * @throws MachineError for one of another processor
 */
export function stateMachineType(findings: Findings, name: string, place: Place, says: string): void {
  const { line } = place;
  if (/^(?:pc-)?q35\b/.test(name)) findings.says("vmm.kind", "q35", line, says);
  else if (/^(?:pc(?:-i440fx.*|-\d.*|\+pve\d+)?|xenfv.*)$/.test(name))
    findings.says("vmm.kind", "i440fx", line, says);
  else if (name === "microvm") {
    // hw/i386/microvm.c: microvm_memory_init, QEMU 5.2 and later.
    const derived = "a microvm has RAM where cloud-hypervisor has it: at most 3 GiB below 4 GiB";
    findings.says("vmm.kind", "cloud-hypervisor", line, says, derived);
  } else
    throw unexpected(place, "a machine of x86: q35, pc-q35-VERSION, pc, pc-i440fx-VERSION or microvm", name);
}
