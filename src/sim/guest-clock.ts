import type { CostLedger } from "./cost-ledger.js";
import type { VirtualCpus } from "./virtual-cpus.js";

/** One named part of the boot, in boot order. */
export interface PhaseTime {
  readonly name: string;
  readonly ns: number;
}

/**
 * Turns what rooms charge into virtual time: after each step of a CPU, what the ledger has
 * gained since the last step is that CPU's time. Also cuts the boot CPU's time into phases.
 */
export class GuestClock {
  readonly cpus: VirtualCpus;
  readonly ledger: CostLedger;
  readonly phases: PhaseTime[] = [];
  /** Of each CPU's time, what was charged at assumed prices on the way there. */
  readonly assumedNs: Float64Array;
  #settledNs = 0;
  #settledAssumedNs = 0;
  #phaseStartNs = 0;

  constructor(cpus: VirtualCpus, ledger: CostLedger) {
    this.cpus = cpus;
    this.ledger = ledger;
    this.assumedNs = new Float64Array(cpus.count);
  }

  /** Time of the CPU that boots. */
  get bootCpuNs(): number {
    return this.cpus.timeNs[0]!;
  }

  /** Gives what was charged since the last call to a CPU. Returns those nanoseconds. */
  settle(cpu: number): number {
    const ns = this.ledger.elapsedNs - this.#settledNs;
    this.#settledNs = this.ledger.elapsedNs;
    this.assumedNs[cpu]! += this.ledger.assumedNs - this.#settledAssumedNs;
    this.#settledAssumedNs = this.ledger.assumedNs;
    this.cpus.advance(cpu, ns);
    return ns;
  }

  /** The boot CPU gives another one work: it starts now, unless it is busy beyond that. */
  wake(cpu: number): void {
    this.#waitFor(cpu, 0);
  }

  /** The boot CPU waits for all others. */
  joinAll(): void {
    for (let cpu = 1; cpu < this.cpus.count; cpu++) this.#waitFor(0, cpu);
  }

  /** A CPU idles until another one has come as far; how it came there then counts for both. */
  #waitFor(cpu: number, other: number): void {
    if (this.cpus.timeNs[cpu]! >= this.cpus.timeNs[other]!) return;
    this.cpus.waitUntil(cpu, this.cpus.timeNs[other]!);
    this.assumedNs[cpu] = this.assumedNs[other]!;
  }

  /** Ends a phase of the boot: all since the end of the phase before. */
  endPhase(name: string): void {
    this.settle(0);
    this.phases.push({ name, ns: this.bootCpuNs - this.#phaseStartNs });
    this.#phaseStartNs = this.bootCpuNs;
  }
}
