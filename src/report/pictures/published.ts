/** Published numbers against simulated ones: how many times as much, and how much is allowed. */

import type { ValidatedClaim } from "../../validate/validate.js";
import { countOf, NO_VALUE } from "../cells.js";
import type { ResultDocument } from "./documents.js";
import { needsResultOf } from "./needs.js";
import type { Drawn, Picture } from "./picture.js";
import { linesOf } from "./text-width.js";
import type { ThemeColours } from "./theme.js";

export const published: Picture = {
  name: "published",
  what: "published numbers against simulated ones, with what is allowed",
  draw,
};

const NAMES = 300;
const WIDTH = 400;
const ROW_HEIGHT = 14;
/** What is further off is drawn at the edge. */
const MOST_TIMES = 8;

/** A number in the place of the published one, as a multiple of it. */
interface Point {
  readonly name: string;
  readonly ratio: number;
  readonly isFar: boolean;
  readonly from: number;
  readonly to: number;
  readonly verdict: string;
  readonly basis: string;
}

const VERDICTS = ["holds", "does not hold"] as const;
const BASES = ["prediction", "calibration"] as const;

function draw(results: readonly ResultDocument[], colours: ThemeColours): Drawn | string {
  const claims = results.flatMap((result) => (result.kind === "validate" ? result.claims : []));
  if (claims.length === 0) return needsResultOf("validate");
  const drawn = claims.flatMap((claim, at) => pointOf(claim, at, claims));
  if (drawn.length === 0) return "no number in it and its simulated one are both above 0";
  const names = drawn.map(({ name }) => name);
  const held = claims.filter(({ holds }) => holds).length;
  const x = (field: string): object => ({
    field,
    type: "quantitative",
    title: "simulated, as a multiple of what was published",
    scale: { type: "log", domain: [0.9 / MOST_TIMES, MOST_TIMES / 0.9] },
    axis: { values: [0.125, 0.25, 0.5, 1, 2, 4, 8], format: "~r", orient: "top" },
  });
  const y = {
    field: "name",
    type: "nominal",
    sort: names,
    title: null,
    axis: { labelLimit: NAMES, domain: false, ticks: false, labelFontSize: 10 },
  };
  const color = {
    field: "verdict",
    type: "nominal",
    title: null,
    scale: { domain: VERDICTS, range: [colours.series[1]!, colours.series[0]!] },
    legend: { orient: "bottom" },
  };
  const shape = {
    field: "basis",
    type: "nominal",
    title: null,
    scale: { domain: BASES, range: ["circle", "diamond"] },
    legend: { orient: "bottom", symbolFillColor: colours.text },
  };
  const missing = claims.length - drawn.length;
  const far = drawn.filter(({ isFar }) => isFar).length;
  return {
    title: "Published numbers, simulated",
    description:
      `${held} of ${countOf(claims.length, "row")} ${claims.length === 1 ? "holds" : "hold"}. Dots: the simulated number as a multiple of the published one (of the middle of a published range); ` +
      "bars: what is allowed. Circles were predicted; at diamonds something was chosen to fit.",
    spec: {
      data: { values: drawn },
      width: WIDTH,
      height: { step: ROW_HEIGHT },
      layer: [
        {
          mark: { type: "bar", height: 8, color: colours.region },
          encoding: { x: x("from"), x2: { field: "to" }, y },
        },
        {
          mark: { type: "rule", color: colours.muted, strokeDash: [3, 3] },
          encoding: { x: { ...x("one"), field: undefined, datum: 1 } },
        },
        {
          mark: { type: "point", filled: true, size: 55, opacity: 1 },
          encoding: { x: x("ratio"), y, color, shape },
        },
      ],
    },
    table: {
      columns: [
        { head: "id", align: "left" },
        { head: "what", align: "left" },
        { head: "published", align: "right" },
        { head: "simulated", align: "right" },
        { head: "tolerance", align: "left" },
        { head: "holds", align: "left" },
        { head: "basis", align: "left" },
      ],
      rows: claims.map((claim) => [
        claim.id,
        claim.what,
        [claim.published].flat().map(digits).join(" to ") + (claim.unit === "" ? "" : ` ${claim.unit}`),
        claim.simulated === null ? NO_VALUE : digits(claim.simulated),
        claim.tolerance,
        claim.holds ? "yes" : "no",
        claim.basis,
      ]),
    },
    caveats: [
      ...(missing === 0
        ? []
        : [
            `${countOf(missing, "row")} of ${claims.length} cannot be a multiple, as one of the two numbers is 0 or missing, and ${missing === 1 ? "is" : "are"} only in the table.`,
          ]),
      ...(far === 0
        ? []
        : [
            `${countOf(far, "row")} ${far === 1 ? "is" : "are"} more than ${MOST_TIMES} times off and drawn at the edge.`,
          ]),
    ],
  };
}

function pointOf(claim: ValidatedClaim, at: number, claims: readonly ValidatedClaim[]): Point[] {
  const { id, what, simulated, holds, basis } = claim;
  const [low, high] =
    typeof claim.published === "number" ? [claim.published, claim.published] : claim.published;
  if (simulated === null || !(simulated > 0) || !(low > 0)) return [];
  const middle = Math.sqrt(low * high);
  const [from, to] = allowed(claim.tolerance, low, high);
  const again = claims.slice(0, at).filter((other) => other.id === id).length;
  const [line, ...rest] = linesOf(`${id} ${what}`, NAMES - 14, 10);
  const name = `${line}${rest.length === 0 ? "" : " ..."}${again === 0 ? "" : ` (${again + 1})`}`;
  return [
    {
      name,
      isFar: clamped(simulated / middle) !== simulated / middle,
      ratio: clamped(simulated / middle),
      from: clamped(from / middle),
      to: clamped(to / middle),
      verdict: holds ? "holds" : "does not hold",
      basis,
    },
  ];
}

/** What a tolerance in words allows, such as `±20 %`, `0.5 to 2`, `above`; the ends of the picture where it has none. */
function allowed(tolerance: string, low: number, high: number): readonly [from: number, to: number] {
  const share = /^±(\d+) %$/.exec(tolerance);
  if (share !== null) return [low * (1 - Number(share[1]) / 100), high * (1 + Number(share[1]) / 100)];
  const bounds = /^(\S+) to (\S+)$/.exec(tolerance);
  if (bounds !== null) return [Number(bounds[1]), Number(bounds[2])];
  if (tolerance === "above") return [high, high * MOST_TIMES];
  if (tolerance === "below") return [low / MOST_TIMES, low];
  return [low, high];
}

function clamped(ratio: number): number {
  return Math.max(1 / MOST_TIMES, Math.min(MOST_TIMES, ratio));
}

function digits(value: number): string {
  return String(Number(value.toPrecision(4)));
}
