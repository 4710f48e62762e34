/**
 * What a file of `bench` gives to `run.ts`, and how samples are taken.
 *
 * Such a file exports `measures()`. Its figures are CPU time of the whole process, which collecting garbage and
 * compiling are part of, or ratios of two loops of the same run; other work of the machine changes the
 * former a little and the latter hardly.
 */

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { measure } from "mitata";
import { Bench } from "tinybench";

/** The program as it is built, from the directory of the package. */
export const PROGRAM = "dist/cli/main.js";

/** One row of the table. */
export interface Measure {
  /** Of no other row, such as `core/boot`. What stands before the slash is its group. */
  readonly name: string;
  /** As people read it, such as "at most 3.5 times C". */
  readonly goal: string;
  /** Ratios are compared with the baseline, others are only shown. */
  readonly unit: "ratio" | "ms" | "MiB" | "M/s" | "bytes" | "ns";
  /** The worst value that meets the goal; without one the row is for reading. */
  readonly limit?: number;
  readonly better: "less" | "more";
  /** What a ratio is to, or what limits the figure. */
  readonly peer: string;
  /** One sample, taken in turns with those of the other rows of the group. Not called where `skip` is set. */
  readonly sample: () => number | Promise<number>;
  /** Samples to take; 9 if not said, and less than 6 give no interval. */
  readonly rounds?: number;
  /** Why the row cannot be measured here. */
  readonly skip?: string;
}

/** What a file of `bench` exports. It does its work in samples, not when it is asked for its measures. */
export interface BenchFile {
  readonly measures: () => readonly Measure[] | Promise<readonly Measure[]>;
}

/** CPU time of this process until now, all threads, in milliseconds. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/**
 * Time of one call of a short loop in nanoseconds, the median of many, by mitata. Wall time: it is for ratios to
 * another loop of the same sample.
 *
 * @param loop returns what it computed, so that it is computed
 */
export async function loopNs(loop: () => unknown, budgetMs = 60): Promise<number> {
  return (await measure(loop, { min_cpu_time: budgetMs * 1e6, gc: false })).p50;
}

/** Times of one loop over another's, both measured now, one after the other. */
export async function loopRatio(own: () => unknown, peer: () => unknown, budgetMs = 60): Promise<number> {
  const ownNs = await loopNs(own, budgetMs);
  return ownNs / (await loopNs(peer, budgetMs));
}

/**
 * CPU time of a whole run in milliseconds, the median of `iterations`, by tinybench.
 *
 * @param prepare what each run needs made anew; not timed
 */
export async function runMs(
  run: () => unknown,
  { iterations = 1, prepare }: { iterations?: number; prepare?: () => void } = {},
): Promise<number> {
  const bench = new Bench({ now: cpuMs, iterations, time: 0, warmup: false, throws: true });
  bench.add("run", run, prepare === undefined ? {} : { beforeEach: prepare });
  const [task] = await bench.run();
  return (task!.result as { latency: { p50: number } }).latency.p50;
}

/** Why processes cannot be measured here; undefined where they can. */
export function childCpuSkip(): string | undefined {
  const { status } = spawnSync("bash", ["-c", "exit 0"]);
  return status === 0 ? undefined : "no bash here, which tells what a process took";
}

/** Ends a process that a benchmark waits for; no figure of interest is near it. */
const CHILD_TIMEOUT_MS = 300_000;
const TELL_PEAK: string = join(import.meta.dirname, "harness/tell-peak.cjs");

/** CPU time, and what the process wrote to its descriptor 3. @throws Error as `childCpuMs` */
function timeChild(
  words: readonly string[],
  code: number,
  timeout: number = CHILD_TIMEOUT_MS,
): { cpuMs: number; told: string } {
  const script = 'TIMEFORMAT="%3U %3S"; { time "$@" >/dev/null 2>&1; } 2>&1; echo $?';
  const { stdout, output } = spawnSync("bash", ["-c", script, "bash", ...words], {
    stdio: ["ignore", "pipe", "ignore", "pipe"],
    encoding: "utf8",
    timeout,
  });
  const [user, system, status] = stdout.trim().split(/\s+/).map(Number);
  if (status !== code) throw new Error(`${words.join(" ")} ended with ${status ?? "no code in time"}`);
  return { cpuMs: 1000 * (user! + system!), told: output[3]! };
}

/**
 * CPU time of a process from its start to its end, user and system, in milliseconds, to 1 ms.
 *
 * @throws Error when it ends with another code than `code`, or not within five minutes
 */
export function childCpuMs(words: readonly string[], code = 0): number {
  return timeChild(words, code).cpuMs;
}

/** CPU time of a Node process beyond that of one that does nothing, timed right after. @throws Error as `childCpuMs` */
export function beyondNodeMs(words: readonly string[], code = 0): number {
  return childCpuMs([process.execPath, ...words], code) - childCpuMs([process.execPath, "-e", "0"]);
}

/** What a Node process took: CPU time, and its largest resident set. */
export interface ChildUsage {
  readonly cpuMs: number;
  readonly peakMiB: number;
}

/** @param words of Node. @throws Error as `childCpuMs`, or after `timeoutMs` */
export function childUsage(words: readonly string[], timeoutMs?: number): ChildUsage {
  const { cpuMs, told } = timeChild([process.execPath, "--require", TELL_PEAK, ...words], 0, timeoutMs);
  return { cpuMs, peakMiB: Number(told) / 1024 };
}

/** Largest resident set of a Node process, in MiB. @throws Error as `childCpuMs` */
export function childPeakMiB(words: readonly string[]): number {
  return childUsage(words).peakMiB;
}
