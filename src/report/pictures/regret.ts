/** What the setting that is best for one guest costs another one. */

import { percent, valueText } from "../tune-texts.js";
import type { ResultDocument, TunedCurve } from "./documents.js";
import { guestPanels } from "./guests.js";
import { needsResultOf } from "./needs.js";
import { namesWidth } from "./panels.js";
import type { Drawn, Picture } from "./picture.js";
import { textWidth } from "./text-width.js";
import type { ThemeColours } from "./theme.js";
import { numericCurve } from "./tuning.js";

export const regret: Picture = {
  name: "regret",
  what: "what the setting that is best for one guest costs another one",
  draw,
};

const CELL = { least: 64, most: 110, height: 30 };
/** Worse is no darker. */
const MOST_PERCENT = 100;
const MOST = 16;

/** How much worse a guest is at a setting; undefined where that was not tried on both sides of it. */
type Loss =
  | { readonly kind: "loss"; readonly loss: number; readonly isBetween: boolean }
  | { readonly kind: "not ready" }
  | { readonly kind: "unknown" };

function draw(results: readonly ResultDocument[], colours: ThemeColours): Drawn | string {
  const guests = guestPanels(results);
  if (guests.length === 0) return needsResultOf("tune");
  const drawn = guests.flatMap(({ guest, title }) => {
    const curve = numericCurve(guest);
    return curve === undefined ? [] : [{ title, curve }];
  });
  const [first] = drawn;
  const same = drawn.filter(({ curve }) => curve.knob === first?.curve.knob);
  if (first === undefined || same.length < 2)
    return "it needs two guests at least whose knob has numbers for values, and that got ready";
  const shown = same.slice(0, MOST);
  const cells = shown.flatMap(({ title, curve }) =>
    shown.map((other) => {
      const found = lossAt(curve, Number(other.curve.best));
      const worse = found.kind === "loss" ? 100 * found.loss : undefined;
      return {
        guest: title,
        setting: settingName(other),
        worse: worse === undefined ? null : Math.min(worse, MOST_PERCENT),
        text: found.kind === "loss" ? `${found.isBetween ? "~" : ""}${percent(found.loss)}` : found.kind,
        strong: worse !== undefined && worse > MOST_PERCENT / 2,
      };
    }),
  );
  const names = shown.map(({ title }) => title);
  const settings = shown.map(settingName);
  const y = {
    field: "guest",
    type: "nominal",
    sort: names,
    title: "guest",
    axis: { labelLimit: 260, domain: false, ticks: false },
  };
  const x = {
    field: "setting",
    type: "nominal",
    sort: settings,
    title: `best ${first.curve.knob} of`,
    axis: {
      orient: "top",
      labelAngle: 0,
      domain: false,
      ticks: false,
      labelExpr: "split(datum.label, '\\n')",
      labelLimit: 200,
      labelFontSize: 10,
      labelPadding: 17,
    },
  };
  const wanted =
    Math.max(...settings.flatMap((name) => name.split("\n").map((line) => textWidth(line, 10)))) + 10;
  const room = Math.floor((760 - Math.min(260, namesWidth(names)) - 30) / shown.length);
  const width = Math.max(CELL.least, Math.min(CELL.most, Math.max(room, wanted)));
  const worst = cells.filter(({ worse }) => worse !== null).toSorted((a, b) => b.worse! - a.worse!)[0];
  const color = {
    field: "worse",
    type: "quantitative",
    scale: { domain: [0, MOST_PERCENT], range: [colours.region, colours.series[0]!] },
    legend: null,
  };
  return {
    title: `What the best ${first.curve.knob} of one guest costs another`,
    description:
      `Rows: the guest; columns: the setting that is best for another one; cells: how much worse that is than the guest's own best.` +
      (worst === undefined
        ? ""
        : ` Worst: ${worst.guest} with the best of ${worst.setting.replace("\n", ", ")}, by ${worst.text}.`),
    spec: {
      data: { values: cells },
      view: { stroke: null },
      width: { step: width },
      height: { step: CELL.height },
      layer: [
        {
          mark: { type: "rect", stroke: colours.background, strokeWidth: 2 },
          encoding: {
            x,
            y,
            color: { condition: { test: "datum.worse === null", value: colours.grid }, ...color },
          },
        },
        {
          mark: { type: "text", fontSize: 11 },
          encoding: {
            x,
            y,
            text: { field: "text" },
            color: { condition: { test: "datum.strong", value: colours.background }, value: colours.text },
          },
        },
      ],
    },
    table: {
      columns: [
        { head: "guest", align: "left" },
        { head: "setting that is best for", align: "left" },
        { head: "worse by", align: "right" },
      ],
      rows: cells.map(({ guest, setting, text }) => [guest, setting.replace("\n", ": "), text]),
    },
    caveats: [
      ...(cells.some(({ text }) => text.startsWith("~"))
        ? ["~: between two values that were tried, by the logarithm of the value."]
        : []),
      ...(shown.length < same.length
        ? [`${shown.length} of ${same.length} guests are drawn and in the table.`]
        : []),
      ...(same.length < guests.length
        ? [`${guests.length - same.length} of ${guests.length} guests have no such curve and are left out.`]
        : []),
    ],
  };
}

function settingName({ title, curve }: { readonly title: string; readonly curve: TunedCurve }): string {
  return `${title}\n${valueText(curve.best, curve)}`;
}

function lossAt({ points }: TunedCurve, value: number): Loss {
  const sorted = points.toSorted((a, b) => Number(a.value) - Number(b.value));
  const at = sorted.findIndex((point) => Number(point.value) >= value);
  const above = sorted[at];
  if (above === undefined) return { kind: "unknown" };
  if (Number(above.value) === value)
    return above.loss === null ? { kind: "not ready" } : { kind: "loss", loss: above.loss, isBetween: false };
  const below = sorted[at - 1];
  if (below === undefined) return { kind: "unknown" };
  if (above.loss === null || below.loss === null)
    return { kind: above.loss === below.loss ? "not ready" : "unknown" };
  const [from, to] = [Math.log(Math.max(1, Number(below.value))), Math.log(Number(above.value))];
  const share = (Math.log(value) - from) / (to - from);
  return { kind: "loss", loss: below.loss + share * (above.loss - below.loss), isBetween: true };
}
