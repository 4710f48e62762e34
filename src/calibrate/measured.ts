/** What all records together say of single quantities, each with its error. */

import { type HostRules, hostKernelOf, hostRules } from "../host/host-kernel.js";
import { idleCpuDelays } from "../sim/virtual-cpus.js";
import { MAX_ORDER_BYTES, PAGE_SIZE } from "../units.js";
import { bootsOf, type CalibrationBoot, isSmall, pagesOf } from "./boots.js";
import { parseBpftrace } from "./parsers/bpftrace.js";
import { type GraphCall, parseAcceptProbes, parseFunctionGraph } from "./parsers/function-graph.js";
import { parsePerfBench } from "./parsers/perf-bench.js";
import { parsePerfKvmStat } from "./parsers/perf-kvm-stat.js";
import { parseStrace } from "./parsers/strace.js";
import { type FittedLine, lineThrough, meanOf, type Quantity, quantileOf, withBias } from "./quantity.js";
import { READINGS, type ReadingName } from "./readings.js";
import type { KitFile, RecordOf, Records } from "./records.js";

/** Two readings of one quantity may differ by so much of it. */
export const DISAGREEMENT = 0.15;
/** How much single boots of one machine differ, one standard deviation; an assumption for where none was repeated. */
const BOOT_SPREAD = 0.005;
/** Of all pages, those that hold struct pages: 64 bytes for each; they are initialised early, as reserved ones. */
const MEMMAP_SHARE = 64 / PAGE_SIZE;
/** The kernel tells of deferred init in whole milliseconds; one standard deviation of what that cuts off. */
const MILLISECOND_SPREAD_NS = 0.29e6;

export interface NamedTime {
  readonly name: string;
  readonly ns: number;
}

/**
 * Calls that accept a block of 4 MiB. Where the trace does not say how much each accepts, most do so; what is far from
 * the usual time is a page for early boot, or a block with an interrupt in it.
 */
function wholeBlocks(calls: readonly GraphCall[]): number[] {
  if (calls.some(({ bytes }) => bytes !== undefined)) {
    return calls.filter(({ bytes }) => bytes === MAX_ORDER_BYTES).map(({ ns }) => ns);
  }
  if (calls.length === 0) return [];
  const times = calls.map(({ ns }) => ns);
  const usual = quantileOf(
    times.toSorted((a, b) => a - b),
    0.5,
  );
  return times.filter((ns) => ns > usual / 1.5 && ns < usual * 1.5);
}

export class Measured {
  readonly records: Records;
  readonly boots: ReadonlyMap<string, CalibrationBoot>;
  readonly #texts: ReadonlyMap<string, string>;

  constructor(records: Records, files: readonly KitFile[]) {
    this.records = records;
    this.boots = bootsOf(records, files);
    this.#texts = new Map(files.map(({ name, text }) => [name, text]));
  }

  /** The kernel of the host as a scenario names it, undefined where nobody tells, and what follows from it. */
  get host(): { readonly kernel: string | undefined } & HostRules {
    const host = this.records.of("machine").find(({ side }) => side === "host");
    const kernel = host === undefined ? undefined : hostKernelOf(host.kernel);
    return { kernel, ...hostRules(kernel) };
  }

  /** An exit that does nothing, as the guest sees it (G4). */
  nullExit(others: RecordOf<"G4">["others"]): Quantity | undefined {
    const times = this.#nullExits(others).map(([, ns]) => ns);
    return times.length === 0 ? undefined : this.#biased("G4", meanOf(times, ["G4"]));
  }

  /** How much longer it takes for each other CPU that idles with its tick on, in a guest that has 247 of them (G4). */
  nullExitPerTickingCpu(): Quantity | undefined {
    const points = [...this.#nullExits("none"), ...this.#nullExits("tick")].map(
      ([cpus, ns]) => [idleCpuDelays(cpus), ns] as const,
    );
    const line = lineThrough(points, ["G4"], { share: 0.005 });
    return line === undefined ? undefined : this.#biased("G4", line.slope);
  }

