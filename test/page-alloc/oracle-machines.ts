import type { Random } from "./oracle-random.js";
import type { OracleKernel } from "./oracle-rules.js";

/** Random machines for the comparison with the naive model; everything follows from one seed. */

/** A part of memory as boot hands it over, and the frames in it that stay reserved. */
export interface Piece {
  readonly how: "block" | "run" | "single pages";
  readonly pfn: number;
  /** Order of a block, number of 4 MiB blocks of a run, number of single pages. */
  readonly size: number;
  readonly zone: number;
  /** Handed over while the machine runs, or when a zone grows. */
  readonly late: boolean;
}

export interface RandomMachine {
  /** What it is like, in a few words each. */
  readonly shape: readonly string[];
  readonly zones: readonly {
    readonly nodeId: number;
    readonly type: 0 | 1 | 2 | 3;
    readonly name: string;
    readonly startPfn: number;
    readonly endPfn: number;
    readonly presentPages: number;
  }[];
  readonly zonelists: readonly (readonly number[])[];
  readonly nodeZonelists: readonly (readonly number[])[];
  readonly nodes: number;
  readonly cpus: number;
  /** Node of each CPU. */
  readonly cpuNodes: readonly number[];
  readonly kernel: OracleKernel;
  readonly lazy: boolean;
  readonly pieces: readonly Piece[];
  /** Reserved frames among the early pieces. */
  readonly reserved: readonly number[];
  /** Whole pageblocks that boot reserves for CMA. */
  readonly cmaAreas: readonly { readonly pfn: number; readonly pages: number }[];
  readonly initialTypes: ReadonlyMap<number, number>;
  readonly unacceptedFrom: number;
  readonly unacceptedTo: number;
}

const BLOCK = 1024;
const ZONE_NAMES = ["DMA", "DMA32", "Normal", "Movable"];

/** [node, zone type, start, first frame, frame after the last] of memory; the zone may span more. */
type Memory = readonly [nodeId: number, type: 0 | 1 | 2 | 3, start: number, end: number, spanEnd: number];

function layout(random: Random): { shape: string; memory: Memory[] } {
  const blocks = random.pick([
    random.between(2, 8),
    random.between(3, 20),
    random.between(52, 100),
    random.between(52, 100),
  ]);
  const odd = random.chance(60);
  const start = 0x100000 + (odd ? random.below(3000) : 0);
  const end = start + blocks * BLOCK + (odd ? random.below(BLOCK) : -(start % BLOCK));
  const low = random.between(2, 16) * BLOCK + (odd ? random.below(BLOCK) : 0);
  const normal: Memory = [0, 2, start, end, end];
  const dma: Memory = [0, 0, 1, 0x1000, 0x1000];
  const dma32: Memory = [0, 1, 0x1000, 0x1000 + low, 0x100000];
  const after = Math.ceil(end / BLOCK) * BLOCK;
  const more =
    random.pick([random.between(2, 8), random.between(8, 60)]) * BLOCK + (odd ? random.below(BLOCK) : 0);
  switch (random.below(6)) {
    case 0:
      return { shape: "1 zone", memory: [normal] };
    case 1:
      return { shape: "3 zones", memory: [dma, dma32, normal] };
    case 2: {
      const second = after + (odd ? random.below(3000) : 0);
      return { shape: "2 nodes", memory: [dma, dma32, normal, [1, 2, second, second + more, second + more]] };
    }
    case 3: {
      const movable: Memory = [0, 3, after, after + more, after + more];
      return { shape: "movable zone", memory: [dma32, [0, 2, start, after, after], movable] };
    }
    case 4: {
      const second = Math.ceil((after + more) / BLOCK) * BLOCK;
      const near: Memory = [1, 2, after, after + more, after + more];
      const far: Memory = [2, 2, second, second + more, second + more];
      return { shape: "3 nodes", memory: [dma32, normal, near, far] };
    }
    default: {
      const second: Memory = [1, 2, after, after + more, after + more];
      return { shape: "2 nodes without DMA32", memory: [normal, second] };
    }
  }
}

/** The releases that machines run; of those with 6.12 some run the first tag. */
export const DUEL_KERNELS = ["6.12", "6.18", "7.2", "7.3"] as const satisfies readonly OracleKernel[];
export type DuelKernel = (typeof DUEL_KERNELS)[number];

