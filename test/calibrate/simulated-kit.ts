/**
 * Readings of a made-up machine whose prices are known: boots, curves and drains are runs of the simulator with these
 * prices, blocks are charged by its platform, and times of single events scatter around them. Everything is read with
 * noise, each way of reading is off by a little of its own, and some lines are lost.
 */

import type { KitFile } from "../../src/calibrate/records.js";
import { CALIBRATED_BOOT } from "../../src/cli/bundled.js";
import { priceList, withOverrides } from "../../src/coco/parameters.js";
import { PLATFORMS } from "../../src/coco/platforms.js";
import type { RunResult } from "../../src/results/row.js";
import { parseScenario } from "../../src/scenario/load.js";
import type { Scenario } from "../../src/scenario/scenario.js";
import { COST_EVENT_NAMES } from "../../src/sim/cost-events.js";
import { CostLedger } from "../../src/sim/cost-ledger.js";
import { chanceAt } from "../../src/sim/prng.js";
import { idleCpuDelays } from "../../src/sim/virtual-cpus.js";
import { runScenario } from "../../src/study/run-scenario.js";
import { GiB, MiB, PAGE_SIZE } from "../../src/units.js";
import { LOADER } from "../loader.js";

export type Prices = Readonly<Record<string, number>>;

export interface MadeUpMachine {
  readonly kind: "tdx" | "snp";
  readonly level: "4k" | "2m";
  readonly vcpus: number;
  readonly prices: Prices;
  readonly seed: number;
}

/** Numbers from 0 to below 1, one after another. */
export class Chance {
  readonly #seed: number;
  #at = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  next(): number {
    return chanceAt(this.#seed, this.#at++);
  }

  /** A factor from low to high, any order of magnitude as likely as another. */
  logUniform(low: number, high: number): number {
    return low * (high / low) ** this.next();
  }

  /** Around 1 (Box and Muller, 1958). */
  around(deviation: number): number {
    const [u, v] = [1 - this.next(), this.next()];
    return 1 + deviation * Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v);
  }

  pick<T>(values: readonly T[]): T {
    return values[Math.floor(this.next() * values.length)]!;
  }
}

/** Prices that differ from the platform's own; all are within what was ever published or assumed, or somewhat beyond. */
export function madeUpMachine(seed: number): MadeUpMachine {
  const chance = new Chance(seed);
  const kind = chance.pick(["tdx", "snp"] as const);
  const level = chance.next() < 0.75 ? "4k" : "2m";
  const vcpus = chance.pick([4, 8, 16, 24]);
  const prices: Record<string, number> = {};
  for (const [name, { low, high }] of Object.entries(PLATFORMS[kind].parameters)) {
    if (low < high) prices[name] = chance.logUniform(low === 0 ? high / 20 : low, high);
  }
  const fault = kind === "tdx" ? "eptViolation4kNs" : "npf4kNs";
  prices[fault] = chance.logUniform(1_500, 16_000);
  // One CPU alone never fills what all share.
  const leaf =
    prices[`hostClear${level}Ns`]! +
    (kind === "tdx"
      ? prices[`eptViolation${level}Ns`]! + prices.tdcallNs! + prices[`acceptZero${level}Ns`]!
      : prices[`npf${level}Ns`]! + prices[`pvalidate${level}Ns`]!);
  prices[`sharedAccept${level}Ns`] = leaf / chance.logUniform(1.7, 12);
  // What an exit that does nothing takes is a part of any other exit.
  if (kind === "snp") prices.vmgexitNs = Math.min(prices.vmgexitNs!, 0.8 * prices[fault]!);
  return { kind, level, vcpus, prices, seed };
}

/** Standard deviations of what makes each reading wrong: in the same way all the time, and each time anew. */
const SAME = 0.007;
const BOOT_NOISE = 0.004;
const SAMPLE_NOISE = 0.25;

/** Few pages to touch, so that many machines can be tried. */
const DRAINED = 4 * GiB;
const CURVED = 4608 * MiB;

