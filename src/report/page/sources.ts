/** Where the numbers behind a result come from: the prices that were charged, with ranges, bases and sources. */

import { type Basis, eventsPricedBy, type Parameter } from "../../coco/parameters.js";
import type { PlatformKind } from "../../coco/platforms.js";
import { DEFAULT_PRICES, parametersOf } from "../../coco/price-set.js";
import type { RunResult } from "../../results/row.js";
import { formatDuration } from "../../units.js";
import { countOf } from "../cells.js";
import { type Column, left, right } from "../table.js";
import { gridOf, tableHtml } from "./grid.js";
import { type Html, html } from "./html.js";
import { type PageContext, type PagePart, paragraphs } from "./part.js";

/** A price, at what it was charged. */
interface Charged {
  readonly name: string;
  readonly parameter: Parameter;
  /** Undefined where results do not say it. */
  readonly chargedNs: number | undefined;
}

/** What a result ran on, as far as prices go. */
export interface PricedMachine {
  readonly platform: PlatformKind;
  readonly prices: string;
}

const MEANING: Readonly<Record<Basis, string>> = {
  measured: "published by who measured it, or read on the machine",
  derived: "by arithmetic from such numbers",
  assumed: "nobody has published it",
};

export interface PricedRuns extends PricedMachine {
  /** None where results have no runs of their own. */
  readonly runs: readonly RunResult[];
}

/** Groups runs by platform and prices, in their order. */
export function pricedRuns(runs: readonly RunResult[]): PricedRuns[] {
  const groups = new Map<string, PricedRuns & { readonly runs: RunResult[] }>();
  for (const run of runs) {
    const key = `${run.platform} ${run.prices}`;
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { platform: run.platform, prices: run.prices, runs: [run] });
    else known.runs.push(run);
  }
  return [...groups.values()];
}

export function sourcesPart(machines: readonly PricedRuns[], file: string, context: PageContext): PagePart {
  const words = Object.entries(MEANING).map(
    ([basis, meaning]) => html`<li><b>${basis}</b>: ${meaning}.</li>`,
  );
  return {
    name: "sources",
    title: "What is measured, derived and assumed",
    body: html`<p>Every operation has a price with a range, a basis and a source. Ranges of results go over what is assumed.</p><ul class="notes">${words}</ul>${machines.map((machine) => machineHtml(machine, file, context))}`,
  };
}

function machineHtml(
  { platform, prices, runs }: PricedRuns,
  file: string,
  { pricesNamed }: PageContext,
): Html {
  const set = prices === DEFAULT_PRICES ? undefined : pricesNamed(prices);
  const title = prices === DEFAULT_PRICES ? `Prices of ${platform}` : `Prices of ${platform} on ${prices}`;
  if (prices !== DEFAULT_PRICES && set?.platform !== platform) {
    const why = `The prices ${prices} do not come with this program, and results do not have their sources.`;
    return html`<h4>${title}</h4><p>${why}</p>`;
  }
  const all = Object.entries(parametersOf(platform, set)).map(([name, parameter]) => ({
    name,
    parameter,
    chargedNs: chargedAt(name, parameter, runs),
  }));
  const shown = runs.length === 0 ? all : all.filter(({ chargedNs }) => chargedNs !== undefined);
  const columns: Column<Charged>[] = [
    left("price", ({ name }) => name),
    right("value", ({ parameter, chargedNs }) => formatDuration(chargedNs ?? parameter.value)),
    right("low", ({ parameter }) => formatDuration(parameter.low)),
    right("high", ({ parameter }) => formatDuration(parameter.high)),
    left("basis", (charged) => (isOther(charged) ? "set by the scenario" : charged.parameter.basis)),
    left("of what", ({ parameter }) => parameter.what),
    left("source", (charged) => sourceText(charged)),
  ];
  const bases = (Object.keys(MEANING) as Basis[]).map(
    (basis) => `${shown.filter(({ parameter }) => parameter.basis === basis).length} are ${basis}`,
  );
  const of = runs.length === 0 ? "prices of this platform" : "prices that were charged here";
  const sentence = `Of ${countOf(shown.length, "price").replace(/ .*/, "")} ${of} ${bases.join(", ")}.`;
  const about = set?.description === undefined ? [] : [set.description];
  const grid = gridOf({ columns, groups: [{ rows: shown }] });
  return html`<h4>${title}</h4>${paragraphs([...about, sentence])}${tableHtml(grid, `${title}, of ${file}`, file)}`;
}

function isOther({ parameter, chargedNs }: Charged): boolean {
  return chargedNs !== undefined && chargedNs !== parameter.value;
}

function sourceText(charged: Charged): string {
  const { parameter } = charged;
  return isOther(charged)
    ? `in place of ${formatDuration(parameter.value)} (${parameter.basis}: ${parameter.source})`
    : parameter.source;
}

/** What an event of that price took; a price that is charged otherwise is known by its place among the assumed ones. */
function chargedAt(name: string, parameter: Parameter, runs: readonly RunResult[]): number | undefined {
  for (const { eventPrices, assumedPrices } of runs) {
    const event = eventsPricedBy(name, parameter).find((one) => Object.hasOwn(eventPrices, one));
    const ns = event === undefined ? assumedPrices[name]?.value : eventPrices[event];
    if (ns !== undefined) return ns;
  }
  return undefined;
}
