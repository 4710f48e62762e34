import { growColumns, newColumns } from "../../columns.js";
import { gfpMigrateType } from "../../page-alloc/index.js";
import { MAX_PAGE_ORDER, PAGE_SIZE } from "../../units.js";
import type { EventBlocks } from "../event-blocks.js";
import { PageEventKind } from "../events.js";
import { makesHandle, RequestKind } from "../requests.js";
import type { RequestWriter } from "./request-writer.js";

const FIRST_ROWS = 4096;
const ALLOCATION_COLUMNS = { pfn: "f64", order: "u8" } as const;
/** The only task of the events. */
const TASK = 0;

/**
 * Gives every allocation a place in a memory that has no end: aligned to its size, taken again only
 * after it was freed as a whole. An event has no more than that of a page, so that who reads the
 * events finds the same requests, with three exceptions: pages taken in bulk are single allocations;
 * work or sleep alone shows in the time of the next event; frees of reserved memory are left out, because a
 * trace without a description of its machine cannot tell what they are.
 */
export class RequestEvents {
  readonly #events: EventBlocks;
  /** By handle. */
  readonly #allocations = newColumns(ALLOCATION_COLUMNS, FIRST_ROWS);
  #handles = 0;
  /** Places that are free again, by order. */
  readonly #free: readonly number[][] = Array.from({ length: MAX_PAGE_ORDER + 1 }, () => []);
  /** After all places so far; pfn 0 is an allocation that failed. */
  #endPfn: number = 2 ** MAX_PAGE_ORDER;
  /** Time of each CPU's last request. */
  readonly #cpuNs: number[] = [];
  readonly #startNs: number;
  #lastNs = 0;

  /** @param startNs time of the first event at the earliest */
  constructor(events: EventBlocks, startNs: number) {
    this.#events = events;
    this.#startNs = startNs;
  }

  /** Appends the events of the requests in a writer, which may then be cleared. */
  add({ count, rows: block }: RequestWriter): void {
    for (let i = 0; i < count; i++) {
      const kind = block.kind[i]!;
      const cpu = block.cpu[i]!;
      const order = block.order[i]!;
      const timeNs = this.#timeOf(cpu, block.thinkNs[i]!);
      if (makesHandle(kind)) {
        const gfp = block.gfp[i]!;
        const pfn = this.#place(order);
        this.#events.append(PageEventKind.alloc, order, gfpMigrateType(gfp), cpu, TASK, timeNs, pfn, gfp);
      } else if (kind === RequestKind.free) {
        const handle = block.handle[i]!;
        const pfn = this.#allocations.pfn[handle]! + block.offsetBytes[i]! / PAGE_SIZE;
        this.#events.append(PageEventKind.free, order, 0, cpu, TASK, timeNs, pfn, 0);
        if (order === this.#allocations.order[handle]) this.#free[order]!.push(pfn);
      }
    }
  }

  /** A trace has one clock, and its events are in the order of time. */
  #timeOf(cpu: number, thinkNs: number): number {
    const ownNs = (this.#cpuNs[cpu] ?? this.#startNs) + thinkNs;
    this.#cpuNs[cpu] = ownNs;
    this.#lastNs = Math.max(this.#lastNs, Math.round(ownNs));
    return this.#lastNs;
  }

  #place(order: number): number {
    const handle = this.#handles++;
    if (handle === this.#allocations.pfn.length) growColumns(ALLOCATION_COLUMNS, this.#allocations);
    let pfn = this.#free[order]!.pop();
    if (pfn === undefined) {
      pfn = Math.ceil(this.#endPfn / 2 ** order) * 2 ** order;
      this.#endPfn = pfn + 2 ** order;
    }
    this.#allocations.order[handle] = order;
    this.#allocations.pfn[handle] = pfn;
    return pfn;
  }
}
