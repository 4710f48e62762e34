/** Results of a tuning, for terminals and as JSON. */

import { DEFAULT_PRICES } from "../coco/price-set.js";
import { jsonDocument } from "../results/formats.js";
import { measureNamed } from "../results/measures.js";
import { type KnobValue, type Reach, ramUpTo } from "../study/tune/knob.js";
import type { Stage } from "../study/tune/objective.js";
import type { KnobCurve, KnobValues, TunePoint, Tuning } from "../study/tune/result.js";
import { formatBytes, formatDuration } from "../units.js";
import { formatVcpus, kernelText, NO_VALUE } from "./cells.js";
import {
  type Column,
  cellsOf,
  type Line,
  left,
  type Paint,
  plainPaint,
  right,
  tableLines,
  textOf,
  wrapText,
} from "./table.js";
import { costText, type KnobTexts, knobsText, percent, stageText, valueText } from "./tune-texts.js";
import { uncertaintyText } from "./tune-uncertainty.js";

/** Rows of the front that are printed; JSON has them all. */
const MOST_FRONT_ROWS = 12;

/** The object of one guest, or `{ "schemaVersion": 2, "guests": [...] }` for several. */
export function formatTuningJson(tunings: readonly Tuning[]): string {
  return jsonDocument(tunings.length === 1 ? tunings[0]! : { guests: tunings });
}

/** Advice for every guest first, then what it rests on. @param tunings at least one */
export function formatTunings(tunings: readonly Tuning[], paint: Paint = plainPaint): string {
  const isOne = tunings.length === 1;
  const advice = tunings.flatMap((tuning) => wrapLines(adviceOf(tuning, isOne), paint));
  const guests = tunings.flatMap((tuning) => ["", ...guestLines(tuning, paint)]);
  const looked = tunings.some(({ uncertainty }) => uncertainty !== undefined);
  const deeper = [
    ...(looked ? [] : ["--uncertainty says whether the advice holds over what is assumed"]),
    "--json has every setting that was tried, and plot draws it",
  ];
  const note = wrapText(`${deeper.join("; ")}.`, paint).map((line) => paint("note", line));
  return textOf([...advice, ...guests, "", ...note]);
}

function wrapLines(lines: readonly Line[], paint: Paint): string[] {
  return lines.flatMap(({ text, role }) =>
    wrapText(text, paint).map((line) => (role === undefined ? line : paint(role, line))),
  );
}

/** What to set and what that gives; whether it stands over what is assumed, where somebody looked. */
export function adviceOf(tuning: Tuning, isOne: boolean): Line[] {
  const { memoryBytes, vcpus, best, start, stages, uncertainty, constraints } = tuning;
  const guest = isOne ? "" : `${platformText(tuning)}, ${formatBytes(memoryBytes)}, ${formatVcpus(vcpus)}: `;
  if (best === null) return [{ text: `${guest}${noneText(tuning)}.`, role: "failure" }];
  const texts = textsOf(tuning);
  const value = (point: TunePoint): string => stageText(stages[0]!, point.objective[0]!);
  const bound = constraints.length === 0 ? "" : `, with ${constraints.join(" and ")}`;
  const idle = tuning.curves.filter(({ acts }) => !acts).map(({ knob }) => knob);
  if (idle.length === tuning.curves.length) {
    const text = `${guest}${isOne ? "No" : "no"} value of ${idle.join(" or ")} changes anything in this guest: ${nameOf(tuning)} is ${value(best)}.`;
    return [{ text, role: "failure" }];
  }
  const setting = knobsText(best.knobs, texts);
  const advice = `${guest}${isOne ? "Set" : "set"} ${setting}: ${nameOf(tuning)} is ${value(best)}${assumedText(tuning)}${bound}${insteadText(start, value)}.`;
  if (uncertainty === undefined) return [{ text: advice }];
  const told = `${guest}${uncertaintyText(uncertainty, stages[0]!, texts)}.`;
  return [{ text: advice }, uncertainty.survives ? { text: told } : { text: told, role: "failure" }];
}

/** ` (about 30 s to 38 s over what is assumed)`, where the objective is a time and nobody asked for more. */
function assumedText({ objective, time, timeRange, uncertainty }: Tuning): string {
  if (objective !== time || timeRange === null || uncertainty !== undefined) return "";
  const { low, high } = timeRange;
  return low === high
    ? ""
    : ` (about ${formatDuration(low)} to ${formatDuration(high)} over what is assumed)`;
}

/** `, instead of 79.8 s as it stands (2.5 times as much)`. */
function insteadText(start: TunePoint, value: (point: TunePoint) => string): string {
  if (start.loss === null) return `, where as it stands it is ${outcomeText(start)}`;
  if (start.broken.length > 0) return `, where as it stands it breaks ${start.broken.join(", ")}`;
  if (start.loss < 0.0005) return ", the same as it stands";
  const more =
    start.loss < 1 ? `${percent(start.loss)} more` : `${Number((start.loss + 1).toFixed(1))} times as much`;
  return `, instead of ${value(start)} as it stands (${more})`;
}

