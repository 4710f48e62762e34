import { subtractRanges } from "../../firmware/ranges.js";
import type { AddressRange } from "../../units.js";
import { printRange, type TdxMemblock, without } from "./memory-list.js";
import type { TdxModuleHost } from "./plan.js";

export interface HotplugAnswer extends AddressRange {
  readonly accepted: boolean;
  /** Whether the module was told of it, so that guests can have it. */
  readonly forGuests: boolean;
  /** Why not, as a sentence. */
  readonly reason?: string;
}

/**
 * Linux refuses to let memory go online that the module was not told of when it started, even if
 * it could be protected, so that every page of the allocator stays good for TDX (6.12
 * arch/x86/virt/vmx/tdx/tdx.c: tdx_memory_notifier, is_tdx_memory). As first proposed it did not look, and
 * left that to the owner of the machine (Kai Huang, v6 of the series, October 2022).
 */
export function answerHotplug(
  list: readonly TdxMemblock[],
  range: AddressRange,
  policy: TdxModuleHost["hotplugPolicy"] = "refuse",
): HotplugAnswer {
  const { start, end } = range;
  const forGuests = insideOne(list, range);
  if (forGuests || policy !== "refuse") return { start, end, accepted: true, forGuests };
  const reason = `Memory ${printRange(range)} is not inside one range that the TDX module was given at its start.`;
  return { start, end, accepted: false, forGuests, reason };
}

/**
 * The alternative to refusing memory: all of it may go online, each node says whether all its
 * memory is good for TDX, and guests are bound to the nodes that say so (Kai Huang, "[PATCH v6
 * 04/21] x86/virt/tdx: Use all boot-time system memory as TDX memory", October 2022). Memory that
 * is plugged in belongs to the node whose memory it is in, or else to the first one's (6.12
 * mm/numa_memblks.c: memory_add_physaddr_to_nid).
 */
export function capableNodes(
  memory: TdxModuleHost["memory"],
  list: readonly TdxMemblock[],
  hotplug: readonly AddressRange[],
): number[] {
  const nodes = new Set(list.map(({ nodeId }) => nodeId));
  for (const range of hotplug) {
    if (!insideOne(list, range)) nodes.delete(homeNode(memory, range));
  }
  return [...nodes].sort((a, b) => a - b);
}

function homeNode(memory: TdxModuleHost["memory"], range: AddressRange): number {
  const home = memory.find(({ start, end }) => start <= range.start && range.start < end) ?? memory[0];
  return home?.nodeId ?? 0;
}

function insideOne(list: readonly TdxMemblock[], { start, end }: AddressRange): boolean {
  return list.some((block) => block.start <= start && end <= block.end);
}

export interface RemovalAnswer extends AddressRange {
  readonly removed: boolean;
  /** Why not, as a sentence. */
  readonly reason?: string;
}

/**
 * Memory can be removed whatever the module knows of it, which keeps its regions and their PAMT to its end;
 * but pages that the module has for its PAMT cannot be moved away (6.12 mm/memory_hotplug.c: offline_pages).
 */
export function answerRemovals(
  removed: TdxModuleHost["removed"],
  pamts: readonly AddressRange[],
): RemovalAnswer[] {
  return removed.map(({ start, end, when }) => {
    const inUse = pamts.some((pamt) => pamt.start < end && start < pamt.end);
    if (when === "before" || !inUse) return { start, end, removed: true };
    const reason = `Memory ${printRange({ start, end })} holds a PAMT of the TDX module and cannot go offline.`;
    return { start, end, removed: false, reason };
  });
}

/** Bytes. */
export interface GuestShare {
  /** Memory that the module was told of and that is free. */
  readonly freeBytes: number;
  /** Memory that is online and that the module was not told of. */
  readonly foreignBytes: number;
}

interface Memory {
  readonly list: readonly TdxMemblock[];
  readonly pamts: readonly AddressRange[];
  readonly removed: readonly RemovalAnswer[];
  readonly hotplug: readonly HotplugAnswer[];
}

/**
 * Memory left for a guest, which may be bound to a node. Assumptions: the host has nothing in its memory
 * but its tables for TDX and the use by others in the scenario; a PAMT takes memory of a node that others
 * do not use.
 */
export function guestShare(
  { memory, guestNode }: TdxModuleHost,
  { list, pamts, removed, hotplug }: Memory,
): GuestShare {
  const isOwn = (nodeId: number): boolean => guestNode === "any" || nodeId === guestNode;
  const own = list.filter(({ nodeId }) => isOwn(nodeId));
  const online = hotplug.filter(({ accepted }) => accepted);
  const gone = subtractRanges(
    removed.filter((one) => one.removed),
    online,
  );
  const present = without(own, gone);
  const usedBytes = memory.reduce((sum, one) => sum + (isOwn(one.nodeId) ? one.usedBytes : 0), 0);
  const foreign = online.flatMap((range, at) =>
    isOwn(homeNode(memory, range)) ? subtractRanges([range], [...list, ...online.slice(0, at)]) : [],
  );
  return {
    freeBytes: Math.max(bytesOf(subtractRanges(present, pamts)) - usedBytes, 0),
    foreignBytes: bytesOf(foreign),
  };
}

/**
 * Why a host does not create a guest although its module runs. Where memory goes online by its node, the
 * proposal leaves it to user space to bind guests; assumption: the host refuses those that it does not bind
 * so.
 */
export function bindingRefusal(
  { memory, hotplugPolicy, guestNode }: TdxModuleHost,
  capable: readonly number[],
): string | undefined {
  if (hotplugPolicy !== "nodes") return undefined;
  const nodes = guestNode === "any" ? new Set(memory.map(({ nodeId }) => nodeId)) : [guestNode];
  const bad = [...nodes].find((node) => !capable.includes(node));
  if (bad === undefined) return undefined;
  const where = guestNode === "any" ? `bound to no node, and node ${bad}` : `bound to node ${bad}, which`;
  const good = capable.length === 0 ? "no node is" : `nodes that are: ${capable.join(", ")}`;
  return `the guest cannot be created: it is ${where} is not TDX-capable (${good})`;
}

function bytesOf(ranges: readonly AddressRange[]): number {
  return ranges.reduce((sum, { start, end }) => sum + end - start, 0);
}
