/** The options of a command line of QEMU that say something of memory, CPUs or acceptance, collected; all others counted. */

import { extraMemory, pinnedByVfio } from "../backing.js";
import { type Findings, short, unexpected } from "../findings.js";
import { remarkInitrd } from "../kernel-words.js";
import { isOn, type OptionList, qemuList, qemuSize, type Setting } from "../option-list.js";
import type { ShellWord } from "../shell-text.js";
import type { QemuArgument } from "./arguments.js";
import { isBackend } from "./backends.js";

/** Options that may come several times add up to one list, whose later settings count. */
export class Merged {
  readonly lists: OptionList[] = [];

  get(...keys: string[]): Setting | undefined {
    return this.lists.map((list) => list.get(...keys)).findLast((setting) => setting !== undefined);
  }
}

/** What was read so far. */
export interface Command {
  readonly machine: Merged;
  readonly memory: Merged;
  readonly smp: Merged;
  /** `-object`, by id. */
  readonly objects: Map<string, OptionList>;
  readonly nodes: OptionList[];
  readonly globals: OptionList[];
  append?: ShellWord;
  kernel?: ShellWord;
  firmware: ShellWord[];
  isFlash: boolean;
  memPath?: ShellWord;
  prealloc?: ShellWord;
  /** Options with a part that only a shell knows, so that their defaults do not count either. */
  readonly unknown: Set<string>;
}

/** @throws MachineError */
export function collect(args: readonly QemuArgument[], findings: Findings): Command {
  const command: Command = {
    machine: new Merged(),
    memory: new Merged(),
    smp: new Merged(),
    objects: new Map(),
    nodes: [],
    globals: [],
    firmware: [],
    isFlash: false,
    unknown: new Set(),
  };
  for (const arg of args) take(arg, command, findings);
  return command;
}

/** An option that says something of memory, CPUs or acceptance; all others are counted. */
type Taker = (word: ShellWord, command: Command, findings: Findings) => void;

const VALUED: Readonly<Record<string, Taker>> = {
  machine: (word, { machine }) => machine.lists.push(qemuList(word, "type")),
  m: (word, { memory }) => memory.lists.push(qemuList(word, "size")),
  smp: (word, { smp }) => smp.lists.push(qemuList(word, "cpus")),
  object: takeObject,
  numa: (word, { nodes }) => nodes.push(qemuList(word, "type")),
  global: (word, { globals }) => globals.push(qemuList(word)),
  append: (word, command) => {
    command.append = word;
  },
  kernel: (word, command) => {
    command.kernel = word;
  },
  initrd: (word, _command, findings) => remarkInitrd(findings, word.text, word.line),
  bios: (word, { firmware }) => firmware.push(word),
  pflash: (word, command) => takeFlash(word, word.text, command),
  drive: (word, command, findings) => {
    const drive = qemuList(word);
    if (drive.get("if")?.value === "pflash") takeFlash(word, drive.get("file")?.value ?? "", command);
    else findings.idle(word.line, "-drive");
  },
  blockdev: (word, command, findings) => {
    const node = qemuList(word, "driver");
    const file = node.get("file.filename", "filename")?.value;
    if (file !== undefined && /(?:ovmf|tdvf|edk2|code)[^/]*\.(?:fd|bin|qcow2)$/i.test(file))
      takeFlash(word, file, command);
    else findings.idle(word.line, "-blockdev");
  },
  "mem-path": (word, command) => {
    command.memPath = word;
  },
  device: takeDevice,
  cpu: (word, _command, findings) => {
    const model = qemuList(word, "model");
    const bits = model.get("phys-bits", "host-phys-bits-limit");
    if (bits === undefined) findings.idle(word.line, "-cpu");
    else
      findings.remark(
        word.line,
        `-cpu ${bits.key}=${short(bits.value ?? "on")}: moves no RAM of a simulated guest`,
      );
  },
  accel: (word, _command, findings) => {
    const name = qemuList(word, "accel").get("accel")?.value;
    if (name === "kvm") findings.idle(word.line, "-accel kvm");
    else findings.remark(word.line, `-accel ${short(word.text)}: prices are those of a guest under KVM`);
  },
  overcommit: (word, _command, findings) => {
    if (!isOn(qemuList(word).get("mem-lock"))) return findings.idle(word.line, "-overcommit");
    findings.remark(
      word.line,
      "mem-lock=on: the host backs and locks what QEMU maps before the guest starts; simulated memory is backed at its first use",
    );
  },
  readconfig: (word, _command, findings) =>
    findings.remark(
      word.line,
      `-readconfig ${short(word.text)}: a file with more options, which is not read; give it as well if it says memory or CPUs`,
    ),
  incoming: (word, _command, findings) =>
    findings.remark(
      word.line,
      "-incoming: the guest comes from another host, and does not boot here as a simulated one does",
    ),
  loadvm: (word, _command, findings) =>
    findings.remark(
      word.line,
      "-loadvm: the guest goes on from a snapshot, and does not boot as a simulated one does",
    ),
  fw_cfg: (word, _command, findings) => {
    const name = qemuList(word, "name").get("name")?.value ?? "";
    if (!name.startsWith("opt/ovmf")) return findings.idle(word.line, "-fw_cfg");
    findings.remark(word.line, `-fw_cfg ${short(name)}: a setting of the firmware that is not simulated`);
  },
};

