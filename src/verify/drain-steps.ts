import type { PageAllocator, Zone } from "../page-alloc/index.js";
import { continueDrain, drainPcp, type PerCpuPages } from "../page-alloc/inside.js";
import { LabKind, zoneOfMark } from "../workload/lab-log.js";
import type { OutsideCauses } from "./outside.js";
import { drainInBatches } from "./page-place.js";
import { Step, type Steps } from "./steps.js";

/** Drains of per-CPU lists that the vmstat worker asks for, and those of frees which were interrupted. */
export class DrainSteps {
  readonly #steps: Steps;
  readonly #allocator: PageAllocator;
  readonly #outside: OutsideCauses;
  /** The last decay of each CPU. */
  readonly #lastDecay = new Map<number, { readonly record: number; readonly zone: number }>();

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
    const { type, nodeId } = zoneOfMark(migrateType[i]!);
    const zone = zones.find((each) => each.type === type && each.nodeId === nodeId)!;
    if (!this.#goesOn(i, zone)) for (const each of zones) each.foldFreePages(cpu[i]!);
    const pcp = zone.pcp[cpu[i]!]!;
    pcp.high = detail[i]!;
    this.#outside.pcpDecays++;
    drainInBatches(zone, pcp, pcp.count - pcp.high, cpu[i]!);
  }

  /**
   * Whether the vmstat worker comes to a further zone in the pass of its last record (mm/vmstat.c:
   * refresh_cpu_vm_stats): it folds the counters of a zone before that decays, once in a pass.
   */
  #goesOn(i: number, zone: Zone): boolean {
    const { cpu, kind } = this.#steps.records;
    const last = this.#lastDecay.get(cpu[i]!);
    this.#lastDecay.set(cpu[i]!, { record: i, zone: zone.index });
    if (last === undefined || last.zone >= zone.index) return false;
    for (let between = last.record + 1; between < i; between++) {
      if (cpu[between] === cpu[i] && kind[between] !== LabKind.DRAIN && kind[between] !== LabKind.MARK)
        return false;
    }
    return true;
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
