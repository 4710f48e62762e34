/** What a comparison says, in one to three sentences with its numbers and how sure they are. */

import { type Measure, numberIn } from "../results/measures.js";
import { isSound } from "../results/problems.js";
import type { CompareRow, Outcome, RunResult } from "../results/row.js";
import { type ChargedTime, ratioRange, type TimeRange, timeRange } from "../study/assumed-prices.js";
import { bestFirst, usualRank } from "../study/compare.js";
import { formatBytes, formatDuration } from "../units.js";
import { countOf, formatInteger, formatRatio, NUMBER_TEXTS } from "./cells.js";
import { machinesSentence } from "./over-machines.js";
import { policyText } from "./row-groups.js";

export interface ComparedGroup {
  /** What the rows ran on. */
  readonly title: string;
  readonly rows: readonly CompareRow[];
}

/**
 * @param groups rows that differ only in their policy
 * @param baseline the policy to compare the best of each group with
 * @param rank what is better; the usual one of each group if absent
 * @param ranges how far times hold over what is assumed; to first order if absent
 */
export function conclusionOf(
  groups: readonly ComparedGroup[],
  baseline: string,
  rank: readonly Measure[] | undefined,
  ranges: Ranges = FIRST_ORDER,
): string[] {
  const findings = groups.flatMap((group) => findingOf(group, baseline, rank, ranges) ?? []);
  const failures = failureSentence(groups);
  if (findings.length === 0) return failures;
  const machines = machinesSentence(
    groups.flatMap(({ rows }) => rows),
    rank,
  );
  const text = [...answerSentences(findings, groups.length > 1), machines, decidedSentence(findings)];
  return [text.filter((one) => one !== "").join(" "), ...failures];
}

/** Inputs with different winners of which each has a sentence. */
const FEW = 3;

function answerSentences(findings: readonly Finding[], named: boolean): string[] {
  const [only] = findings;
  if (findings.length === 1) return [winnerSentence(only!, named), waitSentence(only!)];
  if (findings.every(({ other }) => other === undefined)) {
    return [spanSentence(findings), waitsSentence(findings)];
  }
  const winners = new Set(findings.map(({ best }) => best.policy)).size;
  if (winners > 1 && findings.length <= FEW) return findings.map((one) => winnerSentence(one, true));
  return [orderSentence(findings), waitsSentence(findings)];
}

export interface Ranges {
  /** What stands before such a range. */
  readonly word: string;
  readonly ofTime: (run: CompareRow, time: ChargedTime) => TimeRange;
  readonly ofRatio: (longer: CompareRow, run: CompareRow, time: ChargedTime) => TimeRange;
}

const FIRST_ORDER: Ranges = { word: "about ", ofTime: timeRange, ofRatio: ratioRange };

/** The best run of a group, and the one that it is held against. */
interface Finding {
  readonly title: string;
  readonly by: Measure;
  readonly best: CompareRow;
  readonly other: CompareRow | undefined;
  readonly ranges: Ranges;
}

function findingOf(
  { title, rows }: ComparedGroup,
  baseline: string,
  rank: readonly Measure[] | undefined,
  ranges: Ranges,
): Finding | undefined {
  const [first] = rows;
  const measures = rank ?? usualRank(first!);
  const [best, ...others] = rows.filter(isSound).toSorted(bestFirst(measures));
  if (best === undefined) return undefined;
  const other = others.find(({ policy }) => policy === baseline && policy !== best.policy) ?? others[0];
  return { title, by: measures[0]!, best, other, ranges };
}

const DONE: Readonly<Record<ChargedTime, string>> = { bootTimeNs: "ready", totalTimeNs: "done" };

function timeOf({ by }: Finding): ChargedTime | undefined {
  return by.name === "bootTimeNs" || by.name === "totalTimeNs" ? by.name : undefined;
}

/** `lazy is ready 12.7 times earlier than eager (about 9.4 to 17 over what is assumed), 14.2 s against 180 s, ...`. */
function winnerSentence(finding: Finding, named: boolean): string {
  const { title, best, other, by, ranges } = finding;
  const where = named ? ` on ${title}` : "";
  const time = timeOf(finding);
  const value = (row: CompareRow): string => NUMBER_TEXTS[by.is](numberIn(by, row));
  if (other === undefined) {
    const range = time === undefined ? "" : rangeText(ranges.ofTime(best, time), formatDuration, ranges.word);
    const what = time === undefined ? `has a ${by.name} of` : `is ${DONE[time]} after`;
    return `${policyText(best)}${where} ${what} ${value(best)}${range}.`;
  }
  const against = `${value(best)} against ${value(other)}`;
  if (time === undefined)
    return `${policyText(best)}${where} is best by ${by.name}: ${against} of ${policyText(other)}.`;
  const ratio = numberIn(by, other) / numberIn(by, best);
  const range = rangeText(ranges.ofRatio(other, best, time), timesText, ranges.word);
  const how =
    timesText(ratio) === "1"
      ? `is ${DONE[time]} when ${policyText(other)} is`
      : `is ${DONE[time]} ${timesText(ratio)} times earlier than ${policyText(other)}${range}`;
  return `${policyText(best)}${where} ${how}, ${against}, with ${overheadText(best, other)}.`;
}

