/** Chunks of a sweep, here or on a thread of the pool. */

import { runScenario as simulated } from "../../study/run-scenario.js";
import type { RunScenario } from "../io.js";
import { WorkloadLoader } from "../load-recording.js";
import type { Job } from "../pool/threads.js";
import { chunksOfJob, type SweepData } from "./job.js";
import { Parts } from "./parts.js";

export function chunksWith(data: SweepData, runScenario: RunScenario): Job<"chunk"> {
  return { kind: "chunk", here: chunkMaker(data, runScenario), data: () => data };
}

export function beginChunks(data: SweepData): (chunk: number) => Promise<undefined> {
  return chunkMaker(data, simulated);
}

/** @returns makes a chunk's file, if it is not there */
function chunkMaker(
  { job, stamp, shard, directory, recordings }: SweepData,
  runScenario: RunScenario,
): (chunk: number) => Promise<undefined> {
  const parts = new Parts(directory);
  const runChunk = chunksOfJob(job);
  return async (chunk) => {
    // Another process may have done it since this one began.
    if (parts.check(stamp, chunk) === true) return undefined;
    // What a generator makes is kept no longer than a chunk, so that memory stays flat.
    const loader = new WorkloadLoader({ recordings });
    await parts.write(stamp, chunk, shard, runChunk(chunk, loader, runScenario));
    return undefined;
  };
}
