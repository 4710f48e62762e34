/** The fields of a scenario for a host whose TDX module is to start. */

import type { FileOf, Problem, Quantity, SettledOf, Size } from "../../fields/field.js";
import { readSize } from "../../fields/read.js";
import { subtractRanges } from "../../firmware/ranges.js";
import { type AddressRange, formatBytes } from "../../units.js";
import { END, START, USED } from "../page-range.js";

export const TDX_MODULE = {
  memory: {
    is: "list",
    required: true,
    check: checkPiece as (value: never) => Problem[],
    what: "the host's memory in ascending order",
    fields: {
      start: START as typeof START,
      end: END as typeof END,
      node: {
        is: "count",
        as: "nodeId",
        min: 0,
        max: 1023,
        default: 0,
        varies: "never",
        what: "NUMA node",
      },
      used: USED as typeof USED,
    },
  },
  convertible: {
    is: "list",
    required: true,
    check: checkRange as (value: never) => Problem[],
    what: "memory the platform can protect (CMRs)",
    fields: { start: START as typeof START, end: END as typeof END },
  },
  /** From where the list comes when the module starts long after the boot. */
  listFrom: {
    is: "choice",
    of: ["memblock", "snapshot", "discarded"],
    default: "memblock",
    what: "which memory the module is told of when it starts: memblock as it is by then (Linux 6.12), a snapshot of it from the boot (the v6 series of 2022), or a memblock that was discarded after the boot",
  },
  removed: {
    is: "list",
    check: checkRange as (value: never) => Problem[],
    what: "memory of the boot that is removed while the host runs",
    fields: {
      start: START as typeof START,
      end: END as typeof END,
      when: {
        is: "choice",
        of: ["before", "after"],
        default: "after",
        varies: "never",
        what: "before the module starts or after",
      },
    },
  },
  hotplug: {
    is: "list",
    check: checkRange as (value: never) => Problem[],
    what: "memory plugged in after the module has started",
    fields: { start: START as typeof START, end: END as typeof END },
  },
  hotplugPolicy: {
    is: "choice",
    of: ["refuse", "allow", "nodes"],
    default: "refuse",
    what: "what the host does with plugged memory that the module does not know: keeps it offline (Linux 6.12), lets it go online (v6: the owner sees to it), or does so and starts only guests that are bound to a node without any",
  },
  guestNode: {
    is: "count",
    min: 0,
    max: 1023,
    or: "any",
    default: "any",
    what: "NUMA node of the host that the guest's memory has to come from",
  },
  /** Assumption: those of today's modules; reserved areas as well. */
  maxTdmrs: {
    is: "count",
    min: 1,
    max: 1024,
    default: 64,
    varies: "never",
    what: "most regions the module can be told",
  },
  maxReservedPerTdmr: {
    is: "count",
    min: 1,
    max: 1024,
    default: 16,
    varies: "never",
    what: "most reserved areas in a region",
  },
} as const;

/** A host as its TDX module sees it; its memory at boot in the order of memblock, the rest in the order it happens. */
export type TdxModuleHost = SettledOf<typeof TDX_MODULE>;

type Written = FileOf<typeof TDX_MODULE>;
type WrittenRange = Written["convertible"][number];

function checkRange({ start, end }: WrittenRange): Problem[] {
  if (bytesOf(START, start) < bytesOf(END, end)) return [];
  return [{ path: ["end"], message: "expected an end above the start" }];
}

/** More than there is cannot be used by others. */
function checkPiece(piece: Written["memory"][number]): Problem[] {
  const { start, end } = rangeOf(piece);
  if (start >= end) return checkRange(piece);
  if (bytesOf(TDX_MODULE.memory.fields.used, piece.used ?? 0) <= end - start) return [];
  return [{ path: ["used"], message: `expected at most the ${formatBytes(end - start)} of the range` }];
}

/** Removed memory must have been there, and so must the node of the guest. */
export function checkTdxModule({ memory, removed = [], guestNode = "any" }: Written): Problem[] {
  const ranges = memory.map(rangeOf);
  const foreign = [...removed.entries()]
    .filter(([, one]) => subtractRanges([rangeOf(one)], ranges).length > 0)
    .map(([at]) => ({ path: ["removed", at, "start"], message: "expected a range of the host's memory" }));
  const nodes = [...new Set(memory.map(({ node = 0 }) => node))];
  const unknown = [guestNode]
    .flat()
    .filter((node) => node !== "any" && !nodes.includes(node))
    .map(() => ({
      path: ["guestNode"],
      message: `expected any or a node of the host's memory (${nodes.join(", ")})`,
    }));
  return [...foreign, ...unknown];
}

function rangeOf({ start, end }: WrittenRange): AddressRange {
  return { start: bytesOf(START, start), end: bytesOf(END, end) };
}

function bytesOf(field: Size, value: Quantity): number {
  return readSize(field, value)!;
}
