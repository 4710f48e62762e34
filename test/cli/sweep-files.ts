/** Directories of results as a sweep leaves them, without the simulation. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type SweepStamp, stampOf, stampText } from "../../src/cli/sweep/job.js";
import { sealPart } from "../../src/cli/sweep/parts.js";
import { CHUNK_POINTS, chunkCount, pointsOfChunk } from "../../src/study/sweep/chunks.js";

/** The stamp of a study of so many chunks, the last of which has one point. */
export function stampWith(chunks: number, seed = 1): SweepStamp {
  const count = (chunks - 1) * CHUNK_POINTS + 1;
  const study = { name: "made-up", scenario: "boot.yaml", axes: {}, samples: { count, seed, ranges: {} } };
  return stampOf(
    { study, scenarioPath: "boot.yaml", scenarioText: "", version: "1", policyFiles: [] },
    new Map(),
  );
}

/** Lines for the runs of a chunk. */
export function runsOf({ points }: SweepStamp, chunk: number): string {
  const { first, end } = pointsOfChunk(chunk, points);
  const line = (point: number): string =>
    `${JSON.stringify({ point, run: 0, id: `run ${point}`, bootTimeNs: 1e9 + point })}\n`;
  return Array.from({ length: end - first }, (_value, at) => line(first + at)).join("");
}

/** Where the part of a chunk lies. */
export function partPath(directory: string, chunk: number): string {
  return join(directory, "parts", `${String(chunk).padStart(6, "0")}.jsonl`);
}

/** Writes a stamp and parts; of all chunks, if nobody says of which. */
export function writeSweep(
  directory: string,
  stamp: SweepStamp,
  { chunks = Array.from({ length: chunkCount(stamp.points) }, (_value, chunk) => chunk), shard = "0/1" } = {},
): void {
  mkdirSync(join(directory, "parts"), { recursive: true });
  writeFileSync(join(directory, "sweep.json"), stampText(stamp));
  for (const chunk of chunks) {
    writeFileSync(partPath(directory, chunk), sealPart(stamp.sha256, chunk, shard, runsOf(stamp, chunk)));
  }
}