function overheadText(best: CompareRow, other: CompareRow): string {
  const bytes = other.overheadBytes - best.overheadBytes;
  if (formatBytes(Math.abs(bytes)) === formatBytes(0)) return "the same overhead";
  return `${formatBytes(Math.abs(bytes))} ${bytes > 0 ? "less" : "more"} overhead`;
}

/** Without the letter that stands for it in tables. */
function timesText(ratio: number): string {
  const text = formatRatio(ratio).replace(/x$/, "");
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/** ` (about 10 s to 14 s over what is assumed)`, or empty where both ends read the same. */
export function rangeText(
  { low, high }: TimeRange,
  textOf: (value: number) => string,
  word = "about ",
): string {
  const [from, to] = [textOf(low), textOf(high)];
  return from === to ? "" : ` (${word}${from} to ${to} over what is assumed)`;
}

function waitSentence({ best }: Finding): string {
  const { boot, workload } = best.waits;
  const waits = workload.count + boot.count;
  if (waits === 0) return "None of its allocations waits.";
  const of = formatInteger(boot.allocations + workload.allocations);
  const longest = formatDuration(Math.max(boot.maxNs, workload.maxNs));
  const split =
    boot.count > 0 && workload.count > 0 ? `, ${formatDuration(workload.totalNs)} of it after init` : "";
  const all = formatDuration(boot.totalNs + workload.totalNs);
  return `${formatInteger(waits)} of its ${of} allocations wait, ${all} in all${split}, ${longest} at most.`;
}

/** Of several inputs with one run each: from which to which value they go. */
function spanSentence(findings: readonly Finding[]): string {
  const { by, best } = findings[0]!;
  const time = timeOf(findings[0]!);
  const sorted = findings.toSorted((a, b) => numberIn(by, a.best) - numberIn(by, b.best));
  const textOf = ({ best: run }: Finding): string => NUMBER_TEXTS[by.is](numberIn(by, run));
  const [low, high] = [sorted[0]!, sorted.at(-1)!];
  const policies = new Set(findings.map(({ best: { policy } }) => policy));
  const who = policies.size === 1 ? best.policy : "The best";
  const what = time === undefined ? `: ${by.name}` : ` is ${DONE[time]} after`;
  return textOf(low) === textOf(high)
    ? `${who}${what} ${textOf(low)} on all ${findings.length} inputs.`
    : `${who}${what} ${textOf(low)} (${low.title}) to ${textOf(high)} (${high.title}).`;
}

/** Inputs of one policy that are named, rather than counted. */
const MOST_TITLES = 8;

/** Of several inputs: who is best on how many of them, and between which ends. */
function orderSentence(findings: readonly Finding[]): string {
  const byPolicy = new Map<string, Finding[]>();
  for (const finding of findings) {
    const own = byPolicy.get(finding.best.policy);
    if (own === undefined) byPolicy.set(finding.best.policy, [finding]);
    else own.push(finding);
  }
  const [most, ...others] = [...byPolicy].toSorted(([, a], [, b]) => b.length - a.length);
  const [policy, own] = most!;
  const all =
    own.length === findings.length ? `all ${findings.length}` : `${own.length} of ${findings.length}`;
  const rest = others.map(([name, theirs]) => {
    const titles = theirs.map(({ title }) => title);
    return `${name} on ${titles.length > MOST_TITLES ? `${titles.length} of them` : titles.join(" and ")}`;
  });
  const besides = rest.length === 0 ? "" : `, ${rest.join(", ")}`;
  return `${policy} is first on ${all} inputs${besides}${spreadText(own)}.`;
}

function spreadText(findings: readonly Finding[]): string {
  const compared = findings.flatMap((finding) => {
    const { other, best, by } = finding;
    const time = timeOf(finding);
    if (other === undefined || time === undefined) return [];
    return [{ ...finding, other, time, ratio: numberIn(by, other) / numberIn(by, best) }];
  });
  if (compared.length === 0) return "";
  const sorted = compared.toSorted((a, b) => a.ratio - b.ratio);
  const [low, high] = [sorted[0]!, sorted.at(-1)!];
  const end = ({ ratio, title }: (typeof sorted)[number]): string => `${timesText(ratio)} times (${title})`;
  const against = [...new Set(compared.map(({ other }) => other.policy))].join(" or ");
  const range = rangeText(high.ranges.ofRatio(high.other, high.best, high.time), timesText, high.ranges.word);
  const overhead = overheadSpread(compared);
  const isEven = ({ ratio }: (typeof sorted)[number]): boolean => timesText(ratio) === "1";
  if (isEven(high)) return `: ${DONE[high.time]} when ${against} is${overhead}`;
  const ends =
    low === high ? end(high) : isEven(low) ? `up to ${end(high)}` : `from ${end(low)} to ${end(high)}`;
  return `: ${DONE[high.time]} ${ends}${range} earlier than ${against}${overhead}`;
}

function overheadSpread(
  compared: readonly { readonly best: CompareRow; readonly other: CompareRow }[],
): string {
  const saved = compared.map(({ best, other }) => other.overheadBytes - best.overheadBytes);
  const [least, most] = [Math.min(...saved), Math.max(...saved)];
  if (least <= 0) return "";
  const [from, to] = [formatBytes(least), formatBytes(most)];
  return `, with ${from === to ? from : `${from} to ${to}`} less overhead`;
}

function waitsSentence(findings: readonly Finding[]): string {
  const totals = findings.map(({ best: { waits } }) => waits.boot.totalNs + waits.workload.totalNs);
  const counts = findings.map(({ best: { waits } }) => waits.boot.count + waits.workload.count);
  if (Math.max(...counts) === 0) return "None of its allocations waits.";
  const [fewest, most] = [Math.min(...counts), Math.max(...counts)].map(formatInteger);
  const [least, greatest] = [Math.min(...totals), Math.max(...totals)].map(formatDuration);
  const count = fewest === most ? fewest : `${fewest} to ${most}`;
  const time = least === greatest ? least : `${least} to ${greatest}`;
  return `${count} of its allocations wait, ${time} in all.`;
}

/** The prices that move these answers most, with what is assumed of them. */
function decidedSentence(findings: readonly Finding[]): string {
  return decidingPrice(
    findings.flatMap((finding) => {
      const time = timeOf(finding);
      if (time === undefined) return [];
      const { best, other, ranges } = finding;
      const { decidedBy } =
        other === undefined ? ranges.ofTime(best, time) : ranges.ofRatio(other, best, time);
      return [best, ...(other === undefined ? [] : [other])].map((run) => ({ run, price: decidedBy }));
    }),
  );
}

/**
 * A sentence that names prices with what is assumed of them; empty where none decides anything. Where machines have
 * different ones, each is said with its machine.
 */
export function decidingPrice(
  decided: readonly { readonly run: RunResult; readonly price: string | undefined }[],
): string {
  const ranges = new Map<string, Map<string, string>>();
  for (const { run, price = "" } of decided) {
    const parameter = run.assumedPrices[price];
    if (parameter === undefined) continue;
    const [own, from, to] = [parameter.value, parameter.low, parameter.high].map(formatDuration);
    const known = ranges.get(price) ?? new Map<string, string>();
    const range = `${own}, ${from} to ${to}`;
    ranges.set(price, known.set(range, known.get(range) ?? run.prices));
  }
  if (ranges.size === 0) return "";
  const named = [...ranges].flatMap(([price, own]) =>
    [...own].map(([range, prices]) => `${price} (${range}${own.size === 1 ? "" : `, prices ${prices}`})`),
  );
  return `What decides it most among assumed prices: ${named.join(" and ")}.`;
}

const FAILED: Readonly<Record<Exclude<Outcome, "ready">, string>> = {
  oom: "out of memory",
  deadline: "late",
  terminated: "stopped",
};

function failureSentence(groups: readonly ComparedGroup[]): string[] {
  const all = groups.flatMap(({ title, rows }) => rows.map((row) => ({ title, row })));
  const failed = all.filter(({ row }) => !isSound(row));
  if (failed.length === 0) return [];
  const named = failed
    .slice(0, 3)
    .map(
      ({ title, row }) =>
        `${policyText(row)} on ${title} (${row.outcome === "ready" ? "see below it" : FAILED[row.outcome]})`,
    );
  const more = failed.length > named.length ? ` and ${failed.length - named.length} more` : "";
  return [`${failed.length} of ${countOf(all.length, "run")} failed: ${named.join(", ")}${more}.`];
}
