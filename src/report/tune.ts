/** Results of a tuning, for terminals and as JSON. */

import { jsonDocument } from "../results/formats.js";
import type { KnobValue } from "../study/tune/knob.js";
import type { KnobCurve, KnobValues, Sensitivity, TunePoint, Tuning } from "../study/tune/result.js";
import { formatBytes, formatDuration } from "../units.js";
import { formatVcpus, kernelText, NO_VALUE } from "./cells.js";
import { type Column, cellsOf, left, type Paint, plainPaint, right, tableLines, wrapText } from "./table.js";

/** Rows of the front that are printed; JSON has them all. */
const MOST_FRONT_ROWS = 12;

/** The object of one guest, or `{ "schemaVersion": 2, "guests": [...] }` for several. */
export function formatTuningJson(tunings: readonly Tuning[]): string {
  return jsonDocument(tunings.length === 1 ? tunings[0]! : { guests: tunings });
}

/** @param tunings at least one */
export function formatTunings(tunings: readonly Tuning[], paint: Paint = plainPaint): string {
  const guests = tunings.map((tuning) => guestLines(tuning, paint).join("\n"));
  const { objective, constraints } = tunings[0]!;
  const bound = constraints.length === 0 ? "" : `, with ${constraints.join(" and ")}`;
  return `${[paint("title", `smallest ${objective}${bound}`), ...guests].join("\n\n")}\n`;
}

function guestLines(tuning: Tuning, paint: Paint): string[] {
  const { platform, memoryBytes, vcpus, policy, workload, best, start, curves, uncertainty } = tuning;
  const kernel = `kernel ${kernelText(tuning)}`;
  const machine = [platform, formatBytes(memoryBytes), formatVcpus(vcpus), policy, kernel, workload];
  const seeds = tuning.seeds > 1 ? `, ${tuning.seeds} seeds` : "";
  const runs = `${tuning.evaluated} runs${seeds}; the whole grid has ${tuning.gridSize} settings`;
  const title = `${paint("title", machine.join(", "))} (${runs})`;
  const textLines = (text: string): string[] => wrapText(text, paint);
  const failed = (text: string): string[] => textLines(text).map((line) => paint("failure", line));
  if (best === null) return [...textLines(title), ...failed(`  ${noneText(tuning)}`)];
  const units: Units = new Map(curves.map(({ knob, unit }) => [knob, unit]));
  const loss = start.loss === null ? "" : `; ${costText(start.loss)}`;
  const told = (one: Sensitivity): string[] =>
    (one.survives ? textLines : failed)(`  ${uncertaintyText(one, units)}`);
  return [
    ...textLines(title),
    ...textLines(`  best: ${knobsText(best.knobs, units)}: ${outcomeText(best)}`),
    ...textLines(`  as it stands: ${outcomeText(start)}${loss}`),
    ...curves.flatMap((curve) => textLines(`  ${curveText(curve)}`)),
    ...(uncertainty === undefined ? [] : told(uncertainty)),
    ...frontLines(tuning, units, paint),
  ];
}

type Units = ReadonlyMap<string, KnobCurve["unit"]>;

function valueText(value: KnobValue, unit: KnobCurve["unit"] | undefined): string {
  if (typeof value !== "number") return String(value);
  if (unit === "bytes") return formatBytes(value);
  return unit === "ns" ? formatDuration(value) : String(Number(value.toPrecision(3)));
}

function knobsText(knobs: KnobValues, units: Units): string {
  return Object.entries(knobs)
    .map(([knob, value]) => `${knob} ${valueText(value, units.get(knob))}`)
    .join(", ");
}

