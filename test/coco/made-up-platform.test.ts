// Takes 1 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadScenarios } from "../../src/cli/load.js";
import { AcceptingPlatform } from "../../src/coco/accepting-platform.js";
import { assumed, COMMON_PARAMETERS, type ParameterSet } from "../../src/coco/parameters.js";
import type { AccessOutcome, CocoPlatform, PlatformOptions, PlatformType } from "../../src/coco/platform.js";
import { PLATFORMS, type PlatformKind } from "../../src/coco/platforms.js";
import { RangeSet } from "../../src/coco/range-set.js";
import type { RunResult } from "../../src/results/row.js";
import { parseAssignment } from "../../src/scenario/set.js";
import { newCostEvent } from "../../src/sim/cost-events.js";
import type { CostLedger } from "../../src/sim/cost-ledger.js";
import { runScenario } from "../../src/study/run-scenario.js";
import { GiB, KiB, MiB, PAGE_SIZE } from "../../src/units.js";
import { waitsOf } from "../results/waits.js";

/*
 * A platform that nothing but this file knows of: all that a folder under coco has to hold. Its guests
 * accept 4 KiB after 4 KiB with one call each, at which the host gives memory; it tracks a byte for a page.
 */
const test = suite("coco: a platform of somebody else's");

const MARK_USABLE = newCostEvent("markUsable");
const PARAMETERS: ParameterSet = {
  ...COMMON_PARAMETERS,
  launchNs: assumed("launch", [1e6, 1e6, 1e6], "made up"),
  firmwareFixedNs: assumed("firmware", [1e6, 1e6, 1e6], "made up"),
  markUsableNs: assumed("an accept of 4 KiB", [2_000, 1_000, 4_000], "made up"),
  sharedAccept4kNs: assumed("its part of what CPUs share", [500, 500, 500], "made up"),
};

const MADE_UP: PlatformType = {
  title: "MUP",
  isConfidential: true,
  isAmd: false,
  defaultFirmware: "ovmf-snp",
  defaultFlavour: "generic",
  statusChange: "finish",
  hasGhcb: false,
  needsTdxModule: false,
  needsRmp: false,
  exits: [],
  parameters: PARAMETERS,
  create: (ledger, options) => new MadeUpPlatform(ledger, options),
};

class MadeUpPlatform extends AcceptingPlatform implements CocoPlatform {
  readonly type: PlatformType = MADE_UP;
  readonly keptPages = 0;
  readonly trackingPages = 0;
  readonly tablePages = 1;
  readonly #ledger: CostLedger;
  protected readonly accepted: RangeSet = new RangeSet();

  constructor(ledger: CostLedger, { pageSizeBytes }: PlatformOptions) {
    super();
    assert.is(pageSizeBytes, 4 * KiB);
    this.#ledger = ledger;
  }

  protected get backed(): readonly RangeSet[] {
    return [this.accepted];
  }

  get privatePages(): number {
    return this.accepted.size;
  }

  trackingBytes(memoryBytes: number): number {
    return memoryBytes / PAGE_SIZE;
  }

  launchPages(start: number, end: number): void {
    this.accepted.add(start / PAGE_SIZE, end / PAGE_SIZE);
  }

  firmwareAccept(start: number, end: number): void {
    this.kernelAccept(start, end);
  }

  stubAccept(start: number, end: number): void {
    this.kernelAccept(start, end);
  }

  kernelAccept(start: number, end: number): void {
    const [first, last] = this.begin(start, end);
    this.#ledger.charge(MARK_USABLE, last - first);
    this.done.leaves[0] = last - first;
    this.done.exits = last - first;
    this.accepted.add(first, last);
    this.madePrivate(first, last);
    this.requireWhole(last, end, "the guest stops");
  }

  alikeAccepts(): undefined {}

  acceptAgain(start: number, end: number): void {
    this.kernelAccept(start, end);
  }

  convertToShared(start: number, end: number): void {
    this.accepted.remove(start / PAGE_SIZE, end / PAGE_SIZE);
    this.madeShared(start / PAGE_SIZE, end / PAGE_SIZE, []);
  }

  askForPrivate(): void {}
  shareDevices(): void {}

  remap(start: number, end: number): void {
    this.accepted.remove(start / PAGE_SIZE, end / PAGE_SIZE);
  }

  alias(): "blocked" {
    return "blocked";
  }

  access(start: number, end: number): AccessOutcome {
    return this.usableBytesIn(start, end) === end - start ? "ok" : "exception";
  }
}

/** Puts it into the list as `mup`, and takes it out again. */
function runOnIt(...assignments: readonly string[]): RunResult {
  const settings = ["platform=snp", "firmware.preset=auto", "memory=4GiB", ...assignments];
  const [loaded] = loadScenarios(["workloads/boot.yaml"], settings.map(parseAssignment));
  const platforms: Record<string, PlatformType> = PLATFORMS;
  platforms.mup = MADE_UP;
  try {
    const platform = { kind: "mup" as PlatformKind, parameters: {} };
    return runScenario({ ...loaded!.scenario, platform }, loaded!.recording, { check: true });
  } finally {
    delete platforms.mup;
  }
}

test("boots, with acceptance by firmware, stub and kernel, at its own price", () => {
  const run = runOnIt("policy=lazy", "firmware.preAcceptLimit=1GiB");
  assert.is(run.outcome, "ready", run.reason);
  assert.is(run.platform, "mup");
  const { launch, firmware, kernel } = run.memory.acceptedBy;
  assert.ok(launch > 0 && firmware > 0 && kernel > 0);
  assert.is(run.costs.markUsable! * PAGE_SIZE, run.acceptedBytes - launch);
  assert.is(run.hostUse.metadataBytes, (4 * GiB) / PAGE_SIZE);
  assert.ok(run.bootTimeNs > run.costs.markUsable! * 2_000);
  // More than one page at once was accepted, so the pages went through what all CPUs share.
  assert.ok(waitsOf(run).count > 0);
});

test("eager acceptance takes longer and accepts everything", () => {
  const [eager, lazy] = [runOnIt("policy=eager"), runOnIt("policy=lazy")];
  assert.is(eager.outcome, "ready", eager.reason);
  assert.ok(eager.acceptedBytes > 4 * GiB - MiB);
  assert.ok(eager.bootTimeNs > lazy.bootTimeNs);
  assert.ok(eager.hostBytes > lazy.hostBytes);
});

test("idle CPUs hold up its exits, if it has a price for that", () => {
  assert.ok(runOnIt("policy=lazy", "vcpus=4").costs.idleCpuDelay! > 0);
});

test("after the boot: an attack is noticed, memory plugged in, the guest replaced by the next", () => {
  const attacked = runOnIt("policy=lazy", "attack.pages=4", "attack.answer=terminate");
  assert.is(attacked.outcome, "terminated");
  assert.match(attacked.reason!, /is not accepted any more; the guest stops/);
  assert.is(
    runOnIt("policy=lazy", "hotplug.memory=1GiB", "hotplug.acceptance=lazy").hotplug!.outcome,
    "online",
  );
  // No release makes its shared memory private again.
  const next = runOnIt("policy=lazy", "kexec.kind=kexec");
  assert.match(next.reason!, /the next kernel uses 0x\w+, which the first one left shared with the host/);
  assert.is(runOnIt("policy=lazy", "guest.dmaBuffers=16").outcome, "ready");
});

test.run();
