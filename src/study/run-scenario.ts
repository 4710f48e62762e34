import { DoubleAcceptError } from "../coco/double-accept-error.js";
import { GuestBoot, type LoadedRecording } from "../guest/boot.js";
import { OutOfMemory } from "../guest/power-on.js";
import type { Scenario } from "../scenario/scenario.js";
import { COST_EVENT_NAMES } from "../sim/cost-events.js";
import { PAGE_SIZE } from "../units.js";
import { AllocationFailed } from "../workload/replay.js";
import type { Outcome, RunResult } from "./result.js";

/**
 * Boots a guest as a scenario says and replays a recording on it. What a guest cannot survive
 * is an outcome, not an error.
 *
 * @param options.check walk the allocator for broken invariants on the way
 */
export function runScenario(
  scenario: Scenario,
  loaded: LoadedRecording,
  options: { readonly check: boolean },
): RunResult {
  const boot = new GuestBoot(scenario, loaded, options.check);
  try {
    boot.execute();
    return resultOf(scenario, loaded, boot, "ready");
  } catch (error) {
    if (error instanceof OutOfMemory || error instanceof AllocationFailed) {
      return resultOf(scenario, loaded, boot, "oom", error.message);
    }
    if (error instanceof DoubleAcceptError)
      return resultOf(scenario, loaded, boot, "terminated", error.message);
    throw error;
  }
}

function resultOf(
  scenario: Scenario,
  { recording, report }: LoadedRecording,
  boot: GuestBoot,
  outcome: Outcome,
  reason?: string,
): RunResult {
  const { clock, platform, host, policy } = boot.guest;
  const bootTimeNs = boot.ready?.bootTimeNs ?? clock.bootCpuNs;
  const assumedNs = boot.ready?.assumedNs ?? clock.assumedNs[0]!;
  const touchedBytes = boot.kernel?.touchedBytes ?? 0;
  if (platform.name === "none") host.touch(touchedBytes);
  const { hostBytes, hostBytesPeak } = host;
  const stalls = boot.stalls.summary();
  const counts = boot.replay?.counts;
  return {
    scenario: scenario.name,
    platform: scenario.platform.kind,
    policy: policy.name,
    kernel: scenario.kernel,
    memoryBytes: scenario.memoryBytes,
    vcpus: scenario.vcpus,
    workload: recording.name,
    outcome,
    ...(reason === undefined ? {} : { reason }),
    bootTimeNs: Math.round(bootTimeNs),
    phases: clock.phases.map(({ name, ns }) => ({ name, ns: Math.round(ns) })),
    acceptedBytes: platform.acceptedPages * PAGE_SIZE,
    touchedBytes,
    hostBytes,
    overheadBytes: hostBytes - touchedBytes,
    hostBytesPeak,
    acceptCalls: boot.acceptCalls,
    stalls: {
      count: stalls.count,
      p50Ns: Math.round(stalls.p50Ns),
      p99Ns: Math.round(stalls.p99Ns),
      maxNs: Math.round(stalls.maxNs),
      totalNs: Math.round(stalls.totalNs),
    },
    assumedShare: bootTimeNs === 0 ? 0 : assumedNs / bootTimeNs,
    requests: {
      allocations: counts?.allocations ?? 0,
      frees: counts?.frees ?? 0,
      failed: counts?.failed ?? 0,
      beforeTracing: report.beforeTracing,
      inferredBulk: report.inferredBulk,
      lostEvents: report.lostEvents,
    },
    costs: Object.fromEntries(
      COST_EVENT_NAMES.map((name, event) => [name, clock.ledger.counts[event]!] as const)
        // Guest work is charged by the nanosecond; a count of those would say nothing.
        .filter(([name, count]) => count > 0 && name !== "guestWork")
        .map(([name, count]) => [name, Math.round(count)]),
    ),
  };
}
