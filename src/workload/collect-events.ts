import type { EventBlock } from "./event-blocks.js";
import type { EventColumns } from "./events.js";
import type { Column } from "./typed-array.js";

/** The columns that are kept, with how to make an empty one. */
const COLUMNS = {
  kind: Uint8Array,
  order: Uint8Array,
  migrateType: Uint8Array,
  cpu: Uint16Array,
  task: Uint32Array,
  timeNs: Float64Array,
  pfn: Float64Array,
  detail: Uint32Array,
} as const;
type ColumnName = keyof typeof COLUMNS;

/** Keeps the events of all blocks, to use them as one. */
export class EventCollector {
  readonly #pieces = Object.fromEntries(Object.keys(COLUMNS).map((name) => [name, []])) as unknown as {
    readonly [Name in ColumnName]: InstanceType<(typeof COLUMNS)[Name]>[];
  };
  #count = 0;

  /** Copies a block. */
  add(block: EventBlock): void {
    const { count } = block;
    this.#count += count;
    for (const name of Object.keys(COLUMNS) as ColumnName[]) {
      (this.#pieces[name] as Column[]).push(block[name].slice(0, count));
    }
  }

  /** All events so far. They are kept no longer, so that there is never more than a column of them twice. */
  columns(): EventColumns {
    const count = this.#count;
    this.#count = 0;
    return {
      count,
      kind: this.#joined("kind", count),
      order: this.#joined("order", count),
      migrateType: this.#joined("migrateType", count),
      cpu: this.#joined("cpu", count),
      task: this.#joined("task", count),
      timeNs: this.#joined("timeNs", count),
      pfn: this.#joined("pfn", count),
      detail: this.#joined("detail", count),
    };
  }

  #joined<Name extends ColumnName>(name: Name, count: number): InstanceType<(typeof COLUMNS)[Name]> {
    const whole = new COLUMNS[name](count);
    const pieces: Column[] = this.#pieces[name];
    let at = 0;
    for (const piece of pieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    pieces.length = 0;
    return whole as InstanceType<(typeof COLUMNS)[Name]>;
  }
}
