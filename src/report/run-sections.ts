/** The counters of one run, as lines of sections. */

import type { HotplugAcceptance } from "../after/hotplug/result.js";
import { MEASURES, type MeasureName, valueIn } from "../results/measures.js";
import type { RunResult } from "../results/row.js";
import { type AddressRange, formatBytes, formatDuration } from "../units.js";
import { countOf, formatInteger, formatShare, formatVcpus, NO_VALUE, NUMBER_TEXTS } from "./cells.js";

const HOTPLUG_ACCEPTANCE: Readonly<Record<HotplugAcceptance, string>> = {
  assumed: "taken for accepted",
  online: "accepted one by one",
  "sub-block": "accepted 2 MiB after 2 MiB",
  lazy: "accepted on demand",
};

type Line = readonly [name: string, value: string, remark?: string];

type NumberLine = readonly [name: string, measure: MeasureName, remark?: string];

/** Lines for the numbers that the run has, from `least` on; the overhead may be below 0. */
function numbers(run: RunResult, lines: readonly NumberLine[], least = Number.NEGATIVE_INFINITY): Line[] {
  return lines.flatMap(([name, measureName, remark = ""]): Line[] => {
    const measure = MEASURES.find((one) => one.name === measureName)!;
    const value = valueIn(measure, run) as number | undefined;
    return value === undefined || value < least ? [] : [[name, NUMBER_TEXTS[measure.is](value), remark]];
  });
}

function numbersAboveZero(run: RunResult, lines: readonly NumberLine[]): Line[] {
  return numbers(run, lines, Number.MIN_VALUE);
}

export interface Section {
  readonly title: string;
  readonly lines: readonly Line[];
}

/** What a run was for besides booting, and what did not happen as it should. */
export function outcomeSections(run: RunResult): Section[] {
  return sectionsOf(run, {
    "hot-plug": hotplugLines,
    "host's TDX module": moduleLines,
    "host's reverse map table": rmpLines,
    "assigned device": dmaLines,
    "after the boot": (of) => [...drainLines(of), ...attackLines(of), ...kexecLines(of)],
  });
}

/** All counters, in this order. */
export function detailSections(run: RunResult): Section[] {
  return sectionsOf(run, {
    memory: memoryLines,
    "command line": commandLineLines,
    acceptance: acceptanceLines,
    "direct map": earlyMapLines,
    requests: requestLines,
    "priced events": eventLines,
  });
}

/** How often each happened, and what that took; so the firmware of SNP shows its phases. */
function eventLines({ costs, eventPrices }: RunResult): Line[] {
  return Object.entries(costs).map(([name, count]) => {
    const ns = count * (eventPrices[name] ?? 0);
    return [name, formatInteger(count), ns > 0 ? `${formatDuration(ns)} of CPU time` : ""];
  });
}

/** A section without lines is left out. */
function sectionsOf(
  run: RunResult,
  sections: Readonly<Record<string, (run: RunResult) => Line[]>>,
): Section[] {
  return Object.entries(sections).flatMap(([title, linesOf]) => {
    const lines = linesOf(run);
    return lines.length === 0 ? [] : [{ title, lines }];
  });
}

/** With memory that was plugged in. */
export function ramBytes({ memoryBytes, hotplug }: RunResult): number {
  return memoryBytes + (hotplug?.addedBytes ?? 0);
}

function memoryLines(run: RunResult): Line[] {
  const ofGuest = (bytes: number): string => `${formatShare(bytes / ramBytes(run))} of the guest`;
  return [
    ...numbers(run, [
      ["accepted", "acceptedBytes", ofGuest(run.acceptedBytes)],
      ["touched", "touchedBytes", ofGuest(run.touchedBytes)],
      ["host", "hostBytes", `at most ${formatBytes(run.hostBytesPeak)}`],
    ]),
    ...numbersAboveZero(run, [
      ["  private", "hostUse.privateBytes", "backing private pages"],
      ["  kept", "hostUse.keptBytes", "of that, copies of pages that are shared now"],
      ["  shared", "hostUse.sharedBytes", "backing pages that are not private"],
      ["  tables", "hostUse.tableBytes", "to map them"],
      ["  tracking", "hostUse.metadataBytes", "the guest's part of PAMT or RMP"],
    ]),
    ...numbers(run, [["overhead", "overheadBytes", "host beyond touched"]]),
    ...numbersAboveZero(run, [
      ["bitmap", "hostUse.bitmapBytes", "in the guest, of unaccepted units"],
      ["direct map", "hostUse.directMapBytes", "in the guest, its page tables"],
    ]),
  ];
}

