/**
 * What bpftrace prints of its maps when it ends (docs/adoc/bpftrace.adoc): `@name[key]: count 3, average 5, total 15`
 * of stats(), and histograms of hist(), with powers of two as `[4K, 8K)`.
 */

import { CalibrateError, found } from "../error.js";

export interface TimedCalls {
  readonly calls: number;
  readonly meanNs: number;
  /** One standard error of the mean; undefined where nothing tells of the spread. */
  readonly errorNs?: number;
}

const STATS = /^@(\w+)\[([^\]]+)\]: count (\d+), average (\d+), total (\d+)$/;
const HIST = /^@(\w+)(?:\[([^\]]+)\])?:\s*$/;
const BUCKET = /^(?:\[(\d+)([KMGT]?), (\d+)([KMGT]?)\)|\[(\d+)([KMGT]?)\]|\(\.\.\., 0\))\s+(\d+) \|[@ ]*\|$/;
const UNITS: Readonly<Record<string, number>> = { "": 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/**
 * Calls by key, their nanoseconds. Where there are stats() and hist() of a key, the mean is that of stats(), and the
 * histogram tells of the spread.
 *
 * @throws CalibrateError for a line inside of a map that is none of it
 */
export function parseBpftrace(text: string, file: string): ReadonlyMap<string, TimedCalls> {
  const stats = new Map<string, { readonly calls: number; readonly meanNs: number }>();
  const histograms = new Map<string, Bucket[]>();
  let current: Bucket[] | undefined;
  for (const [at, raw] of text.split("\n").entries()) {
    const line = raw.trimEnd();
    const stat = STATS.exec(line);
    if (stat !== null) {
      // The average is cut to whole nanoseconds; the total is not.
      stats.set(stat[2]!, { calls: Number(stat[3]), meanNs: Number(stat[5]) / Math.max(1, Number(stat[3])) });
      current = undefined;
      continue;
    }
    const hist = HIST.exec(line);
    if (hist !== null) {
      current = [];
      histograms.set(hist[2] ?? hist[1]!, current);
      continue;
    }
    if (line === "") {
      current = undefined;
      continue;
    }
    if (!line.startsWith("[") && !line.startsWith("(") && !line.startsWith("@")) continue;
    const bucket = BUCKET.exec(line);
    if (bucket === null || current === undefined) {
      throw new CalibrateError(file, at + 1, 1, "a line of a map that bpftrace prints", found(line));
    }
    current.push(bucketOf(bucket));
  }
  const keys = new Set([...stats.keys(), ...histograms.keys()]);
  return new Map([...keys].map((key) => [key, timedCalls(stats.get(key), histograms.get(key))]));
}

interface Bucket {
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

function bucketOf([, low, lowUnit, high, highUnit, one, oneUnit, count]: RegExpExecArray): Bucket {
  const scale = (digits: string | undefined, unit: string | undefined): number =>
    Number(digits ?? 0) * UNITS[unit ?? ""]!;
  if (one !== undefined) return { low: scale(one, oneUnit), high: scale(one, oneUnit), count: Number(count) };
  return { low: scale(low, lowUnit), high: scale(high, highUnit), count: Number(count) };
}

function timedCalls(
  stats: { readonly calls: number; readonly meanNs: number } | undefined,
  buckets: readonly Bucket[] | undefined,
): TimedCalls {
  if (buckets === undefined) return stats!;
  const calls = buckets.reduce((total, { count }) => total + count, 0);
  // Times within a power of two are as good as evenly spread over its logarithm.
  const middle = ({ low, high }: Bucket): number => (low === 0 ? high / 2 : Math.sqrt(low * high));
  const meanNs = buckets.reduce((total, one) => total + one.count * middle(one), 0) / Math.max(1, calls);
  const squares = buckets.reduce((total, one) => total + one.count * (middle(one) - meanNs) ** 2, 0);
  const errorNs = calls < 2 ? meanNs : Math.sqrt(squares / (calls - 1) / calls);
  return stats === undefined ? { calls, meanNs, errorNs } : { ...stats, errorNs };
}
