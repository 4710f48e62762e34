import { CostEvent } from "../../sim/cost-events.js";
import { LEVEL_PAGES } from "../page-tables.js";
import type { AlikeAccepts } from "../platform.js";
import type { TdxHost } from "./tdx-host.js";

const SPAN_PAGES = LEVEL_PAGES[1];
const TABLE_EVENTS: readonly CostEvent[] = [CostEvent.septAdd, CostEvent.pamtAdd];

/**
 * Neighbouring pieces of whole spans of 2 MiB that hold no page of 1 GiB, without memory of the host: `guestAccept`
 * does the same with each. Only the tables of the secure EPT above those of the leaves serve several.
 *
 * @param start page frame of the first piece
 * @param pages of a piece
 * @param accepted told of page frames that the guest has accepted
 */
export function alikeAccepts(
  host: TdxHost,
  start: number,
  pages: number,
  pieces: number,
  accepted: (start: number, end: number) => void,
): AlikeAccepts | undefined {
  if (start % SPAN_PAGES !== 0 || pages % SPAN_PAGES !== 0 || pages >= LEVEL_PAGES[2]) return undefined;
  const alike = Math.floor((host.absentRunEnd(start, start + pages * pieces) - start) / pages);
  if (alike < 1) return undefined;
  const { ledger } = host;
  const endOf = (count: number): number => start + count * pages;
  return {
    pieces: alike,
    tableEvents: TABLE_EVENTS,
    tableNs(count) {
      const { tables, pairs } = host.missing(start, endOf(count));
      return tables * ledger.priceNs(CostEvent.septAdd) + pairs * ledger.priceNs(CostEvent.pamtAdd);
    },
    mostTableNs(count) {
      const tables = host.sept.tables.mostMissing(start, endOf(count), pages, host.spanLevel);
      const { pairs } = host.missing(start, start + pages);
      return tables * ledger.priceNs(CostEvent.septAdd) + pairs * ledger.priceNs(CostEvent.pamtAdd);
    },
    accept(count) {
      host.mapAbsent(start, endOf(count));
      accepted(start, endOf(count));
    },
  };
}
