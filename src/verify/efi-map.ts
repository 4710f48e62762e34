/** The firmware's memory map in a boot log, and what stub and kernel make of it. */

import { joinNeighbours } from "../firmware/ranges.js";
import type { AddressRange } from "../units.js";
import { e820OfBootLog } from "../x86/boot-log.js";
import type { KernelE820Entry } from "../x86/e820-table.js";
import type { EarlyBoot } from "../x86/early-machine.js";
import { efiOfBootLog } from "../x86/efi-boot-log.js";
import type { StubReplay } from "../x86/efi-replay.js";
import { added, type Comparison, compareInOrder, Tally } from "./tally.js";

/** @param boot absent where its early steps were taken from the log, and not from the map */
export function compareFirmware(
  file: string,
  text: string,
  stub: StubReplay,
  boot: EarlyBoot | undefined,
): Comparison {
  const ofStub = compareStub(file, text, stub);
  return boot === undefined ? ofStub : added(ofStub, compareBootServices(file, text, boot));
}

/** From the firmware's map: the e820 map, and where the stub's memory lies. */
function compareStub(file: string, text: string, stub: StubReplay): Comparison {
  const { tables = new Map<string, number>() } = efiOfBootLog(text) ?? {};
  const tally = compareInOrder(e820OfBootLog(text), stub.e820, {
    isSame: (a, b) => a.start === b.start && a.end === b.end && a.type === b.type,
    text: entryText,
    eventAt: (at) => at,
    context: (at) => `${file}: entry ${at} of the e820 map`,
  });
  for (const [table, place] of [
    ["RNG", stub.places.seed],
    ["Unaccepted", stub.places.table],
  ] as const) {
    const found = tables.get(table);
    if (found === undefined && place === undefined) continue;
    tally.same(addressText(found), addressText(place?.start), `${file}: place of ${table}`);
  }
  return tally;
}

/**
 * Memory of boot services that the kernel may free once the firmware's runtime services are mapped: what its map
 * for these has without the mark of those that somebody else owns. A log that ends before says nothing.
 */
function compareBootServices(file: string, text: string, boot: EarlyBoot): Comparison {
  const { runtimeMap = [] } = efiOfBootLog(text) ?? {};
  if (runtimeMap.length === 0) return new Tally();
  const joined = (ranges: readonly AddressRange[]): AddressRange[] =>
    joinNeighbours(
      ranges.map(({ start, end }) => ({ start, end, type: 0 })).sort((a, b) => a.start - b.start),
    );
  const recorded = joined(runtimeMap.filter(({ isRuntime }) => !isRuntime));
  return compareInOrder(recorded, joined(boot.bootServicesReserved), {
    isSame: (a, b) => a.start === b.start && a.end === b.end,
    text: rangeText,
    eventAt: (at) => at,
    context: (at) => `${file}: range ${at} of boot services to be freed`,
  });
}

export function rangeText({ start, end }: AddressRange): string {
  return `0x${start.toString(16)}-0x${(end - 1).toString(16)}`;
}

function entryText(entry: KernelE820Entry): string {
  return `${rangeText(entry)} of type ${entry.type}`;
}

function addressText(address: number | undefined): string {
  return address === undefined ? "none" : `0x${address.toString(16)}`;
}
