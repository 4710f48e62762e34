import { PLATFORMS } from "../../src/coco/platforms.js";
import type { CompareRow, OverTime, RunResult } from "../../src/results/row.js";
import { OVER_TIME } from "../../src/results/series.js";
import type { Scenario } from "../../src/scenario/scenario.js";
import { GiB, KiB, MiB } from "../../src/units.js";
import { NO_WAITS } from "./waits.js";

/** A run made by hand; every number differs from the others, so that a mix-up shows. */
export function resultWith(changes: Partial<RunResult> = {}): RunResult {
  const { platform = "tdx", bootAssumedNs = { firmwareFixedNs: 2_000_000_000, launchNs: 310_000_000 } } =
    changes;
  return {
    scenario: "boot",
    platform,
    prices: "default",
    policy: "lazy",
    kernel: "6.12",
    kernelRules: "6.12.75",
    memoryBytes: 64 * GiB,
    vcpus: 8,
    workload: "idle",
    boot: "idle",
    outcome: "ready",
    bootTimeNs: 5_500_000_000,
    phases: [
      { name: "firmware", ns: 1_100_000_000 },
      { name: "kernel", ns: 4_400_000_000 },
    ],
    acceptedBytes: 3 * GiB,
    memory: {
      visibleBytes: 63 * GiB,
      onlineBytes: 2 * MiB,
      acceptedBy: {
        launch: 1 * KiB,
        firmware: 2 * GiB,
        exitBootServices: 3 * KiB,
        prm: 5 * KiB,
        stub: 4 * KiB,
        kernel: 1 * GiB,
      },
    },
    touchedBytes: 400 * MiB,
    lostBytes: 0,
    hostBytes: 3584 * MiB,
    overheadBytes: 3184 * MiB,
    hostBytesPeak: 4 * GiB,
    hostUse: {
      privateBytes: 3072 * MiB,
      keptBytes: 0,
      sharedBytes: 240 * MiB,
      tableBytes: 13 * MiB,
      metadataBytes: 257 * MiB,
      bitmapBytes: 4 * 1024,
      directMapBytes: 5 * MiB,
    },
    acceptCalls: 120,
    exits: 30_720,
    waits: {
      boot: {
        allocations: 700,
        count: 7,
        totalNs: 60_000_000,
        p50Ns: 0,
        p99Ns: 20_300_000,
        p999Ns: 20_900_000,
        p9999Ns: 20_950_000,
        maxNs: 21_000_000,
      },
      workload: NO_WAITS,
    },
    spinNs: 3_300_000,
    longestIrqOffNs: 16_700_000,
    softLockups: 4,
    assumedShare: 0.42,
    bootAssumedNs,
    requests: {
      allocations: 24000,
      frees: 5000,
      failed: 1,
      beforeTracing: 12,
      filledBeforeTracing: 345,
      inferredBulk: 3,
      lostEvents: 2,
    },
    costs: { tdcall: 1048576, eptViolation: 99 },
    bootCosts: { tdcall: 1048570, eptViolation: 98 },
    eventPrices: { tdcall: 800, eptViolation: 8000 },
    ...changes,
    assumedPrices:
      changes.assumedPrices ?? ownRanges(platform, { ...bootAssumedNs, ...changes.totalAssumedNs }),
  };
}

/** The platform's own prices with their ranges, of those that a row was charged at. */
function ownRanges(
  platform: RunResult["platform"],
  charged: Readonly<Record<string, number>>,
): RunResult["assumedPrices"] {
  const own = Object.entries(PLATFORMS[platform].parameters).filter(([name]) => name in charged);
  return Object.fromEntries(own.map(([name, { value, low, high }]) => [name, { value, low, high }]));
}

/** The same beside others. */
export function rowWith(changes: Partial<CompareRow> = {}): CompareRow {
  return {
    ...resultWith(changes),
    bootRatio: 3.94,
    totalRatio: null,
    paretoOptimal: false,
    settings: {},
    ...changes,
  };
}

/** A scenario made by hand. */
export function scenarioWith(changes: Partial<Scenario> = {}): Scenario {
  return {
    name: "boot",
    workload: "idle/recording.yaml",
    platform: { kind: "tdx", parameters: {} },
    policy: "lazy",
    strategy: {},
    kernel: "6.12",
    memoryBytes: 64 * GiB,
    vcpus: 8,
    seed: 1,
    host: {
      pageSizeBytes: 4096,
      contiguity: 1,
      prefault: false,
      dynamicPamt: false,
      launchingGuests: 1,
      keepsConverted: false,
      tdxConnect: false,
      assignedDevice: "none",
      dmaEntryLimit: 65_535,
    },
    vmm: { kind: "q35", slots: 0 },
    memoryMap: [],
    numa: [],
    firmware: {
      preset: "auto",
      version: "2026.08",
      imageSizeBytes: 4 * MiB,
      preAcceptLimitBytes: 4 * GiB,
      preAcceptBy: "firmware",
      acceptAll: false,
      acceptOnDemand: false,
      highMemory: "type-15",
      hotplugWindow: "none",
    },
    guest: {
      kernelBuild: {},
      hotplugCpus: 0,
      transparentHugePages: true,
      reserveBeforeWatermarksBytes: 0,
      swiotlb: "early",
      bouncedBytes: 0,
      commandLine: "",
      svsm: false,
      coherencyErratum: false,
      unacceptedMemory: "asks",
      bootLoader: "stub",
      knowsHotplugWindow: false,
      kaslr: false,
      checksAcpiMemory: true,
      shareWithoutAccept: false,
      releasesBeforeSharing: false,
      decryptedSection: false,
      record: "bitmap",
      staysInAccepted: false,
      splitTables: "by-phase",
      splitRaces: false,
      dmaBuffers: 0,
    },
    ...changes,
  };
}

/** Memory over a run, with 0 for what a point does not say. */
export function overTimeOf(points: readonly Partial<Record<keyof OverTime, number>>[]): OverTime {
  const columns = OVER_TIME.map((name) => [name, points.map((point) => point[name] ?? 0)]);
  return Object.fromEntries(columns) as unknown as OverTime;
}
