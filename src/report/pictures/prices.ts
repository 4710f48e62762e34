/** What times rest on: which part of them is measured, derived or assumed, and which assumed price moves them most. */

import { type Basis, eventsPricedBy } from "../../coco/parameters.js";
import { PLATFORM_KINDS, type PlatformKind } from "../../coco/platforms.js";
import { DEFAULT_PRICES, parametersOf } from "../../coco/price-set.js";
import { formatDuration } from "../../units.js";
import { formatShare } from "../cells.js";
import { namesAxis, SECONDS_AXIS } from "./axes.js";
import type { DocumentRow, ResultDocument } from "./documents.js";
import { needsResultOf } from "./needs.js";
import {
  columnWidth,
  commonSentence,
  GAP,
  LINE_HEIGHT,
  laidOut,
  namesWidth,
  type PanelRow,
  type Panels,
  panelSpec,
  panelsOf,
  tableCells,
  tableHeads,
} from "./panels.js";
import type { Drawn, Picture } from "./picture.js";
import { BOOT_TIME, byRank, failedSentences, isDrawn, NOTHING_READY, rowsIn } from "./series.js";
import { INK, inkOn, type ThemeColours } from "./theme.js";

export const prices: Picture = {
  name: "prices",
  what: "what boot times rest on: measured, derived and assumed prices, and which of them counts most",
  draw,
};

/** Where nanoseconds of a boot come from; `recorded` is what the guest does itself, which no price says. */
type Origin = Basis | "recorded" | "measured or derived";
const ORIGINS: readonly Origin[] = ["assumed", "derived", "measured", "measured or derived", "recorded"];

function colourOf(origin: Origin, { series }: ThemeColours): string {
  return series[ORIGINS.indexOf(origin)]!;
}

/** Runs of which each price is shown. */
const MOST_RUNS = 4;
const MOST_PRICES = 6;

function draw(results: readonly ResultDocument[], colours: ThemeColours): Drawn | string {
  const all = rowsIn(results);
  if (all.length === 0) return needsResultOf("run", "compare");
  const ready = all.filter(isDrawn);
  if (ready.length === 0) return NOTHING_READY;
  const told = ready.filter((row) => originsOf(row) !== undefined);
  if (told.length === 0)
    return "its rows have no bootCosts and eventPrices, which run and compare write as JSON";
  const panels = panelsOf(results, (row) => told.includes(row));
  const rows = panels.panels.flatMap((panel) => panel.rows.map((one) => ({ one, panel: panel.title })));
  const moving = rows.filter(({ one }) => movesOf(one.row).length > 0);
  const shown = moving.toSorted((a, b) => b.one.row.bootTimeNs - a.one.row.bootTimeNs).slice(0, MOST_RUNS);
  const aside = namesWidth([
    ...rows.map(({ one }) => one.policy),
    ...shown.flatMap(({ one }) => visible(movesOf(one.row)).map(({ price }) => price)),
  ]);
  const shares = sharesSpec(panels, aside, colours);
  const most = movesOf((shown[0] ?? rows[0]!).one.row)[0];
  const mostText =
    most === undefined
      ? "No assumed price acts."
      : `Of the longest boot ${most.price} moves most: ${formatDuration(most.lowNs)} to ${formatDuration(most.highNs)}, where it is ${formatDuration(most.range.low)} to ${formatDuration(most.range.high)}.`;
  return {
    title: "What boot times rest on",
    description: `Shares of the time that all CPUs were charged until init ran, by where their prices come from. ${mostText}${commonSentence(panels)}`,
    spec:
      shown.length === 0
        ? shares.spec
        : {
            vconcat: [shares.spec, movesSpec(shown, aside, colours)],
            spacing: 30,
            resolve: { scale: { color: "independent" } },
          },
    table: {
      columns: [
        ...tableHeads(panels.varying),
        ...ORIGINS.map((head) => ({ head, align: "right" }) as const),
        { head: "moved most by", align: "left" },
        ...["from", "to"].map((head) => ({ head, align: "right" }) as const),
      ],
      rows: rows.map(({ one }) => {
        const origins = originsOf(one.row)!;
        const total = [...origins.values()].reduce((sum, ns) => sum + ns, 0);
        const [first] = movesOf(one.row);
        return [
          ...tableCells(one, panels.varying),
          ...ORIGINS.map((origin) => formatShare((origins.get(origin) ?? 0) / total)),
          first?.price ?? "-",
          first === undefined ? "-" : formatDuration(first.lowNs),
          first === undefined ? "-" : formatDuration(first.highNs),
        ];
      }),
    },
    caveats: [
      ...failedSentences(all),
      ...shares.cut,
      ...(shown.length < moving.length
        ? [`Each price is shown for the ${shown.length} longest of ${moving.length} boots.`]
        : []),
      "Prices are turned one at a time, and to first order: what else would change is not simulated; --uncertainty does.",
    ],
  };
}