  #nullExits(others: RecordOf<"G4">["others"]): (readonly [cpus: number, ns: number])[] {
    return this.records
      .of("G4")
      .filter((one) => one.others === others && one.exits > 0)
      .map(({ cpus, ns, exits }) => [cpus, ns / exits] as const);
  }

  /**
   * Time of a block of 4 MiB in accept_memory(), or in a function below it (G3); undefined where boots disagree.
   *
   * @param prefaulted of boots whose host had backed it ahead (H6), or of others
   */
  blockNs(prefaulted: boolean, part = "accept_memory"): Quantity | undefined {
    const times = this.#blockTimes(prefaulted, part).flatMap(([, own]) => own);
    if (times.length === 0 || (!prefaulted && this.blocksApart() !== undefined)) return undefined;
    return this.#biased("G3", meanOf(times, prefaulted ? ["G3", "H6"] : ["G3"]));
  }

  /** Two boots whose blocks take times that differ by more than readings of one quantity may. */
  blocksApart(): readonly [slow: NamedTime, fast: NamedTime] | undefined {
    const means = this.#blockTimes(false, "accept_memory")
      .map(([name, times]): NamedTime => ({ name, ns: meanOf(times, []).value }))
      .sort((a, b) => b.ns - a.ns);
    const [slow, fast] = [means[0], means.at(-1)];
    if (slow === undefined || fast === undefined || slow.ns <= (1 + DISAGREEMENT) * fast.ns) return undefined;
    return [slow, fast];
  }

  #blockTimes(prefaulted: boolean, part: string): (readonly [boot: string, times: readonly number[]])[] {
    const own = this.records.of("G3").filter(({ boot }) => this.boots.get(boot)!.isPrefaulted === prefaulted);
    return [...new Set(own.map(({ boot }) => boot))].flatMap((name) => {
      const records = own.filter(({ boot }) => boot === name);
      const times = wholeBlocks(records.flatMap((record) => this.#acceptCalls(record, part)));
      return times.length === 0 ? [] : [[name, times] as const];
    });
  }

  #acceptCalls({ file, tracer }: RecordOf<"G3">, part: string): GraphCall[] {
    const text = this.#texts.get(file)!;
    const calls = tracer === "kprobe" ? parseAcceptProbes(text, file) : parseFunctionGraph(text, file);
    return calls.filter(({ name }) => name === part);
  }

  /** Mean time of an exit on the host, from exit to entry (H1). @param reasons names that perf has for it */
  exitNs(during: RecordOf<"H1">["during"], reasons: readonly string[]): Quantity | undefined {
    const found = this.records
      .of("H1")
      .filter((one) => one.during === during)
      .flatMap(({ file }) => {
        const exits = parsePerfKvmStat(this.#texts.get(file)!, file);
        return reasons.flatMap((reason) => exits.get(reason) ?? []);
      })
      .filter(({ samples }) => samples > 0);
    const samples = found.reduce((sum, one) => sum + one.samples, 0);
    if (samples === 0) return undefined;
    const value = found.reduce((sum, one) => sum + one.samples * one.meanNs, 0) / samples;
    const error = Math.hypot(...found.map((one) => (one.samples / samples) * one.errorNs));
    return this.#biased("H1", { value, half: 1.96 * error, from: ["H1"] });
  }

  /** Mean time of a function on the host (H2). @param names that kernels have for it */
  functionNs(names: readonly string[]): Quantity | undefined {
    for (const { file } of this.records.of("H2")) {
      const functions = parseBpftrace(this.#texts.get(file)!, file);
      for (const name of names) {
        const own = functions.get(name);
        if (own === undefined || own.calls === 0) continue;
        // Without a histogram the spread is not known; times of functions on a host spread about as much as they take.
        const error = own.errorNs ?? own.meanNs / Math.sqrt(own.calls);
        return this.#biased("H2", { value: own.meanNs, half: 1.96 * error, from: ["H2"] });
      }
    }
    return undefined;
  }

  /** Time of the VMM's launch calls over pages that they measure (H3). */
  launchCallLine(): FittedLine | undefined {
    const points = this.records.of("H3").map(({ file, measuredBytes }) => {
      const { ioctls } = parseStrace(this.#texts.get(file)!, file);
      const own = ioctls.filter(({ request }) => request.includes("KVM_MEMORY_ENCRYPT_OP"));
      return [pagesOf(measuredBytes), own.reduce((sum, { ns }) => sum + ns, 0)] as const;
    });
    const line = lineThrough(points, ["H3"], { share: BOOT_SPREAD });
    return line === undefined ? undefined : { ...line, slope: this.#biased("H3", line.slope) };
  }

  /** Share of the guest's memory that is mapped in pages of 4 KiB, at the end (H4); undefined where nobody looked. */
  share4k(): number | undefined {
    const last = this.records.of("H4").at(-1);
    if (last === undefined) return undefined;
    const { pages4k, pages2m, pages1g } = last;
    const pages = pages4k + pages2m * 512 + pages1g * 512 * 512;
    return pages === 0 ? undefined : pages4k / pages;
  }

  /** Nanoseconds of one worker's page when all is accepted (G5, second pass). */
  touchedPageNs(workers: number): Quantity | undefined {
    return this.#perPage(
      this.#drains(2, workers).map((one) => (one.ns * workers) / pagesOf(one.touchedBytes)),
    );
  }

  /**
   * Nanoseconds of one worker's page that is accepted and touched (G5, first pass): without the pages that were
   * accepted before, as far as the second pass tells how long these take.
   */
  acceptedPageNs(workers: number): Quantity | undefined {
    const touchNs = this.touchedPageNs(workers)?.value ?? 0;
    return this.#perPage(
      this.#drains(1, workers)
        .filter(({ acceptedBytes }) => acceptedBytes > 0)
        .map(({ ns, touchedBytes, acceptedBytes }) => {
          const othersNs = Math.max(0, pagesOf(touchedBytes - acceptedBytes)) * touchNs;
          return (ns * workers - othersNs) / pagesOf(acceptedBytes);
        }),
    );
  }

  #perPage(times: readonly number[]): Quantity | undefined {
    if (times.length === 0) return undefined;
    const mean = meanOf(times, ["G5"]);
    return this.#biased("G5", { ...mean, half: Math.max(mean.half, 2 * mean.value * BOOT_SPREAD) });
  }

  workerCounts(): number[] {
    return [...new Set(this.#drains(1).map(({ workers }) => workers))].sort((a, b) => a - b);
  }

  #drains(pass: number, workers?: number): RecordOf<"G5">[] {
    return this.records
      .of("G5")
      .filter((one) => one.pass === pass && one.touchedBytes > 0 && (workers ?? one.workers) === one.workers);
  }

  /** Nanoseconds of a page of 4 KiB that is mapped and cleared (G6). */
  benchPageNs(): Quantity | undefined {
    const times = this.records
      .of("G6")
      .filter(({ pageKiB, way }) => pageKiB === 4 && way === "populate")
      .map(({ file }) => (PAGE_SIZE / parsePerfBench(this.#texts.get(file)!, file)) * 1e9);
    return times.length === 0 ? undefined : this.#biased("G6", meanOf(times, ["G6"]));
  }

  /**
   * A line through boots of the series.
   *
   * @param of those that count @param x and @param y undefined for a boot that does not say @param rounding what
   *   y may be off besides, one standard deviation
   */
  bootLine(
    of: (boot: CalibrationBoot) => boolean,
    x: (boot: CalibrationBoot) => number | undefined,
    y: (boot: CalibrationBoot) => number | undefined,
    from: readonly ReadingName[],
    rounding = 0,
  ): FittedLine | undefined {
    const points = [...this.boots.values()].filter(of).flatMap((boot) => {
      const [at, ns] = [x(boot), y(boot)];
      return at === undefined || ns === undefined ? [] : [[at, ns] as const];
    });
    const line = lineThrough(points, from, { share: BOOT_SPREAD, rounding });
    if (line === undefined) return undefined;
    const [reading] = from;
    return {
      slope: this.#biased(reading!, line.slope),
      intercept: this.#biased(reading!, line.intercept),
    };
  }

  /** Firmware that accepts all of a small guest on one CPU, over its memory in pages (G7, H5). */
  firmwareLine(): FittedLine | undefined {
    const isOne = (boot: CalibrationBoot): boolean => isSmall(boot) && boot.vcpus === 1 && !boot.isPrefaulted;
    // With the launch in it the slope is the same, as long as it is in all of them.
    const knowsEntry = [...this.boots.values()].some((boot) => isOne(boot) && boot.firmwareNs !== undefined);
    return this.bootLine(
      isOne,
      ({ memoryBytes }) => pagesOf(memoryBytes),
      ({ firmwareNs, beforeKernelNs }) => (knowsEntry ? firmwareNs : beforeKernelNs),
      ["H5", "G7"],
    );
  }

  /**
   * Deferred init over the pages that it frees, of boots on so many CPUs whose memory firmware has not all accepted
   * (G7).
   */
  deferredLine(isEager: boolean, vcpus: number): FittedLine | undefined {
    return this.bootLine(
      (boot) => boot.isEager === isEager && boot.vcpus === vcpus && !isSmall(boot),
      ({ memoryBytes }) => pagesOf(memoryBytes) * (1 - MEMMAP_SHARE),
      ({ deferredNs }) => deferredNs,
      ["G7"],
      MILLISECOND_SPREAD_NS,
    );
  }

  #biased(reading: ReadingName, quantity: Quantity): Quantity {
    return withBias(quantity, READINGS[reading].bias);
  }
}
