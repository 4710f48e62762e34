/** What a guest's boot log says of its machine, each with its line. */

import { kernelName } from "../linux/kernel-rules.js";
import { printable } from "../printable.js";
import { GiB, MiB } from "../units.js";
import { e820OfBootLog } from "../x86/boot-log.js";
import type { KernelE820Entry } from "../x86/e820-table.js";
import { checkApart, checkCpus, checkLine, checkRange, unwrapped } from "./log-checks.js";
import { type LogLine, logLines, plainLog } from "./log-text.js";

/** Something that a line says. */
export interface Said<Value> {
  readonly value: Value;
  /** 1-based line in its file. */
  readonly line: number;
  readonly says: string;
}

/** The line `Memory:`; sizes in KiB. */
export interface MemoryLine {
  readonly availableKib: number;
  readonly totalKib: number;
  readonly reservedKib: number;
  readonly cmaKib: number;
  /** Of the image: code, rwdata, rodata, init, bss. */
  readonly parts: Readonly<Record<string, number>>;
}

/** Memory that the kernel gives back: `Freeing initrd memory: 1308K`. */
export interface FreedMemory {
  readonly what: string;
  readonly kib: number;
}

/** Memory that the command line has the kernel set aside. */
export interface Reservation {
  readonly what: string;
  readonly bytes: number;
  /** Of a pool of huge pages. */
  readonly pageBytes?: number;
}

/** Size of the DMA bounce buffer, to the byte or in whole MiB. */
export interface SwiotlbSaid {
  readonly bytes: number;
  readonly isExact: boolean;
}

export type Protection = "tdx" | "snp" | "sev";

