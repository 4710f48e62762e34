import { suite } from "uvu";
import * as assert from "uvu/assert";
import { COST_EVENT_NAMES, CostEvent, newCostEvent } from "../../src/sim/cost-events.js";
import { CostLedger } from "../../src/sim/cost-ledger.js";

const test = suite("sim: cost ledger");

function pricesOf(event: CostEvent, ns: number, assumed: 0 | 1): { ns: Float64Array; assumed: Uint8Array } {
  const prices = {
    ns: new Float64Array(COST_EVENT_NAMES.length),
    assumed: new Uint8Array(COST_EVENT_NAMES.length),
  };
  prices.ns[event] = ns;
  prices.assumed[event] = assumed;
  return prices;
}

test("an event of a platform's own gets the next number and a place in ledgers made from then on", () => {
  const event = newCostEvent("ownOfATest");
  assert.is(COST_EVENT_NAMES[event], "ownOfATest");
  const ledger = new CostLedger(pricesOf(event, 5, 0));
  ledger.charge(event, 3);
  assert.equal([ledger.counts[event], ledger.elapsedNs], [3, 15]);
});

test("every event has a number of its own, and names go by number", () => {
  const numbers = Object.values(CostEvent);
  assert.equal(
    numbers.toSorted((a, b) => a - b),
    Array.from({ length: numbers.length }, (_, index) => index),
  );
  // Platforms may have added some of their own.
  assert.ok(COST_EVENT_NAMES.length >= numbers.length);
  for (const [name, event] of Object.entries(CostEvent)) assert.is(COST_EVENT_NAMES[event], name);
});

test("without prices events are counted and take no time", () => {
  const ledger = new CostLedger();
  ledger.charge(CostEvent.tdcall, 3);
  ledger.charge(CostEvent.tdcall, 4);
  assert.is(ledger.counts[CostEvent.tdcall], 7);
  assert.is(ledger.elapsedNs, 0);
});

test("time is count times price", () => {
  const ledger = new CostLedger(pricesOf(CostEvent.vmgexitPsc, 3_550.5, 0));
  ledger.charge(CostEvent.vmgexitPsc, 4);
  ledger.charge(CostEvent.tdcall, 100);
  assert.is(ledger.elapsedNs, 14_202);
  assert.is(ledger.assumedNs, 0);
});

test("time at assumed prices is counted apart as well", () => {
  const prices = pricesOf(CostEvent.npf4k, 7_000, 1);
  prices.ns[CostEvent.vmgexitPsc] = 3_550;
  const ledger = new CostLedger(prices);
  ledger.charge(CostEvent.npf4k, 2);
  ledger.charge(CostEvent.vmgexitPsc, 1);
  assert.is(ledger.elapsedNs, 17_550);
  assert.is(ledger.assumedNs, 14_000);
});

test("counts beyond 2^32 stay exact", () => {
  const ledger = new CostLedger();
  ledger.charge(CostEvent.tdcall, 2 ** 40);
  ledger.charge(CostEvent.tdcall, 1);
  assert.is(ledger.counts[CostEvent.tdcall], 2 ** 40 + 1);
});

test.run();