function commandLineLines(run: RunResult): Line[] {
  const { onlineCpus = run.vcpus, hugePages = [] } = run.commandLine ?? {};
  return [
    ...(onlineCpus === run.vcpus ? [] : [["online", formatVcpus(onlineCpus), `of ${run.vcpus}`] as const]),
    ...numbersAboveZero(run, [
      ["swiotlb", "commandLine.swiotlbBytes", "DMA bounce buffer"],
      ["crash kernel", "commandLine.crashkernelBytes", "set aside, and touched by nobody"],
      ["CMA", "commandLine.cmaBytes", "for movable memory and large allocations"],
      ["movable", "commandLine.movableBytes", "in ZONE_MOVABLE"],
    ]),
    ...hugePages
      .filter(({ pages }) => pages > 0)
      .map(({ pageBytes, pages, askedPages }): Line => {
        const count = `${formatInteger(pages)} of ${formatInteger(askedPages)}`;
        return ["huge pages", formatBytes(pages * pageBytes), `${count}, each ${formatBytes(pageBytes)}`];
      }),
  ];
}

function acceptanceLines(run: RunResult): Line[] {
  return [
    ...numbers(run, [["calls", "acceptCalls", "of the kernel, with something to accept"]]),
    ...waitLines(run),
    ...numbersAboveZero(run, [
      ["irqs off", "longestIrqOffNs", "the longest of any CPU"],
      ["spinning", "spinNs", "CPUs together, for ranges that others accept"],
      ["lockups", "softLockups", "complaints of the soft lockup detector"],
    ]),
  ];
}

const PHASES = [
  ["boot", "of the boot"],
  ["workload", "after init"],
] as const;

/** Percentiles over all allocations of each phase in which some waited. */
function waitLines(run: RunResult): Line[] {
  return PHASES.flatMap(([phase, when]): Line[] => {
    const { allocations, count } = run.waits[phase];
    if (allocations === 0) return [];
    return [
      [`waits`, formatInteger(count), `of ${countOf(allocations, "allocation")} ${when}`],
      ...numbersAboveZero(run, [
        ["  together", `waits.${phase}.totalNs`],
        ["  p50", `waits.${phase}.p50Ns`],
        ["  p99", `waits.${phase}.p99Ns`, "of all of them, not only of those that wait"],
        ["  p99.9", `waits.${phase}.p999Ns`],
        ["  p99.99", `waits.${phase}.p9999Ns`],
        ["  longest", `waits.${phase}.maxNs`],
      ]),
    ];
  });
}

function drainLines({ drain }: RunResult): Line[] {
  if (drain === undefined) return [];
  const workers = `${drain.workers} worker${drain.workers === 1 ? "" : "s"}`;
  return [["drain", formatDuration(drain.timeNs), `${formatBytes(drain.unacceptedBytes)} by ${workers}`]];
}

function attackLines(run: RunResult): Line[] {
  const done = run.attack?.stopped === undefined ? "replaced" : "put at a second address";
  return numbers(run, [
    ["attacked", "attack.pages", `accepted pages that the host ${done}`],
    ["stopped", "attack.stopped", "of these by the TDX module or the reverse map table"],
    ["warnings", "attack.warnings", "of them accepted again with a complaint"],
    ["violations", "attack.integrityViolations", "of them accepted again in silence"],
  ]);
}

/** Name, value and remark of each number of the direct map of a run; what is 0 is not shown. */
export function earlyMapLines(run: RunResult): Line[] {
  const { brk = 0, memblock = 0 } = run.earlyMap?.tables ?? {};
  const remark = "before the page allocator ran, from the brk area and memblock";
  return [
    ...numbersAboveZero(run, [
      ["1 GiB", "earlyMap.leaves1g", "leaves"],
      ["2 MiB", "earlyMap.leaves2m", "leaves"],
      ["4 KiB", "earlyMap.leaves4k", "leaves"],
      ["splits", "earlyMap.splits", "of leaves that were shared in part"],
    ]),
    ...(brk + memblock === 0 ? [] : [["tables", formatInteger(brk + memblock), remark] as const]),
    ...numbersAboveZero(run, [
      ["", "earlyMap.tables.buddy", "from the page allocator"],
      ["late calls", "earlyMap.lateMemblockCalls", "of memblock, when the page allocator ran"],
      ["lost races", "earlyMap.lostRaces", "to another CPU that split the same leaf"],
      ["flushes", "earlyMap.localFlushes", "of one CPU's TLB"],
      ["", "earlyMap.globalFlushes", "of the TLBs of all CPUs"],
      ["shared", "earlyMap.sharedBytes", "with the host"],
      ["wasted", "earlyMap.wastedAcceptBytes", "accepted for nothing but to be shared"],
    ]),
  ];
}

