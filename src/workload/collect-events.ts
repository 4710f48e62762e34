import type { EventBlock } from "./event-blocks.js";
import type { EventColumns } from "./events.js";

/** Keeps the events of all blocks, to use them as one. */
export class EventCollector {
  readonly #blocks: EventColumns[] = [];
  #count = 0;

  /** Copies a block. */
  add(block: EventBlock): void {
    const { count } = block;
    this.#count += count;
    this.#blocks.push({
      count,
      kind: block.kind.slice(0, count),
      order: block.order.slice(0, count),
      migrateType: block.migrateType.slice(0, count),
      cpu: block.cpu.slice(0, count),
      task: block.task.slice(0, count),
      timeNs: block.timeNs.slice(0, count),
      pfn: block.pfn.slice(0, count),
      detail: block.detail.slice(0, count),
    });
  }

  /** All events so far. */
  columns(): EventColumns {
    const count = this.#count;
    const whole = {
      count,
      kind: new Uint8Array(count),
      order: new Uint8Array(count),
      migrateType: new Uint8Array(count),
      cpu: new Uint16Array(count),
      task: new Uint32Array(count),
      timeNs: new Float64Array(count),
      pfn: new Float64Array(count),
      detail: new Uint32Array(count),
    };
    let at = 0;
    for (const block of this.#blocks) {
      whole.kind.set(block.kind, at);
      whole.order.set(block.order, at);
      whole.migrateType.set(block.migrateType, at);
      whole.cpu.set(block.cpu, at);
      whole.task.set(block.task, at);
      whole.timeNs.set(block.timeNs, at);
      whole.pfn.set(block.pfn, at);
      whole.detail.set(block.detail, at);
      at += block.count;
    }
    return whole;
  }
}
