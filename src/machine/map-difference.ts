/** Where two memory maps differ, and what that makes of the memory that a kernel may use. */

import { E820Type } from "../efistub/setup-e820.js";
import { type AddressRange, KiB, MiB } from "../units.js";
import type { Cause } from "./causes.js";
import { exactSize } from "./exact-size.js";
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
  /** What differs first or most, in words; empty where they are the same. */
  readonly note: string;
}

/**
 * Of the same RAM, each firmware keeps something else, type by type. RAM that no line of a whole log names is nobody's
 * to explain.
 *
 * @param isWhole whether the log is more than an excerpt
 */
export function compareMaps(
  logged: readonly TypedRange[],
  simulated: readonly TypedRange[],
  isWhole: boolean,
): MapComparison {
  const note = firstOther(logged, simulated);
  if (note === "") return { isSame: true, isExplained: true, causes: [], left: 0, note };
  const [ram, ramOfLog] = [ramOfMap(simulated), ramOfMap(logged)];
  const named = (map: readonly TypedRange[], type: number): number =>
    ram.reduce(
      (sum, range) =>
        sum +
        bytesIn(
          map.filter((entry) => entry.type === type),
          range,
        ),
      0,
    ) / KiB;
  const difference = named(logged, E820Type.RAM) - named(simulated, E820Type.RAM);
  // Nobody's to explain, even where as much of it is usable.
  if (JSON.stringify(ramOfLog) !== JSON.stringify(ram)) {
    const other = `the machine of the log has RAM of ${ramText(ramOfLog)}, that of the run ${ramText(ram)}`;
    return { isSame: false, isExplained: false, causes: [], left: difference, note: other };
  }
  const kept = Array.from(NAMES, ([type, name]) => ({
    what: `the firmware keeps as ${name}`,
    amount: named(simulated, type) - named(logged, type),
  }));
  const hole = (bytesIn(logged, LEGACY_HOLE) - bytesIn(simulated, LEGACY_HOLE)) / KiB;
  const causes = [...kept, { what: "the hole from 640 KiB to 1 MiB", amount: hole }];
  const unnamed = difference - causes.reduce((sum, { amount }) => sum + amount, 0);
  if (!isWhole) causes.push({ what: "no line of this excerpt of a log names it", amount: unnamed });
  const left = isWhole ? unnamed : 0;
  return {
    isSame: false,
    isExplained: left === 0,
    causes: causes.filter(({ amount }) => amount !== 0),
    left,
    note: left < 0 ? `${note}; what has no cause is RAM that no line of the log names` : note,
  };
}

function ramText(ram: readonly AddressRange[]): string {
  return ram.map(({ start, end }) => `${exactSize(end - start)} from ${exactSize(start)}`).join(" and ");
}

/** Bytes of a range that a map names as something. */
function bytesIn(map: readonly TypedRange[], { start, end }: AddressRange): number {
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
