/** What became of the kernel's direct map, for terminals. */

import type { CompareRow, RunResult } from "../results/row.js";
import { formatBytes } from "../units.js";
import { formatInteger } from "./cells.js";

/** Name, value and remark of each number of the direct map of a run; what is 0 is not shown. */
export function earlyMapLines({
  earlyMap,
}: RunResult): (readonly [name: string, value: string, remark: string])[] {
  if (earlyMap === undefined) return [];
  const { tables } = earlyMap;
  const lines: readonly (readonly [name: string, count: number, remark: string, bytes?: "bytes"])[] = [
    ["1 GiB", earlyMap.leaves1g, "leaves"],
    ["2 MiB", earlyMap.leaves2m, "leaves"],
    ["4 KiB", earlyMap.leaves4k, "leaves"],
    ["splits", earlyMap.splits, "of leaves that were shared in part"],
    ["tables", tables.brk + tables.memblock, "before the page allocator ran, from the brk area and memblock"],
    ["", tables.buddy, "from the page allocator"],
    ["late calls", earlyMap.lateMemblockCalls, "of memblock, when the page allocator ran"],
    ["lost races", earlyMap.lostRaces, "to another CPU that split the same leaf"],
    ["flushes", earlyMap.localFlushes, "of one CPU's TLB"],
    ["", earlyMap.globalFlushes, "of the TLBs of all CPUs"],
    ["shared", earlyMap.sharedBytes, "with the host", "bytes"],
    ["wasted", earlyMap.wastedAcceptBytes, "accepted for nothing but to be shared", "bytes"],
  ];
  return lines
    .filter(([, count]) => count > 0)
    .map(([name, count, remark, bytes]) => [
      name,
      bytes === undefined ? formatInteger(count) : formatBytes(count),
      remark,
    ]);
}

/** Settings that change nothing but what the direct map goes through. */
const SETTINGS: readonly string[] = [
  "shareWithoutAccept",
  "decryptedSection",
  "splitTables",
  "splitRaces",
  "dmaBuffers",
];

/** One line on the direct map of a row that differs from others in what concerns it; else nothing. */
export function earlyMapText({ earlyMap, settings }: CompareRow): string | undefined {
  if (earlyMap === undefined || !SETTINGS.some((name) => `guest.${name}` in settings)) return undefined;
  const { splits, tables, localFlushes, globalFlushes, wastedAcceptBytes } = earlyMap;
  const count = formatInteger(tables.brk + tables.memblock + tables.buddy);
  return (
    `direct map: splits ${formatInteger(splits)}, tables ${count}, flushes ${formatInteger(localFlushes)} of one ` +
    `CPU and ${formatInteger(globalFlushes)} of all, ${formatBytes(wastedAcceptBytes)} accepted only to be shared`
  );
}
