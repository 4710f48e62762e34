import { RangeSet } from "../../src/coco/range-set.js";
import type { ArchAccept } from "../../src/efistub/unaccepted-table.js";

/** Remembers what was accepted, and refuses to accept it again. */
export class StrictHardware implements ArchAccept {
  readonly accepted: RangeSet = new RangeSet();
  readonly calls: [start: number, end: number][] = [];

  acceptMemory(start: number, end: number): void {
    if (this.accepted.add(start, end) !== end - start) throw new Error(`test: ${start} to ${end} again`);
    this.calls.push([start, end]);
  }
}
