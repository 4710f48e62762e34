/** Generated requests as the events that a kernel would have traced, to be written to a trace file. */

import { gfpMigrateType } from "../../page-alloc/gfp.js";
import { MAX_PAGE_ORDER, PAGE_SIZE } from "../../units.js";
import type { EventBlocks } from "../event-blocks.js";
import { PageEventKind } from "../events.js";
import { makesHandle, RequestKind } from "../requests.js";
import { grown } from "../typed-array.js";
import type { RequestBlock } from "./request-writer.js";

const FIRST_CAPACITY = 4096;
/** The only task of the events. */
const TASK = 0;

/**
 * Gives every allocation a place in a memory that has no end: aligned to its size, taken again only
 * after it was freed as a whole. An event has no more than that of a page, so that who reads the
 * events finds the same requests, with three exceptions: pages taken in bulk are single allocations;
 * work alone shows in the time of the next event; frees of reserved memory are left out, because a
 * trace without a description of its machine cannot tell what they are.
 */
export class RequestEvents {
  readonly #events: EventBlocks;
  /** First page of each handle's allocation, and its order. */
  #pfn: Float64Array = new Float64Array(FIRST_CAPACITY);
  #order: Uint8Array = new Uint8Array(FIRST_CAPACITY);
  #handles = 0;
  /** Places that are free again, by order. */
  readonly #free: readonly number[][] = Array.from({ length: MAX_PAGE_ORDER + 1 }, () => []);
  /** Behind all places so far; pfn 0 is an allocation that failed. */
  #endPfn: number = 2 ** MAX_PAGE_ORDER;
  /** What each CPU has done until its last request. */
  readonly #cpuNs: number[] = [];
  readonly #startNs: number;
  #lastNs = 0;

  /** @param startNs time of the first event at the earliest */
  constructor(events: EventBlocks, startNs: number) {
    this.#events = events;
    this.#startNs = startNs;
  }

  /** Appends the events of some requests; the block may be used again. */
  add(block: RequestBlock): void {
    for (let i = 0; i < block.count; i++) {
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
        const pfn = this.#pfn[handle]! + block.offsetBytes[i]! / PAGE_SIZE;
        this.#events.append(PageEventKind.free, order, 0, cpu, TASK, timeNs, pfn, 0);
        if (order === this.#order[handle]) this.#free[order]!.push(pfn);
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
    if (this.#handles === this.#pfn.length) {
      this.#pfn = grown(this.#pfn, this.#handles * 2);
      this.#order = grown(this.#order, this.#handles * 2);
    }
    let pfn = this.#free[order]!.pop();
    if (pfn === undefined) {
      pfn = Math.ceil(this.#endPfn / 2 ** order) * 2 ** order;
      this.#endPfn = pfn + 2 ** order;
    }
    this.#order[this.#handles] = order;
    this.#pfn[this.#handles++] = pfn;
    return pfn;
  }
}