export class SimulatedKit {
  readonly #machine: MadeUpMachine;
  readonly #chance: Chance;
  readonly #lines: string[] = [];
  readonly #files: KitFile[] = [];
  /** What each way of reading multiplies by. */
  readonly #off = new Map<string, number>();
  #boots = 0;

  constructor(machine: MadeUpMachine) {
    this.#machine = machine;
    this.#chance = new Chance(machine.seed + 1_000_003);
  }

  /** All files of the directory. @param lost share of records and lines of traces that are not there */
  files(lost = 0.03): KitFile[] {
    const { kind, level, vcpus } = this.#machine;
    this.#smallBoots();
    this.#largeBoots();
    const up = this.#boot({ memory: 8 * GiB, vcpus });
    this.#exits(up);
    this.#blocks(up, false);
    this.#blocks(this.#boot({ memory: 8 * GiB, vcpus, prefault: true }), true);
    this.#drains(up);
    this.#curve();
    this.#functions(up);
    if (kind === "snp") this.#launches();
    const pages = level === "4k" ? { pages4k: 2_000_000, pages2m: 40 } : { pages4k: 700, pages2m: 4000 };
    this.#record("H4", up, { ns: 1, ...pages, pages1g: 0 });
    // Nothing can be told of a boot of which nobody says what it was.
    const kept = this.#lines.filter((line) => /"(boot|H6)","boot"/.test(line) || this.#chance.next() >= lost);
    const files = this.#files.map((file) =>
      file.name.startsWith("graph") ? this.#withLosses(file, lost) : file,
    );
    return [...files, { name: "readings.jsonl", text: `${kept.join("\n")}\n{"reading":"G2","bo` }];
  }

  #withLosses({ name, text }: KitFile, lost: number): KitFile {
    const lines = text.split("\n").filter(() => this.#chance.next() >= lost);
    return { name, text: lines.join("\n") };
  }

  #record(reading: string, boot: string, fields: object): void {
    this.#lines.push(JSON.stringify({ reading, boot, ...fields }));
  }

  #file(name: string, text: string): string {
    this.#files.push({ name, text });
    return name;
  }

  /** As somebody reads it: a little wrong, always in the same way, and a little more each time. */
  #read(reading: string, ns: number, noise: number, same = SAME): number {
    const off = this.#off.get(reading) ?? this.#chance.around(same);
    this.#off.set(reading, off);
    return ns * off * this.#chance.around(noise);
  }

  #boot(what: { memory: number; vcpus: number; words?: string; prefault?: boolean }): string {
    const name = `b${++this.#boots}`;
    this.#record("boot", name, {
      platform: this.#machine.kind,
      // What firmware keeps is no RAM of the guest's map.
      ramBytes: what.memory - 18 * MiB,
      vcpus: what.vcpus,
      kernel: "6.12",
      commandLine: `console=ttyS0 ${what.words ?? ""}`,
    });
    if (what.prefault === true) this.#record("H6", name, { prefault: "memory" });
    return name;
  }

  run(document: object, overTime = false): RunResult {
    const { kind, level, prices } = this.#machine;
    const priced = Object.fromEntries(
      Object.entries(prices).map(([name, ns]) => [name, `${ns.toFixed(3)}ns`]),
    );
    const whole = {
      name: "made-up",
      workload: "boot",
      platform: { kind, ...priced },
      kernel: "6.12",
      host: { pageSize: level === "4k" ? "4KiB" : "2MiB" },
      ...document,
    };
    const result = simulate(parseScenario(JSON.stringify(whole), "made-up")[0]!, overTime);
    if (result.outcome !== "ready") throw new Error(`${result.reason}: ${JSON.stringify(whole)}`);
    return result;
  }

  /** As the host's clock and dmesg see a boot, so many times. */
  #bootSeries(memory: number, vcpus: number, policy: string, words = "", repeats = 3): void {
    const result = this.run({ memory, vcpus, policy, guest: { commandLine: words } });
    const phases = new Map(result.phases.map(({ name, ns }) => [name, ns]));
    const [launch, firmware] = [phases.get("launch")!, phases.get("firmware")!];
    const rest = result.bootTimeNs - launch - firmware;
    const all = policy === "eager" ? `${words} accept_memory=eager` : words;
    for (let at = 0; at < repeats; at++) {
      const name = this.#boot({ memory, vcpus, words: all });
      let ns = 5_000_000_000 + Math.round(this.#chance.next() * 1e9);
      this.#record("H5", name, { event: "start", ns });
      for (const [event, phase] of [
        ["entry", launch],
        ["stub", firmware],
        ["init", rest],
      ] as const) {
        ns += Math.round(this.#read("H5", phase, BOOT_NOISE, 0.002));
        this.#record("H5", name, { event, ns });
      }
      const deferred = Math.round(this.#read("G7", phases.get("deferred init")!, BOOT_NOISE) / 1e6);
      const buffer = result.commandLine?.swiotlbBytes;
      const swiotlb =
        buffer === undefined || buffer === 0
          ? ""
          : `[    0.312345] software IO TLB: mapped [mem 0x40000000-0x${(0x40000000 + buffer).toString(16)}] (${buffer / MiB}MB)\n`;
      const text = `[    0.000000] Linux version 6.12.107\n${swiotlb}[    0.9] node 0 deferred pages initialised in ${deferred}ms\n`;
      this.#record("G7", name, { file: this.#file(`${name}-dmesg.txt`, text) });
    }
  }

  #smallBoots(): void {
    for (const mib of [1024, 1792, 2560]) this.#bootSeries(mib * MiB, 1, "lazy");
    for (const slots of [65_536, 262_144, 524_288]) {
      this.#bootSeries(2560 * MiB, 1, "lazy", `swiotlb=${slots},force`);
    }
    for (const slots of [65_536, 262_144]) {
      this.#bootSeries(2560 * MiB, this.#machine.vcpus, "lazy", `swiotlb=${slots},force`);
    }
  }

  #largeBoots(): void {
    for (const policy of ["lazy", "eager"]) {
      for (const gib of [4, 8]) {
        this.#bootSeries(gib * GiB, 1, policy);
        if (policy === "eager") this.#bootSeries(gib * GiB, this.#machine.vcpus, policy);
      }
    }
  }

  /** The way out of the guest and back, which any exit takes. */
  get #switchNs(): number {
    const { kind, level, prices } = this.#machine;
    if (kind === "snp") return 0.75 * prices.vmgexitNs!;
    return Math.min(1_900, 0.5 * prices[`eptViolation${level}Ns`]!);
  }

  get #nullExitNs(): number {
    const { kind, prices } = this.#machine;
    return kind === "snp" ? prices.vmgexitNs! : this.#switchNs + 700;
  }

  #exits(boot: string): void {
    const { kind, level, prices, vcpus } = this.#machine;
    const exits = 100_000;
    const batch = (others: string, cpus: number, ns: number): void =>
      this.#record("G4", boot, {
        way: kind === "tdx" ? "cpuid" : "msr",
        others,
        cpus,
        exits,
        ns: Math.round(this.#read("G4", ns * exits, 0.01)),
      });
    for (let at = 0; at < 10; at++) batch("none", 0, this.#nullExitNs);
    for (const cpus of [1, vcpus / 2, vcpus - 1]) {
      for (let at = 0; at < 5; at++)
        batch("tick", cpus, this.#nullExitNs + idleCpuDelays(cpus) * (prices.idleCpuDelayNs ?? 0));
    }
    const [fault, exit] = kind === "tdx" ? ["EPT_VIOLATION", "TDCALL"] : ["npf", "vmgexit"];
    const tables = kind === "tdx" && level === "4k" ? prices.septAddNs! / 512 : 0;
    const exitNs = prices[kind === "tdx" ? `eptViolation${level}Ns` : `npf${level}Ns`]!;
    const faultNs = exitNs + prices[`hostClear${level}Ns`]! + tables - this.#switchNs;
    this.#perf(boot, "exits", { [exit!]: this.#nullExitNs - this.#switchNs, HLT: 300_000 });
    this.#perf(boot, "drain", { [fault!]: faultNs, [exit!]: 6_000, EXTERNAL_INTERRUPT: 900 });
  }

  #perf(boot: string, during: string, times: Readonly<Record<string, number>>): void {
    const lines = Object.entries(times).map(([reason, ns]) => {
      const samples = 20_000;
      const error = SAMPLE_NOISE / Math.sqrt(samples);
      const us = this.#read("H1", ns, error) / 1000;
      const all = `${reason.padStart(20)} ${String(samples).padStart(10)}    30.00%    30.00%`;
      return `${all}     0.50us   9000.00us ${us.toFixed(2).padStart(10)}us ( +- ${(100 * error).toFixed(2)}% )`;
    });
    const head =
      "             VM-EXIT    Samples  Samples%     Time%    Min Time    Max Time         Avg time ";
    const text = `\n\nAnalyze events for all VMs, all VCPUs:\n\n${head}\n\n${lines.join("\n")}\n\nTotal Samples:9, Total events handled time:9.00us.\n\n`;
    this.#record("H1", boot, { during, file: this.#file(`perf-${during}.txt`, text) });
  }

  /** Blocks of 4 MiB as the simulated platform charges them, in the function graph of a kernel. */
  #blocks(boot: string, prefault: boolean): void {
    const { kind, level, prices } = this.#machine;
    const type = PLATFORMS[kind];
    const list = priceList(withOverrides(type.parameters, prices));
    const ledger = new CostLedger(list);
    const platform = type.create(ledger, { pageSizeBytes: level === "4k" ? 4096 : 2 * MiB, prefault });
    platform.kernelAccept(8 * GiB, 8 * GiB + 4 * MiB);
    const costOf = (like: RegExp): number =>
      COST_EVENT_NAMES.reduce(
        (sum, name, event) => (like.test(name) ? sum + ledger.counts[event]! * list.ns[event]! : sum),
        0,
      );
    // The module's own accepts take no fault where all is mapped, which no host of today can do for TDX.
    const faults = kind === "tdx" && prefault ? costOf(/^(eptViolation|septAdd|hostClear)/) : 0;
    const request = costOf(
      prefault
        ? /^(vmgexitPsc|userExit|attributeSet|prefault|directMapSplit|hostClear)/
        : /^(vmgexitPsc|userExit|attributeSet)/,
    );
    const whole = ledger.elapsedNs - faults;
    let text = "# tracer: function_graph\n#\n# CPU  DURATION                  FUNCTION CALLS\n";
    for (let at = 0; at < 60; at++) {
      // Some calls are of a page or two, some are interrupted.
      const size = this.#chance.next() < 0.1 ? 0.004 : 1;
      const late = this.#chance.next() < 0.03 ? 9e6 : 0;
      const [psc, rest] = [request, whole - request].map((ns) => this.#read("G3", ns, 0.03) * size);
      const us = (ns: number): string => `${ns > 1e6 ? "#" : " "} ${(ns / 1000).toFixed(3)} us`.padEnd(14);
      const all = us(psc! + rest! + late);
      text += " 1)               |  accept_memory() {\n";
      if (kind === "tdx") text += ` 1) ${all}|    tdx_accept_memory();\n`;
      else text += ` 1) ${us(psc!)}|    vmgexit_psc();\n 1) ${us(rest!)}|    pvalidate_pages();\n`;
      text += ` 1) ${all}|  } /* accept_memory */\n`;
    }
    const file = this.#file(`graph-${prefault ? "prefault" : "drain"}.txt`, text);
    this.#record("G3", boot, { file, tracer: "function_graph" });
  }

  #drains(boot: string): void {
    const { vcpus, prices } = this.#machine;
    for (const workers of [1, 2, vcpus]) {
      const { drain, costs } = this.run({ memory: DRAINED, vcpus, drain: { workers } });
      const touchedBytes = costs.userTouch4k! * PAGE_SIZE;
      for (let at = 0; at < 2; at++) {
        const ns = Math.round(this.#read("G5", drain!.timeNs, BOOT_NOISE));
        this.#record("G5", boot, {
          pass: 1,
          workers,
          touchedBytes,
          acceptedBytes: drain!.unacceptedBytes,
          ns,
        });
        const again = Math.round(
          this.#read("G5", (costs.userTouch4k! * prices.userTouch4kNs!) / workers, BOOT_NOISE),
        );
        this.#record("G5", boot, { pass: 2, workers, touchedBytes, acceptedBytes: 0, ns: again });
      }
    }
  }

  /** A drain that nothing else reads, by three workers. */
  #curve(): void {
    const { vcpus } = this.#machine;
    const name = this.#boot({ memory: CURVED, vcpus });
    const { drain, overTime, totalTimeNs } = this.run({ memory: CURVED, vcpus, drain: { workers: 3 } }, true);
    const startNs = totalTimeNs! - drain!.timeNs;
    const points = overTime!.timeNs.map((ns, at) => ({
      ns,
      bytes: overTime!.privateBytes[at]! + overTime!.sharedBytes[at]!,
    }));
    const acceptedAt = (ns: number): number => {
      const next = points.findIndex((point) => point.ns >= ns);
      if (next <= 0) return points.at(-1)!.bytes;
      const [a, b] = [points[next - 1]!, points[next]!];
      return a.bytes + ((b.bytes - a.bytes) * (ns - a.ns)) / (b.ns - a.ns);
    };
    const before = acceptedAt(startNs);
    for (let at = -3; at <= 60; at++) {
      const ns = startNs + (at / 50) * drain!.timeNs;
      const accepted = at <= 0 ? 0 : acceptedAt(Math.min(ns, totalTimeNs!)) - before;
      const unacceptedPages = Math.max(0, Math.round((drain!.unacceptedBytes - accepted) / PAGE_SIZE));
      this.#record("G2", name, { ns: Math.round(ns), unacceptedPages, workers: 3 });
    }
  }

  #functions(boot: string): void {
    const { kind, level, prices } = this.#machine;
    const stat = (name: string, ns: number): string => {
      const calls = 40_000;
      const total = Math.round(this.#read("H2", ns, 0.003) * calls);
      return `@ns[${name}]: count ${calls}, average ${Math.floor(total / calls)}, total ${total}`;
    };
    const parts = ["tdh_mem_range_block", "tdh_mem_track", "tdh_mem_page_remove"];
    const lines = [stat("clear_page_erms", prices[`hostClear${level}Ns`]! / (level === "4k" ? 1 : 512))];
    if (kind === "tdx") {
      lines.push(stat("tdh_mem_sept_add", prices.septAddNs!));
      lines.push(...parts.map((name) => stat(name, 0.25 * prices.septRemoveNs!)));
    }
    const text = `Attaching 8 probes...\n\n${lines.join("\n")}\n`;
    this.#record("H2", boot, { file: this.#file("bpftrace.txt", text) });
  }

  #launches(): void {
    const { prices } = this.#machine;
    for (const mib of [1, 2, 4]) {
      const boot = this.#boot({ memory: 2 * GiB, vcpus: 1 });
      const launch = this.run({ memory: 2 * GiB, vcpus: 1, firmware: { imageSize: mib * MiB } }).phases[0]!
        .ns;
      const ns = 7_000_000_000;
      this.#record("H5", boot, { event: "start", ns });
      this.#record("H5", boot, {
        event: "entry",
        ns: ns + Math.round(this.#read("H5", launch, BOOT_NOISE, 0.002)),
      });
      const pages = (mib * MiB) / PAGE_SIZE;
      const seconds = this.#read("H3", 30e6 + pages * prices.launchPage4kNs!, 0.004) / 1e9;
      const text =
        "4711  ioctl(10, KVM_MEMORY_ENCRYPT_OP, 0x7ffd1c0) = 0 <0.000150>\n" +
        `[pid  4711] ioctl(10, KVM_MEMORY_ENCRYPT_OP, 0x7ffd1c0) = 0 <${seconds.toFixed(6)}>\n` +
        "4711  +++ exited with 0 +++\n";
      this.#record("H3", boot, { file: this.#file(`strace-${mib}.txt`, text), measuredBytes: mib * MiB });
    }
  }
}

export function simulate(scenario: Scenario, overTime: boolean): RunResult {
  return runScenario(scenario, LOADER.load(CALIBRATED_BOOT), { check: false, overTime });
}
