/** What of a guest's memory is accepted, touched and backed by the host, over its run. */

import { acceptedPagesOf } from "../accept/accept-meter.js";
import { type HostUse, hostBytes } from "../host/guest-memory.js";
import type { GuestOnItsWay, RunWatch } from "../memory-map/run-watch.js";
import type { OverTime } from "../results/series.js";
import { also } from "../sim/also.js";
import { BoundedSamples, type Sample } from "../sim/bounded-samples.js";
import { simplified } from "../sim/simplify.js";
import { PAGE_SIZE } from "../units.js";

/** Most points of a row; those that nobody would see in a picture go in any case. */
const POINTS_MAX = 100;

interface MemorySample extends Sample {
  readonly acceptedBytes: number;
  readonly touchedBytes: number;
  readonly use: HostUse;
}

/** Bytes that the guest's kernel has used, of what it made shared only those used since; 0 before there is a kernel. */
export function touchedBytesOf({ guest, kernel }: GuestOnItsWay): number {
  return (kernel?.touchedBytes ?? 0) - guest.host.untouchedSharedBytes;
}

/** What the host spends on it, with what a plain guest has touched, which nobody tells before the run ends. */
export function hostUseOf({ guest: { host, platform } }: GuestOnItsWay, touchedBytes: number): HostUse {
  return host.use(platform.type.isConfidential ? 0 : touchedBytes);
}

/**
 * Watches a guest that nobody has started yet. Samples are taken at the end of each accept and each step of the boot,
 * around each conversion to shared, and where time has gone on, at the begin of an accept and as soon as a CPU
 * has done something. What was between two of them is not known, and nothing is made up for it.
 */
export class MemoryOverTime implements RunWatch {
  readonly #guest: GuestOnItsWay;
  readonly #samples = new BoundedSamples<MemorySample>(({ use }) => hostBytes(use));

  constructor(guest: GuestOnItsWay) {
    this.#guest = guest;
    const { clock, meter, host } = guest.guest;
    const sample = (): void => this.#sample(clock.nowNs);
    const sampleLater = (timeNs: number): void => {
      if (timeNs >= this.#samples.pieceEndNs) this.#sample(timeNs);
    };
    meter.onAccepting = also(meter.onAccepting, () => sampleLater(clock.nowNs));
    meter.onAccepted = also(meter.onAccepted, sample);
    // Of all that end before the latest sample's piece of time does, only the last leaves a trace.
    meter.quietUntilNs = () => this.#samples.pieceEndNs;
    host.onSharing = also(host.onSharing, sample);
    host.onShared = also(host.onShared, sample);
    clock.onSettled = also(clock.onSettled, sampleLater);
    sample();
  }

  stepEnded(): void {
    this.#sample(this.#guest.guest.clock.nowNs);
  }

  ended(): void {
    const { nowNs, ownEndNs } = this.#guest.guest.clock;
    this.#sample(Math.max(nowNs, ownEndNs));
  }

  #sample(timeNs: number): void {
    const { platform } = this.#guest.guest;
    const touchedBytes = touchedBytesOf(this.#guest);
    this.#samples.add({
      timeNs: Math.round(timeNs),
      acceptedBytes: acceptedPagesOf(platform) * PAGE_SIZE,
      touchedBytes,
      use: hostUseOf(this.#guest, touchedBytes),
    });
  }

  get columns(): OverTime {
    const samples = this.#samples.points;
    const peak = Math.max(...samples.map(({ use }) => hostBytes(use)));
    const seen = simplified(
      samples.map(({ timeNs }) => timeNs),
      [
        samples.map(({ acceptedBytes }) => acceptedBytes),
        samples.map(({ touchedBytes }) => touchedBytes),
        samples.map(({ use }) => hostBytes(use)),
      ],
      POINTS_MAX,
      new Set([samples.findIndex(({ use }) => hostBytes(use) === peak)]),
    );
    const points = seen.map((at) => samples[at]!);
    const uses = Object.keys(points[0]!.use) as (keyof HostUse)[];
    const columns = {
      timeNs: points.map(({ timeNs }) => timeNs),
      acceptedBytes: points.map(({ acceptedBytes }) => acceptedBytes),
      touchedBytes: points.map(({ touchedBytes }) => touchedBytes),
      hostBytes: points.map(({ use }) => hostBytes(use)),
    };
    const ofHost = uses.map((name) => [name, points.map(({ use }) => use[name])]);
    return { ...columns, ...(Object.fromEntries(ofHost) as Record<keyof HostUse, number[]>) };
  }
}
