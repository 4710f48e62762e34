import { type AddressRange, KiB, MiB, PAGE_SIZE, roundDown, roundUp } from "../../units.js";

/** What kexec_file_load() puts somewhere, in this order (arch/x86/kernel/kexec-bzimage64.c: bzImage64_load, 6.12). */
export interface Segments {
  /** Code that runs between the kernels and checks the others. */
  readonly purgatory: AddressRange;
  /** Zero page, command line, EFI memory map, setup_data. */
  readonly parameters: AddressRange;
  /** The kernel with the room that it unpacks itself to (init_size). */
  readonly kernel: AddressRange;
  readonly initrd: AddressRange | undefined;
}

/** Sizes of what is to be loaded; bytes. */
export interface SegmentSizes {
  readonly kernelBytes: number;
  readonly initrdBytes: number;
}

/** Assumption: the purgatory of a distribution's kernel with its stack. */
const PURGATORY_BYTES: number = 32 * KiB;
/** Zero page, a command line, an EFI map and its setup_data. */
const PARAMETERS_BYTES: number = 16 * KiB;
/** CONFIG_PHYSICAL_ALIGN. */
const KERNEL_ALIGN: number = 2 * MiB;
/** Below that kexec puts nothing. */
const LOWEST: number = MiB;

/**
 * Finds a place for each segment in System RAM, not in memory that the kernel gives away: whether
 * it is accepted is no concern of the search (kernel/kexec_file.c: kexec_locate_mem_hole). In each
 * range of RAM the highest place is taken. Since 6.8 the highest range comes first, before that
 * the lowest one with room (walk_system_ram_res_rev; Baoquan He, "kexec_file: load kernel at top
 * of system RAM if required", 2023-11-14).
 *
 * @param ram ascending
 * @returns undefined when one of them fits nowhere
 */
export function placeSegments(
  ram: readonly AddressRange[],
  { kernelBytes, initrdBytes }: SegmentSizes,
  highestFirst: boolean,
): Segments | undefined {
  const ranges = highestFirst ? [...ram].reverse() : ram;
  const placed: AddressRange[] = [];
  const place = (sizeBytes: number, align: number): AddressRange | undefined => {
    const start = highestHole(ranges, placed, roundUp(sizeBytes, PAGE_SIZE), align);
    if (start === undefined) return undefined;
    const segment = { start, end: start + roundUp(sizeBytes, PAGE_SIZE) };
    placed.push(segment);
    return segment;
  };
  const purgatory = place(PURGATORY_BYTES, PAGE_SIZE);
  const parameters = place(PARAMETERS_BYTES, PAGE_SIZE);
  const kernel = place(kernelBytes, KERNEL_ALIGN);
  const initrd = initrdBytes === 0 ? undefined : place(initrdBytes, PAGE_SIZE);
  if (purgatory === undefined || parameters === undefined || kernel === undefined) return undefined;
  if (initrdBytes > 0 && initrd === undefined) return undefined;
  return { purgatory, parameters, kernel, initrd };
}

/**
 * The highest place in the first range that has one, away from what is taken already
 * (locate_mem_hole_top_down).
 */
export function highestHole(
  ranges: readonly AddressRange[],
  taken: readonly AddressRange[],
  sizeBytes: number,
  align: number,
): number | undefined {
  for (const range of ranges) {
    const lowest = Math.max(range.start, LOWEST);
    let start = roundDown(range.end - sizeBytes, align);
    while (start >= lowest) {
      const from = start;
      const inTheWay = taken.find((other) => other.start < from + sizeBytes && other.end > from);
      if (inTheWay === undefined) return start;
      start = roundDown(inTheWay.start - sizeBytes, align);
    }
  }
  return undefined;
}

/** All of them that there are, in the order of loading. */
export function allSegments({ purgatory, parameters, kernel, initrd }: Segments): AddressRange[] {
  return [purgatory, parameters, kernel, ...(initrd === undefined ? [] : [initrd])];
}
