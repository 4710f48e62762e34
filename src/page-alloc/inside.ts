/** Puts an allocator into the state of a recorded kernel, list by list: for verify alone. */

export {
  accountFreePages,
  addFreeRun,
  addToFreeList,
  changePageblocks,
  cutFreeList,
  detachFromRun,
  firstOnList,
  freeToBuddy,
  isolateFreePage,
  moveFreePagesBlock,
  moveToFreeList,
  removeFromFreeList,
  removeSmallest,
} from "./buddy.js";
export { claim } from "./fallback.js";
export { FALLBACKS, FALLBACKS_PER_TYPE, isMergeable } from "./migratetype.js";
export type { PcpList, PerCpuPages } from "./pcp.js";
export { continueDrain, drainPcp, pcpType } from "./pcp-free.js";
