/** The thread of `ticker.ts`. */

import { writeSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { type Counted, sharedNow, tick } from "./progress.js";
import { Slot, type TickerData, Turn } from "./ticker.js";

const INTERVAL_MS = 250;
const STDERR = 2;

const { slots, columns } = workerData as TickerData;
let counted: Counted | undefined;

parentPort!.on("message", (now: Counted) => {
  counted = now;
});

setInterval(() => {
  if (counted === undefined) return;
  const line = tick(counted, sharedNow(), columns);
  if (line === "" || Atomics.compareExchange(slots, Slot.turn, Turn.nobody, Turn.ticker) !== Turn.nobody)
    return;
  // The stream of a thread waits for the main one, which is at work.
  writeSync(STDERR, line);
  Atomics.store(slots, Slot.isShown, 1);
  Atomics.store(slots, Slot.turn, Turn.nobody);
}, INTERVAL_MS);
