import { subtractRanges } from "../../firmware/ranges.js";
import type { AddressRange } from "../../units.js";
import { type HotplugAnswer, homeNode, type RemovalAnswer } from "./hotplug.js";
import { type TdxMemblock, without } from "./memory-list.js";
import type { TdxModuleHost } from "./plan.js";

/** What a host has for one guest; bytes. */
export interface GuestShare {
  /** Memory that the module was told of and nobody has. */
  readonly freeBytes: number;
  /** Memory that is online and that the module was not told of. */
  readonly foreignBytes: number;
}

/** A module's memory as it is when a guest starts. */
interface Memory {
  readonly list: readonly TdxMemblock[];
  readonly pamts: readonly AddressRange[];
  readonly removed: readonly RemovalAnswer[];
  readonly hotplug: readonly HotplugAnswer[];
}

/**
 * What is left for a guest, which may be bound to a node. Assumptions: the host has nothing else in its
 * memory than its tables for TDX and what the scenario says that others use; a PAMT takes of a node what
 * others do not use.
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
 *
 * @param capable nodes without memory that the module does not know
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
