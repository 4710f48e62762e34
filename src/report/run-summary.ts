/** One run, for a terminal: its conclusion, where the boot's time goes, what it takes and what waits. */

import { DEFAULT_PRICES } from "../coco/price-set.js";
import type { RunResult } from "../results/row.js";
import { timeRange } from "../study/assumed-prices.js";
import { hasWorkload } from "../study/compare.js";
import { formatBytes, formatDuration } from "../units.js";
import { countOf, formatInteger, formatShare, formatVcpus, kernelText } from "./cells.js";
import { decidingPrice, rangeText } from "./conclusion.js";
import { failureTexts, whatIfNotes } from "./row-groups.js";
import { detailSections, outcomeSections, ramBytes, type Section } from "./run-sections.js";
import { alignedLines, type Paint, plainPaint, type TextRole, textOf, wrapText } from "./table.js";

/** @param options.details whether all counters follow */
export function formatRunSummary(
  run: RunResult,
  paint: Paint = plainPaint,
  { details = false }: { readonly details?: boolean } = {},
): string {
  const painted = (role: TextRole, texts: readonly string[]): string[] =>
    texts.flatMap((text) => wrapText(text, paint)).map((line) => paint(role, line));
  const sections = [
    chainSection(run),
    ...(details ? [] : [{ title: "what it takes", lines: briefLines(run) }]),
    ...outcomeSections(run),
    ...(details ? detailSections(run) : []),
  ];
  const text = [
    ...(run.outcome === "ready" ? wrapText(leadOf(run), paint) : []),
    ...painted("failure", failureTexts(run)),
    "",
    ...painted("title", [machineText(run)]),
    ...wrapText(startupText(run), paint),
  ];
  for (const { title, lines } of sections) {
    if (lines.length === 0) continue;
    const rows = lines.map(([name, value, remark = ""]) => [name, value, remark]);
    const aligned = alignedLines(["left", "right", "left"], rows, { width: paint.width - 2 });
    text.push("", paint("title", title), ...aligned.map((line) => `  ${line}`));
  }
  for (const remark of run.remarks ?? []) text.push("", ...painted("note", [remark]));
  const notes = [
    `${formatShare(run.assumedShare)} of the boot time rests on assumed prices.`,
    ...whatIfNotes([run]),
    ...(details
      ? []
      : ["Deeper: --details has all counters and priced events, --uncertainty the ends of assumed prices."]),
  ];
  return textOf([...text, "", ...painted("note", notes)]);
}

/** What ran: scenario, policy, machine, kernel, workload, and prices that are not the platform's own. */
function machineText(run: RunResult): string {
  return (
    `${run.scenario}: ${run.policy} on ${run.platform}, ${formatBytes(run.memoryBytes)}, ` +
    `${formatVcpus(run.vcpus)}, Linux ${kernelText(run)}, workload ${run.workload}` +
    (run.prices === DEFAULT_PRICES ? "" : `, prices ${run.prices}`)
  );
}

/** How long a run that got ready takes, and how sure that is. */
export function leadOf(run: RunResult): string {
  const time = hasWorkload(run) ? "totalTimeNs" : "bootTimeNs";
  const range = timeRange(run, time);
  const { boot, workload } = run.waits;
  const [count, allocations] = [boot.count + workload.count, boot.allocations + workload.allocations];
  const waits =
    count === 0
      ? "none of its allocations waits"
      : `${formatInteger(count)} of ${countOf(allocations, "allocation")} wait, ` +
        `${formatDuration(boot.totalNs + workload.totalNs)} in all`;
  const what = hasWorkload(run)
    ? `${run.policy} is done after ${formatDuration(run.totalTimeNs ?? 0)}`
    : `${run.policy} is ready after ${formatDuration(run.bootTimeNs)}`;
  const sentences = [
    `${what}${rangeText(range, formatDuration)}, with ${formatBytes(run.overheadBytes)} of memory overhead; ${waits}.`,
    decidingPrice([{ run, price: range.decidedBy }]),
  ];
  return sentences.filter((one) => one !== "").join(" ");
}

/** Who has the guest in a phase; every other phase is the kernel's. */
const STAGES: Readonly<Record<string, string>> = {
  launch: "VMM",
  firmware: "firmware",
  "exit boot services": "EFI stub",
};

