/**
 * Boot logs of kernels that real firmware started, with the firmware's memory map (`efi=debug`): what stub
 * and kernel make of that map, up to the memory that the kernel counts as its own.
 */

import { deferredInit } from "../guest/page-alloc-init-late.js";
import { buildOf, type KernelBuild } from "../linux/kernel-build.js";
import { kernelName, kernelRules, knowsUnacceptedMemory } from "../linux/kernel-rules.js";
import type { KernelRules } from "../linux/rules.js";
import { pfnDown } from "../units.js";
import { machineFromBootLog, stubOfBootLog } from "../x86/boot-log.js";
import { randomCpuEntryAreaTables } from "../x86/cpu-entry-area.js";
import type { EarlyBoot, EarlyMachine } from "../x86/early-machine.js";
import type { StubReplay } from "../x86/efi-replay.js";
import { inclusiveRange, matches } from "../x86/log-lines.js";
import { RecordedAcceptance } from "./acceptance.js";
import { checkMachine } from "./boot-machine.js";
import { type Booted, bootKernel } from "./boot-replay.js";
import { compareFirmware, rangeText } from "./efi-map.js";
import { compareMemblock } from "./memblock-log.js";
import { compareMemoryLine, freedPages, reservedBeyond } from "./memory-line.js";
import {
  EvidenceError,
  followed,
  needText,
  parseFile,
  type RecordingFiles,
  wholeLines,
} from "./recording-files.js";
import type { VerifiedRecording } from "./result.js";
import { getOrMake } from "./steps.js";
import { added, type Comparison, compareInOrder, Tally } from "./tally.js";
import { isZoneLine, zoneLines } from "./zone-lines.js";

