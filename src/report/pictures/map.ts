/** Guest-physical memory over time: who accepted which of it, and when. */

import { type AddressAxis, addressAxis, isAcceptance } from "../../memory-map/address-axis.js";
import { LAYER_KEYS, LAYERS } from "../../memory-map/layers.js";
import { type Cells, cellsOf, DIFFERENCES, differenceOf, rectanglesOf } from "../../memory-map/map-cells.js";
import { isExact, type MemoryMapFile } from "../../memory-map/memory-map.js";
import { formatBytes, formatDuration, roundUp, roundUpPowerOfTwo } from "../../units.js";
import type { ResultDocument } from "./documents.js";
import { needsResultOf } from "./needs.js";
import type { Drawn, Picture, PictureTable } from "./picture.js";
import { textWidth } from "./text-width.js";
import type { ThemeColours } from "./theme.js";

export const map: Picture = {
  name: "map",
  what: "guest-physical memory over time: who accepted which of it, and when; of one map, or of two beside their difference",
  draw,
};

const WIDTH = 620;
const HEIGHT = 420;
const BESIDE_WIDTH = 215;
/** Cells that a picture is made of before those that are the same become one rectangle. */
const ROWS = 140;
const COLUMNS = 155;
const BESIDE_COLUMNS = 72;
const MOST_RECTANGLES = 2000;

function draw(results: readonly ResultDocument[], colours: ThemeColours): Drawn | string {
  const maps = results.flatMap((result) => (result.kind === "map" ? [result.map] : []));
  if (maps.length === 0) return needsResultOf("run --map");
  if (maps.length > 2) return "it shows one map, or two beside each other";
  const plain = maps.find(({ layers }) => !layers.some(isAcceptance));
  if (plain !== undefined) return `${plain.name}: a plain guest has no memory to accept`;
  const axis = addressAxis(maps);
  const endNs = Math.max(...maps.map((one) => one.endNs));
  const [one, other] = maps;
  const columns = other === undefined ? COLUMNS : BESIDE_COLUMNS;
  const cells = maps.map((own) => fitting(own, axis, endNs, columns, MOST_RECTANGLES / maps.length / 1.5));
  const names = namesOf(cells);
  const width = other === undefined ? WIDTH : BESIDE_WIDTH;
  const scale = scaleOf(names, other === undefined ? [] : DIFFERENCES, colours);
  const axes = { axis, endNs, width, scale, colours };
  const panels = maps.map((own, at) => panel(own, cells[at]!, { ...axes, isFirst: at === 0 }));
  const held = { endNs, rows: ROWS, columns, goesOn: true };
  const difference =
    other === undefined
      ? []
      : [differencePanel(differenceOf(cellsOf(one!, axis, held), cellsOf(other, axis, held)), axes)];
  return {
    title:
      other === undefined ? `Memory of ${one!.name} over time` : `Memory of ${one!.name} and ${other.name}`,
    description: maps.map(sentence).join(" "),
    spec: other === undefined ? panels[0]! : { hconcat: [...panels, ...difference], spacing: 16 },
    table: tableOf(maps),
    caveats: caveatsOf(maps, axis),
  };
}

/** Fewer rows where there would be too many rectangles. */
function fitting(own: MemoryMapFile, axis: AddressAxis, endNs: number, columns: number, most: number): Cells {
  let rows = ROWS;
  let cells = cellsOf(own, axis, { endNs, rows, columns });
  while (rows > 20 && rectanglesOf(cells).length > most) {
    rows = Math.floor(rows * 0.7);
    cells = cellsOf(own, axis, { endNs, rows, columns });
  }
  return cells;
}

/** Names of layers that are seen, in the order of all layers. */
function namesOf(cells: readonly Cells[]): string[] {
  const seen = new Set(cells.flatMap(({ at, names }) => [...new Set(at)].map((layer) => names[layer])));
  return LAYER_KEYS.map((key) => LAYERS[key].name).filter((name) => seen.has(name));
}

/** A layer has the same colour in every map. */
export function layerColours({ series, muted, grid }: ThemeColours): Readonly<Record<string, string>> {
  const [orange, blue, ochre, green, pink, sky, purple, grey, red] = series;
  return {
    [LAYERS.unaccepted.name]: grid,
    [LAYERS.launch.name]: grey!,
    [LAYERS.firmware.name]: blue!,
    [LAYERS.exitBootServices.name]: sky!,
    [LAYERS.stub.name]: pink!,
    [LAYERS.kernelBoot.name]: green!,
    [LAYERS.onDemand.name]: orange!,
    [LAYERS.background.name]: ochre!,
    [LAYERS.prm.name]: purple!,
    [LAYERS.kernelLater.name]: red!,
    [LAYERS.shared.name]: muted,
  };
}

/** One scale for all panels, so that there is one legend. */
function scaleOf(
  names: readonly string[],
  differences: readonly string[],
  colours: ThemeColours,
): ColourScale {
  const byName = layerColours(colours);
  const [, , , , , , purple, , red] = colours.series;
  return {
    domain: [...names, ...differences],
    range: [...names.map((name) => byName[name]!), ...[red!, purple!].slice(0, differences.length)],
  };
}

