import { COST_EVENT_NAMES, type CostEvent, type CostEventName } from "./cost-events.js";
import type { CostLedger } from "./cost-ledger.js";
import { GuestEnded } from "./guest-ended.js";
import type { Observer } from "./observer.js";
import { Scheduler } from "./scheduler.js";
import { IdleCpus, type VirtualCpus } from "./virtual-cpus.js";

/** One named part of the boot, in boot order. */
export interface PhaseTime {
  readonly name: string;
  readonly ns: number;
  /** The event that took most time in it, and how much of it on all CPUs; absent where none took any. */
  readonly mostly?: { readonly event: CostEventName; readonly ns: number };
}

/** Limit of the work and waiting of all CPUs together, 104 days; beyond it integer nanoseconds are not exact. */
const CPU_TIME_MAX_NS: number = Number.MAX_SAFE_INTEGER;

/**
 * Turns what rooms charge into virtual time. One CPU runs at a time, for one step that the others
 * see as a whole: `begin`, then whatever charges the ledger or waits, then `settle`. Which CPU that is
 * the scheduler says, where there is a choice. Also cuts the boot CPU's time into phases.
 */
export class GuestClock {
  readonly cpus: VirtualCpus;
  readonly ledger: CostLedger;
  readonly idle: IdleCpus;
  readonly scheduler: Scheduler;
  readonly phases: PhaseTime[] = [];
  observer: Observer | undefined = undefined;
  /** A CPU has done something up to a time. */
  onSettled: (timeNs: number) => void = () => {};
  /** Of each CPU's time, what was charged at assumed prices on the way there. */
  readonly assumedNs: Float64Array;
  #running = 0;
  #stepStartNs = 0;
  #rescheduledNs = 0;
  #settledNs = 0;
  #settledAssumedNs = 0;
  #waitedNs = 0;
  #phaseStartNs = 0;
  /** How often each event had happened when the phase began. */
  #phaseCounts: Float64Array;
  /** Time that all CPUs have waited for each other in their steps. */
  #allWaitedNs = 0;
  #ranOut = false;

  constructor(cpus: VirtualCpus, ledger: CostLedger) {
    this.cpus = cpus;
    this.ledger = ledger;
    this.idle = new IdleCpus(cpus);
    this.scheduler = new Scheduler(cpus);
    this.assumedNs = new Float64Array(cpus.count);
    this.#phaseCounts = ledger.counts.slice();
  }

  get bootCpuNs(): number {
    return this.cpus.timeNs[0]!;
  }

  /** The CPU that runs; the one that boots, to begin with. */
  get running(): number {
    return this.#running;
  }

