/** Events on their way from a reader to whoever uses them, a block at a time. */

import type { EventColumns } from "./events.js";
import { TraceClock } from "./trace-clock.js";

/** Events in a full block. */
export const BLOCK_EVENTS = 65536;

/** Some events that follow one another. Columns may be longer than `count`. */
export interface EventBlock extends EventColumns {
  /** Who asked for the page: 1 + index in the callers of the trace, 0 where the trace does not say. */
  readonly caller: Uint32Array;
  /** Whether any event of the block has a caller. */
  readonly hasCallers: boolean;
  /** Second of the recorded clock that times are counted from; the same for all blocks of a trace. */
  readonly originSeconds: number;
}

/** Takes blocks. Their columns are used again for the next block, so nothing may keep them. */
export type EventSink = (block: EventBlock) => void;

/** Collects events into blocks, in memory that is allocated once. */
export class EventBlocks implements EventBlock {
  count = 0;
  hasCallers = false;
  /** Of all events, those of blocks that are passed on too. */
  readonly clock: TraceClock = new TraceClock();
  /** Events handed over so far, without those of blocks that were passed on. */
  flushed = 0;
  /** Of the last event handed over. */
  #flushedNs = 0;
  readonly kind: Uint8Array;
  readonly order: Uint8Array;
  readonly migrateType: Uint8Array;
  readonly cpu: Uint16Array;
  readonly task: Uint32Array;
  readonly timeNs: Float64Array;
  readonly pfn: Float64Array;
  readonly detail: Uint32Array;
  readonly caller: Uint32Array;
  readonly #sink: EventSink;

  /** @param room events in a full block */
  constructor(sink: EventSink, room: number = BLOCK_EVENTS) {
    this.#sink = sink;
    this.kind = new Uint8Array(room);
    this.order = new Uint8Array(room);
    this.migrateType = new Uint8Array(room);
    this.cpu = new Uint16Array(room);
    this.task = new Uint32Array(room);
    this.timeNs = new Float64Array(room);
    this.pfn = new Float64Array(room);
    this.detail = new Uint32Array(room);
    this.caller = new Uint32Array(room);
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
    if (this.count === this.kind.length) this.flush();
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

  get originSeconds(): number {
    return this.clock.originSeconds;
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