interface ColourScale {
  readonly domain: readonly string[];
  readonly range: readonly string[];
}

interface PanelAxes {
  readonly axis: AddressAxis;
  readonly endNs: number;
  readonly width: number;
  readonly scale: ColourScale;
  readonly colours: ThemeColours;
}

function panel(own: MemoryMapFile, cells: Cells, axes: PanelAxes & { readonly isFirst: boolean }): object {
  const { isFirst, width } = axes;
  const isAlone = width === WIDTH;
  return {
    ...(isAlone ? {} : { title: titleOf(own.name) }),
    width,
    height: HEIGHT,
    layer: [rectangles(cells, axes, isFirst), ...phaseMarks(own, axes), ...holeMarks(axes)],
  };
}

function differencePanel(cells: Cells, axes: PanelAxes): object {
  const what = [{ at: 0, name: "which one alone has accepted it" }];
  return {
    title: titleOf("Difference"),
    width: axes.width,
    height: HEIGHT,
    layer: [rectangles(cells, axes, false), above(what, axes), ...holeMarks(axes)],
  };
}

function titleOf(text: string): object {
  return { text, fontSize: 12, fontWeight: "normal", anchor: "start", offset: 4 };
}

function rectangles(cells: Cells, { endNs, axis, scale, width }: PanelAxes, hasLabels: boolean): object {
  const seconds = endNs / 1e9;
  const values = rectanglesOf(cells).map(({ name, row, rowEnd, column, columnEnd }) => ({
    l: name,
    a: round((column / cells.columns) * seconds),
    b: round((columnEnd / cells.columns) * seconds),
    y: round(row / cells.rows),
    z: round(rowEnd / cells.rows),
  }));
  const legend = {
    orient: "bottom",
    columns: width === WIDTH ? 2 : 3,
    symbolType: "square",
    labelLimit: 260,
  };
  return {
    data: { values },
    mark: { type: "rect", strokeWidth: 0 },
    encoding: {
      x: timeAxis(seconds, width),
      x2: { field: "b" },
      y: addressField(axis, hasLabels),
      y2: { field: "z" },
      color: { field: "l", type: "nominal", title: null, scale, legend },
    },
  };
}

function timeAxis(seconds: number, width: number): object {
  return {
    field: "a",
    type: "quantitative",
    title: null,
    scale: { domain: [0, seconds], nice: false },
    axis: { tickCount: width === WIDTH ? 6 : 3, labelExpr: "datum.label + ' s'", format: "~r", grid: false },
  };
}

/** Labels where memory, a hole or a shortened stretch begins, and at round sizes between. */
function addressField(axis: AddressAxis, hasLabels: boolean): object {
  const labels = labelsOf(axis);
  return {
    field: "y",
    type: "quantitative",
    title: null,
    scale: { domain: [0, 1], nice: false },
    axis: {
      values: labels.map(({ at }) => at),
      labels: hasLabels,
      labelExpr: `({${labels.map(({ at, text }) => `"${at}":"${text}"`).join(",")}})[datum.value]`,
      grid: false,
      labelOverlap: false,
    },
  };
}

/** Labels lie so far apart, as a part of the axis. */
const LABEL_DISTANCE = 0.045;
const ROUND_DISTANCE = 0.09;

function labelsOf({ parts, position }: AddressAxis): { readonly at: number; readonly text: string }[] {
  const addresses = [0, ...parts.map(({ end }) => end)];
  for (const { kind, start, end, from, to } of parts) {
    if (kind !== "memory") continue;
    const step = roundUpPowerOfTwo((ROUND_DISTANCE * (end - start)) / (to - from));
    for (let address = roundUp(start + 1, step); address < end; address += step) addresses.push(address);
  }
  const labels: { at: number; text: string }[] = [];
  for (const address of addresses) {
    const at = position(address);
    if (labels.every((other) => Math.abs(other.at - at) >= LABEL_DISTANCE))
      labels.push({ at: round(at), text: formatBytes(address) });
  }
  return labels.toSorted((one, other) => one.at - other.at);
}

function phaseMarks({ phases }: MemoryMapFile, axes: PanelAxes): object[] {
  const { endNs, colours, width } = axes;
  const named = phases
    .filter(({ name, startNs, endNs: untilNs }) => {
      return ((untilNs - startNs) / endNs) * width > textWidth(name, PHASE_SIZE) + 6;
    })
    .map(({ name, startNs }) => ({ at: startNs / 1e9, name }));
  return [
    {
      data: { values: phases.map(({ startNs }) => ({ at: round(startNs / 1e9) })) },
      mark: { type: "rule", color: colours.text, strokeWidth: 0.6, strokeDash: [2, 3] },
      encoding: { x: timeOf(endNs) },
    },
    // Panels side by side have their titles at the same height.
    above(named.length === 0 ? [{ at: 0, name: "\u00a0" }] : named, axes),
  ];
}

const PHASE_SIZE = 10;