/** The objective in words; what its terms are divided by stands in what the user wrote. */
function nameOf({ objective, stages }: Tuning): string {
  const [{ terms }] = stages as [Stage];
  if (stages.length > 1) return `${objective.split(",")[0]!.trim()}, the first of ${objective},`;
  if (terms.length > 1 || terms[0]!.weight !== 1 || terms[0]!.per !== undefined) return objective;
  const { measure } = terms[0]!;
  return WORDS[measure] ?? measure;
}

const WORDS: Readonly<Record<string, string>> = {
  bootTimeNs: "the time until init runs",
  totalTimeNs: "the time from power-on until the workload is done",
};

/** `tdx`, or `tdx at the prices tdx-7.0-gnr`. */
function platformText({ platform, prices }: Tuning): string {
  return prices === DEFAULT_PRICES ? platform : `${platform} at the prices ${prices}`;
}

function guestLines(tuning: Tuning, paint: Paint): string[] {
  const { best, curves } = tuning;
  const title = wrapLines([{ text: guestTitle(tuning), role: "title" }], paint);
  if (best === null || curves.every(({ acts }) => !acts)) return title;
  return [
    ...title,
    ...indented(settingLines(tuning, settingsOf(tuning, best), paint)),
    "",
    ...curves.flatMap((curve) => wrapText(`  ${curveText(curve)}`, paint)),
    ...frontLines(tuning, paint),
  ];
}

/** What a tuning is of, and how many runs it took. */
export function guestTitle(tuning: Tuning): string {
  const { memoryBytes, vcpus, policy, workload } = tuning;
  const kernel = `kernel ${kernelText(tuning)}`;
  const machine = [
    platformText(tuning),
    formatBytes(memoryBytes),
    formatVcpus(vcpus),
    policy,
    kernel,
    workload,
  ];
  const seeds = tuning.seeds > 1 ? `, ${tuning.seeds} seeds` : "";
  const runs = `${tuning.evaluated} runs${seeds}; the whole grid has ${tuning.gridSize} settings`;
  return `${machine.join(", ")} (${runs})`;
}

function textsOf({ curves }: Tuning): KnobTexts {
  return new Map(curves.map((curve) => [curve.knob, curve]));
}

const INDENT = "  ";

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => (line === "" ? line : INDENT + line));
}

export type NamedPoint = TunePoint & { readonly what?: string };

/** The best setting, the one that the file has, and a step each way from the best. */
export function settingsOf({ start, points, curves, asItStands }: Tuning, best: TunePoint): NamedPoint[] {
  const steps = curves.flatMap(({ knob, steps: own }) =>
    own.flatMap(({ direction, value }) => {
      const wanted: KnobValues = { ...best.knobs, [knob]: value };
      const point = points.find(({ knobs }) =>
        Object.keys(wanted).every((path) => knobs[path] === wanted[path]),
      );
      return point === undefined ? [] : [{ ...point, what: `a step ${direction}` }];
    }),
  );
  return [{ ...best, what: "best" }, ...steps, { ...start, knobs: asItStands, what: "as it stands" }];
}

function settingLines(tuning: Tuning, rows: readonly NamedPoint[], { width }: Paint): string[] {
  const columns = settingColumns(tuning, rows);
  return tableLines(columns, cellsOf(columns, rows), { width: width - INDENT.length });
}

/** In the order of what matters most, as narrow terminals leave out the last. */
export function settingColumns(tuning: Tuning, rows: readonly NamedPoint[]): Column<NamedPoint>[] {
  const { stages, time, curves } = tuning;
  const texts = textsOf(tuning);
  const [{ knob }] = curves as [KnobCurve];
  const isReady = ({ loss }: NamedPoint): boolean => loss !== null;
  const cell =
    (text: (row: NamedPoint) => string) =>
    (row: NamedPoint): string =>
      isReady(row) ? text(row) : NO_VALUE;
  const ns = (name: "bootTimeNs" | "totalTimeNs" | "waits.workload.totalNs"): Column<NamedPoint> =>
    right(
      measureNamed(name).label!,
      cell((row) => formatDuration(row[name])),
    );
  const bytes = (name: "overheadBytes" | "acceptedBytes"): Column<NamedPoint> =>
    right(
      measureNamed(name).label!,
      cell((row) => formatBytes(row[name])),
    );
  const own = ({ terms: [first, ...others] }: Stage): boolean =>
    others.length === 0 && first!.weight === 1 && SHOWN.includes(first!.measure);
  return [
    ...(rows.some(({ what }) => what !== undefined) ? [left<NamedPoint>("", ({ what = "" }) => what)] : []),
    curves.length === 1
      ? right<NamedPoint>(knob, ({ knobs }) =>
          knob in knobs ? valueText(knobs[knob]!, curves[0]!) : NO_VALUE,
        )
      : left<NamedPoint>("setting", ({ knobs }) => knobsText(knobs, texts)),
    right("worse by", ({ loss, broken }) =>
      loss === null ? "fails" : broken.length > 0 ? `breaks ${broken.join(", ")}` : percent(loss),
    ),
    ...stages.flatMap((stage, at) =>
      own(stage)
        ? []
        : [
            right<NamedPoint>(
              stages.length === 1 ? "objective" : `objective ${at + 1}`,
              cell(({ objective }) => stageText(stage, objective[at]!)),
            ),
          ],
    ),
    ...(time === "totalTimeNs" ? [ns("totalTimeNs")] : []),
    ns("bootTimeNs"),
    bytes("overheadBytes"),
    bytes("acceptedBytes"),
    ...(time === "totalTimeNs" ? [ns("waits.workload.totalNs")] : []),
  ];
}

