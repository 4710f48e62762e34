/** What a tuning can aim at or be bound by. All are better when smaller. */

import type { RunResult } from "../../results/row.js";
import { formatBytes, formatDuration, parseDuration, parseSize } from "../../units.js";

/** How the values of a metric or a knob are written. */
export type ValueUnit = "bytes" | "ns" | "number";

/** A quantity of a run that got ready. */
export interface Metric {
  readonly unit: ValueUnit;
  readonly of: (result: RunResult) => number;
}

/** Names of what can be measured. */
export const METRIC_NAMES = [
  "bootTime",
  "overheadBytes",
  "stallP99",
  "stallMax",
  "stallTotal",
  "acceptedBytes",
  "hostBytes",
  "hostBytesPeak",
  "workloadTime",
  "acceptCalls",
] as const;

/** One of `METRIC_NAMES`. */
export type MetricName = (typeof METRIC_NAMES)[number];

/** By the name that objectives and constraints use. Times are nanoseconds, sizes bytes. */
export const METRICS: Readonly<Record<MetricName, Metric>> = {
  bootTime: { unit: "ns", of: (result) => result.bootTimeNs },
  overheadBytes: { unit: "bytes", of: (result) => result.overheadBytes },
  stallP99: { unit: "ns", of: (result) => result.stalls.p99Ns },
  stallMax: { unit: "ns", of: (result) => result.stalls.maxNs },
  stallTotal: { unit: "ns", of: (result) => result.stalls.totalNs },
  acceptedBytes: { unit: "bytes", of: (result) => result.acceptedBytes },
  hostBytes: { unit: "bytes", of: (result) => result.hostBytes },
  hostBytesPeak: { unit: "bytes", of: (result) => result.hostBytesPeak },
  workloadTime: { unit: "ns", of: (result) => result.workloadNs ?? 0 },
  acceptCalls: { unit: "number", of: (result) => result.acceptCalls },
};

/** Whether a word names a metric; fields of JSON results are understood as well: `bootTimeNs`. */
export function metricNamed(word: string): MetricName | undefined {
  return METRIC_NAMES.find((name) => name === word || `${name}Ns` === word);
}

/** Reads `2GiB`, `15s`, `120` in the unit; undefined for text that is none. */
export function parseValue(text: string, unit: ValueUnit): number | undefined {
  if (unit === "bytes") return parseSize(text);
  if (unit === "ns") return parseDuration(text);
  return /^\s*\d+(?:\.\d+)?\s*$/.test(text) ? Number(text) : undefined;
}

/** Prints a value for people. */
export function formatValue(value: number, unit: ValueUnit): string {
  if (unit === "bytes") return formatBytes(value);
  return unit === "ns" ? formatDuration(value) : String(Number(value.toPrecision(3)));
}

/** What is expected where a value of the unit stands. */
export const VALUE_EXPECTED: Readonly<Record<ValueUnit, string>> = {
  bytes: "a size such as 2GiB",
  ns: "a time such as 15s",
  number: "a number",
};