/** Texts above a panel, from a time on; seconds. */
function above(
  values: readonly { readonly at: number; readonly name: string }[],
  { endNs, colours }: PanelAxes,
): object {
  return {
    data: { values: values.map(({ at, name }) => ({ at: round(at), name })) },
    mark: {
      type: "text",
      align: "left",
      baseline: "bottom",
      dx: 2,
      y: -3,
      fontSize: PHASE_SIZE,
      color: colours.muted,
    },
    encoding: { x: timeOf(endNs), text: { field: "name" } },
  };
}

function timeOf(endNs: number): object {
  return { field: "at", type: "quantitative", scale: { domain: [0, endNs / 1e9], nice: false } };
}

/** Says on the picture where addresses are left out, or take less room. */
function holeMarks({ axis, colours }: PanelAxes): object[] {
  const values = axis.parts
    .filter(({ kind }) => kind !== "memory")
    .map(({ kind, from, to, start, end }) => ({
      at: round((from + to) / 2),
      text:
        kind === "hole" ? `no memory, ${formatBytes(end - start)}` : `${formatBytes(end - start)}, shortened`,
    }));
  return [
    {
      data: { values },
      mark: {
        type: "text",
        fontSize: 10,
        fontStyle: "italic",
        color: colours.text,
        align: "left",
        x: 6,
        baseline: "middle",
      },
      encoding: {
        y: { field: "at", type: "quantitative", scale: { domain: [0, 1] } },
        text: { field: "text" },
      },
    },
  ];
}

/** Four digits are finer than a pixel. */
function round(number: number): number {
  return Number(number.toPrecision(5));
}

function sentence({ name, layers, endNs, run }: MemoryMapFile): string {
  const accepted = layers
    .filter((layer) => isAcceptance(layer) && layer.endBytes > 0)
    .map(({ name: layer, endBytes }) => `${layer} ${formatBytes(endBytes)}`);
  const ended = run.outcome === "ready" ? "" : ` It ended there: ${String(run.reason ?? run.outcome)}.`;
  return `${name}, after ${formatDuration(endNs)}: ${accepted.join(", ")}.${ended}`;
}

interface LayerFacts {
  readonly endBytes: number;
  readonly cells: readonly string[];
}

function tableOf(maps: readonly MemoryMapFile[]): PictureTable {
  const facts = maps.map((own) => new Map(own.layers.map(({ name }, at) => [name, factsOf(own, at)])));
  const names = LAYER_KEYS.map((key) => LAYERS[key].name).filter((name) =>
    facts.some((own) => own.has(name)),
  );
  const right = (head: string): PictureTable["columns"][number] => ({ head, align: "right" });
  const prefix = (at: number): string => (maps.length === 1 ? "" : `${maps[at]!.name}: `);
  return {
    columns: [
      { head: "layer", align: "left" },
      ...maps.flatMap((_own, at) =>
        ["most", "at the end", "first", "last"].map((head) => right(prefix(at) + head)),
      ),
      ...(maps.length === 2 ? [right("second less first, at the end")] : []),
    ],
    rows: names.map((name) => {
      const own = facts.map((one) => one.get(name) ?? NOTHING);
      const difference = (own[1]?.endBytes ?? 0) - own[0]!.endBytes;
      return [
        name,
        ...own.flatMap(({ cells }) => cells),
        ...(maps.length === 2 ? [`${difference < 0 ? "-" : ""}${formatBytes(Math.abs(difference))}`] : []),
      ];
    }),
  };
}

const NOTHING: LayerFacts = { endBytes: 0, cells: ["0 B", "0 B", "", ""] };

function factsOf({ layers, areas }: MemoryMapFile, layer: number): LayerFacts {
  const { peakBytes, endBytes } = layers[layer]!;
  let [first, last] = [Number.POSITIVE_INFINITY, 0];
  for (const [of, , , fromNs] of areas) {
    if (of !== layer) continue;
    first = Math.min(first, fromNs);
    last = Math.max(last, fromNs);
  }
  return {
    endBytes,
    cells: [
      formatBytes(peakBytes),
      formatBytes(endBytes),
      ...[first, last].map((ns) => (ns === Number.POSITIVE_INFINITY ? "" : formatDuration(ns))),
    ],
  };
}

function caveatsOf(maps: readonly MemoryMapFile[], { parts }: AddressAxis): string[] {
  const coarse = maps.filter((one) => !isExact(one));
  return [
    "Each spot shows the layer that most of its memory is in; thinner ones are in the table.",
    ...(parts.some(({ kind }) => kind === "hole") ? ["Addresses without memory take little room."] : []),
    ...(parts.some(({ kind }) => kind === "shortened")
      ? ["Long stretches in which nothing changes are shortened, so that the address axis is not even."]
      : []),
    ...(maps.length === 2 ? ["In the difference memory stays as it was when its run ended."] : []),
    ...coarse.map(
      ({ name, grainBytes, grainNs }) =>
        `${name}: areas are widened by up to ${formatBytes(grainBytes)} and ${formatDuration(grainNs)}.`,
    ),
  ];
}
