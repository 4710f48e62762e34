import type { ArchAccept } from "../../src/efistub/unaccepted-table.js";

/** Writes down what would go to the hardware, as [start, end) pairs. */
export class Recorder implements ArchAccept {
  calls: [start: number, end: number][] = [];

  acceptMemory(start: number, end: number): void {
    this.calls.push([start, end]);
  }

  /** What was written down since the last time. */
  take(): [start: number, end: number][] {
    const calls = this.calls;
    this.calls = [];
    return calls;
  }
}
