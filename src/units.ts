/**
 * Pages, orders, bytes and time: the units every room shares.
 *
 * Sizes are integer bytes, addresses are integer bytes below 2^53 (a 4 PiB guest
 * needs 2^52), times are integer or fractional nanoseconds in a double. All three
 * are plain numbers; the name of a variable carries its unit.
 */

declare const PFN: unique symbol;
declare const PAGE: unique symbol;
declare const PHYS: unique symbol;

/**
 * Number of a page frame in guest-physical memory. A plain number at run time; the brand keeps it apart from
 * a `Page`. Arithmetic gives a plain number again, which `asPfn` takes back.
 */
export type Pfn = number & { readonly [PFN]: true };

/**
 * Index of a page in the arrays of the page allocator (the counterpart of `struct page *`). It says nothing
 * about where the page lies: that is its frame's number (`PageFrames.pfnOf`: page_to_pfn).
 */
export type Page = number & { readonly [PAGE]: true };

/** A physical address in bytes (phys_addr_t). That of a page comes from its frame: `addressOf`. */
export type PhysAddr = number & { readonly [PHYS]: true };

/** An array of pages: its elements stay branded. */
export interface PageArray extends Int32Array {
  [at: number]: Page;
}

/** For frames that were recorded, read or computed from others. */
export function asPfn(frame: number): Pfn {
  return frame as Pfn;
}

/** Physical address of the first byte of a frame (kernel: PFN_PHYS). */
export function addressOf(pfn: Pfn): PhysAddr {
  return (pfn * PAGE_SIZE) as PhysAddr;
}

/** For addresses of a memory map, or computed from others. */
export function asPhys(address: number): PhysAddr {
  return address as PhysAddr;
}

/** For pages computed from others. */
export function asPage(index: number): Page {
  return index as Page;
}

export function pageArray(length: number): PageArray {
  return new Int32Array(length) as PageArray;
}

/** log2 of the page size (x86_64: asm/page_types.h PAGE_SHIFT). */
export const PAGE_SHIFT = 12;
// Shifts, here and below: engines keep the result of a power as a double, and all that is computed with it.
export const PAGE_SIZE: number = 1 << PAGE_SHIFT;
/** Highest buddy order (include/linux/mmzone.h MAX_PAGE_ORDER, 6.8 and later). */
export const MAX_PAGE_ORDER = 10;
/** Pages in a block of the highest order: the allocator accepts this much at once (4 MiB). */
export const MAX_ORDER_PAGES: number = 1 << MAX_PAGE_ORDER;
export const MAX_ORDER_BYTES: number = MAX_ORDER_PAGES * PAGE_SIZE;
/** Order of a pageblock on x86_64 (include/linux/pageblock-flags.h): 2 MiB. */
export const PAGEBLOCK_ORDER = 9;
export const PAGEBLOCK_PAGES: number = 1 << PAGEBLOCK_ORDER;
/** Pages in a sparse-memory section of 128 MiB (x86_64: SECTION_SIZE_BITS 27). */
export const PAGES_PER_SECTION: number = 1 << 15;

export const KiB = 1024;
export const MiB: number = 1024 * KiB;
export const GiB: number = 1024 * MiB;
export const TiB: number = 1024 * GiB;

/** Bytes that one bit of the acceptance bitmap stands for (efi_unaccepted_memory.unit_size, 2 MiB). */
export const UNIT_SIZE: number = 2 * MiB;

/** First address after all physical memory: 52 bits, the most x86-64 has (Intel SDM volume 3, 4.1.4: MAXPHYADDR). */
export const PHYSICAL_ADDRESS_END: number = 2 ** 52;

/** A half-open range of physical addresses in bytes. */
export interface AddressRange {
  readonly start: number;
  readonly end: number;
}

/** A range whose addresses are known to be physical ones. Memory is accepted and shared by these. */
export interface PhysRange extends AddressRange {
  readonly start: PhysAddr;
  readonly end: PhysAddr;
}

export function physRange(start: PhysAddr, sizeBytes: number): PhysRange {
  return { start, end: (start + sizeBytes) as PhysAddr };
}

/** Rounds down to a multiple of `step`; exact for any value below 2^53. */
export function roundDown<Id extends Pfn | Page | PhysAddr>(value: Id, step: number): Id;
export function roundDown(value: number, step: number): number;
export function roundDown(value: number, step: number): number {
  return value - (value % step);
}

/** Rounds up to a multiple of `step`; exact while the result is below 2^53. */
export function roundUp<Id extends Pfn | Page | PhysAddr>(value: Id, step: number): Id;
export function roundUp(value: number, step: number): number;
export function roundUp(value: number, step: number): number {
  const rest = value % step;
  return rest === 0 ? value : value - rest + step;
}

