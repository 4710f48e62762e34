/**
 * The arrays of memory and of reserved ranges, with everything that edits, looks up and walks them
 * (mm/memblock.c, Linux 6.12). Allocation is in memblock.ts.
 */
import { kernelRules } from "../linux/kernel-rules.js";
import type { MemblockRules } from "../linux/rules.js";
import { type AddressRange, PAGE_SIZE, type PhysAddr, pfnDown } from "../units.js";
import { attributesLine, dumpLines, rangeLine } from "./debug.js";
import { addRange, removeRange, setclrFlag, setNode, trimRegions } from "./edit.js";
import {
  freeMemRanges,
  freePfnRangesInZone,
  memPfnRanges,
  type NodePfnRange,
  type RegionFilter,
} from "./iterate.js";
import { MAX_NUMNODES, MemblockFlags, MemblockType, NUMA_NO_NODE } from "./regions.js";
import type { RequestRow } from "./request-rows.js";

export interface MemblockOptions {
  /** What reservations keep; default: as in 6.12. */
  readonly rules?: MemblockRules;
  /** `movable_node` on the command line: hotpluggable memory is avoided. Default false. */
  readonly movableNode?: boolean;
  /** `kernelcore=mirror` on the command line: mirrored memory is marked and preferred. Default false. */
  readonly mirroredKernelcore?: boolean;
  /**
   * Called for the exact byte range of every allocation, before anybody uses it (accept_memory()
   * in memblock_alloc_range_nid and memblock_double_array). Default: nothing to accept.
   */
  readonly accept?: (start: PhysAddr, sizeBytes: number) => void;
  /** The same for allocations in rows, in the order of `requestsInTurns`. Default: `accept` for each. */
  readonly acceptInTurns?: (turns: number, rows: readonly RequestRow[]) => void;
  /** Receives the lines of `memblock=debug`, without the caller's name. */
  readonly debug?: (line: string) => void;
}

export abstract class MemblockMap {
  /** Memory the firmware reported. */
  readonly memory: MemblockType = new MemblockType("memory", (start, size) =>
    this.growArray(this.memory, start, size),
  );
  readonly reserved: MemblockType = new MemblockType("reserved", (start, size) =>
    this.growArray(this.reserved, start, size),
  );
  /** Whether some region was marked mirrored (system_has_some_mirror). */
  protected hasMirror = false;
  protected readonly options: MemblockOptions;
  readonly #rules: MemblockRules;

  constructor(options: MemblockOptions = {}) {
    this.options = options;
    this.#rules = options.rules ?? kernelRules("6.12").memblock;
  }

  protected abstract growArray(type: MemblockType, newStart: number, newSizeBytes: number): void;

  /** memblock_add(): memory that belongs to no node yet. */
  add(base: number, size: number): void {
    this.options.debug?.(rangeLine("memblock_add", base, size));
    addRange(this.memory, base, size, MAX_NUMNODES, MemblockFlags.NONE);
  }

  /** memblock_add_node(). Memory that is there already keeps its node and flags. */
  addNode(base: number, size: number, nid: number, flags: MemblockFlags = MemblockFlags.NONE): void {
    this.options.debug?.(attributesLine("memblock_add_node", base, size, nid, flags));
    addRange(this.memory, base, size, nid, flags);
  }

  /** memblock_remove(): takes a range out of memory. */
  remove(base: number, size: number): void {
    this.options.debug?.(rangeLine("memblock_remove", base, size));
    removeRange(this.memory, base, size);
  }

  /** memblock_reserve(): overlaps and repetitions are legal. Reserving does not accept. */
  reserve(base: number, size: number): void {
    this.#reserve(base, size, NUMA_NO_NODE, MemblockFlags.NONE);
  }

  /** memblock_reserve_kern(): the same for the kernel's own use. @param nid the node that was asked for */
  reserveKern(base: number, size: number, nid: number = NUMA_NO_NODE): void {
    this.#reserve(base, size, nid, MemblockFlags.RSRV_KERN);
  }

