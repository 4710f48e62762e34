import type { WaitRecorder } from "../accept/waits.js";
import { AFTER_BOOT, type AfterBootFacts, type AfterBootPlans } from "../after/after-boot.js";
import type { Begun, Feature } from "../after/feature.js";
import { DEFAULT_PRICES } from "../coco/price-set.js";
import { commandLineWords } from "../command-line/words.js";
import { E820Type } from "../efistub/setup-e820.js";
import { BOOT, check, poweredOff } from "../guest/boot.js";
import type { GuestOptions } from "../guest/options.js";
import { hostBytes as hostBytesOf } from "../host/guest-memory.js";
import { kernelRelease } from "../linux/kernel-rules.js";
import type { GuestOnItsWay, RunWatch } from "../memory-map/run-watch.js";
import { ZoneType } from "../mm/zones.js";
import type {
  CommandLineResult,
  MemoryResult,
  RequestCounts,
  RunResult,
  WaitSummary,
} from "../results/row.js";
import type { Scenario } from "../scenario/scenario.js";
import { COST_EVENT_NAMES, type CostEvent } from "../sim/cost-events.js";
import type { Charged } from "../sim/cost-ledger.js";
import type { GuestClock } from "../sim/guest-clock.js";
import { GuestEnded } from "../sim/guest-ended.js";
import type { Recorder } from "../timeline/recorder.js";
import { type AddressRange, PAGE_SIZE } from "../units.js";
import type { LoadedWorkload, RecordedRequests } from "../workload/after-boot.js";
import { isGenerated } from "../workload/generators/index.js";
import type { Replay } from "../workload/replay.js";
import type { ImportReport } from "../workload/requests.js";
import { chargedAt, rangesOf } from "./assumed-prices.js";
import { observe } from "./observe.js";
import { hostUseOf, MemoryOverTime, touchedBytesOf } from "./over-time.js";
import { remarksAfter, remarksBefore } from "./remarks.js";

/** The moment when the last CPU had done the workload, or what of it came about. */
export interface WorkloadEnd {
  readonly endNs: number;
  /** What that CPU was charged at assumed prices on the way there. */
  readonly assumedNs: number;
  /** What all CPUs had been charged by then. */
  readonly charged: Charged;
}

export interface GuestRun {
  /** The guest, with what the boot has added as far as it came. */
  readonly guest: GuestOnItsWay;
  /** Results of everything that was to happen after the boot. */
  readonly facts: AfterBootFacts;
  readonly workload: WorkloadEnd;
  /** Why it ended early, if it did. */
  readonly ended: GuestEnded | undefined;
  /** Where it was asked for. */
  readonly memory: MemoryOverTime | undefined;
}

/**
 * Boots a guest as a scenario says and has it do everything else. The end of a guest is a result, not an
 * error.
 */
export function runGuest(
  scenario: GuestOptions & AfterBootPlans,
  loaded: LoadedWorkload,
  options: Parameters<typeof poweredOff>[2] & {
    readonly recorder?: Recorder | undefined;
    readonly overTime?: boolean;
    readonly watch?: RunWatch | undefined;
  },
): GuestRun {
  const guest: GuestRun["guest"] = poweredOff(scenario, loaded, options);
  const { clock } = guest.guest;
  const { recorder, watch } = options;
  const memory = options.overTime === true ? new MemoryOverTime(guest) : undefined;
  const watches: readonly (RunWatch | undefined)[] = [recorder && observe(guest, recorder), memory, watch];
  watch?.begin?.(guest);
  const begun: [name: string, one: Begun<unknown>][] = [];
  let workload: WorkloadEnd | undefined;
  let ended: GuestEnded | undefined;
  try {
    const endPhase = (phase: string): void => {
      clock.endPhase(phase);
      for (const one of watches) one?.phaseEnded?.();
    };
    const up = BOOT.run(guest, endPhase, (step) => {
      for (const one of watches) one?.stepEnded?.(step);
    });
    const happen = (feature: Feature<string, never, unknown>): void => {
      const one = feature.begin(up, scenario[feature.name as keyof AfterBootPlans] as never);
      if (one === undefined) return;
      begun.push([feature.name, one]);
      one.run();
      for (const one of watches) one?.featureEnded?.();
    };
    const features: readonly Feature<string, never, unknown>[] = AFTER_BOOT;
    for (const feature of features) if (feature.endsKernel !== true) happen(feature);
    check(up);
    workload = workloadEnd(clock);
    for (const feature of features) if (feature.endsKernel === true) happen(feature);
  } catch (error) {
    if (!(error instanceof GuestEnded)) throw error;
    if (error.midStep) clock.stop();
    ended = error;
    recorder?.moment(error.outcome, clock.running, clock.nowNs, { reason: error.message });
  }
  for (const one of watches) one?.ended?.();
  const facts = begun.flatMap(([name, { result }]) => (result === undefined ? [] : [[name, result]]));
  return {
    guest,
    facts: Object.fromEntries(facts),
    workload: workload ?? workloadEnd(clock),
    ended,
    memory,
  };
}

