/** A row with its keys in the one order that all files use, whoever made the row. */

import { type Problem, problemsOf } from "./problems.js";
import type { CommandLineResult, CompareRow, HostUse } from "./row.js";

/** A row as files have it. */
export interface RowRecord extends CompareRow {
  /** What went wrong beside the outcome; absent where nothing did. */
  readonly problems?: readonly Problem[];
}

/** Copies a row, so that equal rows print as equal text. `reason` and `problems` are left out where there are none. */
export function rowRecord(row: CompareRow): RowRecord {
  const { stalls, requests } = row;
  return {
    scenario: row.scenario,
    platform: row.platform,
    policy: row.policy,
    kernel: row.kernel,
    kernelRules: row.kernelRules,
    memoryBytes: row.memoryBytes,
    vcpus: row.vcpus,
    workload: row.workload,
    settings: sortedByKey(row.settings),
    outcome: row.outcome,
    ...(row.reason === undefined ? {} : { reason: row.reason }),
    ...problemsRecord(row),
    ...(row.remarks === undefined ? {} : { remarks: [...row.remarks] }),
    ...(row.commandLine === undefined ? {} : { commandLine: commandLineRecord(row.commandLine) }),
    bootTimeNs: row.bootTimeNs,
    bootRatio: row.bootRatio,
    paretoOptimal: row.paretoOptimal,
    assumedShare: row.assumedShare,
    phases: row.phases.map(({ name, ns }) => ({ name, ns })),
    acceptedBytes: row.acceptedBytes,
    memory: {
      visibleBytes: row.memory.visibleBytes,
      onlineBytes: row.memory.onlineBytes,
      lostBytes: row.memory.lostBytes,
      acceptedBy: { ...row.memory.acceptedBy },
    },
    touchedBytes: row.touchedBytes,
    hostBytes: row.hostBytes,
    overheadBytes: row.overheadBytes,
    hostBytesPeak: row.hostBytesPeak,
    hostUse: hostUseRecord(row.hostUse),
    ...(row.hostTimeline === undefined
      ? {}
      : { hostTimeline: row.hostTimeline.map(({ timeNs, use }) => ({ timeNs, use: hostUseRecord(use) })) }),
    acceptCalls: row.acceptCalls,
    stalls: {
      count: stalls.count,
      p50Ns: stalls.p50Ns,
      p99Ns: stalls.p99Ns,
      maxNs: stalls.maxNs,
      totalNs: stalls.totalNs,
    },
    spinNs: row.spinNs,
    longestIrqOffNs: row.longestIrqOffNs,
    softLockups: row.softLockups,
    ...(row.workloadNs === undefined ? {} : { workloadNs: row.workloadNs }),
    ...(row.tdxModule === undefined ? {} : { tdxModule: row.tdxModule }),
    ...(row.attack === undefined
      ? {}
      : {
          attack: {
            pages: row.attack.pages,
            warnings: row.attack.warnings,
            integrityViolations: row.attack.integrityViolations,
            ...(row.attack.stopped === undefined ? {} : { stopped: row.attack.stopped }),
          },
        }),
    ...(row.hotplug === undefined ? {} : { hotplug: row.hotplug }),
    ...(row.kexec === undefined ? {} : { kexec: row.kexec }),
    ...(row.e820Record === undefined ? {} : { e820Record: row.e820Record }),
    ...(row.setupArch === undefined ? {} : { setupArch: row.setupArch }),
    ...(row.earlyMap === undefined ? {} : { earlyMap: row.earlyMap }),
    ...(row.drain === undefined
      ? {}
      : {
          drain: {
            workers: row.drain.workers,
            unacceptedBytes: row.drain.unacceptedBytes,
            timeNs: row.drain.timeNs,
          },
        }),
    ...(row.repeats === undefined ? {} : { repeats: row.repeats }),
    requests: {
      allocations: requests.allocations,
      frees: requests.frees,
      failed: requests.failed,
      beforeTracing: requests.beforeTracing,
      filledBeforeTracing: requests.filledBeforeTracing,
      inferredBulk: requests.inferredBulk,
      lostEvents: requests.lostEvents,
    },
    costs: sortedByKey(row.costs),
  };
}

function problemsRecord(row: CompareRow): Pick<RowRecord, "problems"> {
  const problems = problemsOf(row);
  return problems.length === 0
    ? {}
    : { problems: problems.map(({ what, text, fails }) => ({ what, text, fails })) };
}

function commandLineRecord(line: CommandLineResult): CommandLineResult {
  return {
    onlineCpus: line.onlineCpus,
    swiotlbBytes: line.swiotlbBytes,
    crashkernelBytes: line.crashkernelBytes,
    cmaBytes: line.cmaBytes,
    movableBytes: line.movableBytes,
    hugePages: line.hugePages.map(({ pageBytes, askedPages, pages }) => ({ pageBytes, askedPages, pages })),
  };
}

function hostUseRecord(use: HostUse): HostUse {
  return {
    privateBytes: use.privateBytes,
    keptBytes: use.keptBytes,
    sharedBytes: use.sharedBytes,
    tableBytes: use.tableBytes,
    metadataBytes: use.metadataBytes,
    bitmapBytes: use.bitmapBytes,
    directMapBytes: use.directMapBytes,
  };
}

function sortedByKey<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
