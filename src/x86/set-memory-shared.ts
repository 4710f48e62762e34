import type { CocoPlatform } from "../coco/platform.js";
import type { GuestMemory } from "../host/guest-memory.js";
import type { GuestClock } from "../sim/guest-clock.js";
import { PAGE_SIZE, type PhysRange } from "../units.js";
import type { EarlyMap } from "./early-map.js";

/** What a change of the direct map is seen by. */
export interface MapWatchers {
  readonly platform: CocoPlatform;
  readonly host: GuestMemory;
  readonly clock: GuestClock;
}

/**
 * The running kernel makes memory of its direct map shared with the host, in the order of 6.12
 * arch/x86/mm/pat/set_memory.c: __set_memory_enc_pgtable: TLBs lose the old attribute; SNP takes
 * validation back and asks for the page state change (snp_set_memory_shared is its prepare hook);
 * entries change, with splits; TLBs lose the old entries; TDX asks for MapGPA (its finish hook,
 * arch/x86/coco/tdx/tdx.c: tdx_enc_status_change_finish).
 *
 * Where no page is left for a table, a guest that prepares has told the host already: the memory is lost to it.
 *
 * @param onlineCpus CPUs whose TLBs are flushed
 * @param unaccepted parts of the range that were never accepted, ascending
 * @throws GuestEnded
 */
export function setMemoryShared(
  range: PhysRange,
  { platform, host, clock }: MapWatchers,
  early: EarlyMap,
  onlineCpus: number,
  unaccepted: readonly PhysRange[] = [],
): void {
  const prepares = platform.type.statusChange === "prepare";
  if (prepares) host.share(range.start, range.end, unaccepted);
  early.convert(range, onlineCpus);
  early.charge(clock.ledger);
  if (!prepares) host.share(range.start, range.end, unaccepted);
  early.neverAccepted(unaccepted);
  host.noteGuestTables(host.use().bitmapBytes, early.tables.total * PAGE_SIZE);
}
