/** The one pool of threads: what all commands with many runs do on all cores, each task answered as it would be here. */

import { Piscina } from "piscina";
import { UsageError } from "../usage-error.js";
import { PROGRAM } from "../version.js";
import type { AnswerOf, Ask, Kind, Outcome, TaskOf, WorkerData } from "./work.js";

/** Built, the worker is JavaScript beside this file's; in the tests it is TypeScript. */
const EXTENSION = import.meta.url.endsWith(".ts") ? "ts" : "js";

export interface Pool<Name extends Kind> {
  /** @throws UsageError for a mistake of the user's; any other error of the thread as it is */
  readonly ask: Ask<Name>;
  /** Rejects where a thread cannot start, or the pool has been stopped. */
  readonly broken: Promise<never>;
  /** Ends all threads, whatever they do. */
  readonly stop: () => Promise<void>;
}

/** @param threads 1 or more */
export function openPool<Name extends Kind>(workerData: WorkerData<Name>, threads: number): Pool<Name> {
  const pool = new Piscina({
    filename: new URL(`pool/worker.${EXTENSION}`, PROGRAM).href,
    workerData,
    minThreads: threads,
    maxThreads: threads,
  });
  const broken = new Promise<never>((_resolve, reject) => void pool.on("error", reject));
  broken.catch(() => {});
  const ask = async (task: TaskOf<Name>): Promise<AnswerOf<Name>> => {
    const outcome = (await pool.run(task)) as Outcome<AnswerOf<Name>>;
    if ("mistake" in outcome) throw new UsageError(outcome.mistake);
    return outcome.answer;
  };
  return { ask, broken, stop: () => pool.destroy() };
}
