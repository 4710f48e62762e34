import { acceptedPagesOf } from "../accept/accept-meter.js";
import type { Booted, PoweredOff } from "../guest/state.js";
import type { GuestClock } from "../sim/guest-clock.js";
import type { Memory, Open, Recorder } from "../timeline/recorder.js";
import { WAITS } from "../timeline/tracks.js";
import { PAGE_SIZE } from "../units.js";

type Guest = PoweredOff & Partial<Booted>;

/** Tells a recorder of the steps of a boot. */
export class StepSpans {
  readonly #recorder: Recorder;
  readonly #boot: Guest;
  readonly #clock: GuestClock;
  #startNs = 0;
  #phaseStartNs = 0;

  constructor(recorder: Recorder, boot: Guest) {
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

  ended(what: string): void {
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
export function observe(boot: Guest, recorder: Recorder): StepSpans {
  const { clock, meter, host, lockups } = boot.guest;
  clock.observer = recorder;
  boot.waits.onWait = (ns) => {
    const { running, nowNs } = clock;
    recorder.span({ what: WAITS, cpu: running, startNs: nowNs - ns, endNs: nowNs });
  };
  lockups.onLockup = (cpu, atNs) => recorder.moment("soft lockup", cpu, atNs);
  host.onShared = (start, end) => {
    const details = { start: `0x${start.toString(16)}`, bytes: end - start };
    recorder.moment("made shared with the host", clock.running, clock.nowNs, details);
    recorder.sample(memoryOf(boot));
  };
  const { onAccepted } = meter;
  meter.onAccepted = () => {
    onAccepted();
    recorder.sample(memoryOf(boot));
  };
  recorder.sample(memoryOf(boot));
  const steps = new StepSpans(recorder, boot);
  recorder.open = () => [...steps.open, { cpu: clock.running, startNs: clock.stepStartNs }];
  return steps;
}

function memoryOf({ guest, kernel }: Guest): Memory {
  const { clock, platform, host } = guest;
  const zones = kernel?.allocator.zones ?? [];
  const nodes = Array.from(
    { length: Math.max(0, ...zones.map(({ nodeId }) => nodeId + 1)) },
    (_none, node) => {
      const own = zones.filter(({ nodeId }) => nodeId === node);
      return {
        freeBytes:
          own.reduce((sum, { freePages, unacceptedPages }) => sum + freePages - unacceptedPages, 0) *
          PAGE_SIZE,
        unacceptedBytes: own.reduce((sum, { unacceptedPages }) => sum + unacceptedPages, 0) * PAGE_SIZE,
      };
    },
  );
  return {
    atNs: clock.nowNs,
    acceptedBytes: acceptedPagesOf(platform) * PAGE_SIZE,
    hostBytes: host.hostBytes,
    nodes,
  };
}
