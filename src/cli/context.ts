/** What a command needs from outside, so that tests can run the whole program within one process. */

import { setImmediate } from "node:timers/promises";
import type { RunResult } from "../results/row.js";
import type { Scenario } from "../scenario/scenario.js";
import type { LoadedWorkload } from "../workload/after-boot.js";

/** A stream to print to; `isTTY` is true for a terminal only. */
export type OutputStream = NodeJS.WritableStream & { readonly isTTY?: boolean };

/** The world around the program. */
export interface CliIo {
  /** Results only. */
  readonly stdout: OutputStream;
  /** Errors, progress, and what was written where. */
  readonly stderr: OutputStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Asks whoever sits at the terminal for yes or no; absent where nobody does. */
  readonly confirm?: (question: string) => Promise<boolean>;
  /** Aborted when the user wants the program to end (SIGINT). */
  readonly interrupted: AbortSignal;
}

/** The simulator. With `check` it also walks the whole machine for broken invariants and throws at one, with
 * `timeline` it tells what the host spent over time. */
export type RunScenario = (
  scenario: Scenario,
  recording: LoadedWorkload,
  options: { readonly check: boolean; readonly timeline?: boolean },
) => RunResult;

/** Everything a command is given beside its arguments. */
export interface CliContext {
  readonly io: CliIo;
  readonly runScenario: RunScenario;
}

/**
 * To be called between runs: a run never waits, and signals are heard only while somebody waits.
 *
 * @throws the reason of `interrupted`
 */
export async function listen({ interrupted }: Pick<CliIo, "interrupted">): Promise<void> {
  await setImmediate();
  interrupted.throwIfAborted();
}
