/** The progress line of runs, by a thread of its own: a run lets nobody else of its thread run. */

import { Worker } from "node:worker_threads";
import type { Counted, Ticker } from "./progress.js";

export interface TickerData {
  /** What both threads see, by `Slot`. */
  readonly slots: Int32Array;
  readonly columns: number | undefined;
}

export const Slot = { turn: 0, isShown: 1 } as const;

/** Who writes. */
export const Turn = { nobody: 0, ticker: 1, over: 2 } as const;

/** Built, the thread is JavaScript next to this file; run from source it is TypeScript. */
const EXTENSION = import.meta.url.endsWith(".ts") ? "ts" : "js";

/** @param columns of the terminal that is stderr of the process */
export function startTicker(columns: number | undefined): Ticker {
  const slots = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
  const workerData: TickerData = { slots, columns };
  const worker = new Worker(new URL(`./ticker-thread.${EXTENSION}`, import.meta.url), { workerData });
  worker.unref();
  return {
    show: (counted: Counted) => worker.postMessage(counted),
    stop: () => {
      // A line is written in no time.
      while (Atomics.compareExchange(slots, Slot.turn, Turn.nobody, Turn.over) === Turn.ticker);
      void worker.terminate();
      return Atomics.load(slots, Slot.isShown) === 1;
    },
  };
}