  /** Time of the running CPU, with what was charged and is not settled yet. */
  get nowNs(): number {
    const timeNs = this.cpus.timeNs[this.#running]!;
    return this.#ranOut ? timeNs : timeNs + (this.ledger.elapsedNs - this.#settledNs);
  }

  /**
   * When the running CPU began its step. Steps begin in the order of time, except that a CPU which
   * a milestone of boot has held back may then begin before others that ran up to it.
   */
  get stepStartNs(): number {
    return this.#stepStartNs;
  }

  /** When the running CPU last let other tasks run: at the begin of its step, or in it. */
  get rescheduledNs(): number {
    return this.#rescheduledNs;
  }

  /** A CPU begins a step: charges and waits up to `settle` are its own. */
  begin(cpu: number): void {
    this.#running = cpu;
    this.#stepStartNs = this.nowNs;
    this.#rescheduledNs = this.#stepStartNs;
  }

  reschedule(): void {
    this.#rescheduledNs = this.nowNs;
  }

  /**
   * The running CPU spins or sleeps until a time that others decide.
   *
   * @param assumedPart how much of the wait, 0 to 1, counts as charged at assumed prices
   * @returns nanoseconds waited, 0 if the time has passed
   * @throws GuestEnded
   */
  waitUntil(timeNs: number, assumedPart: number): number {
    const ns = timeNs - this.nowNs;
    if (!(ns > 0)) return 0;
    this.#allWaitedNs += ns;
    this.#requireTime();
    this.cpus.advance(this.#running, ns);
    this.assumedNs[this.#running]! += ns * assumedPart;
    this.#waitedNs += ns;
    return ns;
  }

  /**
   * Gives what was charged since the last call to a CPU. Returns those nanoseconds and what it waited.
   *
   * @throws GuestEnded once, when the CPUs have worked and waited for longer than the clock can tell; then nothing is charged any more
   */
  settle(cpu: number): number {
    if (this.#ranOut) return 0;
    this.#requireTime();
    const ns = this.ledger.elapsedNs - this.#settledNs;
    const stepNs = ns + this.#waitedNs;
    this.#waitedNs = 0;
    this.#settledNs = this.ledger.elapsedNs;
    this.assumedNs[cpu]! += this.ledger.assumedNs - this.#settledAssumedNs;
    this.#settledAssumedNs = this.ledger.assumedNs;
    this.cpus.advance(cpu, ns);
    this.onSettled(this.cpus.timeNs[cpu]!);
    return stepNs;
  }

  #requireTime(): void {
    if (this.ledger.elapsedNs + this.#allWaitedNs <= CPU_TIME_MAX_NS) return;
    this.#ranOut = true;
    throw new GuestEnded(
      "terminated",
      "its CPUs work and wait for more than 104 days together (2^53 ns), where the clock ends",
    );
  }

  /** When the last CPU is done with its own work, as far as it has come. */
  get ownEndNs(): number {
    let endNs = 0;
    for (let cpu = 0; cpu < this.cpus.count; cpu++) endNs = Math.max(endNs, this.cpus.ownEndNs(cpu));
    return endNs;
  }

  /** The boot CPU gives another one work: it starts now, unless it is busy beyond that. */
  wake(cpu: number): void {
    this.#waitFor(cpu, 0, this.bootCpuNs);
  }

  /** The boot CPU waits for all others, but not for threads that have one of them; and goes on. */
  joinAll(): void {
    for (let cpu = 1; cpu < this.cpus.count; cpu++) this.#waitFor(0, cpu, this.cpus.ownEndNs(cpu));
    this.begin(0);
  }

  /** The guest ends in the middle of a step: what it did of it counts, and all CPUs stop at its end or later. */
  stop(): void {
    try {
      this.settle(this.#running);
    } catch (error) {
      // There is a reason to end already.
      if (!(error instanceof GuestEnded)) throw error;
    }
    this.joinAll();
  }

  /** A CPU idles until the time that another one came to; how that came there then counts for both. */
  #waitFor(cpu: number, other: number, timeNs: number): void {
    if (this.cpus.timeNs[cpu]! >= timeNs) return;
    this.cpus.waitUntil(cpu, timeNs);
    this.assumedNs[cpu] = this.assumedNs[other]!;
  }

  /** Ends a phase of the boot: all since the end of the phase before. */
  endPhase(name: string): void {
    this.settle(0);
    this.phases.push({ name, ns: this.bootCpuNs - this.#phaseStartNs, ...this.#dearest() });
    this.observer?.span({ what: name, cpu: 0, startNs: this.#phaseStartNs, endNs: this.bootCpuNs });
    this.#phaseStartNs = this.bootCpuNs;
    this.#phaseCounts = this.ledger.counts.slice();
  }

  #dearest(): Pick<PhaseTime, "mostly"> {
    const ns = COST_EVENT_NAMES.map(
      (_name, event) =>
        (this.ledger.counts[event]! - this.#phaseCounts[event]!) * this.ledger.priceNs(event as CostEvent),
    );
    const most = Math.max(...ns);
    return most > 0 ? { mostly: { event: COST_EVENT_NAMES[ns.indexOf(most)]!, ns: most } } : {};
  }
}
