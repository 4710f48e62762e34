import { MiB } from "../units.js";
import { exactSize } from "./exact-size.js";
import type { Findings, Place } from "./findings.js";
import { remarkInitrd, stateCommandLine, stateFirmwareFile, stateKernelFile } from "./kernel-words.js";

export interface CrosvmText extends Place {
  readonly text: string;
}

export interface CrosvmNumber extends Place {
  readonly value: number;
  readonly says: string;
}

/** A guest of crosvm, whoever described it. */
export interface CrosvmGuest {
  readonly place: Place;
  readonly memoryMib: CrosvmNumber | undefined;
  readonly vcpus: CrosvmNumber | undefined;
  /** Where the window of devices below 4 GiB begins (`--pci mem`). */
  readonly lowEnd: CrosvmNumber | undefined;
  readonly params: readonly CrosvmText[];
  readonly kernel: CrosvmText | undefined;
  readonly initrd: CrosvmText | undefined;
  readonly bios: CrosvmText | undefined;
  /** `protected-vm` and its like. */
  readonly isProtected: CrosvmText | undefined;
  readonly hugePages: Place | undefined;
  readonly locked: Place | undefined;
  /** Devices of the host. */
  readonly passed: readonly CrosvmText[];
}

/** src/crosvm/config.rs: 256 MiB, one CPU. */
const DEFAULT_MIB = 256;

export function stateCrosvm(guest: CrosvmGuest, findings: Findings): void {
  const { place, memoryMib, vcpus, lowEnd, params, kernel, initrd, bios } = guest;
  findings.says("vmm.kind", "crosvm", place.line, "crosvm run");
  findings.says(
    "platform.kind",
    "none",
    place.line,
    "crosvm run",
    "crosvm starts neither TDX nor SNP guests",
  );
  if (guest.isProtected !== undefined)
    findings.remark(
      guest.isProtected.line,
      `${guest.isProtected.text}: pKVM gives the guest its memory at its first use, without acceptance by the guest; that is not simulated`,
    );
  if (memoryMib === undefined) findings.memory(DEFAULT_MIB * MiB, place.line, "no --mem", "crosvm's default");
  else findings.memory(memoryMib.value * MiB, memoryMib.line, memoryMib.says, "crosvm counts MiB");
  if (vcpus === undefined) findings.says("vcpus", 1, place.line, "no --cpus", "crosvm's default");
  else findings.says("vcpus", vcpus.value, vcpus.line, vcpus.says);
  if (lowEnd !== undefined)
    findings.says(
      "vmm.lowMemory",
      exactSize(lowEnd.value),
      lowEnd.line,
      lowEnd.says,
      "RAM ends where the window of devices begins",
    );
  if (bios !== undefined) stateFirmwareFile(findings, bios.text, bios.line);
  if (kernel !== undefined) {
    stateKernelFile(findings, kernel.text, kernel.line);
    if (bios === undefined)
      findings.remark(
        kernel.line,
        "crosvm starts the kernel without firmware and EFI; the firmware that is simulated keeps memory of its own",
      );
  }
  if (initrd !== undefined) remarkInitrd(findings, initrd.text, initrd.line);
  const [first] = params;
  if (first !== undefined) {
    const more = "crosvm puts words of its own for console and root before them";
    stateCommandLine(findings, params.map(({ text }) => text).join(" "), first.line, more);
  }
  if (guest.hugePages !== undefined)
    findings.remark(
      guest.hugePages.line,
      "hugepages: the host may back memory with huge pages (madvise), which is not certain; host.pageSize and host.contiguity say how",
    );
  if (guest.locked !== undefined)
    findings.remark(
      guest.locked.line,
      "lock-guest-memory: the host backs and locks memory before the guest starts; simulated memory is backed at its first use",
    );
  for (const { line, text } of guest.passed)
    findings.remark(line, `${text}: VFIO pins the memory that it maps; that is not simulated`);
}
