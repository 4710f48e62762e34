/** A sweep of many short runs: how busy it keeps the cores, and what it costs beside the simulation. */

import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import type { Measure } from "./measure.js";

/** The built program: workers that are compiled on the way take twice as long. */
const built = async <T>(path: string): Promise<T> =>
  (await import(new URL(`../dist/${path}`, import.meta.url).href)) as T;
const { WorkloadLoader } =
  await built<typeof import("../src/cli/load-recording.js")>("cli/load-recording.js");
const { readJob, runChunk, stampOf } =
  await built<typeof import("../src/cli/sweep/job.js")>("cli/sweep/job.js");
const { Parts } = await built<typeof import("../src/cli/sweep/parts.js")>("cli/sweep/parts.js");
const { runOnPool } = await built<typeof import("../src/cli/sweep/pool.js")>("cli/sweep/pool.js");
const { shared } = await built<typeof import("../src/cli/sweep/pool.js")>("cli/sweep/pool.js");
const { CHUNK_POINTS, chunkCount } =
  await built<typeof import("../src/study/sweep/chunks.js")>("study/sweep/chunks.js");
const { runScenario } = await built<typeof import("../src/study/run-scenario.js")>("study/run-scenario.js");

const STUDY = "workloads/studies/short.yaml";
/** Chunks that one thread runs alone, for the time of the simulation itself. */
const ALONE_CHUNKS = 12;
const SWEEP_RUNS = 2000;

interface SweepFigures {
  readonly simulationMs: number;
  readonly besideMs: number;
  readonly busyPercent: number;
}

/** @param runs at most; the study has 10 000 */
async function sweepFigures(runs: number): Promise<SweepFigures> {
  const { job } = readJob(STUDY, []);
  const cores = availableParallelism();
  const directory = mkdtempSync(join(tmpdir(), "unaccepted-bench-"));
  try {
    const parts = new Parts(directory);
    const loader = new WorkloadLoader();
    runChunk(job, 0, loader, runScenario);
    const stamp = stampOf(job, loader.recordings);
    await parts.open(stamp);
    // Once more, warm: what the simulation takes, and what a chunk takes with everything around it.
    let simulatedMs = 0;
    const chunkMs = elapsedMs(() => {
      for (let chunk = 0; chunk < ALONE_CHUNKS; chunk++) {
        runChunk(job, chunk, loader, (...given: Parameters<typeof runScenario>) => {
          const begin = performance.now();
          const result = runScenario(...given);
          simulatedMs += performance.now() - begin;
          return result;
        });
      }
    });
    const alone = ALONE_CHUNKS * CHUNK_POINTS;
    const chunks = Array.from({ length: Math.min(chunkCount(runs), chunkCount(stamp.points)) }, (_v, c) => c);
    const recordings = new Map(Array.from(loader.recordings, ([path, one]) => [path, shared(one)]));
    const before = process.cpuUsage();
    const begin = performance.now();
    const data = { job, stamp, shard: { index: 0, of: 1 }, directory, recordings };
    await runOnPool(chunks, data, cores, () => {}, new AbortController().signal);
    const wallMs = performance.now() - begin;
    const { user, system } = process.cpuUsage(before);
    return {
      simulationMs: simulatedMs / alone,
      besideMs: (chunkMs - simulatedMs) / alone,
      busyPercent: (100 * (user + system)) / 1000 / wallMs / cores,
    };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function elapsedMs(work: () => void): number {
  const begin = performance.now();
  work();
  return performance.now() - begin;
}

export function measures(): readonly Measure[] {
  return [
    {
      name: "sweep/beside",
      goal: "under 1 ms a run",
      unit: "ms",
      limit: 1,
      better: "less",
      peer: "what a run takes beside the simulation",
      rounds: 1,
      sample: async () => (await sweepFigures(SWEEP_RUNS)).besideMs,
    },
    {
      name: "sweep/busy",
      goal: "85 % of all cores",
      unit: "ratio",
      limit: 0.85,
      better: "more",
      peer: "CPU time over wall time times cores",
      rounds: 1,
      sample: async () => (await sweepFigures(SWEEP_RUNS)).busyPercent / 100,
    },
  ];
}