const SHOWN: readonly string[] = ["bootTimeNs", "totalTimeNs", "overheadBytes", "acceptedBytes"];

function outcomeText({ outcome, reason, problems = [] }: TunePoint): string {
  const ended = outcome === "ready" ? [] : [`${outcome}${reason === undefined ? "" : `: ${reason}`}`];
  return [...ended, ...problems].join("; ");
}

/** `firmware.preAcceptLimit: anything between 64 MiB and 152 MiB costs less than 2 % more; one wrong step: ...`. */
export function curveText(curve: KnobCurve): string {
  const { knob, best, flat, points, steps, acts, least, reach } = curve;
  const text = (one: KnobValue): string => valueText(one, curve);
  if (!acts) return `${knob}: no value changes anything`;
  const cost = (one: KnobValue): string => {
    const { loss = null, meets = false } = points.find(({ value }) => value === one) ?? {};
    const what = loss === null ? "fails" : meets ? costText(loss) : "breaks a constraint";
    return `${text(one)} ${what}`;
  };
  if (flat === null) {
    const others = points.filter(({ value }) => value !== best).map(({ value }) => cost(value));
    return `${knob}: ${text(best)} is best${others.length === 0 ? "" : `; ${others.join(", ")}`}`;
  }
  const region =
    flat.low === flat.high
      ? `no other value costs less than ${percent(flat.within)} more`
      : `anything between ${text(flat.low)} and ${text(flat.high)} costs less than ${percent(flat.within)} more`;
  const wrong = steps.map(({ value }) => cost(value));
  const parts = [
    region,
    ...(wrong.length === 0 ? [] : [`one wrong step: ${wrong.join(", ")}`]),
    ...(least === null ? [] : [`${text(least.value)} is the least: with ${text(least.below)} ${least.why}`]),
    ...(reach === undefined || typeof best !== "number" ? [] : [readAs(best, reach)]),
  ];
  return `${knob}: ${parts.join("; ")}`;
}

/** What a limit is to the firmware. */
function readAs(best: number, reach: Reach): string {
  const bytes = formatBytes(ramUpTo(best, reach));
  if (reach.is === "amount")
    return `${bytes} is an amount: the firmware accepts so much RAM from address 0 on`;
  return best >= reach.allBytes
    ? `all is any address from ${formatBytes(reach.allBytes)} on, where RAM ends`
    : `${formatBytes(best)} is an address, below which the firmware accepts all RAM, here ${bytes}`;
}

function noneText({ points, objective, start }: Tuning): string {
  const ready = points.filter(({ outcome }) => outcome === "ready");
  if (ready.length === 0) return `no setting gets ready: ${outcomeText(points[0] ?? start)}`;
  const sound = ready.filter(({ problems }) => problems === undefined);
  if (sound.length === 0) return `no setting gets ready without a problem: ${outcomeText(ready[0]!)}`;
  const broken = [...new Set(sound.flatMap((point) => point.broken))];
  return `no setting of those tried keeps to ${broken.join(" and ")}, whatever its ${objective}`;
}

function frontLines(tuning: Tuning, paint: Paint): string[] {
  const { front } = tuning;
  if (front.length < 2) return [];
  const more = front.length - MOST_FRONT_ROWS;
  return [
    "",
    `  ${frontTitle(tuning)}:`,
    ...indented(settingLines(tuning, front.slice(0, MOST_FRONT_ROWS), paint)),
    ...(more > 0 ? [`  and ${more} more (--json)`] : []),
  ];
}

export function frontTitle({ hypervolume, time }: Tuning): string {
  const box = hypervolume === null ? "" : `; dominates ${percent(hypervolume.shareOfBox)} of the box`;
  const times = time === "totalTimeNs" ? "total time" : "boot time";
  return `Pareto front of ${times} and overhead${box}`;
}
