/** What a page says of searches: of tunings, and of the largest guests. */

import { exactSize } from "../../machine/exact-size.js";
import type { TunePoint, Tuning } from "../../study/tune/result.js";
import { formatBytes, formatDuration } from "../../units.js";
import { kernelText } from "../cells.js";
import { largestTable } from "../largest.js";
import type { ResultDocument } from "../pictures/documents.js";
import {
  adviceOf,
  curveText,
  frontTitle,
  guestTitle,
  type NamedPoint,
  settingColumns,
  settingsOf,
} from "../tune.js";
import { figuresOf } from "./figures.js";
import { gridOf, tableHtml } from "./grid.js";
import { type Html, html } from "./html.js";
import { commandsHtml, listed, madePart, scenarioNote } from "./made.js";
import { noteList, type PageContext, type Said } from "./part.js";
import { commandText, machineWords, scenarioWord, whyUnknown } from "./reproduce.js";
import { type PricedRuns, sourcesPart } from "./sources.js";
import { wholeLargest, wholeTunings } from "./whole.js";

type Of<Kind extends ResultDocument["kind"]> = Extract<ResultDocument, { readonly kind: Kind }>;

/** @throws ResultsError for guests that lack something */
export async function tuneSaid(document: Of<"tune">, context: PageContext): Promise<Said> {
  const { file } = document;
  const tunings = wholeTunings(document);
  const advice = tunings.flatMap((tuning) => adviceOf(tuning, tunings.length === 1));
  const { part: pictures, missing } = await figuresOf([document], context);
  const parts = [
    {
      name: "conclusion",
      title: "Conclusion",
      body: html`${advice.map(({ text, role = "lead" }) => html`<p class="${role}">${text}</p>`)}`,
    },
    ...(pictures === undefined ? [] : [pictures]),
    {
      name: "results",
      title: "Results",
      body: html`${tunings.map((tuning) => tuningHtml(tuning, file))}${noteList(listedRemarks(tunings))}`,
    },
    sourcesPart(machinesOf(tunings), file, context),
    madePart(
      [
        ["scenario", listed(tunings.map(({ scenario }) => scenario))],
        ...machineFacts(tunings),
        ["memory", listed(tunings.map(({ memoryBytes }) => formatBytes(memoryBytes)))],
        ["objective", listed(tunings.map(({ objective }) => objective))],
        ["constraints", listed(tunings.flatMap(({ constraints }) => constraints)) || "none"],
        ["knobs", listed(tunings.flatMap(({ curves }) => curves.map(({ knob }) => knob)))],
        ["settings tried", listed(tunings.map(({ points, gridSize }) => `${points.length} of ${gridSize}`))],
        ["runs", String(tunings.reduce((sum, { evaluated }) => sum + evaluated, 0))],
      ],
      bestCommands(tunings, file, context),
      context,
    ),
  ];
  return { parts, missing };
}

function tuningHtml(tuning: Tuning, file: string): Html {
  const { best, curves, front, points } = tuning;
  const title = guestTitle(tuning);
  const heading = html`<h4>${title}</h4>`;
  const tableOf = (rows: readonly NamedPoint[], what: string): Html => {
    const columns = settingColumns(tuning, rows);
    return tableHtml(gridOf({ columns, groups: [{ rows }] }), `${what}: ${title}, of ${file}`, file);
  };
  const all = (rows: readonly TunePoint[]): Html =>
    html`<details><summary>Every setting that was tried</summary>${tableOf(rows, "Every setting")}</details>`;
  if (best === null || curves.every(({ acts }) => !acts)) return html`${heading}${all(points)}`;
  const pareto = front.length > 1 && html`<p>${frontTitle(tuning)}:</p>${tableOf(front, "Pareto front")}`;
  return html`${heading}${tableOf(settingsOf(tuning, best), "Best setting and its neighbours")}${noteList(curves.map(curveText))}${pareto}${all(points)}`;
}

function listedRemarks(tunings: readonly Tuning[]): string[] {
  return [...new Set(tunings.flatMap(({ remarks }) => remarks ?? []))];
}

