/** A worker of the pool: runs a chunk and writes it. */

import { workerData } from "node:worker_threads";
import { runScenario } from "../../study/run-scenario.js";
import type { Shard } from "../../study/sweep/chunks.js";
import type { RecordedRequests } from "../../workload/after-boot.js";
import { loadZstd } from "../../workload-files/zstd.js";
import { WorkloadLoader } from "../load-recording.js";
import { registerPolicyFile } from "../policy-files.js";
import { isUserError } from "../usage-error.js";
import { runChunk, type SweepJob, type SweepStamp } from "./job.js";
import { Parts } from "./parts.js";

/** Given to every worker once; the columns of the traces are shared. */
export interface WorkerData {
  readonly job: SweepJob;
  readonly stamp: SweepStamp;
  readonly shard: Shard;
  readonly directory: string;
  readonly recordings: ReadonlyMap<string, RecordedRequests>;
}

const { job, stamp, shard, directory, recordings } = workerData as WorkerData;

const registered: Promise<unknown> = Promise.all(job.policyFiles.map(registerPolicyFile));

/** @returns nothing, and the chunk's file is there; or the fault of a point of it, in one line */
export default async function work(chunk: number): Promise<string | undefined> {
  await Promise.all([loadZstd(), registered]);
  // What a generator makes is kept no longer than a chunk, so that memory stays flat.
  const loader = new WorkloadLoader({ recordings });
  const parts = new Parts(directory);
  try {
    // Another process may have done it since this one began.
    if (parts.check(stamp, chunk) !== true) {
      await parts.write(stamp, chunk, shard, runChunk(job, chunk, loader, runScenario));
    }
    return undefined;
  } catch (error) {
    // Between threads an error loses its class.
    if (isUserError(error)) return error.message;
    throw error;
  }
}
