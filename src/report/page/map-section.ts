/** What a page says of a memory map: how much was in which layer, and what ran. */

import { exactSize } from "../../machine/exact-size.js";
import {
  isExact,
  type MapAccept,
  type MapLayer,
  type MapPhase,
  type MemoryMapFile,
} from "../../memory-map/memory-map.js";
import { formatBytes, formatDuration } from "../../units.js";
import { countOf, formatInteger } from "../cells.js";
import type { ResultDocument } from "../pictures/documents.js";
import { type Column, left, right } from "../table.js";
import { figuresOf } from "./figures.js";
import { gridOf, tableHtml } from "./grid.js";
import { type Html, html } from "./html.js";
import { commandsHtml, madePart, scenarioNote } from "./made.js";
import type { PageContext, PagePart, Said } from "./part.js";
import { commandText, machineWords, scenarioWord, whyUnknown } from "./reproduce.js";

type MapResult = Extract<ResultDocument, { readonly kind: "map" }>;

export async function mapSaid(document: MapResult, context: PageContext): Promise<Said> {
  const { file, map } = document;
  const { part: pictures, missing } = await figuresOf([document], context);
  const { name, endNs, acceptsTotal, layers } = map;
  const lead = `${name}: ${countOf(acceptsTotal, "accept")} in ${formatDuration(endNs)}.`;
  // What the firmware's map says of memory stays as it was.
  const atEnd = layers.filter(({ name: layer, endBytes }) => endBytes > 0 && !layer.startsWith("map: "));
  const most = atEnd.map((layer) => `${formatBytes(layer.endBytes)} ${layer.name}`).join(", ");
  const parts = [
    {
      name: "conclusion",
      title: "Conclusion",
      body: html`<p class="lead">${lead}</p>${atEnd.length > 0 && html`<p>When it ended: ${most}.</p>`}`,
    },
    ...(pictures === undefined ? [] : [pictures]),
    { name: "results", title: "Results", body: tablesHtml(map, file) },
    sourcesOf(map),
    mapMade(map, file, context),
  ];
  return { parts, missing };
}

/** What two maps show only beside each other; nothing where they show nothing. */
export async function mapsSaid(maps: readonly ResultDocument[], context: PageContext): Promise<Said> {
  const { part } = await figuresOf(maps, context);
  return { parts: part === undefined ? [] : [part], missing: [] };
}

const LAYERS: readonly Column<MapLayer>[] = [
  left("layer", ({ name }) => name),
  right("most", ({ peakBytes }) => formatBytes(peakBytes)),
  right("at the end", ({ endBytes }) => formatBytes(endBytes)),
  left("what", ({ what }) => what),
];

const PHASES: readonly Column<MapPhase>[] = [
  left("phase", ({ name }) => name),
  right("from", ({ startNs }) => formatDuration(startNs)),
  right("until", ({ endNs }) => formatDuration(endNs)),
  right("took", ({ startNs, endNs }) => formatDuration(endNs - startNs)),
];

const ACCEPTS: readonly Column<MapAccept>[] = [
  left("accept", ({ n }) => formatInteger(n)),
  right("done at", ({ atNs }) => formatDuration(atNs)),
  right("CPU", ({ cpu }) => String(cpu)),
  right("address", ({ start }) => `0x${start.toString(16)}`),
  right("bytes", ({ bytes }) => formatBytes(bytes)),
  left("by", ({ by }) => by),
];

function tablesHtml(
  { layers, phases, accepts, acceptsTotal, acceptsEvery }: MemoryMapFile,
  file: string,
): Html {
  const table = <Row>(columns: readonly Column<Row>[], rows: readonly Row[], what: string): Html =>
    tableHtml(gridOf({ columns, groups: [{ rows }] }), `${what}, of ${file}`, file);
  const each =
    acceptsEvery === 1
      ? ""
      : ` The map has one in ${formatInteger(acceptsEvery)} of ${formatInteger(acceptsTotal)}.`;
  const all =
    accepts.length > 0 &&
    html`<details><summary>Accepts, in the order in which they were simulated.${each}</summary>${table(ACCEPTS, accepts, "Accepts")}</details>`;
  return html`${table(LAYERS, layers, "Layers of memory")}${table(PHASES, phases, "Phases")}${all}`;
}

function sourcesOf(map: MemoryMapFile): PagePart {
  const grain = isExact(map)
    ? "Areas are exact, to the page and the nanosecond."
    : `Areas are widened to ${formatBytes(map.grainBytes)} and ${formatDuration(map.grainNs)} at most; sums are exact.`;
  return {
    name: "sources",
    title: "What is measured, derived and assumed",
    body: html`<p>What each layer means, and how it is known, stands beside it. ${grain} When something happened rests on the prices of the platform, as all times do; which memory it was does not.</p>`,
  };
}

/** The identity of a run, as far as it is there. */
interface Identity {
  readonly scenario: string;
  readonly platform: string;
  readonly policy: string;
  readonly kernel: string;
  readonly prices: string;
  readonly workload: string;
  readonly memoryBytes: number;
  readonly vcpus: number;
}

function mapMade({ run, schemaVersion }: MemoryMapFile, file: string, context: PageContext): PagePart {
  const facts = Object.entries(run).flatMap(([name, value]): [string, string][] => {
    if (name === "memoryBytes" && typeof value === "number") return [["memory", formatBytes(value)]];
    return typeof value === "string" || typeof value === "number" ? [[name, String(value)]] : [];
  });
  return madePart(facts, commandOf(run, file, context) ?? html``, context, schemaVersion);
}

function commandOf(run: MemoryMapFile["run"], file: string, context: PageContext): Html | undefined {
  if (!isIdentity(run) || whyUnknown(run, context) !== undefined) return undefined;
  const { scenario, memoryBytes } = run;
  const words = [
    "run",
    scenarioWord(scenario, context),
    ...machineWords(run),
    "--memory",
    exactSize(memoryBytes),
  ];
  return html`<p>This map again:</p>${commandsHtml([commandText([...words, "--map", file])], `Command line, of ${file}`)}<p class="note">${scenarioNote([scenario], context)}</p>`;
}

function isIdentity(run: object): run is Identity {
  const has = (type: "string" | "number", names: string): boolean =>
    names.split(" ").every((name) => typeof (run as Record<string, unknown>)[name] === type);
  return (
    has("string", "scenario platform policy kernel prices workload") && has("number", "memoryBytes vcpus")
  );
}