function workloadEnd({ cpus, assumedNs, ledger, ownEndNs }: GuestClock): WorkloadEnd {
  const last = assumedNs.findIndex((_ns, cpu) => cpus.ownEndNs(cpu) === ownEndNs);
  return { endNs: ownEndNs, assumedNs: assumedNs[last]!, charged: ledger.charged };
}

/**
 * Boots a guest as a scenario says and replays a recording on it. The end of a guest is an outcome,
 * not an error.
 *
 * @param options.check walk the allocator for broken invariants on the way
 * @param options.overTime put memory over time and how waits are distributed into the result
 * @param options.recorder told what happens when
 * @param options.watch told how the run goes on
 */
export function runScenario(
  scenario: Scenario,
  loaded: LoadedWorkload,
  options: {
    readonly check: boolean;
    readonly overTime?: boolean;
    readonly recorder?: Recorder;
    readonly watch?: RunWatch;
  },
): RunResult {
  return resultOf(scenario, loaded, runGuest(scenario, loaded, options));
}

/** What `runScenario` tells of a guest. */
export function resultOf(
  scenario: Scenario,
  loaded: LoadedWorkload,
  { guest: boot, facts, workload, ended, memory }: GuestRun,
): RunResult {
  const { clock, platform, host, policy, kernelAccept, lockups } = boot.guest;
  const bootTimeNs = boot.ready?.bootTimeNs ?? clock.bootCpuNs;
  const assumedNs = boot.ready?.assumedNs ?? clock.assumedNs[0]!;
  const atReady = boot.ready?.charged ?? clock.ledger.charged;
  const touchedBytes = touchedBytesOf(boot);
  const hostUse = hostUseOf(boot, touchedBytes);
  const hostBytes = hostBytesOf(hostUse);
  const { dma } = host;
  const commandLine = commandLineResult(scenario, boot);
  const { report, afterBoot } = loaded;
  const requests = requestCounts(boot, [report, afterBoot?.report]);
  const remarks = new Set([
    ...remarksBefore(scenario, loaded),
    ...(boot.kernel?.early.remarks ?? []),
    ...remarksAfter(requests),
  ]);
  const bootName = afterBoot === undefined ? workloadName(scenario, loaded) : loaded.recording.name;
  const costs = happened(clock.ledger.counts);
  const bootAssumedNs = chargedAt(scenario, atReady, assumedNs);
  const totalAssumedNs =
    boot.ready === undefined ? undefined : chargedAt(scenario, workload.charged, workload.assumedNs);
  return {
    scenario: scenario.name,
    platform: scenario.platform.kind,
    policy: policy.name,
    ...(policy.sha256 === undefined ? {} : { policySha256: policy.sha256 }),
    kernel: scenario.kernel,
    kernelRules: kernelRelease(scenario.kernel).rulesOf,
    prices: scenario.prices?.name ?? DEFAULT_PRICES,
    memoryBytes: scenario.memoryBytes,
    vcpus: scenario.vcpus,
    workload: afterBoot === undefined ? bootName : workloadName(scenario, afterBoot),
    boot: bootName,
    outcome: ended?.outcome ?? "ready",
    ...(ended === undefined ? {} : { reason: ended.message }),
    bootTimeNs: Math.round(bootTimeNs),
    phases: clock.phases.map(({ mostly, ...phase }) => ({
      ...phase,
      ns: Math.round(phase.ns),
      ...(mostly === undefined ? {} : { mostly: { ...mostly, ns: Math.round(mostly.ns) } }),
    })),
    acceptedBytes: platform.acceptedPages * PAGE_SIZE + host.acceptedSharedBytes,
    memory: memoryResult(boot),
    touchedBytes,
    // What the map leaves out can still come online.
    lostBytes: boot.acpiMemory?.failedBytes ?? boot.handOver?.stub.lostBytes ?? 0,
    hostBytes,
    overheadBytes: hostBytes - touchedBytes,
    hostBytesPeak: Math.max(host.hostBytesPeak, hostBytes),
    hostUse,
    ...(memory === undefined ? {} : { overTime: memory.columns }),
    acceptCalls: boot.faults?.faults ?? boot.acceptance?.acceptCalls ?? 0,
    exits: platform.type.exits.reduce((sum, event) => sum + (costs[event] ?? 0), 0),
    waits: {
      boot: waitsOf(boot.waits.boot, memory !== undefined),
      workload: waitsOf(boot.waits.workload, memory !== undefined),
    },
    spinNs: Math.round(kernelAccept.spinNs),
    longestIrqOffNs: Math.round(lockups.longestIrqOffNs),
    softLockups: lockups.softLockups,
    ...(boot.ready === undefined ? {} : timesAfter(boot.ready.bootTimeNs, workload.endNs)),
    ...(boot.tdxModule === undefined ? {} : { tdxModule: boot.tdxModule }),
    ...(boot.rmp === undefined ? {} : { rmp: boot.rmp }),
    ...(dma === undefined ? {} : { dma }),
    ...facts,
    ...(commandLine === undefined ? {} : { commandLine }),
    ...(remarks.size === 0 ? {} : { remarks: [...remarks] }),
    ...(boot.e820Record === undefined ? {} : { e820Record: boot.e820Record.result }),
    ...(boot.setupArch === undefined ? {} : { setupArch: boot.setupArch }),
    ...(boot.kernel === undefined ? {} : { earlyMap: boot.kernel.early.earlyMap.result }),
    assumedShare: bootTimeNs === 0 ? 0 : assumedNs / bootTimeNs,
    bootAssumedNs,
    ...(totalAssumedNs === undefined ? {} : { totalAssumedNs }),
    assumedPrices: rangesOf(scenario, [bootAssumedNs, totalAssumedNs ?? {}]),
    requests,
    costs,
    bootCosts: happened(atReady.counts),
    eventPrices: Object.fromEntries(
      Object.keys(costs).map((name) => [
        name,
        clock.ledger.priceNs(COST_EVENT_NAMES.indexOf(name) as CostEvent),
      ]),
    ),
  };
}

