/** A guest's boot log as statements about its machine. */

import { edk2VersionOf } from "../../firmware/edk2.js";
import { BUILD_NAMES } from "../../linux/kernel-build.js";
import { exactSize } from "../exact-size.js";
import { Findings } from "../findings.js";
import { type GuestLog, isGuestLog, readGuestLog, type Said } from "../guest-log.js";
import { stateHandOver } from "../hand-over.js";
import { stateCommandLine } from "../kernel-words.js";
import { stateMap, unacceptedFrom } from "../map-statements.js";
import type { MachineReader } from "../statement.js";

export const GUEST_DMESG: MachineReader = {
  kind: "guest-dmesg",
  what: "a guest's boot log (dmesg, journalctl -k, serial console)",
  recognises: isGuestLog,
  read(text) {
    const log = readGuestLog(text);
    const findings = new Findings();
    if (log.earlierBoots > 0) findings.remark(1, "an earlier boot, left out: the last one of the log counts");
    stateKernel(findings, log);
    statePlatform(findings, log);
    if (log.vcpus !== undefined) findings.says("vcpus", log.vcpus.value, log.vcpus.line, log.vcpus.says);
    stateMap(findings, log.e820);
    stateVmm(findings, log);
    stateHandOver(findings, log);
    stateFirmware(findings, log);
    if (log.commandLine !== undefined) {
      const { value, line } = log.commandLine;
      stateCommandLine(findings, value, line);
    }
    remarkRest(findings, log);
    return findings.reading();
  },
};

function stateKernel(findings: Findings, { kernel, hotplugCpus }: GuestLog): void {
  if (kernel === undefined) return;
  const { value, line, says } = kernel;
  findings.says("kernel", value, line, says);
  if (BUILD_NAMES.includes(value))
    findings.says("guest.kernelBuild", value, line, says, "a build of this name was measured");
  if (hotplugCpus !== undefined && hotplugCpus.value > 0)
    findings.says("guest.hotplugCpus", hotplugCpus.value, hotplugCpus.line, hotplugCpus.says);
}

function statePlatform(findings: Findings, { protection, isWhole, memory }: GuestLog): void {
  if (protection === undefined) {
    if (isWhole)
      findings.says(
        "platform.kind",
        "none",
        memory!.line,
        memory!.says,
        "no line of TDX or SEV before this one",
      );
    return;
  }
  const { value, line, says } = protection;
  if (value !== "sev") {
    findings.says("platform.kind", value, line, says);
    return;
  }
  findings.remark(
    line,
    `${says}: SEV without SNP, which accepts no memory; its bounce buffer is not simulated`,
  );
  findings.says("platform.kind", "none", line, says, "the nearest platform: memory without acceptance");
}

/** Names that DMI has for the machines of VMMs; of others the map decides. */
const MACHINES: readonly (readonly [name: RegExp, kind: string, derived?: string])[] = [
  [/\bQ35\b/, "q35"],
  [/i440FX/, "i440fx"],
  [/Cloud Hypervisor/, "cloud-hypervisor"],
  [/Google Compute Engine/, "cloud-hypervisor", "Google's cloud puts RAM where Cloud Hypervisor does"],
  [/crosvm/i, "crosvm"],
];

/** Words that VMMs without DMI put on a command line. */
const WORDS: readonly (readonly [words: RegExp, kind: string, derived: string])[] = [
  [/(^| )tsi_hijack( |$)|(^| )init=\/init\.krun( |$)/, "libkrun", "a word that libkrun adds"],
  [
    /(^| )pci=off .*virtio_mmio\.device=/,
    "firecracker",
    "pci=off and devices as words, which Firecracker has",
  ],
];

function stateVmm(findings: Findings, { dmi, commandLine, protection, efi, isWhole }: GuestLog): void {
  if (dmi !== undefined) {
    const machine = MACHINES.find(([name]) => name.test(dmi.value));
    if (machine !== undefined) findings.says("vmm.kind", machine[1], dmi.line, dmi.says, machine[2]);
    return;
  }
  const words = WORDS.find(([pattern]) => pattern.test(commandLine?.value ?? ""));
  if (words !== undefined)
    findings.says("vmm.kind", words[1], commandLine!.line, commandLine!.says, words[2]);
  else if (protection?.value === "tdx" && efi === undefined && isWhole) {
    const derived = "no DMI, so not QEMU, and no EFI: td-shim, which Cloud Hypervisor starts";
    findings.says("vmm.kind", "cloud-hypervisor", protection.line, protection.says, derived);
  }
}

/** Firmware by the words of EFI and DMI; what it accepted by its map, or by the table that it left out. */
function stateFirmware(findings: Findings, log: GuestLog): void {
  const { efi, dmi, protection, isWhole, efiMap, unacceptedTable, memory } = log;
  const isConfidential = protection?.value === "tdx" || protection?.value === "snp";
  const version = dmi && biosVersion(dmi.value);
  if (version !== undefined && efi !== undefined)
    findings.says("firmware.version", version, dmi!.line, dmi!.says);
  if (!isConfidential) return;
  const from = unacceptedFrom(efiMap);
  if (efi === undefined) {
    if (!isWhole || protection.value !== "tdx") return;
    const { line, says } = memory!;
    findings.says("firmware.preset", "td-shim", line, says, "no line of EFI in a whole log of a tdx guest");
    const derived = "a kernel learns of unaccepted memory from EFI alone: all was accepted";
    findings.says("firmware.acceptAll", true, line, says, derived);
  } else if (from !== undefined) {
    const derived = "the lowest range of type Unaccepted begins here";
    findings.says("firmware.preAcceptLimit", exactSize(from.value), from.line, from.says, derived);
  } else if (unacceptedTable !== undefined) {
    const text =
      "a table of unaccepted memory, without efi=debug: how far the firmware had accepted is not in the log";
    findings.remark(unacceptedTable.line, text);
  } else if (efiMap.length > 0 || isWhole) {
    const derived = "no Unaccepted= among the tables of the firmware: it has accepted all";
    findings.says("firmware.acceptAll", true, efi.line, efi.says, derived);
  }
}

/** `BIOS edk2-stable202408`, `BIOS 2024.02-2ubuntu0.1`, `BIOS edk2-20240813-4.fc41`. */
function biosVersion(dmi: string): string | undefined {
  const [, year, month] =
    /\bBIOS (?:edk2-(?:stable)?)?(20\d\d)\.?(0[1-9]|1[0-2])(?=\D|\d\d\D)/.exec(dmi) ?? [];
  return year === undefined ? undefined : edk2VersionOf(`${year}.${month}`);
}

/** What a log shows that no key of a scenario says: machine check holds it against the run. */
function remarkRest(findings: Findings, log: GuestLog): void {
  const { reservations, swiotlb, deferredMs, initcalls, hypervisor, dmi, memory } = log;
  const seen = (said: Said<unknown> | undefined, why: string): void => {
    if (said !== undefined) findings.remark(said.line, `${said.says}: ${why}`);
  };
  seen(hypervisor, "which hypervisor it is changes nothing here");
  seen(dmi, "of the names of the machine only VMM and firmware count");
  for (const one of reservations) seen(one, "follows from the command line; machine check compares it");
  seen(swiotlb, "follows from memory and command line; machine check compares it");
  seen(memory, "follows from the machine; machine check compares it");
  for (const one of deferredMs) seen(one, "a time, which machine check compares");
  const [slowest] = initcalls;
  seen(slowest, `the slowest of ${initcalls.length} initcalls; their times are those of the recorded boot`);
}