/** A descriptor of the firmware's map (`efi=debug`). */
export interface EfiRange {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

/** A boot log, read. Lists are in the order of the log. */
export interface GuestLog {
  /** The log of one boot as `dmesg` prints it, with the line numbers of the file. */
  readonly plain: string;
  readonly kernel: Said<string> | undefined;
  readonly commandLine: Said<string> | undefined;
  readonly protection: Said<Protection> | undefined;
  /** Whether the line `Memory:` is there: what comes before it in a boot is then not missing. */
  readonly isWhole: boolean;
  readonly e820: readonly Said<KernelE820Entry>[];
  readonly efi: Said<string> | undefined;
  readonly efiMap: readonly Said<EfiRange>[];
  /** Address of the table of unaccepted memory. */
  readonly unacceptedTable: Said<number> | undefined;
  readonly dmi: Said<string> | undefined;
  readonly hypervisor: Said<string> | undefined;
  readonly vcpus: Said<number> | undefined;
  /** Sizes of the per-CPU area in the image, by the line `percpu: Embedded`. */
  readonly percpu: Said<{ readonly staticBytes: number; readonly reservedBytes: number }> | undefined;
  /** Size of a node's own data (sizeof(pg_data_t) in whole cache lines), by the line `NODE_DATA`. */
  readonly nodeDataBytes: Said<number> | undefined;
  /** sizeof(struct printk_info), by the line of the log buffer, of which it has one for each 32 bytes (PRB_AVGBITS). */
  readonly printkInfoBytes: Said<number> | undefined;
  /** CPUs that could be plugged in later. */
  readonly hotplugCpus: Said<number> | undefined;
  readonly memory: Said<MemoryLine> | undefined;
  /** By the line that says most exactly. */
  readonly swiotlb: Said<SwiotlbSaid> | undefined;
  /** Lines of zones and nodes, in the kernel's words. */
  readonly zones: readonly Said<string>[];
  readonly freed: readonly (Said<FreedMemory> & { readonly seconds: number | undefined })[];
  /** Milliseconds of `node N deferred pages initialised`. */
  readonly deferredMs: readonly Said<number>[];
  /** Slowest first: microseconds by name (`initcall_debug`). */
  readonly initcalls: readonly Said<{ readonly name: string; readonly us: number }>[];
  readonly reservations: readonly Said<Reservation>[];
  /** Kernel's seconds when init starts. */
  readonly init: Said<number> | undefined;
  /** Lines of earlier boots, which are left out. */
  readonly earlierBoots: number;
}

/** sizeof(struct prb_desc) (kernel/printk/printk_ringbuffer.h). */
const PRB_DESC_BYTES = 24;

/** Lines that no other text has; a log has at least one of them. */
const TELLING =
  /BIOS-e820: \[mem 0x|BIOS-provided physical RAM map|Linux version \d|tdx: Guest detected|efi: mem\d+: \[|Memory: \d+K\/\d+K available|software IO TLB: |setup_percpu: NR_CPUS|Memory Encryption Features active|Early memory node ranges|smpboot: /;

export function isGuestLog(text: string): boolean {
  return TELLING.test(text);
}

/** @throws MachineError at a line that no kernel prints */
export function readGuestLog(text: string): GuestLog {
  const all = unwrapped(logLines(text));
  const begins = all.flatMap(({ text }, at) => (/^Linux version \d/.test(text) ? [at] : []));
  const from = begins.length > 1 ? firstOf(all, begins.at(-1)!) : 0;
  const lines = all.map((line, at) => (at < from ? { line: line.line, text: "" } : line));
  const plain = plainLog(lines);
  for (const line of lines) checkLine(line);
  const find = finder(lines);
  const memory = find.one(MEMORY_LINE, memoryLine);
  const vcpus = vcpusOf(find);
  checkCpus(vcpus);
  const e820 = find.all(/BIOS-e820: \[mem 0x([0-9a-f]+)-0x([0-9a-f]+)\] +(\S.*)/, e820Line);
  const efiMap = firmwareMap(find);
  checkApart(e820);
  checkApart(efiMap);
  return {
    plain,
    kernel: find.one(/^Linux version (\S+)/, ([name]) => kernelName(name!) ?? name!),
    commandLine:
      find.one(/^Command line: (.*)/, ([words]) => words!) ??
      find.one(/^Kernel command line: (.*)/, ([words]) => words!),
    protection: protectionOf(find),
    isWhole: memory !== undefined,
    e820,
    efi: find.one(/^efi: (EFI v\S+ by .*)/, ([words]) => words!),
    efiMap,
    unacceptedTable: find.one(/^efi: .*\bUnaccepted=0x([0-9a-f]{1,16})\b/, ([at]) => Number(`0x${at}`)),
    dmi: find.one(/^DMI: ((?!SMBIOS|Memory slots).*)/, ([words]) => words!),
    hypervisor: find.one(/^Hypervisor detected: (.*)/, ([name]) => name!),
    vcpus,
    percpu: find.one(/^percpu: Embedded \d+ pages\/cpu s(\d{1,9}) r(\d{1,9}) /, ([fixed, reserved]) => ({
      staticBytes: Number(fixed),
      reservedBytes: Number(reserved),
    })),
    nodeDataBytes: find.one(
      /^NODE_DATA\(\d+\) allocated \[mem 0x([0-9a-f]{1,13})-0x([0-9a-f]{1,13})\]/,
      ([first, last]) => Number(`0x${last}`) + 1 - Number(`0x${first}`),
    ),
    printkInfoBytes: find.one(
      /^printk: log buffer data \+ meta data: (\d{1,12}) \+ (\d{1,12}) =/,
      ([data, meta]) => Number(meta) / (Number(data) / 32) - PRB_DESC_BYTES,
    ),
    hotplugCpus: find.one(/^(?:smpboot: Allowing|CPU topo: Allowing) .*\b(\d{1,7}) hotplug CPUs/, ([cpus]) =>
      Number(cpus),
    ),
    memory,
    swiotlb: swiotlbOf(find),
    zones: find.all(
      /^( {2}(?:DMA|DMA32|Normal|Movable) +(?:\[mem|empty).*| {2}node +\d+: .*|Initmem setup node .*)/,
      ([words]) => words!.trimEnd(),
    ),
    freed: find.all(/^Freeing (.+?) memory: (\d{1,12})K/, ([what, kib]) => ({
      what: what!,
      kib: Number(kib),
    })),
    deferredMs: find.all(/^node \d+ deferred pages initialised in (\d{1,9})ms/, ([ms]) => Number(ms)),
    initcalls: find
      .all(
        /^initcall (\S+?)(?:\+0x\S+)?(?: \[\w+\])? returned -?\d+ after (\d{1,12}) usecs/,
        ([name, us]) => ({
          name: name!,
          us: Number(us),
        }),
      )
      .sort((a, b) => b.value.us - a.value.us),
    reservations: reservationsOf(find),
    init: find.one(/^Run (\S+) as init process/, (_groups, { seconds }) => seconds ?? Number.NaN),
    earlierBoots: from,
  };
}

/**
 * The log with the line that tells how many CPUs there are, where a console did not get it (KERN_DEBUG): all on one
 * node, unless there are several.
 */
export function wholeBootLog({ plain, vcpus, hotplugCpus, isWhole }: GuestLog): string {
  if (!isWhole || vcpus === undefined || /pcpu-alloc: \[/.test(plain) || /SRAT: Node [1-9]/.test(plain))
    return plain;
  const cpus = Array.from({ length: vcpus.value + (hotplugCpus?.value ?? 0) }, (_none, cpu) => cpu);
  return `${plain}\npcpu-alloc: [0] ${cpus.join(" ")}`;
}

/** What is printed before `Linux version`: the lines of the platform, with the same stamp, as in 6.6 for TDX. */
function firstOf(lines: readonly LogLine[], at: number): number {
  const isEarly = ({ seconds, text }: LogLine): boolean =>
    seconds === 0 || /^(tdx: Guest detected|SEV: )/.test(text);
  let first = at;
  while (first > 0 && at - first < EARLY_LINES && isEarly(lines[first - 1]!)) first--;
  return first;
}

/** More than any kernel prints before its version. */
const EARLY_LINES = 8;

interface Finder {
  /** The first line of this kind. */
  one<Value>(
    pattern: RegExp,
    make: (groups: readonly (string | undefined)[], line: LogLine) => Value,
  ): Said<Value> | undefined;
  all<Value>(
    pattern: RegExp,
    make: (groups: readonly (string | undefined)[], line: LogLine) => Value,
  ): (Said<Value> & { readonly seconds: number | undefined })[];
}

function finder(lines: readonly LogLine[]): Finder {
  return {
    one(pattern, make) {
      for (const line of lines) {
        const match = pattern.exec(line.text);
        if (match !== null) return said(line, make(match.slice(1), line));
      }
      return undefined;
    },
    all(pattern, make) {
      return lines.flatMap((line) => {
        const match = pattern.exec(line.text);
        return match === null ? [] : [{ ...said(line, make(match.slice(1), line)), seconds: line.seconds }];
      });
    },
  };
}

const SAYS_CHARACTERS = 100;

function said<Value>({ line, text }: LogLine, value: Value): Said<Value> {
  const words = printable(text.trim());
  return {
    value,
    line,
    says: words.length > SAYS_CHARACTERS ? `${words.slice(0, SAYS_CHARACTERS - 3)}...` : words,
  };
}

function e820Line(
  [first, last, name]: readonly (string | undefined)[],
  { line, text }: LogLine,
): KernelE820Entry {
  const [entry] = e820OfBootLog(`BIOS-e820: [mem 0x${first}-0x${last}] ${name}`);
  checkRange(entry!, line, text);
  return entry!;
}

/** The first map of a log with `efi=debug`; the second is that of runtime services. */
function firmwareMap(find: Finder): Said<EfiRange>[] {
  const all = find.all(
    /^efi: mem(\d+): \[([^|\]]+)\|[^\]]*\] range=\[0x([0-9a-f]+)-0x([0-9a-f]+)\]/,
    ([number, type, first, last], { line, text }) => {
      const range = { start: Number(`0x${first}`), end: Number(`0x${last}`) + 1 };
      checkRange(range, line, text);
      return { number: Number(number), type: type!.trim(), ...range };
    },
  );
  const second = all.findIndex(({ value }, at) => at > 0 && value.number === 0);
  return (second < 0 ? all : all.slice(0, second)).map(
    ({ value: { number: _number, ...value }, line, says }) => ({
      value,
      line,
      says,
    }),
  );
}

function protectionOf(find: Finder): Said<Protection> | undefined {
  const detected = find.one(/^tdx: (Guest detected)/, (): Protection => "tdx");
  const features = find.one(/Memory Encryption Features active: (.*)/, ([names]): Protection | undefined => {
    if (/\bTDX\b/.test(names!)) return "tdx";
    return /\bSEV-SNP\b/.test(names!) ? "snp" : /\bSEV\b/.test(names!) ? "sev" : undefined;
  });
  if (detected !== undefined) return detected;
  return features?.value === undefined ? undefined : { ...features, value: features.value };
}

/** CPUs of the machine; those that could be plugged in later do not count. */
function vcpusOf(find: Finder): Said<number> | undefined {
  return (
    find.one(/^CPU topo: Allowing (\d{1,7}) present CPUs plus/, ([present]) => Number(present)) ??
    find.one(
      /^smpboot: Allowing (\d{1,7}) CPUs, (\d{1,7}) hotplug CPUs/,
      ([all, hotplug]) => Number(all) - Number(hotplug),
    ) ??
    find.one(/^setup_percpu: .* nr_cpu_ids:(\d{1,7})/, ([ids]) => Number(ids)) ??
    find.one(/^smp: Brought up \d+ nodes?, (\d{1,7}) CPUs?/, ([online]) => Number(online))
  );
}

const MEMORY_LINE = /^Memory: (\d{1,15})K\/(\d{1,15})K available \((.*)\)/;

function memoryLine([available, total, parts]: readonly (string | undefined)[]): MemoryLine {
  const named = Object.fromEntries(
    Array.from(parts!.matchAll(/(\d{1,15})K (?:kernel )?([a-z-]+)/g), ([, kib, name]) => [
      name!,
      Number(kib),
    ]),
  );
  const { reserved = 0, "cma-reserved": cmaKib = 0, ...rest } = named;
  return {
    availableKib: Number(available),
    totalKib: Number(total),
    reservedKib: reserved,
    cmaKib,
    parts: rest,
  };
}

/**
 * kernel/dma/swiotlb.c, 6.12: swiotlb_print_info (`mapped [mem ...] (64MB)`, its end being the first byte behind),
 * swiotlb_adjust_nareas (`roundup to 256MB`), swiotlb_adjust_size (`adjusted to 245MB`). What is mapped is what there
 * is, and what memblock gave first (`memblock=debug`), as far as there was room; the other two are in whole MiB, and
 * the size is rounded up after it is adjusted.
 */
function swiotlbOf(find: Finder): Said<SwiotlbSaid> | undefined {
  const inMib = ([size]: readonly (string | undefined)[]): SwiotlbSaid => ({
    bytes: Number(size) * MiB,
    isExact: false,
  });
  return (
    find.one(
      /^software IO TLB: mapped \[mem 0x0*([0-9a-f]{1,13})-0x0*([0-9a-f]{1,13})\]/,
      ([first, end]): SwiotlbSaid => ({ bytes: Number(`0x${end}`) - Number(`0x${first}`), isExact: true }),
    ) ??
    find.one(/^memblock_alloc\w*: (\d{1,13}) bytes .* swiotlb_init_remap\+/, ([bytes]) => ({
      bytes: Number(bytes),
      isExact: true,
    })) ??
    find.one(/^software IO TLB: .*bounce buffer size roundup to (\d{1,9})MB/, inMib) ??
    find.one(/^software IO TLB: .*bounce buffer size adjusted to (\d{1,9})MB/, inMib)
  );
}

/** kernel/crash_reserve.c, kernel/dma/contiguous.c and mm/cma.c, mm/hugetlb.c. */
function reservationsOf(find: Finder): Said<Reservation>[] {
  return [
    ...find.all<Reservation>(
      /^crashkernel (low )?reserved: 0x([0-9a-f]{1,16}) - 0x([0-9a-f]{1,16})/,
      ([low, first, end]) => ({
        what: `crashkernel${low === undefined ? "" : ",low"}`,
        bytes: Number(`0x${end}`) - Number(`0x${first}`),
      }),
    ),
    ...find.all<Reservation>(/^cma: Reserved (\d{1,9}) MiB (?:at|on)/, ([mib]) => ({
      what: "cma",
      bytes: Number(mib) * MiB,
    })),
    ...find.all<Reservation>(
      /^HugeTLB: registered ([\d.]{1,9}) (MiB|GiB) page size, pre-allocated ([1-9]\d{0,9}) pages/,
      ([size, unit, pages]): Reservation => {
        const pageBytes = Number(size) * (unit === "MiB" ? MiB : GiB);
        return { what: `huge pages of ${size} ${unit}`, bytes: pageBytes * Number(pages), pageBytes };
      },
    ),
  ].sort((a, b) => a.line - b.line);
}
