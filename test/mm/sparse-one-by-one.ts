import {
  MEMBLOCK_ALLOC_ACCESSIBLE,
  MEMBLOCK_ALLOC_NOLEAKTRACE,
  type Memblock,
} from "../../src/memblock/memblock.js";
import type { SparseOptions } from "../../src/mm/sparse.js";
import { MiB } from "../../src/units.js";

/** The memory map as the kernel makes it, request by request: sections ascending, each with its tables and its map. */
export function sparseInitOneByOne(memblock: Memblock, options: SparseOptions): void {
  const { rules } = options;
  const sectionsPerRoot = options.pageExtension ? 128 : 256;
  need(memblock.alloc((8 * 2 ** (options.fiveLevelPaging ? 25 : 19)) / sectionsPerRoot, 64));
  const nodes = new Map<number, number>();
  const roots = new Set<number>();
  for (const { startPfn, endPfn, nid } of memblock.memPfnRanges()) {
    for (let section = Math.floor(startPfn / 32768); section * 32768 < endPfn; section++) {
      const root = Math.floor(section / sectionsPerRoot);
      if (!roots.has(root)) need(memblock.allocNode(4096, 64, nid));
      roots.add(root);
      if (!nodes.has(section)) nodes.set(section, nid);
    }
  }
  const sections = [...nodes.keys()];
  const tables = new Set<string>();
  for (let from = 0; from < sections.length; ) {
    const nid = nodes.get(sections[from]!)!;
    let to = from;
    while (to < sections.length && nodes.get(sections[to]!) === nid) to++;
    populate(memblock, sections.slice(from, to), nid, options, tables);
    from = to;
  }

  function populate(
    into: Memblock,
    run: readonly number[],
    nid: number,
    { memoryIsolation, fiveLevelPaging }: SparseOptions,
    done: Set<string>,
  ): void {
    const bits = rules.isolateBit && memoryIsolation ? 8 : 4;
    need(into.allocNode((24 + (64 * bits) / 8) * run.length, 64, rules.usageMapsNearNode ? 0 : nid));
    const limit = rules.memmapUntraced ? MEMBLOCK_ALLOC_NOLEAKTRACE : MEMBLOCK_ALLOC_ACCESSIBLE;
    const buffer =
      rules.memmapBlocks !== "section" &&
      into.allocExactNidRaw(run.length * 2 * MiB, 2 * MiB, 16 * MiB, limit, nid) !== 0;
    for (const section of run) {
      const spans = [
        ["p4d", fiveLevelPaging ? 512 ** 3 : 0],
        ["pud", 512 ** 2],
        ["pmd", 512],
      ] as const;
      for (const [level, span] of spans) {
        const table = `${level} ${Math.floor(section / span)}`;
        if (span === 0 || done.has(table)) continue;
        done.add(table);
        need(into.allocTryNidRaw(4096, 4096, 16 * MiB, limit, nid));
      }
      if (!buffer) need(into.allocTryNidRaw(2 * MiB, 2 * MiB, 16 * MiB, limit, nid));
    }
  }
}

function need(address: number): void {
  if (address === 0) throw new Error("no room");
}
