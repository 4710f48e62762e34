import { type HostUse, hostBytes } from "./guest-memory.js";

export interface HostSample {
  readonly timeNs: number;
  readonly use: HostUse;
}

/** Most points a timeline gives: those it keeps, the greatest, and the last. */
const POINTS_MAX = 256;
const KEPT_MAX = POINTS_MAX - 2;

/**
 * The host's spending over a run, in at most 256 points. When there are too many, points that
 * lie closely together are thinned out, always the same ones; the greatest and the last stay.
 */
export class HostTimeline {
  #kept: HostSample[] = [];
  #last: HostSample | undefined = undefined;
  #peak: HostSample | undefined = undefined;
  #resolutionNs = 0;

  /** One older than the latest counts at the latest one's time: CPUs that lag run after those ahead. */
  sample(timeNs: number, use: HostUse): void {
    const sample = { timeNs: Math.max(timeNs, this.#last?.timeNs ?? 0), use };
    this.#last = sample;
    if (this.#peak === undefined || hostBytes(use) > hostBytes(this.#peak.use)) this.#peak = sample;
    const previous = this.#kept.at(-1);
    if (previous?.timeNs === sample.timeNs) this.#kept[this.#kept.length - 1] = sample;
    else if (previous === undefined || sample.timeNs - previous.timeNs >= this.#resolutionNs) {
      if (this.#kept.length === KEPT_MAX) this.#thin(sample.timeNs);
      this.#kept.push(sample);
    }
  }

  get peak(): HostSample | undefined {
    return this.#peak;
  }

  get points(): readonly HostSample[] {
    const points = [...this.#kept];
    if (this.#last !== undefined && points.at(-1) !== this.#last) points.push(this.#last);
    const peak = this.#peak;
    if (peak !== undefined && !points.includes(peak)) {
      // A point of the same time is a later sample.
      points.splice(
        points.findIndex(({ timeNs }) => timeNs >= peak.timeNs),
        0,
        peak,
      );
    }
    return points;
  }

  #thin(untilNs: number): void {
    const startNs = this.#kept[0]!.timeNs;
    this.#resolutionNs = (untilNs - startNs) / (KEPT_MAX / 2);
    let previousNs = Number.NEGATIVE_INFINITY;
    this.#kept = this.#kept.filter(({ timeNs }) => {
      if (timeNs - previousNs < this.#resolutionNs) return false;
      previousNs = timeNs;
      return true;
    });
  }
}
