/** Where a machine has its RAM, by the map that its kernel was given: that names only what the firmware leaves. */

import { E820Type } from "../efistub/setup-e820.js";
import { type AddressRange, GiB, MiB, roundUp } from "../units.js";

export interface TypedRange extends AddressRange {
  readonly type: number;
}

/** Between the last RAM that the kernel may use and what firmware keeps of the RAM above it. */
const FIRMWARE_GAP: number = 64 * MiB;
/** A reserved range of this size or more is a window of devices: PCI Express configuration space takes 256 MiB. */
const WINDOW: number = 256 * MiB;
const HIGH: number = 4 * GiB;

/**
 * RAM of the machine, in whole MiB: below 4 GiB up to the end of what firmware keeps right above the kernel's last
 * range, above it from the first to the last.
 *
 * @param map ascending
 */
export function ramOfMap(map: readonly TypedRange[]): AddressRange[] {
  const usable = map.filter(({ type }) => type === E820Type.RAM);
  const low = usable.filter(({ start }) => start < HIGH);
  const high = usable.filter(({ start }) => start >= HIGH);
  const ranges: AddressRange[] = [];
  if (low.length > 0) ranges.push({ start: 0, end: roundUp(lowEnd(map, low.at(-1)!.end), MiB) });
  if (high.length > 0) ranges.push({ start: high[0]!.start, end: roundUp(high.at(-1)!.end, MiB) });
  return ranges;
}

function lowEnd(map: readonly TypedRange[], usableEnd: number): number {
  let end = Math.min(usableEnd, HIGH);
  for (const { type, start, end: next } of map) {
    if (type === E820Type.RAM || start < end || next > HIGH) continue;
    if (start - end > FIRMWARE_GAP || next - start >= WINDOW) break;
    end = next;
  }
  return end;
}

export function sizeOf(ranges: readonly AddressRange[]): number {
  return ranges.reduce((sum, { start, end }) => sum + end - start, 0);
}