/** Nanoseconds on all CPUs by where they come from; undefined for a row that does not say. */
function originsOf(row: DocumentRow): ReadonlyMap<Origin, number> | undefined {
  const { bootCosts, eventPrices, assumedPrices = {}, prices: set } = row;
  const platform = PLATFORM_KINDS.find((kind): kind is PlatformKind => kind === row.platform);
  if (bootCosts === undefined || eventPrices === undefined || platform === undefined) return undefined;
  const byEvent = new Map<string, Origin>();
  for (const [name, parameter] of Object.entries(parametersOf(platform, undefined))) {
    // Another machine's prices have an origin of their own, of which rows say only what is assumed.
    const other = Object.hasOwn(assumedPrices, name) ? "assumed" : "measured or derived";
    const origin = set === DEFAULT_PRICES ? parameter.basis : other;
    for (const event of eventsPricedBy(name, parameter)) byEvent.set(event, origin);
  }
  const origins = new Map<Origin, number>();
  for (const [event, count] of Object.entries(bootCosts)) {
    const origin = byEvent.get(event) ?? "recorded";
    origins.set(origin, (origins.get(origin) ?? 0) + count * (eventPrices[event] ?? 0));
  }
  return [...origins.values()].some((ns) => ns > 0) ? origins : undefined;
}

/** A boot time at both ends of one assumed price. */
interface Move {
  readonly price: string;
  readonly range: { readonly low: number; readonly high: number };
  readonly lowNs: number;
  readonly highNs: number;
}

/** Others would be but a line. */
const LEAST_PART = 0.01;

function visible(moves: readonly Move[]): Move[] {
  const spanOf = ({ lowNs, highNs }: Move): number => highNs - lowNs;
  return moves.slice(0, MOST_PRICES).filter((move) => spanOf(move) >= LEAST_PART * spanOf(moves[0]!));
}

/** The one that moves most first; to first order, as rows say what was charged at each. */
function movesOf({ bootTimeNs, bootAssumedNs = {}, assumedPrices = {} }: DocumentRow): Move[] {
  return Object.entries(bootAssumedNs)
    .flatMap(([price, ns]) => {
      const range = assumedPrices[price];
      if (range === undefined || range.value === 0) return [];
      const at = (value: number): number => bootTimeNs + ns * (value / range.value - 1);
      return [{ price, range, lowNs: at(range.low), highNs: at(range.high) }];
    })
    .toSorted((a, b) => b.highNs - b.lowNs - (a.highNs - a.lowNs));
}

