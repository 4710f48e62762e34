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
 * @param start page frame of the lowest piece
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
  const end = start + pages * pieces;
  if (!host.isAlike(start, end)) return undefined;
  const price = (tables: number, pairs: number): number =>
    tables * host.ledger.priceNs(CostEvent.septAdd) + pairs * host.ledger.priceNs(CostEvent.pamtAdd);
  const { tables, pairs } = host.missing(start, end);
  return {
    tableEvents: TABLE_EVENTS,
    tableNs: price(tables, pairs),
    mostTableNs: price(host.sept.tables.mostMissing(start, end, pages, host.spanLevel), pairs / pieces),
    accept() {
      host.mapAbsent(start, end);
      accepted(start, end);
    },
  };
}