export function randomMachine(random: Random, release: DuelKernel): RandomMachine {
  const { shape, memory } = layout(random);
  const cpus = random.between(1, 4);
  const older = random.chance(40);
  const kernel = release === "6.12" && older ? "6.12.0" : release;
  const lazy = random.chance(85);
  const unaccepted = random.chance(60);
  const late = random.chance(50);
  const cmaPercent = random.chance(40) ? random.pick([5, 15, 60]) : 0;
  const nodes = Math.max(...memory.map(([nodeId]) => nodeId)) + 1;
  const zones = memory.map(([nodeId, type, startPfn, end, endPfn]) => {
    return { nodeId, type, name: ZONE_NAMES[type]!, startPfn, endPfn, presentPages: end - startPfn };
  });
  const ofNode = (nodeId: number): number[] =>
    zones.map((_, index) => index).filter((index) => zones[index]!.nodeId === nodeId);
  const nodeZonelists = Array.from({ length: nodes }, (_, nodeId) => ofNode(nodeId).reverse());
  const zonelists = nodeZonelists.map((own, nodeId) => [
    ...own,
    ...nodeZonelists.filter((_, other) => other !== nodeId).flat(),
  ]);
  const first = memory[0]![2];
  const last = memory.at(-1)![3];
  const unacceptedFrom = unaccepted ? random.pick([first, 0x100000, random.between(first, last)]) : last;
  return {
    shape: [
      shape,
      `${cpus} CPUs`,
      `Linux ${kernel}`,
      ...(cmaPercent > 0 ? ["CMA"] : []),
      ...(unaccepted ? [lazy ? "lazy" : "eager", `unaccepted from 0x${unacceptedFrom.toString(16)}`] : []),
    ],
    zones,
    zonelists,
    nodeZonelists,
    nodes,
    cpus,
    cpuNodes: Array.from({ length: cpus }, () => random.below(nodes)),
    kernel,
    lazy,
    ...handOver(random, memory, late, cmaPercent),
    unacceptedFrom,
    unacceptedTo: unaccepted ? last - (random.chance(30) ? random.below(4 * BLOCK) : 0) : last,
  };
}

function handOver(
  random: Random,
  memory: readonly Memory[],
  late: boolean,
  cmaPercent: number,
): Pick<RandomMachine, "pieces" | "reserved" | "cmaAreas" | "initialTypes"> {
  const pieces: Piece[] = [];
  const reserved: number[] = [];
  const cmaAreas: { pfn: number; pages: number }[] = [];
  const initialTypes = new Map<number, number>();
  memory.forEach(([, , start, end], zone) => {
    const firstLate = late ? random.between(start, end) : end;
    for (let block = start - (start % BLOCK); block < end; block += BLOCK) {
      const whole = block >= start && block + BLOCK <= end;
      const isLate = block >= firstLate;
      if (whole && random.chance(cmaPercent)) {
        // All of the block, or one pageblock of it; boot hands over the other one.
        const part = random.pick(["all", "all", "first", "second"]);
        const pfn = part === "second" ? block + BLOCK / 2 : block;
        cmaAreas.push({ pfn, pages: part === "all" ? BLOCK : BLOCK / 2 });
        if (part !== "all") {
          pieces.push({ how: "block", pfn: 2 * block + BLOCK / 2 - pfn, size: 9, zone, late: isLate });
        }
        continue;
      }
      if (whole && random.chance(90)) {
        const previous = pieces.at(-1);
        const joins = previous?.how === "run" && previous.pfn + previous.size * BLOCK === block;
        if (joins && previous.late === isLate && previous.zone === zone && random.chance(80)) {
          pieces[pieces.length - 1] = { ...previous, size: previous.size + 1 };
        } else {
          pieces.push({ how: "run", pfn: block, size: 1, zone, late: isLate });
        }
        continue;
      }
      for (const half of [block, block + BLOCK / 2]) initialTypes.set(half, random.chance(70) ? 1 : 0);
      const from = Math.max(block, start);
      const to = Math.min(block + BLOCK, end);
      fragments(random, from, to, zone, isLate, pieces, reserved);
    }
  });
  return { pieces, reserved, cmaAreas, initialTypes };
}

/** Hands over part of a 4 MiB block with gaps; some frames of the gaps are given back by free_reserved_page() later. */
function fragments(
  random: Random,
  from: number,
  to: number,
  zone: number,
  late: boolean,
  pieces: Piece[],
  reserved: number[],
): void {
  const single = random.chance(40);
  const longest = random.pick([20, 200, 1000]);
  for (let pfn = from; pfn < to; ) {
    const pages = Math.min(random.between(1, longest), to - pfn);
    if (random.chance(25)) {
      if (!late && random.chance(50)) for (let at = pfn; at < pfn + pages; at++) reserved.push(at);
    } else if (single) {
      pieces.push({ how: "single pages", pfn, size: pages, zone, late });
    } else {
      for (let at = pfn; at < pfn + pages; ) {
        let order = 0;
        while (order < 9 && at % 2 ** (order + 1) === 0 && at + 2 ** (order + 1) <= pfn + pages) order++;
        pieces.push({ how: "block", pfn: at, size: order, zone, late });
        at += 2 ** order;
      }
    }
    pfn += pages;
  }
}
