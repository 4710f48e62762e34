/** The lines `memblock=debug` prints, without the caller at their end (mm/memblock.c, Linux 6.12 and 7.3). */
import { type MemblockFlags, type MemblockRegion, type MemblockType, numaValidNode } from "./regions.js";

function hex16(value: number): string {
  return `0x${value.toString(16).padStart(16, "0")}`;
}

/** `memblock_reserve: [0x...-0x...]`; the end is printed inclusive. */
export function rangeLine(operation: string, base: number, size: number): string {
  return `${operation}: [${hex16(base)}-${hex16(base + size - 1)}]`;
}

/** The same with what a reservation keeps from 6.16 on: `__memblock_reserve: [0x...-0x...] nid=-1 flags=20`. */
export function attributesLine(
  operation: string,
  base: number,
  size: number,
  nid: number,
  flags: MemblockFlags,
): string {
  return `${rangeLine(operation, base, size)} nid=${nid} flags=${flags.toString(16)}`;
}

/** A request, before a place for it was found. `nid` is absent in the phys_ functions. */
export function requestLine(
  operation: string,
  size: number,
  align: number,
  from: number,
  maxAddr: number,
  nid?: number,
): string {
  const node = nid === undefined ? "" : ` nid=${nid}`;
  const limits = `from=${hex16(from)} max_addr=${hex16(maxAddr)}`;
  return `${operation}: ${size} bytes align=0x${align.toString(16)}${node} ${limits}`;
}

function regionLine(type: MemblockType, region: MemblockRegion, index: number): string {
  const range = `[${hex16(region.base)}-${hex16(region.base + region.size - 1)}]`;
  const node = numaValidNode(region.nid) ? ` on node ${region.nid}` : "";
  const flags = `flags: 0x${region.flags.toString(16)}`;
  return ` ${type.name}[0x${index.toString(16)}]\t${range}, ${hex16(region.size)} bytes${node} ${flags}`;
}

/** Both arrays as `MEMBLOCK configuration:` shows them (memblock_dump_all). */
export function dumpLines(memory: MemblockType, reserved: MemblockType): string[] {
  const lines = [
    "MEMBLOCK configuration:",
    ` memory size = ${hex16(memory.totalSize)} reserved size = ${hex16(reserved.totalSize)}`,
  ];
  for (const type of [memory, reserved]) {
    lines.push(` ${type.name}.cnt  = 0x${type.regions.length.toString(16)}`);
    type.regions.forEach((region, index) => {
      lines.push(regionLine(type, region, index));
    });
  }
  return lines;
}
