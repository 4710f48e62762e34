import { E820Type } from "../efistub/setup-e820.js";
import { subtractRanges } from "../firmware/ranges.js";
import { GuestEnded } from "../sim/guest-ended.js";
import { type AddressRange, formatBytes, MiB } from "../units.js";
import { isMemblockMemory } from "./e820-table.js";
import { ramBytes, userE820 } from "./e820-user.js";
import type { EarlyMachine } from "./early-machine.js";
import { MIN_MEMORY_BYTES } from "./memory-options.js";

/** Of a guest of the smallest size, what its firmware takes away: ACPI tables and the legacy hole. */
const FIRMWARE_BYTES: number = MiB;

/**
 * Looks at the map, and at what `mem=` and `memmap=` leave of it, before the kernel does.
 *
 * @param ram of the machine
 * @throws GuestEnded when that is nothing a kernel could boot in, or when the kernel takes for RAM what is none
 */
export function requireMemory(
  { e820, commandLine, kernelStart, efi }: EarlyMachine,
  ram: readonly AddressRange[],
): void {
  const user = userE820(e820, commandLine);
  if (user.outcome === "panic") throw new GuestEnded("oom", `the kernel panics: ${user.reason}`);
  const kernelIsRam = user.e820.some(
    ({ start, end, type }) => type === E820Type.RAM && start <= kernelStart && kernelStart < end,
  );
  if (!kernelIsRam) throw new GuestEnded("oom", "mem= and memmap= leave no RAM where the kernel lies");
  const table = efi?.tableReservation === "bytes" ? efi.unacceptedTable : undefined;
  if (table !== undefined && !user.e820.some(({ start, end }) => start <= table.start && table.end <= end)) {
    throw new GuestEnded("oom", "the kernel panics: mem= and memmap= cut off its table of unaccepted memory");
  }
  const claimed = user.e820.filter(({ type }) => isMemblockMemory(type));
  const missing = subtractRanges(claimed, ram)[0];
  if (missing !== undefined) {
    throw new GuestEnded(
      "terminated",
      `memmap= adds ${formatBytes(missing.end - missing.start)} at 0x${missing.start.toString(16)}, where the ` +
        "machine has no RAM; the kernel takes them for memory and touches them",
    );
  }
  const left = ramBytes(user.e820);
  if (left < MIN_MEMORY_BYTES - FIRMWARE_BYTES) {
    const who = left < ramBytes(e820) ? "mem= and memmap= leave" : "the map that the kernel starts with has";
    throw new GuestEnded("oom", `${who} ${formatBytes(left)} of RAM, less than a kernel needs`);
  }
}
