/** Events on their way from a reader to whoever uses them, a block at a time. */

import type { EventColumns } from "./events.js";

/** Events in a full block. */
export const BLOCK_EVENTS = 65536;

/** Some events that follow one another. Columns may be longer than `count`. */
export interface EventBlock extends EventColumns {
  /** Who asked for the page: 1 + index in the callers of the trace, 0 where the trace does not say. */
  readonly caller: Uint32Array;
  /** Whether any event of the block has a caller. */
  readonly hasCallers: boolean;
}

/** Takes blocks. Their columns are used again for the next block, so nothing may keep them. */
export type EventSink = (block: EventBlock) => void;

/** Collects events into blocks, in memory that is allocated once. */
export class EventBlocks implements EventBlock {
  count = 0;
  hasCallers = false;
  /** Events handed over so far, without those of blocks that were passed on. */
  flushed = 0;
  /** Of the last event handed over. */
  #flushedNs = 0;
  readonly kind: Uint8Array = new Uint8Array(BLOCK_EVENTS);
  readonly order: Uint8Array = new Uint8Array(BLOCK_EVENTS);
  readonly migrateType: Uint8Array = new Uint8Array(BLOCK_EVENTS);
  readonly cpu: Uint16Array = new Uint16Array(BLOCK_EVENTS);
  readonly task: Uint32Array = new Uint32Array(BLOCK_EVENTS);
  readonly timeNs: Float64Array = new Float64Array(BLOCK_EVENTS);
  readonly pfn: Float64Array = new Float64Array(BLOCK_EVENTS);
  readonly detail: Uint32Array = new Uint32Array(BLOCK_EVENTS);
  readonly caller: Uint32Array = new Uint32Array(BLOCK_EVENTS);
  readonly #sink: EventSink;

  constructor(sink: EventSink) {
    this.#sink = sink;
  }

  append(
    kind: number,
    order: number,
    migrateType: number,
    cpu: number,
    task: number,
    timeNs: number,
    pfn: number,
    detail: number,
  ): void {
    // Not when the last event came: its caller may stand in a line of its own.
    if (this.count === BLOCK_EVENTS) this.flush();
    const index = this.count;
    this.kind[index] = kind;
    this.order[index] = order;
    this.migrateType[index] = migrateType;
    this.cpu[index] = cpu;
    this.task[index] = task;
    this.timeNs[index] = timeNs;
    this.pfn[index] = pfn;
    this.detail[index] = detail;
    this.count = index + 1;
  }

  /** Time of the last event appended; 0 if there was none. */
  get lastTimeNs(): number {
    return this.count === 0 ? this.#flushedNs : this.timeNs[this.count - 1]!;
  }

  /** Events appended so far. */
  get appended(): number {
    return this.flushed + this.count;
  }

  /** Says who asked for the page of the last event; there is one. */
  setCaller(caller: number): void {
    this.caller[this.count - 1] = caller;
    this.hasCallers = true;
  }

  /** Hands over a block of somebody else, behind what came before. */
  pass(block: EventBlock): void {
    this.flush();
    this.#sink(block);
  }

  /** Hands over what is left. */
  flush(): void {
    if (this.count === 0) return;
    this.#sink(this);
    if (this.hasCallers) this.caller.fill(0);
    this.#flushedNs = this.lastTimeNs;
    this.flushed += this.count;
    this.count = 0;
    this.hasCallers = false;
  }
}
