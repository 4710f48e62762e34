import { E820Type } from "../efistub/setup-e820.js";
import { kernelName, kernelRules, knowsUnacceptedMemory } from "../linux/kernel-rules.js";
import type { KernelRules } from "../linux/rules.js";
import { machineFromBootLog } from "../x86/boot-log.js";
import type { EarlyMachine } from "../x86/early-machine.js";
import {
  EvidenceError,
  needText,
  parseFile,
  type RecordingFiles,
  shown,
  wholeLines,
} from "./recording-files.js";

export interface BootLog {
  readonly text: string;
  readonly machine: EarlyMachine;
  /** The kernel that printed it, as `kernelName` names it. */
  readonly kernel: string;
  readonly rules: KernelRules;
}

/** Physical memory of x86 with four levels of page tables (arch/x86/include/asm/pgtable_64_types.h: MAXMEM). */
const MEMORY_END = 2 ** 46;
/** CONFIG_NR_CPUS with MAXSMP. */
const CPUS_MAX = 8192;

/** Lines that every whole boot log has once; in this order. */
const STAGES: readonly (readonly [line: RegExp, what: string])[] = [
  [/Linux version \S/, "Linux version, with which a boot log begins"],
  [/Memory: \d+K\/\d+K available/, "Memory: ...K/...K available"],
  [/Run \S+ as init process/, "Run ... as init process, with which a boot ends"],
];

/** @throws RecordingError for a boot log that is missing, damaged or cut, or that no machine can have printed */
export function bootLogOf(files: RecordingFiles): BootLog {
  const text = needText(files, "boot.dmesg");
  return parseFile(files, "boot.dmesg", text, () => {
    const lines = wholeLines(text);
    checkStages(lines);
    const machine = machineFromBootLog(text);
    if (machine === undefined) throw new EvidenceError("a whole boot log with the e820 map", "none", 1);
    checkMachine(machine, lines);
    const kernel = kernelOf(lines);
    return { text, machine, kernel, rules: kernelRules(kernel) };
  });
}

function kernelOf(lines: readonly string[]): string {
  const at = lines.findIndex((line) => STAGES[0]![0].test(line));
  const text = lines[at]!.replace(/^.*?(?=Linux version )/, "");
  const name = kernelName(text);
  if (name === undefined || !knowsUnacceptedMemory(name))
    throw new EvidenceError("a kernel from 6.5 on", shown(text), at + 1);
  return name;
}

function checkStages(lines: readonly string[]): void {
  let from = 0;
  for (const [line, what] of STAGES) {
    const at = lines.findIndex((each) => line.test(each));
    if (at < from) throw new EvidenceError(what, "the end of the file", lines.length + 1);
    from = at;
    const again = lines.findIndex((each, other) => other > at && line.test(each));
    if (again >= 0) throw new EvidenceError("one boot", shown(lines[again]!), again + 1);
  }
}

/** What a kernel makes sure of before it prints it. @throws EvidenceError */
export function checkMachine(
  { e820, cpuNodes, numaBlocks, initrd }: EarlyMachine,
  lines: readonly string[],
): void {
  const must = (holds: boolean, mark: string, nth: number, expected: string): void => {
    if (holds) return;
    const marked = lines.flatMap((line, at) => (line.includes(mark) ? [at] : []));
    const at = marked[nth] ?? 0;
    throw new EvidenceError(expected, shown(lines[at]!.replace(/^\[ *[\d.]+\] /, "")), at + 1);
  };
  for (const [at, { start, end, type }] of e820.entries()) {
    must(end > start, "BIOS-e820", at, "a range that ends behind its start");
    must(at === 0 || start >= e820[at - 1]!.end, "BIOS-e820", at, "a range behind the one before it");
    must(type !== E820Type.RAM || end <= MEMORY_END, "BIOS-e820", at, "RAM below 64 TiB");
  }
  must(cpuNodes.length <= CPUS_MAX, "pcpu-alloc", 0, `at most ${CPUS_MAX} CPUs`);
  // Array.from also sees the holes.
  const nodes = Array.from(cpuNodes);
  must(!nodes.includes(undefined as never), "pcpu-alloc", 0, "every CPU once");
  for (const [at, { start, end }] of numaBlocks.entries()) {
    must(end > start, "SRAT: Node", at, "a range that ends behind its start");
  }
  if (initrd === undefined) return;
  const inRam = e820.some(
    ({ start, end, type }) => type === E820Type.RAM && initrd.start >= start && initrd.end <= end,
  );
  must(initrd.end > initrd.start && inRam, "RAMDISK", 0, "an initrd in RAM");
}
