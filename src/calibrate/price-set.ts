/** A calibration as a file of prices, which `--prices` takes. */

import { DEFAULT_PRICES } from "../coco/price-set.js";
import { printable } from "../printable.js";
import { formatDuration } from "../units.js";
import type { Calibration, MeasuredPrice } from "./calibrate.js";
import { readingText } from "./calibrate.js";
import type { ReadingName } from "./readings.js";

/** One entry of `prices:`; times in nanoseconds. */
interface Entry {
  readonly name: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly basis: "measured" | "derived" | "assumed";
  readonly source: string;
}

/**
 * YAML text of a set. A price that is itself what was read, or follows from readings alone, counts as measured; one
 * that is what remains of a sum as derived; those that stay at their defaults as assumed.
 *
 * @param name of the set
 */
export function formatPriceSet({ platform, prices, machine }: Calibration, name: string): string {
  const [host, guest] = (["host", "guest"] as const).map((side) => machine.find((one) => one.side === side));
  const facts: Readonly<Record<string, string | undefined>> = {
    processor: host?.processor ?? guest?.processor,
    date: host?.date ?? guest?.date,
    hostKernel: host?.kernel,
    module: host?.module,
    memory: host?.memory,
  };
  const told = Object.entries(facts).filter(([, value]) => value !== undefined && value !== "");
  const description = `${prices.length} of its prices, measured by unaccepted calibrate; others are the platform's own`;
  const lines = [
    `name: ${quoted(name)}`,
    `description: ${quoted(description)}`,
    `platform: ${platform}`,
    ...(told.length === 0 ? [] : ["machine:", ...told.map(([key, value]) => `  ${key}: ${quoted(value!)}`)]),
    "prices:",
    ...prices.flatMap(entriesOf).map(entryLine),
  ];
  return `${lines.join("\n")}\n`;
}

function entriesOf({ parameter, valueNs, lowNs, highNs, how, readings, ridge }: MeasuredPrice): Entry[] {
  const from = readings.map((reading) => `${reading}: ${readingText(reading as ReadingName)}`).join("; ");
  const own = { name: parameter, value: valueNs, low: lowNs, high: highNs, source: `${how} (${from})` };
  if (ridge === undefined) return [{ ...own, basis: "measured" }];
  return [
    { ...own, basis: "derived" },
    // What it is more, the other is less, so that a range of its own would count the same error twice.
    ...ridge.kept.map((one) => ({
      name: one.parameter,
      value: one.valueNs,
      low: one.valueNs,
      high: one.valueNs,
      basis: "assumed" as const,
      source:
        `kept, may be ${formatDuration(one.lowNs)} to ${formatDuration(one.highNs)}; only its sum with ` +
        `${parameter} was measured`,
    })),
  ];
}

function entryLine({ name, value, low, high, basis, source }: Entry): string {
  const [own, least, most] = [value, low, high].map(timeText);
  return `  ${name}: { value: ${own}, low: ${least}, high: ${most}, basis: ${basis}, source: ${quoted(source)} }`;
}

/** The name of a set from that of its file: letters, digits, dots and dashes. */
export function priceSetName(file: string): string {
  const name = file
    .replace(/\.ya?ml$/i, "")
    .replaceAll(/[^a-z\d.-]+/gi, "-")
    .replace(/^[.-]+/, "");
  return name === "" || name === DEFAULT_PRICES ? "my-machine" : name;
}

/** Four digits, without an exponent: `8123ns`, `12.35ns`. */
function timeText(ns: number): string {
  const decimals = ns >= 1000 ? 0 : ns >= 100 ? 1 : ns >= 10 ? 2 : 3;
  return `${Number(ns.toFixed(decimals))}ns`;
}

/** A scalar that YAML takes for text, whatever is in it. */
function quoted(text: string): string {
  return JSON.stringify(printable(text));
}
