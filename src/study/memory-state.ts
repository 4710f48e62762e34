import type { MemoryState } from "../memory-map/memory-map.js";
import { StateReached, StateWatch } from "../memory-map/memory-state.js";
import type { Scenario } from "../scenario/scenario.js";
import type { LoadedWorkload } from "../workload/after-boot.js";
import { runGuest } from "./run-scenario.js";

/** There is no such accept. */
export class NoSuchAccept extends Error {
  override readonly name = "NoSuchAccept";
}

/**
 * What memory looks like after the n-th accept of a run, which is simulated again up to there: as the next accept
 * begins; after the last, as the run ends.
 *
 * @param n 0 for the state before the first accept
 * @throws NoSuchAccept where the run has fewer accepts
 */
export function memoryStateAfter(scenario: Scenario, workload: LoadedWorkload, n: number): MemoryState {
  const watch = new StateWatch(n);
  try {
    runGuest(scenario, workload, { watch });
  } catch (error) {
    if (!(error instanceof StateReached)) throw error;
  }
  if (watch.state !== undefined) return watch.state;
  throw new NoSuchAccept(`expected 0 to ${watch.accepts}, the accepts of this run`);
}
