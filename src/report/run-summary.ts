/** One run in full, for a terminal. */

import type { HotplugAcceptance } from "../after/hotplug/result.js";
import type { HostUse, RunResult } from "../results/row.js";
import { formatBytes, formatDuration } from "../units.js";
import { formatInteger, formatShare, formatVcpus, kernelText, NO_VALUE } from "./cells.js";
import { failureText, problemTexts, whatIfNotes } from "./row-groups.js";
import { alignedLines, type Paint, plainPaint, textOf, wrapText } from "./table.js";

/** How plugged memory is accepted, in words. */
const HOTPLUG_ACCEPTANCE: Readonly<Record<HotplugAcceptance, string>> = {
  assumed: "taken for accepted",
  online: "accepted one by one",
  lazy: "accepted on demand",
};

/** A name, a value and what else is to be said about it. */
type Line = readonly [name: string, value: string, remark?: string];

/** Prints phases, memory, stalls, requests and counts of priced events of a run. */
export function formatRunSummary(run: RunResult, paint: Paint = plainPaint): string {
  const machine =
    `${run.scenario}: ${run.policy} on ${run.platform}, ${formatBytes(run.memoryBytes)}, ` +
    `${formatVcpus(run.vcpus)}, Linux ${kernelText(run)}, workload ${run.workload}`;
  const ready = run.outcome === "ready";
  const outcome = ready ? `ready after ${formatDuration(run.bootTimeNs)}` : failureText(run);
  const sections: readonly (readonly [title: string, lines: readonly Line[]])[] = [
    ["boot", phaseLines(run)],
    ["memory", memoryLines(run)],
    ["command line", commandLineLines(run)],
    ["acceptance", acceptanceLines(run)],
    ["direct map", earlyMapLines(run)],
    ["hot-plug", hotplugLines(run)],
    ["host's TDX module", moduleLines(run)],
    ["requests", requestLines(run)],
    [
      "priced events",
      Object.entries(run.costs).map(([name, count]) => [name, formatInteger(count)] as const),
    ],
  ];
  const text = [
    ...wrapText(machine).map((line) => paint("title", line)),
    ...wrapText(outcome).map((line) => (ready ? line : paint("failure", line))),
    ...problemTexts(run)
      .flatMap(wrapText)
      .map((line) => paint("failure", line)),
  ];
  for (const [title, lines] of sections) {
    if (lines.length > 0) text.push("", paint("title", title), ...indented(lines));
  }
  for (const remark of run.remarks ?? [])
    text.push("", ...wrapText(remark).map((line) => paint("note", line)));
  const note = `${formatShare(run.assumedShare)} of the boot time rests on assumed prices.`;
  text.push("", ...[note, ...whatIfNotes([run])].flatMap(wrapText).map((line) => paint("note", line)));
  return textOf(text);
}

function phaseLines(run: RunResult): Line[] {
  const share = (ns: number): string => (run.bootTimeNs === 0 ? NO_VALUE : formatShare(ns / run.bootTimeNs));
  return run.phases.map(({ name, ns }) => [name, formatDuration(ns), share(ns)]);
}

function memoryLines(run: RunResult): Line[] {
  const memoryBytes = run.memoryBytes + (run.hotplug?.addedBytes ?? 0);
  return [
    [
      "accepted",
      formatBytes(run.acceptedBytes),
      `${formatShare(run.acceptedBytes / memoryBytes)} of the guest`,
    ],
    ["touched", formatBytes(run.touchedBytes), `${formatShare(run.touchedBytes / memoryBytes)} of the guest`],
    ["host", formatBytes(run.hostBytes), `at most ${formatBytes(run.hostBytesPeak)}`],
    ...hostLines(run.hostUse),
    ["overhead", formatBytes(run.overheadBytes), "host beyond touched"],
    ...ownTableLines(run.hostUse),
  ];
}

/** What came of the words that the scenario has for the kernel. */
function commandLineLines({ commandLine, vcpus }: RunResult): Line[] {
  if (commandLine === undefined) return [];
  const { onlineCpus, swiotlbBytes, crashkernelBytes, cmaBytes, movableBytes, hugePages } = commandLine;
  return [
    ...(onlineCpus === vcpus ? [] : [["online", formatVcpus(onlineCpus), `of ${vcpus}`] as const]),
    ...shownParts([
      ["swiotlb", swiotlbBytes, "DMA bounce buffer"],
      ["crash kernel", crashkernelBytes, "set aside, and touched by nobody"],
      ["CMA", cmaBytes, "for movable memory and large allocations"],
      ["movable", movableBytes, "in ZONE_MOVABLE"],
      ...hugePages.map(
        ({ pageBytes, pages, askedPages }) =>
          [
            "huge pages",
            pages * pageBytes,
            `${formatInteger(pages)} of ${formatInteger(askedPages)}, each ${formatBytes(pageBytes)}`,
          ] as const,
      ),
    ]),
  ];
}

