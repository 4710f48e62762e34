import { commandLineWords } from "../command-line/words.js";
import { E820Type } from "../efistub/setup-e820.js";
import { GuestBoot } from "../guest/boot.js";
import { kernelRelease } from "../linux/kernel-rules.js";
import { ZoneType } from "../mm/zones.js";
import type { CommandLineResult, MemoryResult, Outcome, RequestCounts, RunResult } from "../results/row.js";
import type { Scenario } from "../scenario/scenario.js";
import { COST_EVENT_NAMES } from "../sim/cost-events.js";
import { GuestEnded } from "../sim/guest-ended.js";
import { type AddressRange, PAGE_SIZE } from "../units.js";
import type { LoadedWorkload } from "../workload/after-boot.js";
import type { Replay } from "../workload/replay.js";
import type { ImportReport } from "../workload/requests.js";
import { remarksBefore } from "./remarks.js";

/**
 * Boots a guest as a scenario says and replays a recording on it. What a guest cannot survive
 * is an outcome, not an error.
 *
 * @param options.check walk the allocator for broken invariants on the way
 * @param options.timeline put what the host spent over time into the result
 */
export function runScenario(
  scenario: Scenario,
  loaded: LoadedWorkload,
  options: { readonly check: boolean; readonly timeline?: boolean },
): RunResult {
  const boot = new GuestBoot(scenario, loaded, options.check);
  try {
    boot.execute();
    return resultOf(scenario, loaded, boot, options.timeline === true, "ready");
  } catch (error) {
    if (!(error instanceof GuestEnded)) throw error;
    if (error.midStep) boot.guest.clock.stop();
    return resultOf(scenario, loaded, boot, options.timeline === true, error.outcome, error.message);
  }
}

function resultOf(
  scenario: Scenario,
  loaded: LoadedWorkload,
  boot: GuestBoot,
  withTimeline: boolean,
  outcome: Outcome,
  reason?: string,
): RunResult {
  const { clock, platform, host, policy, kernelAccept, lockups, timeline } = boot.guest;
  const bootTimeNs = boot.ready?.bootTimeNs ?? clock.bootCpuNs;
  const assumedNs = boot.ready?.assumedNs ?? clock.assumedNs[0]!;
  const touchedBytes = (boot.kernel?.touchedBytes ?? 0) - host.untouchedSharedBytes;
  if (platform.name === "none") host.touch(touchedBytes);
  const { hostBytes, hostBytesPeak } = host;
  timeline.sample(clock.nowNs, host.use());
  const stalls = boot.stalls.summary();
  const commandLine = commandLineResult(scenario, boot);
  const remarks = new Set([...remarksBefore(scenario, loaded), ...(boot.kernel?.early.remarks ?? [])]);
  const { recording, report, afterBoot } = loaded;
  return {
    scenario: scenario.name,
    platform: scenario.platform.kind,
    policy: policy.name,
    kernel: scenario.kernel,
    kernelRules: kernelRelease(scenario.kernel).rulesOf,
    memoryBytes: scenario.memoryBytes,
    vcpus: scenario.vcpus,
    workload: (afterBoot ?? { recording }).recording.name,
    outcome,
    ...(reason === undefined ? {} : { reason }),
    bootTimeNs: Math.round(bootTimeNs),
    phases: clock.phases.map(({ name, ns }) => ({ name, ns: Math.round(ns) })),
    acceptedBytes: platform.acceptedPages * PAGE_SIZE + host.acceptedSharedBytes,
    memory: memoryResult(boot),
    touchedBytes,
    // What the map leaves out can still come online.
    lostBytes: boot.acpiMemory?.failedBytes ?? boot.handOver?.stub.lostBytes ?? 0,
    hostBytes,
    overheadBytes: hostBytes - touchedBytes,
    hostBytesPeak,
    hostUse: host.use(),
    ...(withTimeline
      ? { hostTimeline: timeline.points.map(({ timeNs, use }) => ({ timeNs: Math.round(timeNs), use })) }
      : {}),
    acceptCalls: boot.acceptCalls,
    stalls: {
      count: stalls.count,
      p50Ns: Math.round(stalls.p50Ns),
      p99Ns: Math.round(stalls.p99Ns),
      maxNs: Math.round(stalls.maxNs),
      totalNs: Math.round(stalls.totalNs),
    },
    spinNs: Math.round(kernelAccept.spinNs),
    longestIrqOffNs: Math.round(lockups.longestIrqOffNs),
    softLockups: lockups.softLockups,
    ...(boot.ready === undefined
      ? {}
      : {
          workloadTimeNs: Math.round(
            (boot.kexec?.startNs ?? Math.max(...clock.cpus.timeNs)) - boot.ready.bootTimeNs,
          ),
        }),
    ...(boot.tdxModule === undefined ? {} : { tdxModule: boot.tdxModule }),
    ...(boot.attack === undefined ? {} : { attack: boot.attack.result }),
    ...(boot.hotplug === undefined ? {} : { hotplug: boot.hotplug.result }),
    ...(boot.kexec === undefined ? {} : { kexec: boot.kexec.result }),
    ...(commandLine === undefined ? {} : { commandLine }),
    ...(remarks.size === 0 ? {} : { remarks: [...remarks] }),
    ...(boot.e820Record === undefined ? {} : { e820Record: boot.e820Record.result }),
    ...(boot.setupArch === undefined ? {} : { setupArch: boot.setupArch }),
    ...(boot.kernel?.early.earlyMap === undefined ? {} : { earlyMap: boot.kernel.early.earlyMap.result }),
    ...(boot.drained === undefined
      ? {}
      : { drain: { ...boot.drained, timeNs: Math.round(boot.drained.timeNs) } }),
    assumedShare: bootTimeNs === 0 ? 0 : assumedNs / bootTimeNs,
    requests: requestCounts(boot, [report, afterBoot?.report]),
    costs: Object.fromEntries(
      COST_EVENT_NAMES.map((name, event) => [name, clock.ledger.counts[event]!] as const)
        // Guest work is charged by the nanosecond; a count of those would say nothing.
        .filter(([name, count]) => count > 0 && name !== "guestWork")
        .map(([name, count]) => [name, Math.round(count)]),
    ),
  };
}

