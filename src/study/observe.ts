import { acceptedPagesOf } from "../accept/accept-meter.js";
import type { GuestOnItsWay, RunWatch } from "../memory-map/run-watch.js";
import { Watermark, watermarkPages, type Zone } from "../page-alloc/index.js";
import { also } from "../sim/also.js";
import type { GuestClock } from "../sim/guest-clock.js";
import type { Memory, Open, Recorder } from "../timeline/recorder.js";
import { WAITS } from "../timeline/tracks.js";
import { PAGE_SIZE } from "../units.js";

/** Tells a recorder of the steps of a boot. */
class StepSpans implements RunWatch {
  readonly #recorder: Recorder;
  readonly #boot: GuestOnItsWay;
  readonly #clock: GuestClock;
  #startNs = 0;
  #phaseStartNs = 0;

  constructor(recorder: Recorder, boot: GuestOnItsWay) {
    this.#recorder = recorder;
    this.#boot = boot;
    this.#clock = boot.guest.clock;
  }

  get open(): readonly Open[] {
    return [
      { cpu: 0, startNs: this.#phaseStartNs },
      { cpu: 0, startNs: this.#startNs },
    ];
  }

  stepEnded(what: string): void {
    const { running, nowNs, bootCpuNs } = this.#clock;
    const endNs = running === 0 ? nowNs : bootCpuNs;
    this.#recorder.span({ what, cpu: 0, startNs: this.#startNs, endNs });
    this.#recorder.sample(memoryOf(this.#boot));
    this.#startNs = endNs;
  }

  /** What was charged by then and nobody has had belongs to the phase that ends. */
  phaseEnded(): void {
    this.#startNs = this.#clock.bootCpuNs;
    this.#phaseStartNs = this.#startNs;
  }
}

/** Has a recorder told what happens to a guest from here on. @returns what is to be told of its boot */
export function observe(boot: GuestOnItsWay, recorder: Recorder): RunWatch {
  const { clock, meter, host, lockups } = boot.guest;
  clock.observer = recorder;
  boot.waits.onWait = (ns) => {
    const { running, nowNs } = clock;
    recorder.span({ what: WAITS, cpu: running, startNs: nowNs - ns, endNs: nowNs });
  };
  const watermarks = new WatermarkMoments(boot, recorder);
  clock.onSettled = also(clock.onSettled, (timeNs) => watermarks.look(timeNs));
  lockups.onLockup = (cpu, atNs) => recorder.moment("soft lockup", cpu, atNs);
  host.onShared = also(host.onShared, (start, end) => {
    const details = { start: `0x${start.toString(16)}`, bytes: end - start };
    recorder.moment("made shared with the host", clock.running, clock.nowNs, details);
    recorder.sample(memoryOf(boot));
  });
  meter.onAccepted = also(meter.onAccepted, () => recorder.sample(memoryOf(boot)));
  recorder.sample(memoryOf(boot));
  const steps = new StepSpans(recorder, boot);
  recorder.open = () => [...steps.open, { cpu: clock.running, startNs: clock.stepStartNs }];
  return steps;
}

/** As many as are told; a boot reaches a few. */
const MARKS = [
  { index: Watermark.MIN, name: "min" },
  { index: Watermark.LOW, name: "low" },
  { index: Watermark.HIGH, name: "high" },
] as const;

/** Tells when what a zone has free, accepted pages, has passed one of its watermarks; looked at after each step of a CPU. */
class WatermarkMoments {
  readonly #boot: GuestOnItsWay;
  readonly #recorder: Recorder;
  /** Of each zone that has watermarks: how many of them its free pages reach. */
  readonly #reached = new Map<Zone, number>();

  constructor(boot: GuestOnItsWay, recorder: Recorder) {
    this.#boot = boot;
    this.#recorder = recorder;
  }

  look(atNs: number): void {
    for (const zone of this.#boot.kernel?.allocator.zones ?? []) {
      if (zone.watermark[Watermark.HIGH] === 0) continue;
      const freePages = zone.freePages - zone.unacceptedPages;
      let reached = 0;
      for (const { index } of MARKS) if (freePages >= watermarkPages(zone, index)) reached++;
      const before = this.#reached.get(zone);
      this.#reached.set(zone, reached);
      if (before === undefined || before === reached) continue;
      // Of several that were passed at once the last: the lowest on the way down, the highest on the way up.
      const { index, name } = MARKS[reached > before ? reached - 1 : reached]!;
      const { running } = this.#boot.guest.clock;
      this.#recorder.moment(`free ${reached > before ? "above" : "below"} ${name} watermark`, running, atNs, {
        zone: zone.name,
        node: zone.nodeId,
        freeBytes: freePages * PAGE_SIZE,
        watermarkBytes: watermarkPages(zone, index) * PAGE_SIZE,
      });
    }
  }
}

function memoryOf({ guest, kernel }: GuestOnItsWay): Memory {
  const { clock, platform, host } = guest;
  const zones = kernel?.allocator.zones ?? [];
  const sum = (own: readonly Zone[], of: (zone: Zone) => number): number =>
    own.reduce((total, zone) => total + of(zone), 0);
  const count = Math.max(0, ...zones.map(({ nodeId }) => nodeId + 1));
  const nodes = Array.from({ length: count }, (_none, node) => {
    const own = zones.filter(({ nodeId }) => nodeId === node);
    // A zone spans holes, too, where devices are.
    const usable = (zone: Zone): number =>
      guest.ram
        .map((range) => ({
          start: Math.max(range.start, zone.startPfn * PAGE_SIZE),
          end: Math.min(range.end, zone.endPfn * PAGE_SIZE),
        }))
        .filter(({ start, end }) => end > start)
        .reduce((total, { start, end }) => total + platform.usableBytesIn(start, end), 0);
    return {
      freeBytes: sum(own, ({ freePages, unacceptedPages }) => freePages - unacceptedPages) * PAGE_SIZE,
      unacceptedBytes: sum(own, ({ unacceptedPages }) => unacceptedPages) * PAGE_SIZE,
      ...(count > 1 && platform.type.isConfidential ? { acceptedBytes: sum(own, usable) } : {}),
    };
  });
  return {
    atNs: clock.nowNs,
    acceptedBytes: acceptedPagesOf(platform) * PAGE_SIZE,
    hostBytes: host.hostBytes,
    nodes,
  };
}
