/** Chunks on worker threads. */

import { Piscina } from "piscina";
import { UsageError } from "../usage-error.js";
import { PROGRAM } from "../version.js";
import type { WorkerData } from "./worker.js";

/** Built, the worker is JavaScript beside this file's; in the tests it is TypeScript. */
const EXTENSION = import.meta.url.endsWith(".ts") ? "ts" : "js";

/** @throws the reason of `interrupted`, or the first error of a worker; chunks that are done stay done */
export async function runOnPool(
  chunks: readonly number[],
  data: WorkerData,
  jobs: number,
  onDone: () => void,
  interrupted: AbortSignal,
): Promise<void> {
  interrupted.throwIfAborted();
  const pool = new Piscina({
    filename: new URL(`sweep/worker.${EXTENSION}`, PROGRAM).href,
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

/** A copy of plain data whose typed arrays lie in shared memory: posting it copies no column of a trace. */
export function shared<T>(value: T): T {
  if (ArrayBuffer.isView(value)) return sharedColumn(value) as T;
  if (Array.isArray(value)) return value.map((item) => shared(item) as unknown) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shared(inner)])) as T;
}

function sharedColumn(column: ArrayBufferView): ArrayBufferView {
  const bytes = new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
  const buffer = new SharedArrayBuffer(column.byteLength);
  new Uint8Array(buffer).set(bytes);
  const Column = column.constructor as new (buffer: SharedArrayBuffer) => ArrayBufferView;
  return new Column(buffer);
}
