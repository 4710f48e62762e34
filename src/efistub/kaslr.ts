/**
 * Where a randomised kernel can be put: at any multiple of 2 MiB from 16 MiB on where it fits into
 * free memory. Each place is as likely as any other.
 */

import { type EfiMemoryDescriptor, EfiMemoryType } from "../firmware/efi-memory-map.js";
import { MiB, roundDown, roundUp } from "../units.js";

/** CONFIG_PHYSICAL_ALIGN of x86_64. */
const ALIGN: number = 2 * MiB;
/** No place is below (CONFIG_PHYSICAL_START). */
const KERNEL_START: number = 16 * MiB;

export interface KernelPlaces {
  /** Size of the image with its bss, a multiple of 2 MiB. */
  readonly sizeBytes: number;
  /** No byte of it at or above; Infinity for anywhere (`mem=`). */
  readonly limit: number;
  /** Whether memory of type 15 will do; then somebody has to accept it first. */
  readonly unacceptedToo: boolean;
}

/**
 * Chooses a place. The EFI stub takes free memory of the firmware, all of which is accepted
 * (drivers/firmware/efi/libstub/randomalloc.c: efi_random_alloc). The decompressor, where a boot
 * loader has left the firmware, takes unaccepted memory too if the kernel knows it
 * (arch/x86/boot/compressed/kaslr.c: process_efi_entries, 6.5 to 6.12).
 *
 * @param chance 0 up to, not including, 1
 * @returns the start, or undefined when there is no place
 */
export function chooseKernelStart(
  map: readonly EfiMemoryDescriptor[],
  { sizeBytes, limit, unacceptedToo }: KernelPlaces,
  chance: number,
): number | undefined {
  const areas = map
    .filter(
      ({ type }) =>
        type === EfiMemoryType.CONVENTIONAL || (unacceptedToo && type === EfiMemoryType.UNACCEPTED),
    )
    .map(({ start, end }) => {
      const first = Math.max(roundUp(start, ALIGN), KERNEL_START);
      const last = roundDown(Math.min(end, limit) - sizeBytes, ALIGN);
      return { first, places: Math.max(0, (last - first) / ALIGN + 1) };
    });
  let chosen = Math.floor(areas.reduce((sum, { places }) => sum + places, 0) * chance);
  for (const { first, places } of areas) {
    if (chosen < places) return first + chosen * ALIGN;
    chosen -= places;
  }
  return undefined;
}
