/** One run in full, for a terminal. */

import type { HotplugAcceptance } from "../after/hotplug/result.js";
import { MEASURES, type MeasureName, valueIn } from "../results/measures.js";
import type { RunResult } from "../results/row.js";
import { type AddressRange, formatBytes, formatDuration } from "../units.js";
import {
  countOf,
  formatInteger,
  formatShare,
  formatVcpus,
  kernelText,
  NO_VALUE,
  NUMBER_TEXTS,
} from "./cells.js";
import { failureTexts, whatIfNotes } from "./row-groups.js";
import { alignedLines, type Paint, plainPaint, type TextRole, textOf, wrapText } from "./table.js";

const HOTPLUG_ACCEPTANCE: Readonly<Record<HotplugAcceptance, string>> = {
  assumed: "taken for accepted",
  online: "accepted one by one",
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

/** Sections of the summary, in this order; one without lines is left out. */
const SECTIONS: Readonly<Record<string, (run: RunResult) => Line[]>> = {
  boot: ({ phases, bootTimeNs }) =>
    phases.map(({ name, ns }) => [
      name,
      formatDuration(ns),
      bootTimeNs === 0 ? NO_VALUE : formatShare(ns / bootTimeNs),
    ]),
  memory: memoryLines,
  "command line": commandLineLines,
  acceptance: acceptanceLines,
  "direct map": earlyMapLines,
  "hot-plug": hotplugLines,
  "host's TDX module": moduleLines,
  requests: requestLines,
  "priced events": ({ costs }) => Object.entries(costs).map(([name, count]) => [name, formatInteger(count)]),
};

/** Prints phases, memory, stalls, requests and counts of priced events of a run. */
export function formatRunSummary(run: RunResult, paint: Paint = plainPaint): string {
  const painted = (role: TextRole, texts: readonly string[]): string[] =>
    texts.flatMap((text) => wrapText(text, paint)).map((line) => paint(role, line));
  const machine =
    `${run.scenario}: ${run.policy} on ${run.platform}, ${formatBytes(run.memoryBytes)}, ` +
    `${formatVcpus(run.vcpus)}, Linux ${kernelText(run)}, workload ${run.workload}`;
  const text = [
    ...painted("title", [machine]),
    ...(run.outcome === "ready" ? [`ready after ${formatDuration(run.bootTimeNs)}`] : []),
    ...painted("failure", failureTexts(run)),
  ];
  for (const [title, linesOf] of Object.entries(SECTIONS)) {
    const rows = linesOf(run).map(([name, value, remark = ""]) => [name, value, remark]);
    if (rows.length === 0) continue;
    const lines = alignedLines(["left", "right", "left"], rows, { width: paint.width - 2 });
    text.push("", paint("title", title), ...lines.map((line) => `  ${line}`));
  }
  for (const remark of run.remarks ?? []) text.push("", ...painted("note", [remark]));
  const note = `${formatShare(run.assumedShare)} of the boot time rests on assumed prices.`;
  return textOf([...text, "", ...painted("note", [note, ...whatIfNotes([run])])]);
}

function memoryLines(run: RunResult): Line[] {
  const memoryBytes = run.memoryBytes + (run.hotplug?.addedBytes ?? 0);
  const ofGuest = (bytes: number): string => `${formatShare(bytes / memoryBytes)} of the guest`;
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
  const { drain, attack } = run;
  const lines = numbers(run, [
    ["calls", "acceptCalls", "of the kernel, with something to accept"],
    ["waits", "waits.boot.count", `of ${countOf(run.waits.boot.allocations, "allocation")} of the boot`],
    [
      "waits",
      "waits.workload.count",
      `of ${countOf(run.waits.workload.allocations, "allocation")} after init`,
    ],
  ]);
  const optionalLines = numbersAboveZero(run, [
    ["irqs off", "longestIrqOffNs", "the longest of any CPU"],
    ["spinning", "spinNs", "CPUs together, for ranges that others accept"],
    ["lockups", "softLockups", "complaints of the soft lockup detector"],
  ]);
  if (drain !== undefined) {
    const workers = `${drain.workers} worker${drain.workers === 1 ? "" : "s"}`;
    const remark = `${formatBytes(drain.unacceptedBytes)} by ${workers}`;
    optionalLines.push(["drain", formatDuration(drain.timeNs), remark]);
  }
  const done = attack?.stopped === undefined ? "replaced" : "put at a second address";
  const attackLines = numbers(run, [
    ["attacked", "attack.pages", `accepted pages that the host ${done}`],
    ["stopped", "attack.stopped", "of these by the TDX module or the reverse map table"],
    ["warnings", "attack.warnings", "of them accepted again with a complaint"],
    ["violations", "attack.integrityViolations", "of them accepted again in silence"],
  ]);
  return [...lines, ...optionalLines, ...attackLines, ...kexecLines(run)];
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
  ];
}

function moduleLines({ tdxModule }: RunResult): Line[] {
  if (tdxModule === undefined) return [];
  const { memory, tdmrs, pamtBytes, hotplug, removed, fewTdmrsLeft, capableNodes, guestShare } = tdxModule;
  const sizeOf = ({ start, end }: AddressRange): number => end - start;
  const nodes = capableNodes.length === 0 ? NO_VALUE : capableNodes.join(" ");
  return [
    ["memory", formatBytes(memory.reduce((sum, range) => sum + sizeOf(range), 0)), "good for TDX guests"],
    ["left", formatBytes(guestShare.freeBytes), "of that for this guest"],
    ["TDX nodes", nodes, "that are so even if plugged memory goes online"],
    ["TDMRs", formatInteger(tdmrs.length), fewTdmrsLeft ? "and few left" : ""],
    ["PAMT", formatBytes(pamtBytes), "of the host, for all guests"],
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
