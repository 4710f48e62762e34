import type { FirmwareAccept } from "../../src/firmware/firmware.js";
import type { AddressRange } from "../../src/units.js";

/** Writes down what a firmware accepts, in order. */
export class FirmwareRecorder implements FirmwareAccept {
  readonly calls: { start: number; end: number; cpu: number }[] = [];
  barriers = 0;

  firmwareAccept(start: number, end: number, cpu: number): void {
    this.calls.push({ start, end, cpu });
  }

  firmwareBarrier(): void {
    this.barriers++;
  }

  /** The calls as [start, end] pairs. */
  ranges(): [number, number][] {
    return this.calls.map(({ start, end }) => [start, end]);
  }

  bytes(): number {
    return sizeOf(this.calls);
  }
}

/** Bytes in all ranges together. */
export function sizeOf(ranges: readonly AddressRange[]): number {
  return ranges.reduce((sum, { start, end }) => sum + end - start, 0);
}

/** Fails when two ranges overlap or one is empty. */
export function assertDisjoint(ranges: readonly AddressRange[]): void {
  let last = 0;
  for (const { start, end } of ranges.toSorted((a, b) => a.start - b.start)) {
    if (start < last || end <= start) throw new Error(`[${start}, ${end}) overlaps or is empty`);
    last = end;
  }
}
