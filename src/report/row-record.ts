/** A row with its keys in the one order that all files use, whoever made the row. */

import type { CompareRow } from "../study/result.js";

/** Copies a row, so that equal rows print as equal text. `reason` is left out where there is none. */
export function rowRecord(row: CompareRow): CompareRow {
  const { stalls, requests } = row;
  return {
    scenario: row.scenario,
    platform: row.platform,
    policy: row.policy,
    kernel: row.kernel,
    memoryBytes: row.memoryBytes,
    vcpus: row.vcpus,
    workload: row.workload,
    settings: sortedByKey(row.settings),
    outcome: row.outcome,
    ...(row.reason === undefined ? {} : { reason: row.reason }),
    bootTimeNs: row.bootTimeNs,
    bootRatio: row.bootRatio,
    assumedShare: row.assumedShare,
    phases: row.phases.map(({ name, ns }) => ({ name, ns })),
    acceptedBytes: row.acceptedBytes,
    touchedBytes: row.touchedBytes,
    hostBytes: row.hostBytes,
    overheadBytes: row.overheadBytes,
    hostBytesPeak: row.hostBytesPeak,
    acceptCalls: row.acceptCalls,
    stalls: {
      count: stalls.count,
      p50Ns: stalls.p50Ns,
      p99Ns: stalls.p99Ns,
      maxNs: stalls.maxNs,
      totalNs: stalls.totalNs,
    },
    requests: {
      allocations: requests.allocations,
      frees: requests.frees,
      failed: requests.failed,
      beforeTracing: requests.beforeTracing,
      inferredBulk: requests.inferredBulk,
      lostEvents: requests.lostEvents,
    },
    costs: sortedByKey(row.costs),
  };
}

function sortedByKey<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
