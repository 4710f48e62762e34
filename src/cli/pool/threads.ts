/** Whether tasks are answered by this thread, one after the other, or by several. */

import { availableParallelism } from "node:os";
import { type CliContext, throwIfInterrupted } from "../io.js";
import type { AnswerOf, Ask, DataOf, Doing, Kind } from "./work.js";

/** Runs in which a thread gains what it takes to start. */
const RUNS_A_THREAD = 16;

/**
 * How many threads share tasks; 1 is this one.
 *
 * @param asked with `--jobs`, of which no more are taken than there are tasks; if undefined, one for each core,
 *   but none that would start for few tasks
 * @param least tasks that make up for its start
 */
export function threadsFor(
  { isEverywhere }: Pick<CliContext, "isEverywhere">,
  asked: number | undefined,
  tasks: number,
  least: number = RUNS_A_THREAD,
): number {
  const most = asked ?? Math.min(availableParallelism(), Math.floor(tasks / least));
  return isEverywhere ? Math.max(1, Math.min(most, tasks)) : 1;
}

/** Tasks of a kind, as this thread answers them and as others do. */
export interface Job<Name extends Kind> {
  readonly kind: Name;
  readonly here: Doing<Name>;
  /** What others need besides the tasks; wanted only where there are others. */
  readonly data: () => DataOf<Name>;
}

/**
 * Has tasks answered until `work` has all that it asked for, in the order in which it asks. What a task does is
 * stopped where it is when the user interrupts.
 *
 * @throws what a task throws; of `interrupted` the reason
 */
export async function withThreads<Name extends Kind, Result>(
  job: Job<Name>,
  threads: number,
  { io: { interrupted, atWork = (run) => run() }, policyFiles }: Pick<CliContext, "io" | "policyFiles">,
  work: (ask: Ask<Name>) => Promise<Result>,
): Promise<Result> {
  if (threads === 1) {
    let last: Promise<unknown> = Promise.resolve();
    return work((task) => {
      const answer = last.then(async (): Promise<AnswerOf<Name>> => {
        await throwIfInterrupted(interrupted);
        return atWork(() => job.here(task));
      });
      last = answer;
      return answer;
    });
  }
  interrupted.throwIfAborted();
  const { openPool } = await import("./pool.js");
  const pool = openPool({ kind: job.kind, data: job.data(), policyFiles }, threads);
  const stop = (): void => void pool.stop();
  interrupted.addEventListener("abort", stop);
  try {
    return await Promise.race([pool.broken, work(pool.ask)]);
  } catch (error) {
    interrupted.throwIfAborted();
    throw error;
  } finally {
    interrupted.removeEventListener("abort", stop);
    await pool.stop();
  }
}