/** What the host's memory is made of; what is not there is not shown. */
function hostLines(use: HostUse): Line[] {
  const parts: readonly (readonly [name: string, bytes: number, remark: string])[] = [
    ["  private", use.privateBytes, "behind private pages"],
    ["  kept", use.keptBytes, "of that, copies of pages that are shared now"],
    ["  shared", use.sharedBytes, "behind pages that are not private"],
    ["  tables", use.tableBytes, "to map them"],
    ["  tracking", use.metadataBytes, "the guest's part of PAMT or RMP"],
  ];
  return shownParts(parts);
}

/** Tables in the guest's own memory. */
function ownTableLines(use: HostUse): Line[] {
  return shownParts([
    ["bitmap", use.bitmapBytes, "in the guest, of unaccepted units"],
    ["direct map", use.directMapBytes, "in the guest, its page tables"],
  ]);
}

function shownParts(parts: readonly (readonly [name: string, bytes: number, remark: string])[]): Line[] {
  return parts
    .filter(([, bytes]) => bytes > 0)
    .map(([name, bytes, remark]): Line => [name, formatBytes(bytes), remark]);
}

function acceptanceLines(run: RunResult): Line[] {
  const { stalls } = run;
  const lines: Line[] = [
    ["calls", formatInteger(run.acceptCalls), "of the kernel, with something to accept"],
    ["stalls", formatInteger(stalls.count), "allocations that waited"],
  ];
  if (stalls.count > 0) {
    lines.push(
      ["p50", formatDuration(stalls.p50Ns)],
      ["p99", formatDuration(stalls.p99Ns)],
      ["longest", formatDuration(stalls.maxNs)],
      ["together", formatDuration(stalls.totalNs)],
    );
  }
  const seldom: readonly Line[] = [
    ["irqs off", formatDuration(run.longestIrqOffNs), "the longest of any CPU"],
    ["spinning", formatDuration(run.spinNs), "CPUs together, for ranges that others accept"],
    ["lockups", formatInteger(run.softLockups), "complaints of the soft lockup detector"],
  ];
  const shown = [run.longestIrqOffNs, run.spinNs, run.softLockups];
  lines.push(...seldom.filter((_line, index) => shown[index]! > 0));
  if (run.drain !== undefined) {
    const { workers, timeNs, unacceptedBytes } = run.drain;
    lines.push([
      "drain",
      formatDuration(timeNs),
      `${formatBytes(unacceptedBytes)} by ${workers} worker${workers === 1 ? "" : "s"}`,
    ]);
  }
  if (run.attack !== undefined) {
    const { pages, warnings, integrityViolations, stopped } = run.attack;
    lines.push(
      stopped === undefined
        ? ["attacked", formatInteger(pages), "accepted pages that the host replaced"]
        : ["attacked", formatInteger(pages), "accepted pages that the host put at a second address"],
      ...(stopped === undefined
        ? []
        : [
            [
              "stopped",
              formatInteger(stopped),
              "of these by the TDX module or the reverse map table",
            ] as const,
          ]),
      ["warnings", formatInteger(warnings), "of them accepted again with a complaint"],
      ["violations", formatInteger(integrityViolations), "of them accepted again in silence"],
    );
  }
  return [...lines, ...kexecLines(run)];
}

/** Name, value and remark of each number of the direct map of a run; what is 0 is not shown. */
export function earlyMapLines({ earlyMap }: RunResult): Line[] {
  if (earlyMap === undefined) return [];
  const { tables } = earlyMap;
  const lines: readonly (readonly [name: string, count: number, remark: string, bytes?: "bytes"])[] = [
    ["1 GiB", earlyMap.leaves1g, "leaves"],
    ["2 MiB", earlyMap.leaves2m, "leaves"],
    ["4 KiB", earlyMap.leaves4k, "leaves"],
    ["splits", earlyMap.splits, "of leaves that were shared in part"],
    ["tables", tables.brk + tables.memblock, "before the page allocator ran, from the brk area and memblock"],
    ["", tables.buddy, "from the page allocator"],
    ["late calls", earlyMap.lateMemblockCalls, "of memblock, when the page allocator ran"],
    ["lost races", earlyMap.lostRaces, "to another CPU that split the same leaf"],
    ["flushes", earlyMap.localFlushes, "of one CPU's TLB"],
    ["", earlyMap.globalFlushes, "of the TLBs of all CPUs"],
    ["shared", earlyMap.sharedBytes, "with the host", "bytes"],
    ["wasted", earlyMap.wastedAcceptBytes, "accepted for nothing but to be shared", "bytes"],
  ];
  return lines
    .filter(([, count]) => count > 0)
    .map(([name, count, remark, bytes]) => [
      name,
      bytes === undefined ? formatInteger(count) : formatBytes(count),
      remark,
    ]);
}