function waitsOf(waits: WaitRecorder, withDistribution: boolean): WaitSummary {
  return { ...waits.summary(), ...(withDistribution ? { distribution: waits.distribution() } : {}) };
}

/** How often each event happened, by name. */
function happened(counts: Float64Array): Readonly<Record<string, number>> {
  return Object.fromEntries(
    COST_EVENT_NAMES.map((name, event) => [name, counts[event]!] as const)
      // Guest work is charged by the nanosecond; a count of those would say nothing.
      .filter(([name, count]) => count > 0 && name !== "guestWork")
      .map(([name, count]) => [name, Math.round(count)]),
  );
}

/** A generated workload is its name and parameters. */
function workloadName({ workload }: Scenario, { recording }: RecordedRequests): string {
  return isGenerated(workload) ? workload : recording.name;
}

/** Rounded so that they add up. */
function timesAfter(
  bootTimeNs: number,
  endNs: number,
): Required<Pick<RunResult, "workloadTimeNs" | "totalTimeNs">> {
  const totalTimeNs = Math.round(endNs);
  return { workloadTimeNs: totalTimeNs - Math.round(bootTimeNs), totalTimeNs };
}

/** Words whose effect the memory map and the list of phases show. */
const SHOWN_ELSEWHERE: ReadonlySet<string> = new Set(["mem", "memmap", "early_page_ext"]);

function commandLineResult(
  { guest }: Scenario,
  { kernel, hugePages = [] }: GuestRun["guest"],
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

function memoryResult({ handOver, acpiMemory, guest }: GuestRun["guest"]): MemoryResult {
  const ram = (handOver?.stub.entries ?? []).filter(({ type }) => type === E820Type.RAM);
  return {
    visibleBytes: ram.reduce((sum, { start, end }) => sum + end - start, 0),
    onlineBytes: acpiMemory?.onlineBytes ?? 0,
    acceptedBy: { ...guest.meter.acceptedBy },
  };
}

function requestCounts(
  { replays, unseen }: GuestRun["guest"],
  reports: readonly (ImportReport | undefined)[],
): RequestCounts {
  const replayed = (count: keyof Replay["counts"]): number =>
    replays.reduce((sum, { counts }) => sum + counts[count], 0);
  const reported = (count: "beforeTracing" | "inferredBulk" | "lostEvents"): number =>
    reports.reduce((sum, report) => sum + (report?.[count] ?? 0), 0);
  return {
    allocations: replayed("allocations"),
    frees: replayed("frees"),
    failed: replayed("failed"),
    beforeTracing: reported("beforeTracing"),
    filledBeforeTracing: unseen.pages,
    inferredBulk: reported("inferredBulk"),
    lostEvents: reported("lostEvents"),
  };
}
