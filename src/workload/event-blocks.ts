import { type Columns, firstRows, joinRows, newColumns } from "../columns.js";
import { BLOCK_COLUMNS, EVENT_COLUMNS, type EventColumns } from "./events.js";

export const BLOCK_EVENTS = 65536;

export interface PrintedTime {
  readonly seconds: number;
  /** Below 10^9. */
  readonly ns: number;
}

/** 104 days, up to which every nanosecond is exact. */
const EXACT_SECONDS: number = Math.floor(Number.MAX_SAFE_INTEGER / 1e9);
const DAY_SECONDS = 86_400;

/**
 * Times of a trace as exact numbers of nanoseconds. A machine that has been up for long prints times
 * that no double holds exactly; those of its trace are counted from a day shortly before.
 * There is one clock for all parts of a trace.
 */
export class TraceClock {
  /** The second of the recorded clock that times are counted from; 0 unless the trace begins late. */
  originSeconds = 0;
  /** Seconds from the origin on up to which nobody need ask `nanoseconds`; none before the first event. */
  usualSeconds = -1;

  /** Nanoseconds from the origin, or undefined for a time before it and for one too late to be exact. */
  nanoseconds({ seconds, ns }: PrintedTime): number | undefined {
    // CPUs write apart, so that the first event need not be the earliest.
    this.begin(isSafe(seconds, ns) ? 0 : (Math.floor(seconds / DAY_SECONDS) - 1) * DAY_SECONDS);
    const since = seconds - this.originSeconds;
    return since >= 0 && isSafe(since, ns) ? since * 1e9 + ns : undefined;
  }

  /** Sets the origin, unless an event has set it before. @returns whether it is the origin now */
  begin(originSeconds: number): boolean {
    if (this.usualSeconds < 0) this.originSeconds = originSeconds;
    this.usualSeconds = EXACT_SECONDS - 1;
    return this.originSeconds === originSeconds;
  }
}

function isSafe(seconds: number, ns: number): boolean {
  return Number.isSafeInteger(seconds * 1e9 + ns);
}

/** Consecutive events. Columns may be longer than `count`. */
export interface EventBlock extends EventColumns, Columns<typeof BLOCK_COLUMNS> {
  /** Whether any event of the block has a caller. */
  readonly hasCallers: boolean;
  /** Second of the recorded clock that times are counted from; the same for all blocks of a trace. */
  readonly originSeconds: number;
}

/** A block that takes more events. */
export interface OpenBlock extends EventBlock {
  count: number;
}

/** Takes blocks. Their columns are used again for the next block, so nothing may keep them. */
export type EventSink = (block: EventBlock) => void;

/** Collects events into blocks, in memory that is allocated once. */
export class EventBlocks {
  /** Of all events, those of blocks that are passed on too. */
  readonly clock: TraceClock = new TraceClock();
  /** Events handed over so far, without those of blocks that were passed on. */
  flushed = 0;
  /** Of the last event handed over. */
  #flushedNs = 0;
  readonly #block: { -readonly [name in keyof EventBlock]: EventBlock[name] };
  readonly #room: number;
  readonly #sink: EventSink;

  /** @param room events in a full block */
  constructor(sink: EventSink, room: number = BLOCK_EVENTS) {
    this.#sink = sink;
    this.#room = room;
    const { kind, order, migrateType, cpu, task, timeNs, pfn, detail, caller } = newColumns(
      BLOCK_COLUMNS,
      room,
    );
    // A literal: V8 reaches its properties faster than those that were added one by one.
    this.#block = {
      kind,
      order,
      migrateType,
      cpu,
      task,
      timeNs,
      pfn,
      detail,
      caller,
      count: 0,
      hasCallers: false,
      originSeconds: 0,
    };
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
    const block = this.#block;
    // Not when the last event came: its caller may stand in a line of its own.
    if (block.count === this.#room) this.flush();
    const index = block.count;
    block.kind[index] = kind;
    block.order[index] = order;
    block.migrateType[index] = migrateType;
    block.cpu[index] = cpu;
    block.task[index] = task;
    block.timeNs[index] = timeNs;
    block.pfn[index] = pfn;
    block.detail[index] = detail;
    block.count = index + 1;
  }

  /**
   * The block that is being filled, with room for an event at least, for who reads so many that a call for each is too
   * much: rows from `count` on may be written, and `count` be raised up to the length of the columns.
   */
  get open(): OpenBlock {
    if (this.#block.count === this.#room) this.flush();
    return this.#block;
  }

  /** Time of the last event appended; 0 if there was none. */
  get lastTimeNs(): number {
    const { count, timeNs } = this.#block;
    return count === 0 ? this.#flushedNs : timeNs[count - 1]!;
  }

  get appended(): number {
    return this.flushed + this.#block.count;
  }

  /** Says who asked for the page of the last event; there is one. */
  setCaller(caller: number): void {
    const block = this.#block;
    block.caller[block.count - 1] = caller;
    block.hasCallers = true;
  }

  /** Takes it that an allocation found no page; its number is below `appended`. An event handed over stays as it is. */
  setFailed(event: number): void {
    if (event >= this.flushed) this.#block.pfn[event - this.flushed] = 0;
  }

  /** Hands over a block of another owner, after all earlier events. */
  pass(block: EventBlock): void {
    this.flush();
    this.#sink(block);
  }

  flush(): void {
    const block = this.#block;
    if (block.count === 0) return;
    block.originSeconds = this.clock.originSeconds;
    this.#sink(block);
    if (block.hasCallers) block.caller.fill(0);
    this.#flushedNs = this.lastTimeNs;
    this.flushed += block.count;
    block.count = 0;
    block.hasCallers = false;
  }
}

/** Keeps the events of all blocks, to use them as one. */
export class EventCollector {
  readonly #pieces: Columns<typeof EVENT_COLUMNS>[] = [];

  add(block: EventBlock): void {
    this.#pieces.push(firstRows(EVENT_COLUMNS, block, block.count));
  }

  /** All events so far, which are kept no longer. */
  columns(): EventColumns {
    const columns = joinRows(EVENT_COLUMNS, this.#pieces.splice(0));
    return { count: columns.kind.length, ...columns };
  }
}