function hotplugLines(run: RunResult): Line[] {
  if (run.hotplug === undefined) return [];
  const { acceptance, outcome, reason = "", addedBytes, blockBytes } = run.hotplug;
  const how = `in blocks of ${formatBytes(blockBytes)}, ${HOTPLUG_ACCEPTANCE[acceptance]}`;
  return [
    outcome === "online" ? ["online", formatBytes(addedBytes), how] : [outcome, NO_VALUE, reason],
    ...numbersAboveZero(run, [
      ["time", "hotplug.timeNs"],
      ["struct pages", "hotplug.memmapBytes", "taken from the memory that the guest had"],
      ["accepted", "hotplug.acceptedOnlineBytes", "as it went online"],
      ["unaccepted", "hotplug.unacceptedBytes", "of it at the end"],
    ]),
  ];
}

function kexecLines(run: RunResult): Line[] {
  if (run.kexec === undefined) return [];
  const { kind, table, done, timeNs, nextKernel, vmcore } = run.kexec;
  const [left, skipped] = [nextKernel?.unacceptedBytes ?? 0, vmcore?.skippedBytes ?? 0].map(formatBytes);
  return [
    [kind, done ? formatDuration(timeNs) : "failed", `with its table ${table}`],
    ...numbersAboveZero(run, [
      ["place", "kexec.unacceptedSegmentBytes", "of where the next kernel goes were unaccepted"],
      ["unshared", "kexec.unsharedBytes", "were made private again"],
    ]),
    ...numbers(run, [
      ["next kernel", "kexec.nextKernel.acceptedBytes", `accepted, ${left} left for later`],
      ["vmcore", "kexec.vmcore.readBytes", `read, ${skipped} left out as unaccepted`],
    ]),
    ...numbersAboveZero(run, [
      ["descriptors", "kexec.vmcore.descriptorBytes", "of the dump, for pages left out"],
    ]),
  ];
}

function moduleLines({ tdxModule }: RunResult): Line[] {
  if (tdxModule === undefined) return [];
  const {
    memory,
    tdmrs,
    pamtBytes,
    refcountBytes,
    hotplug,
    removed,
    fewTdmrsLeft,
    capableNodes,
    guestShare,
  } = tdxModule;
  const sizeOf = ({ start, end }: AddressRange): number => end - start;
  const nodes = capableNodes.length === 0 ? NO_VALUE : capableNodes.join(" ");
  return [
    ["memory", formatBytes(memory.reduce((sum, range) => sum + sizeOf(range), 0)), "good for TDX guests"],
    ["left", formatBytes(guestShare.freeBytes), "of that for this guest"],
    ["TDX nodes", nodes, "that are so even if plugged memory goes online"],
    ["TDMRs", formatInteger(tdmrs.length), fewTdmrsLeft ? "and few left" : ""],
    ["PAMT", formatBytes(pamtBytes), "of the host, for all guests"],
    ...(refcountBytes > 0 ? [["counters", formatBytes(refcountBytes), "of what uses it"] as const] : []),
    ...removed.map((range): Line => {
      const { reason } = range;
      const remark = reason === undefined ? "the module keeps its regions and PAMT" : `refused: ${reason}`;
      return ["removed", formatBytes(sizeOf(range)), remark];
    }),
    ...hotplug.map((range): Line => {
      const { accepted, forGuests, reason } = range;
      const online = forGuests ? "goes online" : "goes online, and is no TDX memory";
      return ["hot-plug", formatBytes(sizeOf(range)), accepted ? online : `refused: ${reason}`];
    }),
  ];
}

function rmpLines(run: RunResult): Line[] {
  return [
    ...numbers(run, [
      ["table", "rmp.tableBytes", "of the host, for all guests"],
      ["covered", "rmp.coveredBytes", "of its addresses"],
      ["left", "rmp.freeBytes", "of its memory for this guest"],
    ]),
    ...numbersAboveZero(run, [["set aside", "rmp.setAsideBytes", "next to the table's ends"]]),
  ];
}

function dmaLines(run: RunResult): Line[] {
  return numbers(run, [
    ["mappings", "dma.mappings", "for DMA, the most at a time"],
    ["pinned", "dma.pinnedBytes", "of the host's memory at the end"],
  ]);
}

function requestLines(run: RunResult): Line[] {
  return [
    ...numbers(run, [
      ["allocations", "requests.allocations"],
      ["frees", "requests.frees"],
      ["after init", "workloadTimeNs", "until the last request is served"],
    ]),
    ...numbersAboveZero(run, [
      ["failed", "requests.failed", "allocations that found no page"],
      ["unknown frees", "requests.beforeTracing", "of pages allocated before the recording began"],
      [
        "filled in",
        "requests.filledBeforeTracing",
        "pages that were taken before the recording began, and kept",
      ],
      [
        "inferred bulk",
        "requests.inferredBulk",
        "allocations told from the recorded pages to be one request",
      ],
      ["lost", "requests.lostEvents", "events missing in the recording"],
    ]),
  ];
}