/** The best setting of each guest as a run of its own; what the grid was made of no result says. */
function bestCommands(tunings: readonly Tuning[], file: string, around: PageContext): Html {
  const lines = tunings.flatMap((tuning) => {
    const { best, scenario, memoryBytes, curves } = tuning;
    if (best === null || whyUnknown(tuning, around) !== undefined) return [];
    const knobs = Object.entries(best.knobs).flatMap(([knob, value]) => {
      const unit = curves.find((curve) => curve.knob === knob)?.unit;
      const text =
        typeof value !== "number"
          ? value
          : unit === "bytes"
            ? exactSize(value)
            : unit === "ns"
              ? `${value}ns`
              : value;
      return ["--set", `${knob}=${text}`];
    });
    const machine = [...machineWords(tuning), "--memory", exactSize(memoryBytes)];
    return [commandText(["run", scenarioWord(scenario, around), ...machine, ...knobs])];
  });
  if (lines.length === 0) return html``;
  const names = [...new Set(tunings.map(({ scenario }) => scenario))];
  return html`<p>The best setting as a run:</p>${commandsHtml(lines, `Command lines of the best settings, of ${file}`)}<p class="note">${scenarioNote(names, around)}</p>`;
}

/** @throws ResultsError for guests that lack something */
export async function largestSaid(document: Of<"largest">, context: PageContext): Promise<Said> {
  const { file, deadlineNs, constraints } = document;
  const rows = wholeLargest(document);
  const table = largestTable(rows, deadlineNs, constraints);
  const { part: pictures, missing } = await figuresOf([document], context);
  const remarks = [...new Set(rows.flatMap((row) => row.remarks ?? []))];
  const bounds = constraints.flatMap((constraint) => ["--constraint", constraint]);
  const lines = rows.flatMap((row) =>
    whyUnknown(row, context) === undefined
      ? [
          commandText([
            "largest",
            "SCENARIO",
            "--deadline",
            deadlineWord(deadlineNs),
            ...bounds,
            ...machineWords(row),
          ]),
        ]
      : [],
  );
  const commands =
    lines.length > 0 &&
    html`<p>Each guest again:</p>${commandsHtml(lines, `Command lines, of ${file}`)}<p class="note">SCENARIO stands for the scenario file, whose name these results do not have.</p>`;
  const parts = [
    {
      name: "conclusion",
      title: "Conclusion",
      body: html`${(table.lead ?? []).map((text) => html`<p class="lead">${text}</p>`)}`,
    },
    ...(pictures === undefined ? [] : [pictures]),
    {
      name: "results",
      title: "Results",
      body: html`${tableHtml(gridOf(table), `Largest guests, of ${file}`, file)}${noteList([...table.notes, ...remarks])}`,
    },
    sourcesPart(machinesOf(rows), file, context),
    madePart(
      [
        ["deadline", formatDuration(deadlineNs)],
        ["constraints", listed(constraints) || "none"],
        ...machineFacts(rows),
        ["tries", String(rows.reduce((sum, { tries }) => sum + tries, 0))],
      ],
      html`${commands}`,
      context,
    ),
  ];
  return { parts, missing };
}

type Machine = Pick<
  Tuning,
  "platform" | "policy" | "kernel" | "kernelRules" | "vcpus" | "workload" | "prices"
>;

function machineFacts(machines: readonly Machine[]): (readonly [string, string])[] {
  const texts = (of: (machine: Machine) => string): string => listed(machines.map(of));
  return [
    ["platform", texts(({ platform }) => platform)],
    ["policy", texts(({ policy }) => policy)],
    ["vCPUs", texts(({ vcpus }) => String(vcpus))],
    ["kernel", texts((machine) => `Linux ${kernelText(machine)}`)],
    ["workload", texts(({ workload }) => workload)],
    ["prices", texts(({ prices }) => prices)],
  ];
}

/** Each platform with its prices once; searches do not say what each run was charged. */
function machinesOf(machines: readonly Machine[]): PricedRuns[] {
  const known = new Map(
    machines.map(({ platform, prices }) => [`${platform} ${prices}`, { platform, prices, runs: [] }]),
  );
  return [...known.values()];
}

/** To the nanosecond, as flags have it. */
function deadlineWord(deadlineNs: number): string {
  return deadlineNs % 1e9 === 0 ? `${deadlineNs / 1e9}s` : `${deadlineNs}ns`;
}
