/** The conclusion of a difference between two results, in sentences. */

import type { MeasureName } from "../results/measures.js";
import type { Diff, MeasureChange, RowDiff, TimeChange } from "../study/diff.js";
import { eventWords } from "../study/diff-events.js";
import { formatBytes, formatDuration } from "../units.js";
import { formatInteger } from "./cells.js";

/** What stands at the beginning, in this order, and how it is said. */
const LEADING = {
  bootTimeNs: { verb: "is", worse: "slower to boot", better: "faster to boot", text: formatDuration },
  totalTimeNs: {
    verb: "is",
    worse: "slower from power-on to the last request",
    better: "faster from power-on to the last request",
    text: formatDuration,
  },
  overheadBytes: {
    verb: "has",
    worse: "more memory overhead",
    better: "less memory overhead",
    text: formatBytes,
  },
} as const satisfies Partial<Record<MeasureName, Wording>>;
type LeadingName = keyof typeof LEADING;

interface Wording {
  readonly verb: string;
  readonly worse: string;
  readonly better: string;
  readonly text: (value: number) => string;
}

/** `B is 12 % slower to boot on 3 of 4 runs, because of 8,064 more vmgexitPsc (an exit ...): 1.2 s of 1.3 s.` */
export function diffSentences({ pairs, unpaired }: Diff): string[] {
  const changed = pairs.filter(isChanged);
  const equal =
    changed.length > 0
      ? []
      : [`B is the same as A in ${pairs.length === 1 ? "its run" : `all ${runs(pairs)}`}.`];
  return [
    ...equal,
    ...outcomeSentences(pairs),
    ...(Object.keys(LEADING) as LeadingName[]).flatMap((name) => measureSentence(name, pairs)),
    ...otherwiseSentence(changed),
    ...chanceSentence(pairs),
    ...unpairedSentence(unpaired.a.length, unpaired.b.length),
  ];
}

/** Whether anything at all differs between two rows. */
export function isChanged({ inputs, measures, others, phases, times, repeats }: RowDiff): boolean {
  const all = [inputs, measures, others, phases, times.flatMap(({ events }) => events), repeats?.means ?? []];
  return all.some(({ length }) => length > 0);
}

function outcomeSentences(pairs: readonly RowDiff[]): string[] {
  const moved = pairs.filter(({ a, b }) => a.outcome !== b.outcome);
  const sentences = [
    { subject: "B", rest: "where A gets ready", wrong: moved.filter(({ a }) => a.outcome === "ready") },
    { subject: "A", rest: "where B gets ready", wrong: moved.filter(({ b }) => b.outcome === "ready") },
  ];
  return sentences.flatMap(({ subject, rest, wrong }) => {
    if (wrong.length === 0) return [];
    const how = new Set(wrong.map(({ a, b }) => (subject === "B" ? b : a).outcome));
    return [`${subject} does not get ready${onRuns(wrong, pairs)} ${rest}: ${[...how].join(", ")}.`];
  });
}

function changeOf(pair: RowDiff, name: MeasureName): MeasureChange | undefined {
  return pair.measures.find((one) => one.name === name && one.verdict !== "neither");
}

function measureSentence(name: LeadingName, pairs: readonly RowDiff[]): string[] {
  const [worse, better] = (["worse", "better"] as const).map((verdict) =>
    pairs.filter((pair) => changeOf(pair, name)?.verdict === verdict),
  ) as [RowDiff[], RowDiff[]];
  const moved = [...worse, ...better];
  if (moved.length === 0) return [];
  // The total moves with the boot; it says more only where what comes after moves too.
  if (name === "totalTimeNs" && moved.every(isOfBoot)) return [];
  const { verb, text } = LEADING[name];
  const parts = [
    { side: worse, word: LEADING[name].worse },
    { side: better, word: LEADING[name].better },
  ].filter(({ side }) => side.length > 0);
  const said = parts
    .sort((x, y) => y.side.length - x.side.length)
    .map(({ side, word }) => `${rangeText(side, name)} ${word}${onRuns(side, pairs)}`);
  const [only] = moved;
  const { a, b } = changeOf(only!, name)!;
  const values = pairs.length === 1 ? ` (${text(b!)}, A ${text(a!)})` : "";
  const cause = name === "overheadBytes" ? "" : causeText(parts[0]!.side, name);
  return [`B ${verb} ${said.join(" and ")}${values}${cause}.`];
}

function isOfBoot(pair: RowDiff): boolean {
  return changeOf(pair, "totalTimeNs")?.change === (changeOf(pair, "bootTimeNs")?.change ?? 0);
}

function rangeText(pairs: readonly RowDiff[], name: LeadingName): string {
  const changes = pairs.map((pair) => changeOf(pair, name)!);
  const shares = changes.flatMap(({ share }) => (share === null ? [] : [Math.abs(share)]));
  if (shares.length < changes.length) {
    return LEADING[name].text(Math.max(...changes.map(({ change }) => Math.abs(change!))));
  }
  const [low, high] = [percentText(Math.min(...shares)), percentText(Math.max(...shares))];
  return low === high ? low : `${low} to ${high}`;
}

