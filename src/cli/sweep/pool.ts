import { Piscina } from "piscina";
import { UsageError } from "../usage-error.js";
import type { WorkerData } from "./worker.js";

/** Built, the worker is JavaScript beside this file; in the tests it is TypeScript. */
const EXTENSION = import.meta.url.endsWith(".ts") ? "ts" : "js";

/**
 * Runs chunks on worker threads, a chunk at a time on each.
 *
 * @param jobs threads, 1 or more
 * @param onDone told after each chunk
 * @throws the reason of `interrupted`, or the first error of a worker; chunks that are done stay done
 */
export async function runOnPool(
  chunks: readonly number[],
  data: WorkerData,
  jobs: number,
  onDone: () => void,
  interrupted: AbortSignal,
): Promise<void> {
  interrupted.throwIfAborted();
  const pool = new Piscina({
    filename: new URL(`./worker.${EXTENSION}`, import.meta.url).href,
    workerData: data,
    minThreads: Math.min(jobs, chunks.length),
    maxThreads: jobs,
  });
  // A worker that could not start, or, once the pool is stopped, a result that nobody waits for any more.
  const broken = new Promise<never>((_resolve, reject) => void pool.on("error", reject));
  const stop = (): void => void pool.destroy();
  interrupted.addEventListener("abort", stop);
  try {
    const done = chunks.map(async (chunk) => {
      const mistake: string | undefined = await pool.run(chunk);
      if (mistake !== undefined) throw new UsageError(mistake);
      onDone();
    });
    await Promise.race([broken, Promise.all(done)]);
  } catch (error) {
    interrupted.throwIfAborted();
    throw error;
  } finally {
    interrupted.removeEventListener("abort", stop);
    await pool.destroy();
  }
}