function sharesSpec(
  panels: Panels,
  aside: number,
  colours: ThemeColours,
): { readonly spec: object; readonly cut: readonly string[] } {
  const policies = byRank(
    panels.panels.flatMap(({ rows }) => rows),
    BOOT_TIME,
  );
  const layout = laidOut(panels, aside);
  const values = layout.shown.flatMap(({ title, rows }) =>
    rows.flatMap(({ row, policy }) => {
      const origins = originsOf(row)!;
      const total = [...origins.values()].reduce((sum, ns) => sum + ns, 0);
      let from = 0;
      return ORIGINS.flatMap((origin) => {
        const share = (origins.get(origin) ?? 0) / total;
        if (share === 0) return [];
        const part = { panel: title, policy, origin, from, to: from + share, middle: from + share / 2 };
        from += share;
        const ink = inkOn(colourOf(origin, colours), colours);
        return [{ ...part, ink, label: share * layout.width > 34 ? formatShare(share) : "" }];
      });
    }),
  );
  const used = ORIGINS.filter((origin) => values.some((value) => value.origin === origin));
  const y = namesAxis("policy", policies);
  const x = (field: string): object => ({
    field,
    type: "quantitative",
    title: null,
    axis: null,
    scale: { domain: [0, 1] },
  });
  const color = {
    field: "origin",
    type: "nominal",
    title: null,
    scale: { domain: used, range: used.map((origin) => colourOf(origin, colours)) },
    legend: { orient: "top", symbolType: "square", symbolSize: 110 },
  };
  const layer = [
    {
      mark: { type: "bar", height: { band: 0.74 }, stroke: colours.background, strokeWidth: 1, opacity: 1 },
      encoding: { x: x("from"), x2: { field: "to" }, y, color },
    },
    {
      mark: { type: "text", fontSize: 10 },
      encoding: { x: x("middle"), y, text: { field: "label" }, color: INK },
    },
  ];
  const titles = layout.shown.map(({ title }) => title);
  return {
    spec: panelSpec(layout, titles, values, "none", { height: { step: LINE_HEIGHT }, layer }),
    cut: layout.cut,
  };
}

function movesSpec(
  shown: readonly { readonly one: PanelRow; readonly panel: string }[],
  aside: number,
  colours: ThemeColours,
): object {
  const runs = shown.map(({ one, panel }) => ({
    title: `Boot of ${[panel, one.policy].filter((text) => text !== "").join(", ")}`,
    own: one.row.bootTimeNs / 1e9,
    moves: visible(movesOf(one.row)),
  }));
  const columns = Math.min(2, runs.length);
  const gap = aside + GAP;
  const width = columnWidth(columns, aside, gap);
  const values = runs.flatMap(({ title, own, moves }) =>
    moves.map(({ price, lowNs, highNs, range }) => ({
      panel: title,
      price,
      own,
      low: lowNs / 1e9,
      high: highNs / 1e9,
      span: highNs - lowNs,
      label: `${formatDuration(range.low)} to ${formatDuration(range.high)}`,
      ...roomAround(moves),
    })),
  );
  const y = namesAxis("price", { field: "span", order: "descending" });
  const x = (field: string): object => ({
    field,
    type: "quantitative",
    title: null,
    scale: { zero: false, nice: false },
    axis: SECONDS_AXIS,
  });
  const layer = [
    { mark: { type: "point", opacity: 0 }, encoding: { x: x("roomRight"), y } },
    { mark: { type: "point", opacity: 0 }, encoding: { x: x("roomLeft"), y } },
    {
      mark: { type: "bar", height: { band: 0.6 }, color: colourOf("assumed", colours) },
      encoding: { x: x("low"), x2: { field: "high" }, y },
    },
    { mark: { type: "tick", color: colours.text, thickness: 2, size: 14 }, encoding: { x: x("own"), y } },
    {
      mark: { type: "text", align: "left", dx: 5, fontSize: 10.5, color: colours.muted },
      encoding: { x: x("high"), y, text: { field: "label" } },
    },
  ];
  return panelSpec(
    { columns, width, gap },
    runs.map(({ title }) => title),
    values,
    "numbers",
    { height: Math.max(...runs.map(({ moves }) => moves.length)) * LINE_HEIGHT, layer },
    { resolve: { scale: { x: "independent", y: "independent" } } },
  );
}

/** So that bars do not begin at the frame, and words have their place. */
function roomAround(moves: readonly Move[]): { readonly roomLeft: number; readonly roomRight: number } {
  const low = Math.min(...moves.map(({ lowNs }) => lowNs)) / 1e9;
  const high = Math.max(...moves.map(({ highNs }) => highNs)) / 1e9;
  return { roomLeft: low - 0.06 * (high - low), roomRight: high + 0.75 * (high - low) };
}
