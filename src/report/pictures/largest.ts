/** The largest guests that boot in time, and which surely do, and which may. */

import { formatDuration, GiB } from "../../units.js";
import { formatInteger, formatVcpus, NO_VALUE } from "../cells.js";
import { namesAxis } from "./axes.js";
import type { LargestDocument, LargestGuest, ResultDocument } from "./documents.js";
import { needsResultOf } from "./needs.js";
import { gridOf, LINE_HEIGHT, namesWidth, panelSpec } from "./panels.js";
import type { Drawn, Picture } from "./picture.js";
import type { ThemeColours } from "./theme.js";

export const largest: Picture = {
  name: "largest",
  what: "the largest guest of each policy that boots in time, surely, at the default prices, and at most",
  draw,
};

interface Row {
  readonly guest: LargestGuest;
  readonly document: LargestDocument & { readonly file: string };
}

const PARTS: readonly (readonly [head: string, (row: Row) => string])[] = [
  ["platform", ({ guest }) => guest.platform],
  ["vCPUs", ({ guest }) => formatVcpus(guest.vcpus)],
  ["within", ({ document }) => `within ${formatDuration(document.deadlineNs)}`],
  ["with", ({ document }) => document.constraints.join(" and ")],
  ["kernel", ({ guest }) => `Linux ${guest.kernel}`],
  ["prices", ({ guest }) => `prices ${guest.prices}`],
  ["workload", ({ guest }) => `workload ${guest.workload}`],
];

function draw(results: readonly ResultDocument[], colours: ThemeColours): Drawn | string {
  const rows = results.flatMap((document): Row[] =>
    document.kind === "largest" ? document.rows.map((guest) => ({ guest, document })) : [],
  );
  if (rows.length === 0) return needsResultOf("largest");
  const varying = PARTS.filter(([, textOf]) => new Set(rows.map(textOf)).size > 1);
  const common = PARTS.filter((part) => !varying.includes(part))
    .map(([, textOf]) => textOf(rows[0]!))
    .filter((text) => text !== "" && text !== "prices default");
  const titleOf = (row: Row): string =>
    varying
      .map(([, textOf]) => textOf(row))
      .filter((text) => text !== "")
      .join(", ");
  const named = numbered(rows, titleOf);
  const policies = [...new Set(named.map(({ policy }) => policy))];
  const titles = [...new Set(rows.map(titleOf))];
  const grid = gridOf(titles.length, namesWidth(policies));
  const shown = titles.slice(0, grid.most);
  const values = named.flatMap(({ row: { guest }, title, policy }): Value[] => {
    if (!shown.includes(title)) return [];
    const own = guest.default.largestBytes;
    if (own === null) return [{ panel: title, policy, none: "none" }];
    const ends = [guest.surely ?? guest.default, guest.default, guest.may ?? guest.default].map(
      ({ largestBytes }) => largestBytes ?? SMALLEST,
    );
    return [
      {
        panel: title,
        policy,
        size: own / GiB,
        low: ends[0]! / GiB,
        high: ends[2]! / GiB,
        label: sizeOf(own),
      },
    ];
  });
  const sizes = values.flatMap(({ low, high }) =>
    low === undefined || high === undefined ? [] : [low, high],
  );
  const domain = sizes.length === 0 ? [1, 2] : [Math.min(...sizes) / 1.5, Math.max(...sizes) * ROOM];
  const y = namesAxis("policy", policies, { grid: true });
  const x = (field: string): object => ({
    field,
    type: "quantitative",
    title: null,
    scale: { type: "log", base: 2, nice: false, domain },
    axis: { values: TICKS, labelExpr: SIZE_LABEL, labelOverlap: "greedy" },
  });
  const color = {
    field: "policy",
    type: "nominal",
    legend: null,
    scale: {
      domain: policies,
      range: policies.map((_policy, at) => colours.series[at % colours.series.length]!),
    },
  };
  const layer = [
    {
      transform: [{ filter: "datum.high > datum.low" }],
      mark: { type: "rule", strokeWidth: 6, opacity: 0.4 },
      encoding: { x: x("low"), x2: { field: "high" }, y, color },
    },
    {
      transform: [{ filter: "isValid(datum.size)" }],
      mark: { type: "point", filled: true, size: 110, opacity: 1 },
      encoding: { x: x("size"), y, color },
    },
    {
      transform: [{ filter: "isValid(datum.size)" }],
      mark: { type: "text", align: "left", dx: 9, fontSize: 11 },
      encoding: { x: x("high"), y, text: { field: "label" } },
    },
    {
      transform: [{ filter: "isValid(datum.none)" }],
      mark: { type: "text", align: "left", dx: 4, fontSize: 11, fontStyle: "italic", color: colours.muted },
      encoding: { x: { value: 0 }, y, text: { field: "none" } },
    },
  ];
  return {
    title: "The largest guest that boots in time",
    description: `${extremes(named)} ${markSentence(rows)} Logarithmic. All: ${common.join(", ")}.`,
    spec: panelSpec(grid, shown, values, "numbers", { height: { step: LINE_HEIGHT + 4 }, layer }),
    table: {
      columns: [
        ...varying.map(([head]) => ({ head, align: "left" }) as const),
        { head: "policy", align: "left" },
        ...["surely", "default", "may"].map((head) => ({ head, align: "right" }) as const),
        { head: "moved most by", align: "left" },
      ],
      rows: rows.map((row) => {
        const { surely, default: own, may, policy, movedMostBy } = row.guest;
        const cells = [surely, own, may].map((border) =>
          border === undefined || border.largestBytes === null ? NO_VALUE : sizeOf(border.largestBytes),
        );
        return [
          ...varying.map(([, textOf]) => textOf(row)),
          policy,
          ...cells,
          movedMostBy?.parameter ?? NO_VALUE,
        ];
      }),
    },
    caveats:
      shown.length < titles.length
        ? [`${shown.length} of ${titles.length} inputs are drawn; the table has all.`]
        : [],
  };
}