const BARE: Readonly<Record<string, (word: ShellWord, command: Command, findings: Findings) => void>> = {
  "mem-prealloc": (word, command) => {
    command.prealloc = word;
  },
  "no-acpi": (word, _command, findings) =>
    findings.remark(word.line, "-no-acpi: a simulated kernel finds its CPUs by ACPI"),
};

function take({ name, word, value }: QemuArgument, command: Command, findings: Findings): void {
  const taker = VALUED[name];
  if (taker === undefined || value === undefined) {
    const bare = BARE[name];
    if (bare === undefined) findings.idle(word.line, `-${name}`);
    else bare(word, command, findings);
  } else if (value.unknown === undefined) taker(value, command, findings);
  else {
    command.unknown.add(name);
    const text = `-${name} ${short(value.text)}: only the shell that runs it knows ${short(value.unknown)}`;
    findings.remark(value.line, `${text}, so nothing is taken from here`);
  }
}

function takeObject(word: ShellWord, { objects }: Command, findings: Findings): void {
  const object = qemuList(word, "qom-type");
  const type = object.get("qom-type")?.value ?? "";
  const id = object.get("id")?.value;
  if (isBackend(type) || /^(?:tdx|sev|sev-snp)-guest$/.test(type)) {
    if (id === undefined) throw unexpected(word, `id= in an object of type ${type}`, word.text);
    objects.set(id, object);
  } else if (/^(?:igvm-cfg|sgx-epc|s390-pv-guest|pef-guest|arm-rme-guest)$/.test(type)) {
    findings.remark(
      word.line,
      `-object ${short(type)}: ${type === "igvm-cfg" ? "what the IGVM file puts into memory at launch is not simulated" : "not simulated"}`,
    );
  } else findings.idle(word.line, `-object ${short(type)}`);
}

function takeFlash(word: ShellWord, file: string, command: Command): void {
  command.isFlash = true;
  // Variables, if not read-only, come with the image of code, which says more.
  if (!/vars/i.test(file) || /code/i.test(file)) command.firmware.push({ ...word, text: file });
}

/** Devices with memory of their own, and those that pin the guest's. */
function takeDevice(word: ShellWord, { objects }: Command, findings: Findings): void {
  const device = qemuList(word, "driver");
  const driver = device.get("driver")?.value ?? "";
  if (/^vfio-(?:pci|ap|ccw|platform)/.test(driver)) {
    findings.remark(word.line, pinnedByVfio(`-device ${driver}`));
  } else if (/^(?:pc-dimm|nvdimm|virtio-mem|virtio-pmem|sgx-epc)/.test(driver)) {
    const backend = objects.get(device.get("memdev")?.value ?? "");
    const size = device.get("requested-size") ?? backend?.get("size");
    const bytes = size === undefined ? undefined : qemuSize(size, 1);
    findings.remark(word.line, extraMemory(`-device ${driver}`, bytes));
  } else if (/balloon/.test(driver) && isOn(device.get("free-page-reporting", "deflate-on-oom"))) {
    findings.remark(word.line, `-device ${driver}: pages that a balloon takes or reports are not simulated`);
  } else findings.idle(word.line, "-device");
}
