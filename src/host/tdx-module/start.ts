import { dynamicPamtBytes, pamtBytes, pamtRefcountBytes } from "../../coco/tdx/pamt.js";
import type { AddressRange } from "../../units.js";
import {
  answerHotplug,
  answerRemovals,
  capableNodes,
  type GuestShare,
  guestShare,
  type HotplugAnswer,
  type RemovalAnswer,
} from "./hotplug.js";
import {
  buildMemoryList,
  goneBefore,
  knownMemory,
  requireConvertible,
  type TdxMemblock,
  TdxModuleError,
  without,
} from "./memory-list.js";
import type { TdxModuleHost } from "./plan.js";
import { coverWithRegions, placePamts, reservedAreas } from "./regions.js";

/** With fewer regions left the kernel warns (arch/x86/virt/vmx/tdx/tdx.h: TDMR_NR_WARN). */
const TDMR_NR_WARN = 4;

/** A region of host memory as the module has it (struct tdmr_info). */
export interface Tdmr extends AddressRange {
  /** Its tables: for pages of 4 KiB, 2 MiB and 1 GiB, one after the other. */
  readonly pamt: AddressRange;
  /** Memory the module leaves alone, ascending. */
  readonly reserved: readonly AddressRange[];
}

export interface ReadyTdxModule {
  readonly outcome: "ready";
  /** Memory good for TDX guests. */
  readonly memory: readonly TdxMemblock[];
  readonly tdmrs: readonly Tdmr[];
  /** All tables of the module, in bytes. */
  readonly pamtBytes: number;
  /** What the host counts uses of dynamic tables in, in bytes; 0 where all tables are there from the start. */
  readonly refcountBytes: number;
  /** Whether the kernel warns that it is about to run out of TDMRs. */
  readonly fewTdmrsLeft: boolean;
  /** Memory plugged in later, in that order. */
  readonly hotplug: readonly HotplugAnswer[];
  /** NUMA nodes good for guests if the host let that memory go online and kept a record for each node. */
  readonly capableNodes: readonly number[];
  /** Memory to be removed, in that order. */
  readonly removed: readonly RemovalAnswer[];
  readonly guestShare: GuestShare;
}

/** A started module, or why there is none, in which case no TDX guest can run. */
export type TdxModuleStart = ReadyTdxModule | { readonly outcome: "failed"; readonly reason: string };

/**
 * Starts the TDX module of a host as Linux does, in its order, so the first thing that fails is
 * the one it would report (6.12 arch/x86/virt/vmx/tdx/tdx.c: init_tdx_module).
 *
 * @param dynamicPamt whether the tables for pages of 4 KiB are allocated as pages come into use
 */
export function startTdxModule(host: TdxModuleHost, dynamicPamt = false): TdxModuleStart {
  try {
    return start(host, dynamicPamt);
  } catch (error) {
    if (error instanceof TdxModuleError) return { outcome: "failed", reason: error.message };
    throw error;
  }
}

function start(host: TdxModuleHost, dynamicPamt: boolean): ReadyTdxModule {
  const tableBytes = dynamicPamt ? dynamicPamtBytes : pamtBytes;
  const addressEnd = Math.max(...host.memory.map(({ end }) => end));
  const refcountBytes = dynamicPamt ? pamtRefcountBytes(addressEnd) : 0;
  const memory = buildMemoryList(knownMemory(host));
  const regions = coverWithRegions(memory, host.maxTdmrs);
  const sizeOf = (region: AddressRange): number => tableBytes(region.end - region.start);
  const present = without(memory, goneBefore(host.removed));
  const pamts = placePamts(memory, present, regions, sizeOf);
  const tdmrs = regions.map((region, index) => ({
    ...region,
    pamt: pamts[index]!,
    reserved: reservedAreas(region, memory, pamts, host.maxReservedPerTdmr),
  }));
  requireConvertible(memory, host.convertible);
  const hotplug = host.hotplug.map((range) => answerHotplug(memory, range, host.hotplugPolicy));
  const removed = answerRemovals(host.removed, pamts);
  const share = guestShare(host, { list: memory, pamts, removed, hotplug });
  // Pages of any node (vmalloc()), so one node has the less of them the more there are.
  const countersBytes = host.guestNode === "any" ? refcountBytes : 0;
  return {
    outcome: "ready",
    memory,
    tdmrs,
    pamtBytes: regions.reduce((bytes, region) => bytes + sizeOf(region), 0),
    refcountBytes,
    fewTdmrsLeft: host.maxTdmrs - tdmrs.length < TDMR_NR_WARN,
    hotplug,
    capableNodes: capableNodes(host.memory, memory, host.hotplug),
    removed,
    guestShare: { ...share, freeBytes: Math.max(share.freeBytes - countersBytes, 0) },
  };
}