/** As systemd-analyze says it: `1.3 s (VMM) + ... = 14.2 s`. */
export function startupText(run: RunResult): string {
  const { phases, bootTimeNs, workloadTimeNs, totalTimeNs, outcome } = run;
  const stages = new Map<string, number>();
  for (const { name, ns } of phases) {
    const stage = STAGES[name] ?? "kernel";
    stages.set(stage, (stages.get(stage) ?? 0) + ns);
  }
  const parts = [...stages]
    .filter(([, ns]) => ns > 0)
    .map(([stage, ns]) => `${formatDuration(ns)} (${stage})`);
  const restNs = bootTimeNs - [...stages.values()].reduce((sum, ns) => sum + ns, 0);
  // A boot that failed in a phase has no end of it.
  if (outcome !== "ready" && restNs > 0 && workloadTimeNs === undefined)
    parts.push(`${formatDuration(restNs)} (where it ended)`);
  const boot = `Startup: ${parts.join(" + ")} = ${formatDuration(bootTimeNs)}`;
  if (workloadTimeNs === undefined || totalTimeNs === undefined) return `${boot}.`;
  const after = hasWorkload(run) ? "of workload" : "of the recorded boot";
  return `${boot}; then ${formatDuration(workloadTimeNs)} ${after}, ${formatDuration(totalTimeNs)} in all.`;
}

/** A phase that takes less than this part of the boot is left out. */
const SHORT_SHARE = 0.01;

export function chainSection(run: RunResult): Section {
  return {
    title: "critical chain: what the boot CPU went through, the last first",
    lines: chainLines(run),
  };
}

/** As systemd-analyze critical-chain: when a phase began, how long it took, and what took most of it. */
function chainLines({ phases, bootTimeNs, vcpus }: RunResult): (readonly [string, string, string])[] {
  let endNs = 0;
  const all = phases.map(({ name, ns, mostly }) => {
    const beginNs = endNs;
    endNs += ns;
    return { name, ns, mostly, beginNs };
  });
  return all
    .toReversed()
    .filter(({ ns }) => ns >= SHORT_SHARE * bootTimeNs)
    .map(({ name, ns, mostly, beginNs }) => {
      const share = formatShare(ns / bootTimeNs);
      const all = vcpus === 1 ? "" : " of CPU time";
      const what =
        mostly === undefined ? "" : `, mostly ${mostly.event} (${formatDuration(mostly.ns)}${all})`;
      return [`${name} @${formatDuration(beginNs)}`, `+${formatDuration(ns)}`, `${share}${what}`];
    });
}

function briefLines(run: RunResult): (readonly [string, string, string])[] {
  const { waits, requests } = run;
  const ofGuest = (bytes: number): string => `${formatShare(bytes / ramBytes(run))} of the guest`;
  const waited = (phase: "boot" | "workload", when: string): (readonly [string, string, string])[] => {
    const { allocations, count, totalNs, p99Ns, maxNs } = waits[phase];
    if (count === 0) return [];
    const percentile = p99Ns === 0 ? "" : `, 99 % wait ${formatDuration(p99Ns)} at most`;
    const most = `${formatDuration(totalNs)} in all${percentile}, the longest ${formatDuration(maxNs)}`;
    return [[`waits ${when}`, formatInteger(count), `of ${countOf(allocations, "allocation")}: ${most}`]];
  };
  return [
    ["accepted", formatBytes(run.acceptedBytes), ofGuest(run.acceptedBytes)],
    ["touched", formatBytes(run.touchedBytes), ofGuest(run.touchedBytes)],
    ["host", formatBytes(run.hostBytes), `at most ${formatBytes(run.hostBytesPeak)}`],
    ["overhead", formatBytes(run.overheadBytes), "host beyond touched"],
    ...waited("boot", "in boot"),
    ...waited("workload", "after init"),
    ...(requests.failed === 0
      ? []
      : [["failed", formatInteger(requests.failed), "allocations that found no page"] as const]),
    ...(requests.lostEvents === 0
      ? []
      : [["lost", formatInteger(requests.lostEvents), "events missing in the recording"] as const]),
  ];
}
