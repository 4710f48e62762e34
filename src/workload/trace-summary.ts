/** Statistics of a trace as in `perf kmem stat --page`, and the number of pages allocated over time. */

import { growColumns, newColumns } from "../columns.js";
import { formatGfp } from "../page-alloc/index.js";
import { MAX_PAGE_ORDER } from "../units.js";
import type { EventBlock } from "./event-blocks.js";
import { PageEventKind, TRACED_ORDER_MAX } from "./events.js";
import { LivePages, type PairingCounts } from "./live-pages.js";
import type { TraceNames } from "./trace-names.js";

export interface AllocationSum {
  readonly allocations: number;
  readonly pages: number;
}

export interface LiveSample {
  readonly timeNs: number;
  readonly pages: number;
}

export interface TraceSummary {
  readonly events: number;
  /** Events of each kind, by name. */
  readonly kinds: Readonly<Record<keyof typeof PageEventKind, number>>;
  readonly firstNs: number;
  readonly lastNs: number;
  readonly allocatedPages: number;
  readonly freedPages: number;
  readonly pairing: Readonly<PairingCounts> & {
    /** Allocations of which at least a part was not freed within the trace. */
    readonly neverFreed: number;
  };
  /** Allocations by order and migrate type: `orders[order][type]`, up to order 10 or the highest there is. */
  readonly orders: readonly (readonly number[])[];
  /** By flags, most allocations first. */
  readonly gfp: readonly (AllocationSum & { readonly flags: string })[];
  readonly cpus: readonly { readonly cpu: number; readonly allocations: number; readonly frees: number }[];
  /** By task, most allocations first. */
  readonly tasks: readonly (AllocationSum & { readonly comm: string; readonly pid: number })[];
  /** By function, most allocations first; empty for a trace without call chains. */
  readonly callers: readonly (AllocationSum & { readonly name: string })[];
  readonly live: {
    readonly peakPages: number;
    readonly endPages: number;
    /** In the order of time; below 2048 of them. */
    readonly samples: readonly LiveSample[];
  };
}

const SAMPLES_MAX = 2048;
const TYPES = 6;
const KIND_NAMES = Object.keys(PageEventKind) as (keyof typeof PageEventKind)[];

const SUM_COLUMNS = { allocations: "f64", pages: "f64" } as const;

/** Two counts for each of a number of things that grows. */
class Sums {
  readonly #rows = newColumns(SUM_COLUMNS, 64);

  add(index: number, pages: number): void {
    const rows = this.#rows;
    while (index >= rows.pages.length) growColumns(SUM_COLUMNS, rows);
    rows.allocations[index]!++;
    rows.pages[index]! += pages;
  }

  /** The counts, most allocations first. */
  named<T extends object>(name: (index: number) => T): (T & AllocationSum)[] {
    return Array.from(this.#rows.allocations, (allocations, index) => ({
      index,
      allocations,
      pages: this.#rows.pages[index]!,
    }))
      .filter(({ allocations }) => allocations > 0)
      .sort((a, b) => b.allocations - a.allocations || a.index - b.index)
      .map(({ index, ...sum }) => ({ ...name(index), ...sum }));
  }
}

export class TraceSummarizer {
  readonly #names: TraceNames;
  readonly #live = new LivePages();
  readonly #kinds: Float64Array = new Float64Array(KIND_NAMES.length);
  readonly #orders: Float64Array = new Float64Array((TRACED_ORDER_MAX + 1) * TYPES);
  readonly #gfpNumbers = new Map<number, number>();
  readonly #gfp = new Sums();
  readonly #tasks = new Sums();
  readonly #callers = new Sums();
  readonly #cpuAllocations = new Sums();
  readonly #cpuFrees = new Sums();
  readonly #samples: { timeNs: number; pages: number }[] = [];
  /** Allocations and frees from one sample to the next, doubled whenever there are too many samples. */
  #stride = 1;
  #sinceSample = 0;
  #firstNs: number | undefined = undefined;
  #lastNs = 0;
  #freedPages = 0;

  constructor(names: TraceNames) {
    this.#names = names;
  }

