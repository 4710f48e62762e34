import type { At, CloudGuest, CloudMemory } from "./cloud-hypervisor.js";
import { type Findings, type Place, short, unexpected } from "./findings.js";
import { longOptions, type Takes } from "./long-options.js";
import { isOn, type OptionList, plainList, type Setting, wholeNumberOf } from "./option-list.js";
import type { ShellCommand, ShellWord } from "./shell-text.js";

/** Options of cloud-hypervisor (cloud-hypervisor/src/main.rs), `tdx` that of releases up to 22. */
const ONE = `api-socket balloon cmdline console cpus debug-console event-monitor firmware fw-cfg-config gdb host-data igvm
  initramfs ivshmem kernel log-file memory platform rng seccomp serial tdx tpm vsock`;
const MANY = `device disk fs generic-vhost-user landlock-rules memory-zone net numa pci-segment pmem rate-limit-group restore
  sgx-epc user-device vdpa`;
const NOTHING = "help landlock pvpanic v version watchdog iommu no-shutdown";

const TAKES: ReadonlyMap<string, Takes> = new Map([
  ...ONE.split(/\s+/).map((name): [string, Takes] => [name, "one"]),
  ...MANY.split(/\s+/).map((name): [string, Takes] => [name, "many"]),
  ...NOTHING.split(/\s+/).map((name): [string, Takes] => [name, "nothing"]),
]);
const SHORT: ReadonlyMap<string, string> = new Map([
  ["v", "v"],
  ["h", "help"],
  ["V", "version"],
]);

/** Options that say something here; all others are counted. */
const READ: ReadonlySet<string> = new Set(
  `balloon cmdline cpus device firmware host-data igvm initramfs kernel memory memory-zone numa pmem platform restore
  sgx-epc tdx user-device`.split(/\s+/),
);

/** @throws MachineError */
export function cloudGuestOf(command: ShellCommand, findings: Findings): CloudGuest {
  const options = longOptions(command, TAKES, SHORT, "cloud-hypervisor");
  const all = (name: string): ShellWord[] =>
    options.filter((one) => one.name === name).flatMap(({ values }) => values.filter(known(name, findings)));
  const one = (name: string): ShellWord | undefined => all(name).at(-1);
  const list = (name: string): OptionList | undefined => {
    const word = one(name);
    return word === undefined ? undefined : plainList(word);
  };
  for (const { name, word } of options)
    if (!READ.has(name)) findings.idle(word.line, name === "" ? word.text : `--${name}`);
  const restored = one("restore");
  if (restored !== undefined)
    findings.remark(
      restored.line,
      "--restore: the guest goes on from a snapshot, and does not boot as a simulated one does",
    );
  for (const word of all("pmem"))
    findings.remark(
      word.line,
      `--pmem ${short(word.text)}: persistent memory besides the guest's RAM is not simulated`,
    );
  const cpusWord = one("cpus");
  const cpus = cpusWord === undefined ? undefined : plainList(cpusWord, "boot");
  const platform = list("platform");
  const tdx = list("tdx");
  const memoryWord = one("memory");
  const memory = memoryWord === undefined ? undefined : plainList(memoryWord, "size");
  return {
    place: command.words[0]!,
    memory: memoryOf(memory),
    zones: all("memory-zone").map((word) => memoryOf(plainList(word))),
    bootVcpus: numberAt(cpus?.get("boot"), "--cpus "),
    maxVcpus: numberAt(cpus?.get("max"), "--cpus "),
    tdx:
      tdx === undefined
        ? switchAt(platform?.get("tdx"))
        : { ...placeOf(tdx.word), value: true, says: "--tdx" },
    snp: switchAt(platform?.get("sev_snp")),
    kernel: textAt("--kernel", one("kernel")),
    firmware: textAt("--firmware", one("firmware")) ?? settingAt(tdx?.get("firmware")),
    igvm: textAt("--igvm", one("igvm")),
    initramfs: textAt("--initramfs", one("initramfs")),
    commandLine: textAt("--cmdline", one("cmdline")),
    nodes: all("numa"),
    passed: ["device", "user-device"].flatMap((name) =>
      all(name).map((word) => textAt(`--${name} ${short(word.text)}`, word)!),
    ),
    balloon: sizeAt(list("balloon")?.get("size")),
  };
}

/** A value that only a shell knows says nothing. */
function known(name: string, findings: Findings): (word: ShellWord) => boolean {
  return ({ unknown, line, text }) => {
    if (unknown === undefined) return true;
    findings.remark(
      line,
      `--${name} ${short(text)}: only the shell that runs it knows ${short(unknown)}, so nothing is taken from here`,
    );
    return false;
  };
}

function memoryOf(list: OptionList | undefined): CloudMemory {
  return {
    size: sizeAt(list?.get("size")),
    hotplugSize: sizeAt(list?.get("hotplug_size")),
    hotplugMethod: list?.get("hotplug_method")?.value,
    hugePages: switchAt(list?.get("hugepages")),
    hugePageSize: sizeAt(list?.get("hugepage_size")),
    prefault: switchAt(list?.get("prefault")),
    hostNode: settingAt(list?.get("host_numa_node")),
  };
}

function placeOf({ line, column }: Place): Place {
  return { line, column };
}

function saysOf({ key, value }: Setting): string {
  return value === undefined ? key : `${key}=${value}`;
}

/** A size as option_parser/src/lib.rs reads it (ByteSized): digits and K, M, G or T. */
function sizeAt(setting: Setting | undefined): At<number> | undefined {
  if (setting === undefined) return undefined;
  const [, digits, letter] = /^(\d{1,16})([KMGT]?)$/.exec(setting.value ?? "") ?? [];
  const value = digits === undefined ? Number.NaN : Number(digits) * 1024 ** " KMGT".indexOf(letter || " ");
  if (!Number.isSafeInteger(value))
    throw unexpected(setting, `a size such as 4G for ${setting.key}, below 2^53 bytes`, setting.value ?? "");
  return { ...placeOf(setting), value, says: saysOf(setting) };
}

function numberAt(setting: Setting | undefined, prefix: string): At<number> | undefined {
  if (setting === undefined) return undefined;
  return { ...placeOf(setting), value: wholeNumberOf(setting, 1), says: `${prefix}${saysOf(setting)}` };
}

function switchAt(setting: Setting | undefined): At<boolean> | undefined {
  return setting === undefined
    ? undefined
    : { ...placeOf(setting), value: isOn(setting), says: saysOf(setting) };
}

function settingAt(setting: Setting | undefined): At<string> | undefined {
  if (setting === undefined) return undefined;
  return { ...placeOf(setting), value: setting.value ?? "", says: saysOf(setting) };
}

function textAt(says: string, word: ShellWord | undefined): At<string> | undefined {
  return word === undefined ? undefined : { ...placeOf(word), value: word.text, says };
}
