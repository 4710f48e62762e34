/** What a scenario file may write for a size, an address, a time or a page size, and what it means. */

import { GiB, KiB, MiB, PAGE_SIZE, parseDuration, parseSize, TiB } from "../units.js";
import type { Quantity } from "./document.js";
import type { HostPageSize } from "./scenario.js";

/** Smallest guest, 256 MiB: less does not hold kernel, initrd and swiotlb (assumption). */
export const MIN_MEMORY_BYTES: number = 256 * MiB;
/** Largest guest, 4 PiB: 52 physical address bits, the most x86_64 has. */
const MAX_MEMORY_BYTES: number = 4096 * TiB;

/** RAM of a guest in bytes, or undefined for text that is no size and for sizes out of range. */
export function memoryBytes(value: Quantity): number | undefined {
  const bytes = parseSize(String(value));
  if (bytes === undefined || bytes % MiB !== 0) return undefined;
  return bytes >= MIN_MEMORY_BYTES && bytes <= MAX_MEMORY_BYTES ? bytes : undefined;
}

/** Physical address up to which the firmware accepts; `all` is Infinity. Whole MiB. */
export function preAcceptLimitBytes(value: Quantity): number | undefined {
  if (value === "all") return Number.POSITIVE_INFINITY;
  const bytes = parseSize(String(value));
  return bytes !== undefined && bytes % MiB === 0 && bytes <= MAX_MEMORY_BYTES ? bytes : undefined;
}

/** Size of a memory device that is plugged in: whole memory sections of 128 MiB, up to 1 PiB. */
export function hotplugBytes(value: Quantity): number | undefined {
  const bytes = parseSize(String(value));
  if (bytes === undefined || bytes === 0 || bytes % (128 * MiB) !== 0) return undefined;
  return bytes <= 1024 * TiB ? bytes : undefined;
}

/** Size of an initrd: up to 1 GiB. */
export function initrdBytes(value: Quantity): number | undefined {
  const bytes = parseSize(String(value));
  return bytes !== undefined && bytes <= GiB ? bytes : undefined;
}

/** A physical address of a host, on a page boundary. */
export function hostAddressBytes(value: Quantity): number | undefined {
  const bytes = parseSize(String(value));
  return bytes !== undefined && bytes % PAGE_SIZE === 0 && bytes <= MAX_MEMORY_BYTES ? bytes : undefined;
}

/** One of the three page sizes of x86_64. */
export function hostPageSizeBytes(value: Quantity): HostPageSize | undefined {
  const bytes = parseSize(String(value));
  return bytes === 4 * KiB || bytes === 2 * MiB || bytes === GiB ? (bytes as HostPageSize) : undefined;
}

/** A time in nanoseconds, zero or more; written with its unit. */
export function durationNs(value: Quantity): number | undefined {
  return parseDuration(String(value));
}

/** The size that somebody may have meant who wrote a decimal unit: `4GiB` for `4GB`. */
export function binarySizeFor(value: Quantity): string | undefined {
  const match = /^\s*([\d.]+)\s*([kmgtp])b$/i.exec(String(value));
  if (match === null) return undefined;
  return `${match[1]}${match[2]!.toUpperCase()}iB`;
}
