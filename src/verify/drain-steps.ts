import type { PageAllocator } from "../page-alloc/index.js";
import { continueDrain, drainPcp, type PerCpuPages } from "../page-alloc/inside.js";
import { zoneOfMark } from "../workload/lab-log.js";
import type { OutsideCauses } from "./outside.js";
import { drainInBatches } from "./page-place.js";
import { Step, type Steps } from "./steps.js";

/** Drains of per-CPU lists that the vmstat worker asks for, and those of frees which were interrupted. */
export class DrainSteps {
  readonly #steps: Steps;
  readonly #allocator: PageAllocator;
  readonly #outside: OutsideCauses;

  constructor(steps: Steps, allocator: PageAllocator, outside: OutsideCauses) {
    this.#steps = steps;
    this.#allocator = allocator;
    this.#outside = outside;
  }

  /** A drain of the vmstat worker, of which the record says how far it goes. */
  asTold(i: number): void {
    if (this.#steps.step[i] === Step.DECAY) this.#decay(i);
    else this.#timerDrain(i);
  }

  #decay(i: number): void {
    const { migrateType, detail, cpu } = this.#steps.records;
    const { zones } = this.#allocator;
    for (const zone of zones) zone.foldFreePages(cpu[i]!);
    const { type, nodeId } = zoneOfMark(migrateType[i]!);
    const zone = zones.find((each) => each.type === type && each.nodeId === nodeId)!;
    const pcp = zone.pcp[cpu[i]!]!;
    pcp.high = detail[i]!;
    this.#outside.pcpDecays++;
    drainInBatches(zone, pcp, pcp.count - pcp.high, cpu[i]!);
  }

  /** The log names the zone by the first page drained. */
  #timerDrain(i: number): void {
    const { detail, cpu, pfn } = this.#steps.records;
    const drained = this.#steps.drained.get(i);
    if (drained === undefined) return;
    this.#outside.timerDrains++;
    const zone = this.#allocator.zoneOfPfn(pfn[drained[0]!]!);
    drainPcp(zone, zone.pcp[cpu[i]!]!, detail[i]!, pfn[i]!, cpu[i]!);
  }

  /** What an interrupt between two batches left of a drain. Returns how many pages it drains. */
  rest(i: number): number {
    const { cpu, pfn } = this.#steps.records;
    const first = this.#steps.drained.get(i)?.[0];
    if (first === undefined) return 0;
    this.#outside.interruptedDrains++;
    const zone = this.#allocator.zoneOfPfn(pfn[first]!);
    const pcp = zone.pcp[cpu[i]!]!;
    const before = pcp.count;
    this.cut(i, pcp, () => continueDrain(zone, pcp, cpu[i]!));
    return before - pcp.count;
  }

  /** Drains as far as the kernel came before it was interrupted or gave up. */
  cut(i: number, pcp: PerCpuPages, drain: () => void): void {
    pcp.batchesUntilLost = this.#steps.cutDrains.get(i) ?? Number.POSITIVE_INFINITY;
    drain();
    pcp.batchesUntilLost = Number.POSITIVE_INFINITY;
  }
}
