/** A progress bar for those who wait: only on a terminal, and only for work longer than a second. */

import cliProgress from "cli-progress";
import type { OutputStream } from "./context.js";

const PATIENCE_MS = 1000;

/** Shows how far a list of runs has come. */
export interface Progress {
  update(done: number): void;
  /** Takes the bar off the screen. */
  stop(): void;
}

/**
 * @param total runs to come, or whatever `what` says
 * @param now a clock in milliseconds
 */
export function startProgress(
  stream: OutputStream,
  total: number,
  now: () => number = () => performance.now(),
  what = "runs",
): Progress {
  if (stream.isTTY !== true) return { update: () => {}, stop: () => {} };
  const begin = now();
  const bar = new cliProgress.SingleBar({
    stream,
    format: `{bar} {value}/{total} ${what}, {rate}/s, {eta_formatted} to go`,
    barCompleteChar: "=",
    barIncompleteChar: "-",
    clearOnComplete: true,
    // An interrupted program ends by itself, and the bar with it.
    gracefulExit: false,
  });
  return {
    update(done) {
      const elapsedMs = now() - begin;
      const rate = { rate: (done / (elapsedMs / 1000)).toFixed(1) };
      if (!bar.isActive && done < total && elapsedMs > PATIENCE_MS) bar.start(total, done, rate);
      bar.update(done, rate);
    },
    stop() {
      bar.stop();
    },
  };
}
