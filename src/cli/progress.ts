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
 * @param total runs to come
 * @param now a clock in milliseconds
 */
export function startProgress(
  stream: OutputStream,
  total: number,
  now: () => number = () => performance.now(),
): Progress {
  if (stream.isTTY !== true) return { update: () => {}, stop: () => {} };
  const begin = now();
  const bar = new cliProgress.SingleBar({
    stream,
    format: "{bar} {value}/{total} runs, {eta_formatted} to go",
    barCompleteChar: "=",
    barIncompleteChar: "-",
    clearOnComplete: true,
    // An interrupted program ends by itself, and the bar with it.
    gracefulExit: false,
  });
  return {
    update(done) {
      if (!bar.isActive && done < total && now() - begin > PATIENCE_MS) bar.start(total, done);
      bar.update(done);
    },
    stop() {
      bar.stop();
    },
  };
}
