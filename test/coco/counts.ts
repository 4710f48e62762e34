import { COST_EVENT_NAMES } from "../../src/sim/cost-events.js";
import type { CostLedger } from "../../src/sim/cost-ledger.js";

/** The events of a ledger that happened, by name. */
export function counts(ledger: CostLedger): Record<string, number> {
  const result: Record<string, number> = {};
  COST_EVENT_NAMES.forEach((name, event) => {
    if (ledger.counts[event] !== 0) result[name] = ledger.counts[event]!;
  });
  return result;
}