/** What is drawn of a guest; GiB. */
interface Value {
  readonly panel: string;
  readonly policy: string;
  readonly size?: number;
  readonly low?: number;
  readonly high?: number;
  readonly label?: string;
  readonly none?: string;
}

const SMALLEST: number = GiB;
/** On the right, for a size in words. */
const ROOM = 3;
const TICKS: readonly number[] = [1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536];
const SIZE_LABEL = "datum.value >= 1024 ? format(datum.value / 1024, '~r') + ' TiB' : datum.label + ' GiB'";

interface Named {
  readonly row: Row;
  readonly title: string;
  readonly policy: string;
}

/** Of several guests that agree in all that is said, each has a number. */
function numbered(rows: readonly Row[], titleOf: (row: Row) => string): Named[] {
  const seen = new Map<string, number>();
  return rows.map((row) => {
    const title = titleOf(row);
    const key = `${title}\n${row.guest.policy}`;
    const number = (seen.get(key) ?? 0) + 1;
    seen.set(key, number);
    return { row, title, policy: number === 1 ? row.guest.policy : `${row.guest.policy} (${number})` };
  });
}

/** As tables have it: three digits would not tell neighbours apart. */
function sizeOf(bytes: number): string {
  return `${formatInteger(bytes / GiB)} GiB`;
}

function extremes(named: readonly Named[]): string {
  const texts = named.slice(0, 4).map(({ row: { guest }, title, policy }) => {
    const size = guest.default.largestBytes === null ? "none" : sizeOf(guest.default.largestBytes);
    return `${policy}${title === "" ? "" : ` (${title})`} ${size}`;
  });
  return `${texts.join(", ")}${named.length > texts.length ? ` and ${named.length - texts.length} more` : ""}.`;
}

/** What dots and bars mean; without the ranges of what is assumed there are no bars. */
function markSentence(rows: readonly Row[]): string {
  if (rows.every(({ guest: { surely, may } }) => surely === undefined && may === undefined))
    return "Dot: at the default prices; over what is assumed nothing was tried.";
  return "Dot: at the default prices; bar: from what surely boots in time to what none exceeds, over all that is assumed.";
}