/** Words whose effect the memory map and the list of phases show. */
const SHOWN_ELSEWHERE: ReadonlySet<string> = new Set(["mem", "memmap", "early_page_ext"]);

/** What the scenario's own words came to. */
function commandLineResult(
  { guest }: Scenario,
  { kernel, hugePages }: GuestBoot,
): CommandLineResult | undefined {
  const words = commandLineWords(guest.commandLine);
  if (kernel === undefined || words.every(({ name }) => SHOWN_ELSEWHERE.has(name))) return undefined;
  const { swiotlb, crashkernel, crashkernelLow, cmaAreas } = kernel.early;
  const bytes = (range: AddressRange | undefined): number =>
    range === undefined ? 0 : range.end - range.start;
  const movable = kernel.allocator.zones.filter(({ type }) => type === ZoneType.MOVABLE);
  return {
    onlineCpus: kernel.cpuNodes.length,
    swiotlbBytes: bytes(swiotlb),
    crashkernelBytes: bytes(crashkernel) + bytes(crashkernelLow),
    cmaBytes: cmaAreas.reduce((sum, area) => sum + bytes(area), 0),
    movableBytes: movable.reduce((sum, zone) => sum + zone.presentPages, 0) * PAGE_SIZE,
    hugePages,
  };
}

function memoryResult({ handOver, acpiMemory, guest }: GuestBoot): MemoryResult {
  const entries = handOver?.stub.entries ?? [];
  return {
    visibleBytes: entries.reduce(
      (sum, { type, start, end }) => sum + (type === E820Type.RAM ? end - start : 0),
      0,
    ),
    onlineBytes: acpiMemory?.onlineBytes ?? 0,
    acceptedBy: { ...guest.meter.acceptedBy },
  };
}

/** Sums over the boot and what comes after it. */
function requestCounts(
  { replay, afterBoot, filledBeforeTracing }: GuestBoot,
  reports: readonly (ImportReport | undefined)[],
): RequestCounts {
  const replayed = (count: keyof Replay["counts"]): number =>
    (replay?.counts[count] ?? 0) + (afterBoot?.counts[count] ?? 0);
  const reported = (count: "beforeTracing" | "inferredBulk" | "lostEvents"): number =>
    reports.reduce((sum, report) => sum + (report?.[count] ?? 0), 0);
  return {
    allocations: replayed("allocations"),
    frees: replayed("frees"),
    failed: replayed("failed"),
    beforeTracing: reported("beforeTracing"),
    filledBeforeTracing,
    inferredBulk: reported("inferredBulk"),
    lostEvents: reported("lostEvents"),
  };
}
