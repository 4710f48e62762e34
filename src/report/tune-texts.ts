/** Words of a tuning: values of knobs and of objectives. */

import type { Unit } from "../results/measures.js";
import type { KnobValue } from "../study/tune/knob.js";
import type { Stage } from "../study/tune/objective.js";
import type { KnobCurve, KnobValues } from "../study/tune/result.js";
import { formatBytes, formatDuration } from "../units.js";
import { formatInteger } from "./cells.js";

/** How the values of each knob are written, by its path. */
export type KnobTexts = ReadonlyMap<string, Pick<KnobCurve, "unit" | "reach">>;

/** `24.7 GiB`; `all` for as much as the guest has. */
export function valueText(
  value: KnobValue,
  { unit, reach }: Partial<Pick<KnobCurve, "unit" | "reach">> = {},
): string {
  if (typeof value !== "number") return String(value);
  if (unit !== "bytes") return unit === "ns" ? formatDuration(value) : plain(value);
  const isAll = reach !== undefined && value >= reach.allBytes;
  return isAll ? `all (${formatBytes(reach.allBytes)})` : formatBytes(value);
}

export function knobsText(knobs: KnobValues, texts: KnobTexts): string {
  return Object.entries(knobs)
    .map(([knob, value]) => `${knob} ${valueText(value, texts.get(knob))}`)
    .join(", ");
}

const IN_UNITS: Readonly<Record<Unit, (value: number) => string>> = {
  ns: formatDuration,
  bytes: formatBytes,
  count: formatInteger,
  ratio: plain,
  share: plain,
};

/** A value of a stage of the objective, in its unit. */
export function stageText({ unit }: Stage, value: number): string {
  return IN_UNITS[unit](value);
}

function plain(value: number): string {
  return String(Number(value.toPrecision(3)));
}

/** `costs 81 % more`. */
export function costText(loss: number): string {
  return loss < 0.0005 ? "costs the same" : `costs ${percent(loss)} more`;
}

/** Two digits where they say something: `0.4 %`, `3.2 %`, `81 %`. */
export function percent(share: number): string {
  const value = share * 100;
  return `${value < 10 ? value.toFixed(1).replace(/\.0$/, "") : value.toFixed(0)} %`;
}
