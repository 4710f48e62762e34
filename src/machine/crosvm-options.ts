import { nearestName } from "../nearest-name.js";
import type { CrosvmGuest, CrosvmNumber, CrosvmText } from "./crosvm.js";
import { type Findings, type Place, short, unexpected } from "./findings.js";
import { longOptions, type Takes } from "./long-options.js";
import { plainList, type Setting } from "./option-list.js";
import type { ShellCommand, ShellWord } from "./shell-text.js";

/** Options that say something here. */
const READ: ReadonlyMap<string, Takes> = new Map<string, Takes>([
  ["bios", "one"],
  ["cfg", "one"],
  ["cpus", "one"],
  ["hugepages", "nothing"],
  ["initrd", "one"],
  ["kernel", "one"],
  ["lock-guest-memory", "nothing"],
  ["mem", "one"],
  ["params", "one"],
  ["pci", "one"],
  ["protected-vm", "nothing"],
  ["protected-vm-without-firmware", "nothing"],
  ["protected-vm-with-firmware", "one"],
  ["unprotected-vm-with-firmware", "one"],
  ["restore", "one"],
  ["vfio", "one"],
]);

const SHORT: ReadonlyMap<string, string> = new Map([
  ["c", "cpus"],
  ["m", "mem"],
  ["p", "params"],
  ["i", "initrd"],
  ["s", "socket"],
  ["b", "block"],
  ["d", "disk"],
  ["r", "root"],
]);

/** Names of crosvm that lie near to others of these. */
const NEAR: ReadonlySet<string> = new Set(["pmem", "disk", "root", "gpu", "pcie-root-port", "vfio-platform"]);

/** The many options of crosvm are not listed: those that are not known are counted, unless one of the known is meant. @throws MachineError */
export function crosvmOfOptions(command: ShellCommand, findings: Findings): CrosvmGuest {
  const run = command.words.findIndex(({ text }) => text === "run");
  const words = command.words.slice(run + 1);
  const place = command.words[run]!;
  const takes = (name: string, next: ShellWord | undefined): Takes | undefined => {
    if (!NEAR.has(name) && nearestName(name, [...READ.keys()]) !== undefined) return undefined;
    return next === undefined || next.text.startsWith("-") || next === words.at(-1) ? "nothing" : "one";
  };
  const options = longOptions({ ...command, words }, READ, SHORT, "crosvm", takes).flatMap((option) => {
    const unknown = option.values.find((value) => value.unknown !== undefined);
    if (unknown === undefined) return [option];
    const text = `--${option.name} ${short(unknown.text)}: only the shell that runs it knows ${short(unknown.unknown!)}`;
    findings.remark(unknown.line, `${text}, so nothing is taken from here`);
    return [];
  });
  for (const { name, word } of options)
    if (name !== "" && !READ.has(name)) findings.idle(word.line, `--${name}`);
  const all = (name: string): ShellWord[] =>
    options.filter((one) => one.name === name).flatMap(({ values }) => values);
  const one = (name: string): ShellWord | undefined => all(name).at(-1);
  const present = (name: string): ShellWord | undefined =>
    options.find((option) => option.name === name)?.word;
  const file = one("cfg");
  if (file !== undefined)
    findings.remark(
      file.line,
      `--cfg ${short(file.text)}: a file with more of the guest, which is not read; give it as well`,
    );
  const restored = one("restore");
  if (restored !== undefined)
    findings.remark(
      restored.line,
      "--restore: the guest goes on from a snapshot, and does not boot as a simulated one does",
    );
  const protectedBy = [...READ.keys()]
    .filter((name) => name.includes("protected-vm"))
    .map(present)
    .find((word) => word !== undefined);
  const [positional] = all("");
  return {
    place,
    memoryMib: numberAt(one("mem"), "size", "--mem "),
    vcpus: numberAt(one("cpus"), "num-cores", "--cpus "),
    lowEnd: windowAt(one("pci")),
    params: all("params"),
    kernel: one("kernel") ?? positional,
    initrd: one("initrd"),
    bios: one("bios"),
    isProtected: protectedBy,
    hugePages: present("hugepages"),
    locked: present("lock-guest-memory"),
    passed: all("vfio").map((word): CrosvmText => ({ ...word, text: `--vfio ${short(word.text)}` })),
  };
}

/** `2048`, or `size=2048`: crosvm counts MiB. */
function numberAt(word: ShellWord | undefined, name: string, prefix: string): CrosvmNumber | undefined {
  if (word === undefined) return undefined;
  const setting = plainList(word, name).get(name);
  if (setting === undefined) return undefined;
  const { line, column }: Place = setting;
  return { line, column, value: positive(setting), says: `${prefix}${word.text}` };
}

function positive(setting: Setting): number {
  const value = /^\d{1,9}$/.test(setting.value ?? "") ? Number(setting.value) : 0;
  if (value > 0) return value;
  throw unexpected(setting, `a whole number above 0 for ${setting.key}`, setting.value ?? "");
}

/** `--pci mem=[start=0xd0000000,size=0x2c000000]`. */
function windowAt(word: ShellWord | undefined): CrosvmNumber | undefined {
  const mem = word === undefined ? undefined : plainList(word).get("mem");
  if (word === undefined || mem === undefined) return undefined;
  const [, start] = /(?:^|[[,])start=(0x[0-9a-f]{1,13}|\d{1,15})/i.exec(mem.value ?? "") ?? [];
  if (start === undefined) return undefined;
  return { line: mem.line, column: mem.column, value: Number(start), says: `--pci ${short(word.text)}` };
}
