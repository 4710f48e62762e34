/**
 * `swiotlb=` and how many slots of 2 KiB the DMA bounce buffer is to have (kernel/dma/swiotlb.c,
 * Linux 6.12).
 */
import { KiB, MiB, roundUp, roundUpPowerOfTwo } from "../units.js";
import { strtoul } from "./words.js";

/** A slot (IO_TLB_SIZE). */
export const SLAB_BYTES: number = 2 * KiB;
/** Slots of a segment: the longest mapping (IO_TLB_SEGSIZE). */
export const SEGMENT_SLABS = 128;
const DEFAULT_SLABS: number = (64 * MiB) / SLAB_BYTES;

/** The buffer's size before it is allocated. */
export interface SwiotlbSize {
  /** default_nslabs. */
  readonly slabs: number;
  /** default_nareas; 0 until somebody has said. */
  readonly areas: number;
  /** swiotlb_force_bounce and swiotlb_force_disable. */
  readonly force: boolean;
  readonly disabled: boolean;
}

/** A segment for each area at least, and a power of two once there are areas (round_up_default_nslabs). */
function roundUpSlabs(slabs: number, areas: number): number {
  return areas === 0 ? slabs : roundUpPowerOfTwo(Math.max(slabs, SEGMENT_SLABS * areas));
}

/** swiotlb_adjust_nareas(): one area for each CPU, unless the command line says how many. */
export function withAreas(size: SwiotlbSize, wanted: number): SwiotlbSize {
  const areas = roundUpPowerOfTwo(wanted);
  return { ...size, areas, slabs: roundUpSlabs(size.slabs, areas) };
}

/**
 * swiotlb_adjust_size(): what an encrypted guest wants, unless the size differs from the default.
 * `swiotlb=32768`, which asks for the default, therefore changes nothing there.
 */
export function adjusted(size: SwiotlbSize, bytes: number): SwiotlbSize {
  if (size.slabs !== DEFAULT_SLABS) return size;
  const slabs = roundUp(Math.ceil(bytes / SLAB_BYTES), SEGMENT_SLABS);
  return { ...size, slabs: roundUpSlabs(slabs, size.areas) };
}

/** The parts of a value: slots, areas, how to bounce; undefined for what the kernel would drop in silence. */
function parse(
  value: string,
): { slabs: number | undefined; areas: number | undefined; how: string } | undefined {
  let rest = value;
  const number = (): number | undefined => {
    const parsed = strtoul(rest);
    if (parsed !== undefined) rest = parsed.rest;
    if (rest.startsWith(",")) rest = rest.slice(1);
    return parsed?.value;
  };
  const slabs = number();
  const areas = number();
  if (!["", "force", "noforce"].includes(rest)) return undefined;
  if ([slabs, areas].some((count) => count !== undefined && count > 2 ** 31)) return undefined;
  return { slabs, areas, how: rest };
}

/** Whether a value is one that the kernel takes in whole: `SLOTS[,AREAS][,force|noforce]`. */
export function isSwiotlb(value: string): boolean {
  return value !== "" && parse(value) !== undefined;
}

/** The values of all `swiotlb=`, in order (setup_io_tlb_npages). */
export function swiotlbSize(values: readonly string[]): SwiotlbSize {
  let size: SwiotlbSize = { slabs: DEFAULT_SLABS, areas: 0, force: false, disabled: false };
  for (const value of values) {
    const parsed = parse(value);
    if (parsed === undefined) continue;
    const { slabs, areas, how } = parsed;
    if (slabs !== undefined) size = { ...size, slabs: roundUp(slabs, SEGMENT_SLABS) };
    if (areas !== undefined) size = withAreas(size, areas);
    size = { ...size, force: size.force || how === "force", disabled: size.disabled || how === "noforce" };
  }
  return size;
}