/** The lowest power of two that is not below a value (kernel: roundup_pow_of_two). */
export function roundUpPowerOfTwo(value: number): number {
  return value <= 1 ? 1 : 2 ** Math.ceil(Math.log2(value));
}

/** Position of the highest set bit, counted from 1; 0 for 0 (kernel: fls). */
export function fls(value: number): number {
  return value === 0 ? 0 : Math.floor(Math.log2(value)) + 1;
}

/** First page frame wholly at or above an address (kernel: PFN_UP). */
export function pfnUp(address: number): Pfn {
  return Math.ceil(address / PAGE_SIZE) as Pfn;
}

/** Page frame that holds an address (kernel: PFN_DOWN). */
export function pfnDown(address: number): Pfn {
  return Math.floor(address / PAGE_SIZE) as Pfn;
}

const SIZE_SUFFIXES: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: KiB,
  kib: KiB,
  m: MiB,
  mib: MiB,
  g: GiB,
  gib: GiB,
  t: TiB,
  tib: TiB,
  p: 1024 * TiB,
  pib: 1024 * TiB,
};

/**
 * Reads a size as people write it: `4GiB`, `2M`, `512k`, `1.5 GiB`, `4096`. Suffixes
 * are binary, as in the kernel's memparse(): `2M` is 2 MiB. Decimal suffixes (`MB`)
 * are refused, because a reader could not tell which of the two was meant.
 *
 * @returns bytes, an integer from 0 to 2^53 - 1, or undefined when the text is not a size
 */
export function parseSize(text: string): number | undefined {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text);
  const factor = match ? SIZE_SUFFIXES[match[2]!.toLowerCase()] : undefined;
  if (match === null || factor === undefined) return undefined;
  const bytes = Number(match[1]) * factor;
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

const DURATION_SUFFIXES: Readonly<Record<string, number>> = { ns: 1, us: 1e3, ms: 1e6, s: 1e9, m: 60e9 };

/**
 * Reads a duration with its unit, such as `250us`, `1.5ms`, `90s`; only zero needs none.
 *
 * @returns nanoseconds, from 0 to 2^53 - 1, or undefined when the text is no duration
 */
export function parseDuration(text: string): number | undefined {
  const match = /^\s*(\d+(?:\.\d+)?)\s*(ns|us|ms|s|m)?\s*$/i.exec(text);
  if (match === null) return undefined;
  const value = Number(match[1]);
  const unit = match[2]?.toLowerCase() ?? (value === 0 ? "ns" : undefined);
  if (unit === undefined) return undefined;
  const ns = value * DURATION_SUFFIXES[unit]!;
  return ns <= Number.MAX_SAFE_INTEGER ? ns : undefined;
}

/**
 * The same where a name says that its numbers are nanoseconds, such as `bootTimeNs`: there a bare
 * number is nanoseconds.
 */
export function parseNanoseconds(text: string): number | undefined {
  return parseDuration(/^[\s\d.]*\d\s*$/.test(text) ? `${text}ns` : text);
}

/** Three significant digits without a trailing `.0`: `1.5`, `12.3`, `640`. */
function threeDigits(value: number): string {
  return value >= 100
    ? value.toFixed(0)
    : value >= 10
      ? trimZero(value.toFixed(1))
      : trimZero(value.toFixed(2));
}

function trimZero(text: string): string {
  return text.replace(/\.?0+$/, "");
}

/** Prints bytes with a binary unit and three significant digits: `4 GiB`, `896 B`, `1.5 MiB`. */
export function formatBytes(bytes: number): string {
  const magnitude = Math.abs(bytes);
  const units: readonly (readonly [number, string])[] = [
    [1024 * TiB, "PiB"],
    [TiB, "TiB"],
    [GiB, "GiB"],
    [MiB, "MiB"],
    [KiB, "KiB"],
  ];
  const sign = bytes < 0 ? "-" : "";
  for (const [factor, unit] of units)
    if (magnitude >= factor) return `${sign}${threeDigits(magnitude / factor)} ${unit}`;
  return `${sign}${magnitude} B`;
}

/** Prints nanoseconds with the unit a reader would pick: `1.24 s`, `250 us`, `12 ns`. */
export function formatDuration(ns: number): string {
  const magnitude = Math.abs(ns);
  const sign = ns < 0 ? "-" : "";
  if (magnitude >= 1e9) return `${sign}${threeDigits(magnitude / 1e9)} s`;
  if (magnitude >= 1e6) return `${sign}${threeDigits(magnitude / 1e6)} ms`;
  if (magnitude >= 1e3) return `${sign}${threeDigits(magnitude / 1e3)} us`;
  return `${sign}${threeDigits(magnitude)} ns`;
}