/** A line that only a boot with `efi=debug` has. */
const SHOWS_MAP = /efi: mem00: \[/;

/** Names of the logs that show the firmware's map, if a directory has such. */
export function efiBootLogs(files: RecordingFiles): string[] {
  return files
    .list()
    .filter((name) => name.endsWith(".log") && SHOWS_MAP.test(new TextDecoder().decode(files.read(name))))
    .sort();
}

/** The directory as one: each comparison over all of its boots. */
export function verifyEfiBoots(files: RecordingFiles, names: readonly string[]): VerifiedRecording {
  const untold = new Map<string, string[]>();
  const note = (what: string, name: string): unknown => getOrMake(untold, what, () => []).push(name);
  const all = names.map((name) => {
    const text = needText(files, name);
    const log = parseFile(files, name, text, readEfiBoot);
    const { memory, ...boot } = followed(files, name, () => compareBoot(name, log));
    if (log.memoryUnknown !== undefined) note(`Memory: (${log.memoryUnknown})`, name);
    if (memory !== undefined && memory.randomTables > 0)
      note(`page tables of entry areas that KASLR places: ${memory.randomTables}`, name);
    return { ...boot, memory: memory?.comparison ?? new Tally() };
  });
  const sum = (of: "firmware" | "memblock" | "zones" | "memory"): Comparison =>
    all.map((boot) => boot[of]).reduce<Comparison>(added, new Tally());
  const memblock = sum("memblock");
  const memory = sum("memory");
  return {
    name: files.name,
    firmware: sum("firmware"),
    ...(memblock.compared === 0 ? {} : { memblock }),
    zones: sum("zones"),
    ...(memory.compared === 0 ? {} : { handover: memory }),
    runs: [],
    ...(untold.size === 0
      ? {}
      : {
          notCompared: [...untold].map(
            ([what, logs]) => `${what} of ${logs.length === 1 ? logs[0] : `${logs.length} logs`}`,
          ),
        }),
  };
}

interface EfiBoot {
  readonly text: string;
  readonly stub: StubReplay;
  readonly machine: EarlyMachine;
  readonly rules: KernelRules;
  /** Zones do not depend on its sizes, so that of a near release does for them. */
  readonly build: KernelBuild;
  /** Why its line `Memory:` says nothing; undefined where it does. */
  readonly memoryUnknown: string | undefined;
}

function readEfiBoot(text: string): EfiBoot {
  const lines = wholeLines(text);
  const stub = stubOfBootLog(text);
  const machine = machineFromBootLog(text);
  if (stub === undefined) throw new EvidenceError("a memory map of known types", "none", 1);
  if (machine === undefined) throw new EvidenceError("a boot log up to pcpu-alloc", "none", 1);
  checkMachine(machine, lines);
  const release = kernelName(/Linux version \S+/.exec(text)?.[0] ?? "");
  if (release === undefined || !knowsUnacceptedMemory(release))
    throw new EvidenceError("Linux version, of a kernel from 6.5 on", release ?? "none", 1);
  const build = buildOf("cloud", release);
  const memoryUnknown = !/Memory: \d+K\/\d+K available/.test(text)
    ? "no line Memory:"
    : build.release !== release
      ? `sizes of the kernel ${release} are not known`
      : undefined;
  return { text, stub, machine, rules: kernelRules(release), build, memoryUnknown };
}

interface ComparedMemory {
  readonly comparison: Comparison;
  /** Page tables that KASLR has cost beyond the least; how many is a matter of chance. */
  readonly randomTables: number;
}

interface ComparedBoot {
  readonly firmware: Comparison;
  /** Of a log with `memblock=debug`. */
  readonly memblock: Comparison;
  readonly zones: Comparison;
  readonly memory: ComparedMemory | undefined;
}

function compareBoot(name: string, boot: EfiBoot): ComparedBoot {
  const { text, machine, rules, build, memoryUnknown } = boot;
  const acceptance = new RecordedAcceptance(boot.stub.table, rules.acceptMemory);
  const booted = bootKernel(machine, build, rules, acceptance);
  return {
    firmware: compareFirmware(name, text, boot.stub, booted.kernel.early),
    memblock: compareMemblockLines(name, boot, booted),
    zones: compareZoneLines(name, text, booted),
    memory: memoryUnknown === undefined ? compareMemory(name, text, booted) : undefined,
  };
}

/**
 * Every line of a boot that its map determines. Chance decides about page tables where KASLR is on, and no line tells
 * where exactly the ROMs lie that a newer kernel finds: then the requests of the log are repeated.
 */
function compareMemblockLines(
  name: string,
  { text, machine, rules, build }: EfiBoot,
  { kernel }: Booted,
): Comparison {
  if (!/^\[ *[\d.]+\] (__)?memblock_/m.test(text)) return new Tally();
  const { comparison, ownLines } = compareMemblock(text, machine, build, rules);
  const knowsRoms = machine.setupData.length === 0 || text.includes("reserve setup_data:");
  const isDetermined = knowsRoms && !isRandomised(kernel.early);
  const { firstDivergence, ...counts } = isDetermined ? (ownLines ?? comparison) : comparison;
  if (firstDivergence === undefined) return counts;
  return {
    ...counts,
    firstDivergence: { ...firstDivergence, context: `${name}: ${firstDivergence.context}` },
  };
}

function isRandomised({ options, build }: EarlyBoot): boolean {
  return options.kaslr && build.randomizeMemory;
}

/** The lines of free_area_init() about zones and the memory of nodes, in the kernel's words. */
function compareZoneLines(name: string, text: string, booted: Booted): Comparison {
  const recorded = text
    .split("\n")
    .map((line) => line.replace(/^\[ *[\d.]+\] /, "").trimEnd())
    .filter(isZoneLine)
    .map((line) => line.replace(/ max_arch_pfn.*/, ""));
  const firstPfns = recorded.findIndex((line) => line.startsWith("last_pfn"));
  // The second last_pfn is that of memory below 4 GiB, where there is more.
  const lines = recorded.filter((line, at) => !line.startsWith("last_pfn") || at === firstPfns);
  return compareInOrder(lines, zoneLines(booted), {
    isSame: Object.is,
    text: String,
    eventAt: (at) => at,
    context: (at) => `${name}: line ${at + 1} about zones and nodes`,
  });
}

/** Where memblock found room for the data of each node, with all that lay there before. */
function compareNodeData(name: string, text: string, { nodeData, build }: EarlyBoot): Comparison {
  const tally = new Tally();
  for (const [nid, first, last] of matches(
    text,
    /NODE_DATA\((\d+)\) allocated \[mem 0x([0-9a-f]+)-0x([0-9a-f]+)\]/g,
  )) {
    const start = nodeData.get(Number(nid)) ?? 0;
    const found = rangeText({ start, end: start + build.pglistDataBytes });
    tally.same(rangeText(inclusiveRange(first, last)), found, `${name}: NODE_DATA of node ${nid}`);
  }
  return tally;
}

/** `Memory:` of the kernel, when all struct pages are initialised: RAM, and what of it is not managed. */
function compareMemory(name: string, text: string, { kernel, stages }: Booted): ComparedMemory {
  stages.bringUp();
  deferredInit(kernel);
  const { allocator, start } = kernel;
  const imageZone = allocator.zoneOfPfn(pfnDown(start.machine.kernelStart));
  allocator.adjustManagedPages(imageZone, freedPages(text).beforeMemoryLine);
  const { early } = kernel;
  const { least, most } = randomCpuEntryAreaTables(early.cpuCount);
  const beyond = reservedBeyond(text, allocator.zones);
  const isRandom = isRandomised(early) && beyond > 0 && beyond <= most - least;
  const randomTables = isRandom ? beyond : 0;
  const comparison = added(
    compareMemoryLine(text, allocator.zones, name, randomTables),
    compareNodeData(name, text, early),
  );
  return { randomTables, comparison };
}