function outcomeText(point: TunePoint): string {
  const {
    outcome,
    reason,
    problems = [],
    bootTimeNs,
    overheadBytes,
    broken,
    "waits.workload.p99Ns": p99Ns,
  } = point;
  const ended = outcome === "ready" ? [] : [`${outcome}${reason === undefined ? "" : `: ${reason}`}`];
  if (ended.length + problems.length > 0) return [...ended, ...problems].join("; ");
  const text = `boot ${formatDuration(bootTimeNs)}, overhead ${formatBytes(overheadBytes)}`;
  const stall = p99Ns === 0 ? "" : `, p99 of waits ${formatDuration(p99Ns)}`;
  return `${text}${stall}${broken.length === 0 ? "" : ` (breaks ${broken.join(", ")})`}`;
}

/** `costs 81 % more`. */
function costText(loss: number): string {
  return loss < 0.0005 ? "costs the same" : `costs ${percent(loss)} more`;
}

/** Two digits where they say something: `0.4 %`, `3.2 %`, `81 %`. */
function percent(share: number): string {
  const value = share * 100;
  return `${value < 10 ? value.toFixed(1).replace(/\.0$/, "") : value.toFixed(0)} %`;
}

/** `firmware.preAcceptLimit: anything between 64 MiB and 152 MiB costs less than 2 %; one wrong step: ...`. */
function curveText({ knob, unit, best, flat, points, steps }: KnobCurve): string {
  const text = (one: KnobValue): string => valueText(one, unit);
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
  return `${knob}: ${region}${wrong.length === 0 ? "" : `; one wrong step: ${wrong.join(", ")}`}`;
}

function uncertaintyText({ survives, variants, within, runs }: Sensitivity, units: Units): string {
  if (variants.length === 0) return "assumed parameters: none, the setting stands";
  const tried = `${runs} runs over low and high values of every assumed parameter`;
  if (survives) {
    const worst = variants.reduce((most, { loss }) => Math.max(most, loss ?? 0), 0);
    return `survives: at most ${percent(worst)} worse than the best there (${tried})`;
  }
  const flips = variants
    .filter(({ loss, broken }) => loss === null || loss >= within || broken.length > 0)
    .map(({ parameter, end, best, loss, broken }) => {
      const where = `${parameter} ${end}`;
      if (broken.length > 0) return `with ${where} it breaks ${broken.join(", ")}`;
      if (loss === null || best === null) return `with ${where} it does not get ready`;
      return `with ${where} ${knobsText(best, units)} is better by ${percent(loss)}`;
    });
  return `does not survive: ${flips.join("; ")} (${tried})`;
}

function noneText({ points, objective, start }: Tuning): string {
  const ready = points.filter(({ outcome }) => outcome === "ready");
  if (ready.length === 0) return `no setting gets ready: ${outcomeText(points[0] ?? start)}`;
  const sound = ready.filter(({ problems }) => problems === undefined);
  if (sound.length === 0) return `no setting gets ready without a problem: ${outcomeText(ready[0]!)}`;
  const broken = [...new Set(sound.flatMap((point) => point.broken))];
  return `no setting of those tried keeps to ${broken.join(" and ")}, whatever its ${objective}`;
}

function frontLines({ front, hypervolume }: Tuning, units: Units, { width }: Paint): string[] {
  const columns: readonly Column<TunePoint>[] = [
    left("setting", ({ knobs }) => knobsText(knobs, units)),
    right("boot", ({ bootTimeNs }) => formatDuration(bootTimeNs)),
    right("overhead", ({ overheadBytes }) => formatBytes(overheadBytes)),
    right("accepted", ({ acceptedBytes }) => formatBytes(acceptedBytes)),
    right("worse by", ({ loss }) => (loss === null ? NO_VALUE : percent(loss))),
  ];
  const rows = cellsOf(columns, front.slice(0, MOST_FRONT_ROWS));
  const more = front.length - MOST_FRONT_ROWS;
  const box = hypervolume === null ? "" : `; dominates ${percent(hypervolume.shareOfBox)} of the box`;
  return [
    `  Pareto front of boot time and overhead${box}:`,
    ...tableLines(columns, rows, { width: width - 4 }).map((line) => `    ${line}`),
    ...(more > 0 ? [`  and ${more} more (--json)`] : []),
  ];
}
