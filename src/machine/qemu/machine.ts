/**
 * What a command line of QEMU says of the machine (qemu-options.hx; system/vl.c; hw/i386/pc.c, pc_q35.c, pc_piix.c,
 * microvm.c; backends/hostmem.c; target/i386/kvm/tdx.c; target/i386/sev.c; QEMU 7.2 to 10.2).
 */

import { GiB } from "../../units.js";
import { exactSize } from "../exact-size.js";
import { type Findings, type Place, short, unexpected } from "../findings.js";
import { stateCommandLine, stateFirmwareFile, stateKernelFile } from "../kernel-words.js";
import { stateMachineType } from "../machine-type.js";
import { isOn, type OptionList, qemuSize } from "../option-list.js";
import type { QemuArgument } from "./arguments.js";
import { isBackend } from "./backends.js";
import { type Command, collect } from "./command.js";
import { stateMemory } from "./memory.js";
import { stateVcpus } from "./smp.js";

/** @throws MachineError where QEMU would refuse what it was given */
export function readQemu(args: readonly QemuArgument[], findings: Findings): void {
  const command = collect(args, findings);
  const first = args[0]!.word;
  stateMachine(command, findings, first);
  const platform = statePlatform(command, findings, first);
  stateMemory(command, findings, first, platform !== "none");
  if (!command.unknown.has("smp")) stateVcpus(command.smp, command.machine, findings, first);
  stateFirmware(command, findings, first, platform);
  stateKernel(command, findings);
}

/**
 * Options that are added to others, which have said the rest: nothing is taken for QEMU's default.
 *
 * @throws MachineError where QEMU would refuse them
 */
export function readMoreOfQemu(args: readonly QemuArgument[], findings: Findings): void {
  const command = collect(args, findings);
  const { machine, memory, smp } = command;
  stateMachine(command, findings, undefined);
  const platform = statePlatform(command, findings, undefined);
  const isConfidential = platform !== undefined && platform !== "none";
  const [size] = memory.lists;
  if (size !== undefined) stateMemory(command, findings, size.word, isConfidential);
  const [cpus] = smp.lists;
  if (cpus !== undefined) stateVcpus(smp, machine, findings, cpus.word);
  stateFirmware(command, findings, undefined, platform);
  stateKernel(command, findings);
}

function stateKernel({ kernel, append }: Command, findings: Findings): void {
  if (kernel !== undefined) stateKernelFile(findings, kernel.text, kernel.line);
  if (append !== undefined && kernel === undefined)
    findings.remark(append.line, "-append without -kernel, which QEMU refuses: left out");
  else if (append !== undefined) stateCommandLine(findings, append.text, append.line);
}

const LEGACY_TEE = "memory-encryption";

/** Layout of RAM by the type of machine. */
function stateMachine({ machine, unknown }: Command, findings: Findings, place: Place | undefined): void {
  const type = machine.get("type");
  if (type !== undefined) stateMachineType(findings, type.value ?? "", type, `-machine ${type.value ?? ""}`);
  else if (place !== undefined && !unknown.has("machine")) {
    const derived = "pc, an i440fx, is QEMU's default for x86";
    findings.says("vmm.kind", "i440fx", place.line, "no -machine", derived);
  }
  const low = machine.get("max-ram-below-4g");
  if (low !== undefined) {
    const bytes = qemuSize(low, 1);
    if (bytes > 4 * GiB) throw unexpected(low, "at most 4G for max-ram-below-4g", low.value ?? "");
    findings.says("vmm.lowMemory", exactSize(bytes), low.line, `max-ram-below-4g=${low.value}`);
  }
}

/**
 * Who protects the memory: `confidential-guest-support` names an object (`memory-encryption` before 6.0).
 *
 * @returns undefined where only a shell knows
 */
function statePlatform(
  { machine, objects, unknown }: Command,
  findings: Findings,
  place: Place | undefined,
): "tdx" | "snp" | "none" | undefined {
  const support = machine.get("confidential-guest-support", LEGACY_TEE);
  const tees = [...objects.values()].filter((object) => !isBackend(object.get("qom-type")!.value!));
  for (const object of tees) {
    if (support?.value === object.get("id")!.value) continue;
    findings.remark(
      object.word.line,
      `-object ${short(object.word.text)}: no machine refers to it with confidential-guest-support, so it protects nothing`,
    );
  }
  if (support === undefined) {
    if (place === undefined || unknown.has("machine")) return undefined;
    findings.says(
      "platform.kind",
      "none",
      machine.lists[0]?.word.line ?? place.line,
      "no confidential-guest-support",
      "a machine without it is not confidential",
    );
    return "none";
  }
  const object = tees.find((one) => one.get("id")!.value === support.value);
  if (object === undefined && unknown.has("object")) return undefined;
  if (object === undefined)
    throw unexpected(
      support,
      "the id of an -object of type tdx-guest, sev-snp-guest or sev-guest",
      support.value ?? "",
    );
  const type = object.get("qom-type")!;
  const says = `-object ${type.value}`;
  const { line } = type;
  if (type.value === "sev-guest") {
    findings.says(
      "platform.kind",
      "none",
      line,
      says,
      "SEV without SNP accepts no memory; the nearest platform is none",
    );
    findings.remark(line, "sev-guest: its encryption and its bounce buffer are not simulated");
    return "none";
  }
  const kind = type.value === "tdx-guest" ? "tdx" : "snp";
  findings.says("platform.kind", kind, line, says);
  const ve = object.get("sept-ve-disable");
  if (ve !== undefined)
    findings.says("guest.septVeDisable", isOn(ve), ve.line, `sept-ve-disable=${ve.value ?? "on"}`);
  if (isOn(object.get("kernel-hashes"))) {
    findings.remark(
      line,
      "kernel-hashes=on: the firmware checks kernel and initrd against hashes; that time is not simulated",
    );
  }
  return kind;
}

function stateFirmware(
  { firmware, isFlash, kernel, globals, unknown }: Command,
  findings: Findings,
  place: Place | undefined,
  platform: "tdx" | "snp" | "none" | undefined,
): void {
  for (const image of firmware) stateFirmwareFile(findings, image.text, image.line);
  const isOpen = ["bios", "pflash", "drive", "blockdev"].some((name) => unknown.has(name));
  if (place !== undefined && firmware.length === 0 && !isFlash && !isOpen) {
    const what = kernel === undefined ? "" : `, which starts ${short(kernel.text)} without EFI`;
    const text = `no -bios and no pflash: QEMU's own SeaBIOS${what}; its map of memory is not OVMF's, which is simulated`;
    findings.remark(place.line, text);
  }
  for (const list of globals) stateGlobal(list, findings, platform);
}

/** `-global ICH9-LPC.disable_s3=1`, or the same as driver, property and value: the firmware keeps no memory for a resume. */
function stateGlobal(list: OptionList, findings: Findings, platform: string | undefined): void {
  const { line, text } = list.word;
  const isS3 =
    /^(?:ICH9-LPC|PIIX4_PM)$/.test(list.get("driver")?.value ?? "") &&
    list.get("property")?.value === "disable_s3";
  const disabled = isS3 ? list.get("value") : list.get("ICH9-LPC.disable_s3", "PIIX4_PM.disable_s3");
  if (disabled === undefined) findings.idle(line, "-global");
  else if (platform === "tdx")
    findings.remark(line, `-global ${short(text)}: the image for TDX has no code for S3`);
  else findings.says("firmware.s3", !/^(?:1|on|yes|true|y)$/.test(disabled.value ?? ""), line, text);
}
