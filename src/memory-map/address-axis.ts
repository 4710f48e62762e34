import { type AddressRange, PAGE_SIZE } from "../units.js";
import type { MapLayer, MemoryMapFile } from "./memory-map.js";

/** A stretch of addresses, and its part of an axis, 0 to 1. */
export interface AxisPart extends AddressRange {
  readonly kind: "memory" | "shortened" | "hole";
  readonly from: number;
  readonly to: number;
}

/** An address axis on which holes, and long stretches in which nothing changes, take little room. */
export interface AddressAxis {
  readonly parts: readonly AxisPart[];
  /** Place of an address, 0 to 1. */
  readonly position: (address: number) => number;
  /** Address at a place. */
  readonly address: (position: number) => number;
}

/** Layers that say how memory became usable: at each time, memory of the guest is in one of them, or shared. */
export function isAcceptance({ name }: Pick<MapLayer, "name">): boolean {
  return name === "unaccepted" || name.startsWith("accepted ") || name === "shared with the host";
}

/**
 * A stretch without a border is long from this part of all memory on, and then takes as much room as this part of what
 * is not long; a hole takes this part of the axis.
 */
const LONGEST_PART = 1 / 12;
const LONG_ROOM = 0.4;
const HOLE_PART = 1 / 30;

/** Addresses as places from 0 to 1, where memory that changes has room. @param maps at least one; the axis serves all */
export function addressAxis(maps: readonly MemoryMapFile[]): AddressAxis {
  const borders = new Set<number>([0]);
  const covered: AddressRange[] = [];
  for (const { layers, areas } of maps) {
    const shown = layers.map((layer) => isAcceptance(layer) || layer.name === "map: usable");
    for (const [layer, start, end] of areas) {
      if (!shown[layer]!) continue;
      borders.add(start);
      borders.add(end);
      covered.push({ start, end });
    }
  }
  const memory = unionOf(covered);
  const stretches = stretchesOf(
    memory,
    [...borders].toSorted((one, other) => one - other),
  );
  const bytes = memory.reduce((sum, { start, end }) => sum + end - start, 0);
  const isLong = ({ kind, start, end }: Stretch): boolean =>
    kind === "memory" && end - start > bytes * LONGEST_PART;
  const others = stretches.reduce(
    (sum, one) => sum + (one.kind === "hole" || isLong(one) ? 0 : one.end - one.start),
    0,
  );
  const longest = others === 0 ? bytes * LONGEST_PART : others * LONG_ROOM;
  const weights = stretches.map((one) => {
    if (one.kind === "hole") return 0;
    return isLong(one) ? Math.min(longest, one.end - one.start) : one.end - one.start;
  });
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  const hole = (all * HOLE_PART) / Math.max(1 - HOLE_PART * stretches.filter(isHole).length, 0.5);
  const sizes = stretches.map((one, at) => (isHole(one) ? hole : weights[at]!));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const parts: AxisPart[] = [];
  let from = 0;
  for (const [at, stretch] of stretches.entries()) {
    const to = at === stretches.length - 1 ? 1 : from + sizes[at]! / total;
    parts.push({ ...stretch, kind: isLong(stretch) ? "shortened" : stretch.kind, from, to });
    from = to;
  }
  return axisOf(joined(parts));
}

function isHole({ kind }: { readonly kind: AxisPart["kind"] }): boolean {
  return kind === "hole";
}

function unionOf(ranges: readonly AddressRange[]): AddressRange[] {
  const union: { start: number; end: number }[] = [];
  for (const { start, end } of ranges.toSorted((one, other) => one.start - other.start)) {
    const last = union.at(-1);
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end);
    else union.push({ start, end });
  }
  return union;
}

type Stretch = AddressRange & { readonly kind: "memory" | "hole" };

/** Memory cut at its borders, with what lies between. Holes of a few pages are none that anybody could see. */
function stretchesOf(memory: readonly AddressRange[], borders: readonly number[]): Stretch[] {
  const stretches: Stretch[] = [];
  let from = 0;
  let at = 0;
  const bytes = memory.reduce((sum, { start, end }) => sum + end - start, 0);
  for (const range of memory) {
    const isWide = range.start - from > Math.max(PAGE_SIZE, bytes / 1000);
    if (isWide) stretches.push({ start: from, end: range.start, kind: "hole" });
    let start = isWide ? range.start : from;
    while (at < borders.length && borders[at]! <= start) at++;
    for (; at < borders.length && borders[at]! <= range.end; at++) {
      stretches.push({ start, end: borders[at]!, kind: "memory" });
      start = borders[at]!;
    }
    from = start;
  }
  return stretches;
}

/** Neighbours in which a byte takes as much room are one. */
function joined(parts: readonly AxisPart[]): AxisPart[] {
  const all: AxisPart[] = [];
  for (const part of parts) {
    const last = all.at(-1);
    if (last?.kind === "memory" && part.kind === "memory")
      all[all.length - 1] = { ...last, end: part.end, to: part.to };
    else all.push(part);
  }
  return all;
}

function axisOf(parts: readonly AxisPart[]): AddressAxis {
  return {
    parts,
    position(address) {
      const part = parts.find(({ end }) => address <= end) ?? parts.at(-1);
      if (part === undefined) return 0;
      const share = (address - part.start) / (part.end - part.start);
      return part.from + Math.min(Math.max(share, 0), 1) * (part.to - part.from);
    },
    address(position) {
      const part = parts.find(({ to }) => position <= to) ?? parts.at(-1);
      if (part === undefined) return 0;
      const share = (position - part.from) / (part.to - part.from);
      return part.start + Math.min(Math.max(share, 0), 1) * (part.end - part.start);
    },
  };
}
