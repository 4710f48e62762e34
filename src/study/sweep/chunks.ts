/**
 * Points of a study in chunks, the unit of work, of which each is done or not. The contract between
 * machines: chunk c belongs to shard c mod n, and its results are the same on every machine.
 */

/** Points in a chunk: the most lost for each CPU when a machine dies. */
export const CHUNK_POINTS = 16;

export interface Shard {
  /** From 0, below `of`. */
  readonly index: number;
  readonly of: number;
}

export function chunkCount(points: number): number {
  return Math.ceil(points / CHUNK_POINTS);
}

/** The points of a chunk: the first, and the one after the last. */
export function pointsOfChunk(
  chunk: number,
  points: number,
): { readonly first: number; readonly end: number } {
  return { first: chunk * CHUNK_POINTS, end: Math.min((chunk + 1) * CHUNK_POINTS, points) };
}

/** The chunks of a shard, ascending. */
export function chunksOf({ index, of }: Shard, chunks: number): number[] {
  const own: number[] = [];
  for (let chunk = index; chunk < chunks; chunk += of) own.push(chunk);
  return own;
}

/** Shards that have a chunk which is not there. */
export function missingShards(of: number, chunks: number, isThere: (chunk: number) => boolean): number[] {
  const missing = new Set<number>();
  for (let chunk = 0; chunk < chunks; chunk++) if (!isThere(chunk)) missing.add(chunk % of);
  return [...missing].sort((a, b) => a - b);
}

/** Reads `i/n`: part i of n, from 0; undefined for anything else. */
export function parseShard(text: string): Shard | undefined {
  const match = /^(\d+)\/(\d+)$/.exec(text);
  if (match === null) return undefined;
  const [index, of] = [Number(match[1]), Number(match[2])];
  return of >= 1 && of <= 1_000_000 && index < of ? { index, of } : undefined;
}