function hotplugLines({ hotplug }: RunResult): Line[] {
  if (hotplug === undefined) return [];
  const { acceptance, outcome, reason, addedBytes, blockBytes, timeNs } = hotplug;
  const how: string = HOTPLUG_ACCEPTANCE[acceptance];
  return [
    outcome === "online"
      ? ["online", formatBytes(addedBytes), `in blocks of ${formatBytes(blockBytes)}, ${how}`]
      : [outcome, NO_VALUE, reason ?? ""],
    ...(timeNs === 0 ? [] : [["time", formatDuration(timeNs)] as const]),
    ...shownParts([
      ["struct pages", hotplug.memmapBytes, "taken from the memory that the guest had"],
      ["accepted", hotplug.acceptedOnlineBytes, "as it went online"],
      ["unaccepted", hotplug.unacceptedBytes, "of it at the end"],
    ]),
  ];
}

function kexecLines({ kexec }: RunResult): Line[] {
  if (kexec === undefined) return [];
  const { kind, table, done, timeNs, nextKernel, vmcore, unacceptedSegmentBytes, unsharedBytes } = kexec;
  const lines: Line[] = [[kind, done ? formatDuration(timeNs) : "failed", `with its table ${table}`]];
  if (unacceptedSegmentBytes > 0) {
    const bytes = formatBytes(unacceptedSegmentBytes);
    lines.push(["place", bytes, "of where the next kernel goes were unaccepted"]);
  }
  if (unsharedBytes > 0) lines.push(["unshared", formatBytes(unsharedBytes), "were made private again"]);
  if (nextKernel !== undefined) {
    const left = formatBytes(nextKernel.unacceptedBytes);
    lines.push(["next kernel", formatBytes(nextKernel.acceptedBytes), `accepted, ${left} left for later`]);
  }
  if (vmcore !== undefined) {
    const skipped = formatBytes(vmcore.skippedBytes);
    lines.push(["vmcore", formatBytes(vmcore.readBytes), `read, ${skipped} left out as unaccepted`]);
  }
  return lines;
}

function moduleLines({ tdxModule }: RunResult): Line[] {
  if (tdxModule === undefined) return [];
  const { memory, tdmrs, pamtBytes, hotplug, removed, fewTdmrsLeft, capableNodes, guestShare } = tdxModule;
  const bytes = memory.reduce((sum, { start, end }) => sum + end - start, 0);
  return [
    ["memory", formatBytes(bytes), "good for TDX guests"],
    ["left", formatBytes(guestShare.freeBytes), "of that for this guest"],
    [
      "TDX nodes",
      capableNodes.length === 0 ? NO_VALUE : capableNodes.join(" "),
      "that are so even if plugged memory goes online",
    ],
    ["TDMRs", formatInteger(tdmrs.length), fewTdmrsLeft ? "and few left" : ""],
    ["PAMT", formatBytes(pamtBytes), "of the host, for all guests"],
    ...removed.map(
      ({ start, end, reason }): Line => [
        "removed",
        formatBytes(end - start),
        reason === undefined ? "the module keeps its regions and PAMT" : `refused: ${reason}`,
      ],
    ),
    ...hotplug.map(
      ({ start, end, accepted, forGuests, reason }): Line => [
        "hot-plug",
        formatBytes(end - start),
        !accepted ? `refused: ${reason}` : forGuests ? "goes online" : "goes online, and is no TDX memory",
      ],
    ),
  ];
}

/** What is usually 0 is shown only where it is not. */
function requestLines(run: RunResult): Line[] {
  const { requests } = run;
  const seldom: readonly (readonly [name: string, count: number, remark: string])[] = [
    ["failed", requests.failed, "allocations that found no page"],
    ["unknown frees", requests.beforeTracing, "of pages allocated before the recording began"],
    ["filled in", requests.filledBeforeTracing, "pages that were taken before the recording began, and kept"],
    ["inferred bulk", requests.inferredBulk, "allocations told from the recorded pages to be one request"],
    ["lost", requests.lostEvents, "events missing in the recording"],
  ];
  return [
    ["allocations", formatInteger(requests.allocations)],
    ["frees", formatInteger(requests.frees)],
    ...(run.workloadTimeNs === undefined
      ? []
      : [["after init", formatDuration(run.workloadTimeNs), "until the last request is served"] as const]),
    ...seldom
      .filter(([, count]) => count > 0)
      .map(([name, count, remark]): Line => [name, formatInteger(count), remark]),
  ];
}

function indented(lines: readonly Line[]): string[] {
  const rows = lines.map(([name, value, remark]) => [name, value, remark ?? ""]);
  return alignedLines(["left", "right", "left"], rows).map((line) => `  ${line}`);
}