  #reserve(base: number, size: number, nid: number, flags: MemblockFlags): void {
    const { debug } = this.options;
    if (this.#rules.marksReservations) {
      debug?.(attributesLine("__memblock_reserve", base, size, nid, flags));
      addRange(this.reserved, base, size, nid, flags);
    } else {
      debug?.(rangeLine("memblock_reserve", base, size));
      addRange(this.reserved, base, size, MAX_NUMNODES, MemblockFlags.NONE);
    }
  }

  /**
   * Whether a reservation that touches another one of its kind is added to that one and changes nothing else: no
   * line is printed and the array has room. Until something else is reserved or freed it stays so.
   */
  protected get growsSilently(): boolean {
    return this.options.debug === undefined && this.reserved.regions.length < this.reserved.max;
  }

  /** Makes the reservation that begins at `address` longer at that end, by what nobody has reserved. */
  protected extendDown(address: PhysAddr, bytes: number): void {
    const { nid, flags } = this.reserved.regions[this.reserved.search(address)]!;
    addRange(this.reserved, address - bytes, bytes, nid, flags);
  }

  /** memblock_phys_free(): drops a reservation. What was accepted stays accepted. */
  free(base: number, size: number): void {
    this.options.debug?.(rangeLine("memblock_phys_free", base, size));
    removeRange(this.reserved, base, size);
  }

  markHotplug(base: number, size: number): void {
    setclrFlag(this.memory, base, size, true, MemblockFlags.HOTPLUG);
  }

  clearHotplug(base: number, size: number): void {
    setclrFlag(this.memory, base, size, false, MemblockFlags.HOTPLUG);
  }

  /** memblock_mark_mirror(): without `kernelcore=mirror` it does nothing. */
  markMirror(base: number, size: number): void {
    if (!this.options.mirroredKernelcore) return;
    this.hasMirror = true;
    setclrFlag(this.memory, base, size, true, MemblockFlags.MIRROR);
  }

  /** memblock_mark_kho_scratch(), in kernels that know it. */
  markScratch(base: number, size: number): void {
    if (this.#rules.marksScratch) setclrFlag(this.memory, base, size, true, MemblockFlags.KHO_SCRATCH);
  }

  clearScratch(base: number, size: number): void {
    if (this.#rules.marksScratch) setclrFlag(this.memory, base, size, false, MemblockFlags.KHO_SCRATCH);
  }

  markNomap(base: number, size: number): void {
    setclrFlag(this.memory, base, size, true, MemblockFlags.NOMAP);
  }

  clearNomap(base: number, size: number): void {
    setclrFlag(this.memory, base, size, false, MemblockFlags.NOMAP);
  }

  /** memblock_reserved_mark_noinit(): the struct pages of this reservation stay uninitialised. */
  reservedMarkNoinit(base: number, size: number): void {
    setclrFlag(this.reserved, base, size, true, MemblockFlags.RSRV_NOINIT);
  }

  /** memblock_set_node() on one of the two arrays. */
  setNode(base: number, size: number, type: MemblockType, nid: number): void {
    setNode(type, base, size, nid);
  }

  /** memblock_trim_memory(): memory regions shrink to multiples of `align`. */
  trimMemory(align: number): void {
    trimRegions(this.memory, align);
  }

  /** Whether one single memory region holds all of the range (memblock_is_region_memory). */
  isRegionMemory(base: number, size: number): boolean {
    const region = this.memory.regions[this.memory.search(base)];
    return region !== undefined && region.base + region.size >= base + size;
  }

  /** Whether a reservation shares a byte with the range (memblock_is_region_reserved). */
  isRegionReserved(base: number, size: number): boolean {
    return this.reserved.overlaps(base, size);
  }

  /** Node and whole pages of the memory region around a page frame (memblock_search_pfn_nid). */
  searchPfnNid(pfn: number): NodePfnRange | undefined {
    const region = this.memory.regions[this.memory.search(pfn * PAGE_SIZE)];
    if (region === undefined) return undefined;
    const endPfn = pfnDown(region.base + region.size);
    return { startPfn: pfnDown(region.base), endPfn, nid: region.nid };
  }

  startOfDram(): number {
    return this.memory.regions[0]?.base ?? 0;
  }

  /** First byte after all memory; 0 when there is none. */
  endOfDram(): number {
    const last = this.memory.regions.at(-1);
    return last === undefined ? 0 : last.base + last.size;
  }

  /** Bytes of memory (memblock_phys_mem_size); see MemblockType.totalSize for its quirk. */
  physMemSize(): number {
    return this.memory.totalSize;
  }

  /** Bytes reserved (memblock_reserved_size). */
  reservedSize(): number {
    return this.reserved.totalSize;
  }

  protected filter(nid: number, flags: MemblockFlags): RegionFilter {
    return { nid, flags, movableNode: this.options.movableNode ?? false };
  }

  /** Free byte ranges ascending, by default of all nodes (for_each_free_mem_range). */
  freeMemRanges(
    nid: number = NUMA_NO_NODE,
    flags: MemblockFlags = MemblockFlags.NONE,
  ): Iterable<AddressRange> {
    return freeMemRanges(this.memory, this.reserved, this.filter(nid, flags));
  }

  /** Whole pages of memory ascending, NOMAP included (for_each_mem_pfn_range). */
  memPfnRanges(nid: number = NUMA_NO_NODE): Iterable<NodePfnRange> {
    return memPfnRanges(this.memory, nid);
  }

  /** Whole free pages of a zone ascending (for_each_free_mem_pfn_range_in_zone_from). */
  freePfnRangesInZone(zone: NodePfnRange): Iterable<NodePfnRange> {
    return freePfnRangesInZone(this.memory, this.reserved, zone, this.options.movableNode ?? false);
  }

  /** Both arrays as `memblock=debug` prints them (memblock_dump_all). */
  dump(): string[] {
    return dumpLines(this.memory, this.reserved);
  }
}
