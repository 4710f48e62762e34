/** Where two memory maps differ, and what that makes of the memory that a kernel may use. */

import { E820Type } from "../efistub/setup-e820.js";
import { type AddressRange, KiB, MiB } from "../units.js";
import type { Cause } from "./causes.js";
import { ramOfMap, sizeOf, type TypedRange } from "./ram.js";

const NAMES: ReadonlyMap<number, string> = new Map([
  [E820Type.RESERVED, "reserved"],
  [E820Type.ACPI, "ACPI data"],
  [E820Type.NVS, "ACPI NVS"],
  [E820Type.UNUSABLE, "unusable"],
  [E820Type.SOFT_RESERVED, "soft reserved"],
  [E820Type.PMEM, "persistent"],
]);

/** VGA memory and ROMs, which the firmware of a TDX guest does without. */
const LEGACY_HOLE: AddressRange = { start: 640 * KiB, end: MiB };

/** What a map says in a few words. */
export function mapText(map: readonly TypedRange[]): string {
  return `${map.length} ranges`;
}

/** Memory that a kernel may use, by its map; KiB. */
export function usableKib(map: readonly TypedRange[]): number {
  return sizeOf(map.filter(({ type }) => type === E820Type.RAM)) / KiB;
}

export interface MapComparison {
  readonly isSame: boolean;
  readonly isExplained: boolean;
  /** KiB of usable memory that the log has more, by what the simulated map has in their place. */
  readonly causes: readonly Cause[];
  /** KiB that differ for another reason: the RAM of the machine is not the same. */
  readonly left: number;
  /** The first range that only one of them has, in words; empty where they are the same. */
  readonly firstDifference: string;
}

/**
 * Of the same RAM, each firmware keeps something else, type by type. RAM that no line names is nobody's to explain.
 */
export function compareMaps(logged: readonly TypedRange[], simulated: readonly TypedRange[]): MapComparison {
  const firstDifference = firstOther(logged, simulated);
  if (firstDifference === "")
    return { isSame: true, isExplained: true, causes: [], left: 0, firstDifference };
  const ram = ramOfMap(simulated);
  const isSameRam = JSON.stringify(ramOfMap(logged)) === JSON.stringify(ram);
  const within = (map: readonly TypedRange[], type: number): number =>
    map
      .filter((entry) => entry.type === type)
      .reduce((sum, { start, end }) => {
        const inRam = ram.map((one) => Math.max(0, Math.min(end, one.end) - Math.max(start, one.start)));
        return sum + inRam.reduce((all, bytes) => all + bytes, 0);
      }, 0) / KiB;
  const difference = within(logged, E820Type.RAM) - within(simulated, E820Type.RAM);
  // Of other RAM: nobody's to explain, even where as much of it is usable.
  if (!isSameRam) return { isSame: false, isExplained: false, causes: [], left: difference, firstDifference };
  const causes = [
    ...Array.from(NAMES, ([type, name]) => ({
      what: `the firmware keeps as ${name}`,
      amount: within(simulated, type) - within(logged, type),
    })),
    {
      what: "the hole from 640 KiB to 1 MiB",
      amount: (namedIn(logged, LEGACY_HOLE) - namedIn(simulated, LEGACY_HOLE)) / KiB,
    },
  ].filter(({ amount }) => amount !== 0);
  const explained = causes.reduce((sum, { amount }) => sum + amount, 0);
  const left = difference - explained;
  return { isSame: false, isExplained: left === 0, causes, left, firstDifference };
}

/** Bytes of a range that a map names as something. */
function namedIn(map: readonly TypedRange[], { start, end }: AddressRange): number {
  return map.reduce((sum, one) => sum + Math.max(0, Math.min(end, one.end) - Math.max(start, one.start)), 0);
}

function firstOther(logged: readonly TypedRange[], simulated: readonly TypedRange[]): string {
  const at = [...logged, undefined].findIndex(
    (entry, index) => rangeText(entry) !== rangeText(simulated[index]),
  );
  return at < 0
    ? ""
    : `first difference: ${rangeText(logged[at])} in the log, ${rangeText(simulated[at])} in the run`;
}

function rangeText(entry: TypedRange | undefined): string {
  if (entry === undefined) return "no more ranges";
  const type = entry.type === E820Type.RAM ? "usable" : (NAMES.get(entry.type) ?? `type ${entry.type}`);
  return `0x${entry.start.toString(16)}-0x${(entry.end - 1).toString(16)} ${type}`;
}