/** `0.4 %`, `12 %`, `<0.1 %`; a share above 0 never reads as 0. */
export function percentText(share: number): string {
  const percent = 100 * share;
  if (percent > 0 && percent < 0.1) return "<0.1 %";
  return `${percent < 10 ? Number(percent.toFixed(1)) : formatInteger(Math.round(percent))} %`;
}

interface Cause {
  readonly text: string;
  ns: number;
}

/** The event that accounts for most of a time's change, and for how much of it. */
function causeText(pairs: readonly RowDiff[], name: TimeChange["name"]): string {
  const times = pairs.flatMap((pair) => pair.times.filter((time) => time.name === name));
  const changeNs = times.reduce((sum, time) => sum + time.changeNs, 0);
  const onOne = times.every(({ otherNs }) => otherNs !== null);
  const most = causesOf(times)
    .filter(({ ns }) => ns > 0 === changeNs > 0)
    .sort((x, y) => Math.abs(y.ns) - Math.abs(x.ns))[0];
  if (most === undefined) {
    return onOne ? "; no priced event accounts for it: it is the guest's own work, or waiting" : "";
  }
  const ns = formatDuration(Math.abs(most.ns));
  if (!onOne) return `, because of ${most.text}: ${ns} of the CPUs' time together`;
  const isMost = Math.abs(most.ns) >= Math.abs(changeNs) / 2;
  const begin = isMost ? ", because of" : "; the most that an event accounts for:";
  return `${begin} ${most.text}: ${ns} of ${formatDuration(Math.abs(changeNs))}`;
}

/** Each event twice, by how often and by its price. */
function causesOf(times: readonly TimeChange[]): Cause[] {
  const names = new Set(times.flatMap(({ events }) => events.map(({ event }) => event)));
  return [...names].flatMap((name) => {
    const own = times.flatMap(({ events }) => events.filter(({ event }) => event === name));
    const count = own.reduce((sum, { a, b }) => sum + b.count - a.count, 0);
    const priced = own.find(({ byPriceNs }) => byPriceNs !== 0) ?? own[0]!;
    const [before, after] = [priced.a.priceNs ?? 0, priced.b.priceNs ?? 0].map(formatDuration);
    const words = eventWords(name);
    const what = words === undefined ? name : `${name} (${words})`;
    return [
      {
        text: `${formatInteger(Math.abs(count))} ${count > 0 ? "more" : "fewer"} ${what}`,
        ns: own.reduce((sum, { byCountNs }) => sum + byCountNs, 0),
      },
      {
        text: `the price of ${what}, ${after} rather than ${before}`,
        ns: own.reduce((sum, { byPriceNs }) => sum + byPriceNs, 0),
      },
    ];
  });
}

/** Where nothing that leads has moved, though something has. */
function otherwiseSentence(changed: readonly RowDiff[]): string[] {
  const silent = changed.filter(
    (pair) =>
      pair.a.outcome === pair.b.outcome &&
      (Object.keys(LEADING) as LeadingName[]).every((name) => changeOf(pair, name) === undefined),
  );
  if (silent.length === 0) return [];
  const names = new Set(
    silent.flatMap(({ measures, others, inputs }) =>
      [...inputs, ...measures, ...others].map(({ name }) => name),
    ),
  );
  const shown = [...names].slice(0, 4).join(", ");
  const more = names.size > 4 ? ` and ${names.size - 4} more` : "";
  return [
    `${silent.length === changed.length ? "Times and overhead are the same" : `On ${runs(silent)} times and overhead are the same`}; what differs: ${shown}${more}.`,
  ];
}

function chanceSentence(pairs: readonly RowDiff[]): string[] {
  const repeated = pairs.filter(({ repeats }) => repeats !== undefined && repeats.whyNot === undefined);
  if (!repeated.some(({ repeats }) => repeats!.means.length > 0)) return [];
  const beyond = repeated.filter(({ repeats }) =>
    repeats!.means.some(({ name, isSignificant }) => name === "bootTimeNs" && isSignificant),
  );
  return [
    `Over seeds the mean boot time differs by more than chance on ${beyond.length} of ${runs(repeated)} ` +
      "that were repeated (Welch's t test, 5 %).",
  ];
}

function unpairedSentence(a: number, b: number): string[] {
  if (a + b === 0) return [];
  const sides = [...(a > 0 ? [`${runsOf(a)} of A`] : []), ...(b > 0 ? [`${runsOf(b)} of B`] : [])];
  return [`Not compared, having no like: ${sides.join(" and ")}.`];
}

function onRuns(some: readonly RowDiff[], all: readonly RowDiff[]): string {
  return all.length === 1 ? "" : ` on ${some.length} of ${runs(all)}`;
}

function runs({ length }: readonly unknown[]): string {
  return runsOf(length);
}

function runsOf(count: number): string {
  return `${formatInteger(count)} run${count === 1 ? "" : "s"}`;
}
