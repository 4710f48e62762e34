/** Rows as comma-separated values (RFC 4180): one line a row, one column a number. */

import { printableLines } from "../printable.js";
import { problemsOf } from "./problems.js";
import type { CompareRow } from "./row.js";

/** What a field can hold; nothing for null and undefined. */
export type Value = string | number | boolean | null | undefined;

const COLUMNS: Readonly<Record<string, (row: CompareRow) => Value>> = {
  scenario: (row) => row.scenario,
  platform: (row) => row.platform,
  policy: (row) => row.policy,
  kernel: (row) => row.kernel,
  memory_bytes: (row) => row.memoryBytes,
  vcpus: (row) => row.vcpus,
  workload: (row) => row.workload,
  outcome: (row) => row.outcome,
  reason: (row) => row.reason,
  boot_time_ns: (row) => row.bootTimeNs,
  boot_ratio: (row) => row.bootRatio,
  pareto_optimal: (row) => row.paretoOptimal,
  assumed_share: (row) => row.assumedShare,
  accepted_bytes: (row) => row.acceptedBytes,
  touched_bytes: (row) => row.touchedBytes,
  host_bytes: (row) => row.hostBytes,
  overhead_bytes: (row) => row.overheadBytes,
  host_peak_bytes: (row) => row.hostBytesPeak,
  accept_calls: (row) => row.acceptCalls,
  stall_count: (row) => row.stalls.count,
  stall_p50_ns: (row) => row.stalls.p50Ns,
  stall_p99_ns: (row) => row.stalls.p99Ns,
  stall_max_ns: (row) => row.stalls.maxNs,
  stall_total_ns: (row) => row.stalls.totalNs,
  allocations: (row) => row.requests.allocations,
  frees: (row) => row.requests.frees,
  failed_allocations: (row) => row.requests.failed,
  frees_before_tracing: (row) => row.requests.beforeTracing,
  filled_before_tracing_pages: (row) => row.requests.filledBeforeTracing,
  inferred_bulk_allocations: (row) => row.requests.inferredBulk,
  lost_events: (row) => row.requests.lostEvents,
};

/**
 * Prints rows with a header whose names carry the unit. Settings that tell rows apart
 * (`setting:PATH`), what went wrong (`problem:WHAT`), phases (`phase:NAME_ns`) and priced
 * events (`count:NAME`) follow as columns of their own, in the order in which the rows first have them; a row that lacks
 * one leaves the field empty. Lines end in CRLF, as the RFC wants it.
 */
export function formatCsv(rows: readonly CompareRow[]): string {
  const columns = new Map(Object.entries(COLUMNS));
  if (rows.some(({ remarks }) => remarks !== undefined)) {
    columns.set("remarks", (row) => row.remarks?.join("; "));
  }
  const addColumns = (
    prefix: string,
    suffix: string,
    valuesOf: (row: CompareRow) => Record<string, Value>,
  ): void => {
    const names = new Set(rows.flatMap((row) => Object.keys(valuesOf(row))));
    for (const name of names) columns.set(`${prefix}:${name}${suffix}`, (row) => valuesOf(row)[name]);
  };
  addColumns("setting", "", (row) => row.settings);
  addColumns("problem", "", problemsByName);
  addColumns("phase", "_ns", (row) => Object.fromEntries(row.phases.map(({ name, ns }) => [name, ns])));
  addColumns("count", "", (row) => row.costs);

  const header = [...columns.keys()].map(field).join(",");
  const lines = rows.map((row) => [...columns.values()].map((valueIn) => field(valueIn(row))).join(","));
  return [header, ...lines].map((line) => `${line}\r\n`).join("");
}

function problemsByName(row: CompareRow): Record<string, string> {
  const problems = problemsOf(row);
  const textsOf = (wanted: string): string =>
    problems.flatMap(({ what, text }) => (what === wanted ? [text] : [])).join("; ");
  return Object.fromEntries(problems.map(({ what }) => [what, textsOf(what)]));
}

/** A field, in quotes where it needs them. */
export function field(value: Value): string {
  const text = value === null || value === undefined ? "" : printableLines(String(value), false);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