  add(block: EventBlock): void {
    const { count, kind, order, migrateType, cpu, task, timeNs, pfn, detail, caller, hasCallers } = block;
    this.#firstNs ??= timeNs[0]!;
    for (let i = 0; i < count; i++) {
      const type = kind[i]!;
      this.#kinds[type]!++;
      if (type === PageEventKind.alloc) {
        this.#live.allocated(pfn[i]!, order[i]!, detail[i]!);
        if (pfn[i] !== 0) {
          const pages = 1 << order[i]!;
          this.#orders[order[i]! * TYPES + Math.min(migrateType[i]!, TYPES - 1)]!++;
          this.#gfp.add(this.#gfpNumber(detail[i]!), pages);
          this.#tasks.add(task[i]!, pages);
          this.#cpuAllocations.add(cpu[i]!, pages);
          if (hasCallers) this.#callers.add(caller[i]!, pages);
        }
      } else if (type === PageEventKind.free) {
        if (!this.#live.freed(pfn[i]!, order[i]!)) continue;
        this.#freedPages += 1 << order[i]!;
        this.#cpuFrees.add(cpu[i]!, 1 << order[i]!);
      } else if (type === PageEventKind.freeBatched) {
        const freedOrder = this.#live.freedInBatch(pfn[i]!);
        if (freedOrder < 0) continue;
        this.#freedPages += 1 << freedOrder;
        this.#cpuFrees.add(cpu[i]!, 1 << freedOrder);
      } else {
        continue;
      }
      if (++this.#sinceSample >= this.#stride) this.#sample(timeNs[i]!);
    }
    this.#lastNs = timeNs[count - 1]!;
  }

  finish(): TraceSummary {
    const { tasks, callers, gfpTable } = this.#names;
    const highestOrder = Math.floor(this.#orders.findLastIndex((count) => count > 0) / TYPES);
    const flags = [...this.#gfpNumbers.keys()];
    const gfp = this.#gfp.named((index) => ({ flags: formatGfp(flags[index]!, gfpTable?.printsByBit) }));
    const frees = new Map(this.#cpuFrees.named((cpu) => ({ cpu })).map((sum) => [sum.cpu, sum.allocations]));
    const allocations = new Map(
      this.#cpuAllocations.named((cpu) => ({ cpu })).map((sum) => [sum.cpu, sum.allocations]),
    );
    const cpus = [...new Set([...allocations.keys(), ...frees.keys()])].sort((a, b) => a - b);
    return {
      events: this.#kinds.reduce((sum, count) => sum + count, 0),
      kinds: Object.fromEntries(
        KIND_NAMES.map((name) => [name, this.#kinds[PageEventKind[name]]!]),
      ) as TraceSummary["kinds"],
      firstNs: this.#firstNs ?? 0,
      lastNs: this.#lastNs,
      allocatedPages: gfp.reduce((sum, { pages }) => sum + pages, 0),
      freedPages: this.#freedPages,
      pairing: { ...this.#live.counts, neverFreed: this.#live.neverFreed() },
      orders: Array.from({ length: Math.max(MAX_PAGE_ORDER, highestOrder) + 1 }, (_, order) =>
        Array.from({ length: TYPES }, (_, type) => this.#orders[order * TYPES + type]!),
      ),
      gfp,
      cpus: cpus.map((cpu) => ({ cpu, allocations: allocations.get(cpu) ?? 0, frees: frees.get(cpu) ?? 0 })),
      tasks: this.#tasks.named((index) => ({ comm: tasks[index]!.comm, pid: tasks[index]!.pid })),
      callers: this.#callers
        .named((index) => ({ name: callers[index - 1] ?? "" }))
        .filter(({ name }) => name !== ""),
      live: { peakPages: this.#live.peakPages, endPages: this.#live.pages, samples: this.#samples },
    };
  }

  #gfpNumber(flags: number): number {
    const known = this.#gfpNumbers.get(flags);
    if (known !== undefined) return known;
    const number = this.#gfpNumbers.size;
    this.#gfpNumbers.set(flags, number);
    return number;
  }

  #sample(timeNs: number): void {
    this.#sinceSample = 0;
    this.#samples.push({ timeNs, pages: this.#live.pages });
    if (this.#samples.length < SAMPLES_MAX) return;
    this.#stride *= 2;
    const half = this.#samples.filter((_, index) => index % 2 === 1);
    this.#samples.length = 0;
    this.#samples.push(...half);
  }
}
