import { join } from "node:path";
import { csvLine, type FlatValue, flatRecord } from "../../results/formats.js";
import { type ColumnKind, kindWith, parquetRows } from "../../results/parquet.js";
import { chunkCount, missingShards, parseShard } from "../../study/sweep/chunks.js";
import { throwIfInterrupted } from "../io.js";
import { finishTogether, makeDirectory, OutputFile } from "../output-file.js";
import { UsageError } from "../usage-error.js";
import type { SweepStamp } from "./job.js";
import { again, cleanTemporary, type Part, type Parts, RESULTS } from "./parts.js";

const SHARDS_NAMED = 8;

/**
 * Puts the chunks of a sweep together as `runs.jsonl`, `runs.csv` and `runs.parquet`, in the order of the
 * study, whatever machine made them: all three files, or none. Chunks are read one after the other, so
 * memory stays flat.
 *
 * @param parts directories that between them have every chunk
 * @returns the paths written
 * @throws UsageError when a chunk is nowhere, damaged, or not the same in two directories
 */
export async function mergeParts(
  stamp: SweepStamp,
  parts: readonly Parts[],
  directory: string,
  interrupted: AbortSignal,
): Promise<string[]> {
  const { homes, kinds } = await inspect(stamp, parts, interrupted);
  makeDirectory(directory);
  cleanTemporary(directory);
  const texts = async function* (): AsyncGenerator<string> {
    for (const [chunk, home] of homes.entries()) {
      await throwIfInterrupted(interrupted);
      const part = home.read(stamp, chunk);
      if (part === undefined)
        throw new UsageError(`${home.directory}: chunk ${chunk} has gone while it was merged`);
      yield part.text;
    }
  };
  const paths = RESULTS.map((name) => join(directory, name));
  await again(() => writeRuns(texts(), kinds, paths));
  return paths;
}

async function inspect(
  stamp: SweepStamp,
  parts: readonly Parts[],
  interrupted: AbortSignal,
): Promise<{ homes: Parts[]; kinds: ReadonlyMap<string, ColumnKind> }> {
  const homes: (Parts | undefined)[] = [];
  const shards = new Set<string>();
  const columns = new Map<string, ColumnKind | undefined>();
  for (let chunk = 0; chunk < chunkCount(stamp.points); chunk++) {
    await throwIfInterrupted(interrupted);
    const copies = parts.flatMap((home) => {
      const part = home.read(stamp, chunk);
      return part === undefined ? [] : [{ home, part }];
    });
    const [first] = copies;
    homes.push(first?.home);
    if (first === undefined) continue;
    refuseDifference(copies.map(({ part }) => part));
    for (const { part } of copies) shards.add(part.shard.replace(/.*\//, ""));
    for (const row of rowsOf(first.part.text)) {
      for (const [name, value] of row) columns.set(name, kindWith(columns.get(name), value));
    }
  }
  if (homes.includes(undefined)) throw missingChunks(stamp, homes, [...shards]);
  return {
    homes: homes as Parts[],
    kinds: new Map(Array.from(columns, ([name, kind]) => [name, kind ?? "text"] as const)),
  };
}

function refuseDifference([first, ...others]: readonly Part[]): void {
  const other = others.find(({ text }) => text !== first!.text);
  if (other !== undefined)
    throw new UsageError(`${other.path}: expected the runs of ${first!.path}, found others`);
}

/** @param counts of shards that the sweep was cut into, as the parts have it */
function missingChunks(
  stamp: SweepStamp,
  homes: readonly (Parts | undefined)[],
  counts: readonly string[],
): UsageError {
  const missing = homes.flatMap((home, chunk) => (home === undefined ? [chunk] : []));
  const of = counts.length === 1 ? parseShard(`0/${counts[0]}`)?.of : undefined;
  const shards =
    of === undefined ? [] : missingShards(of, homes.length, (chunk) => homes[chunk] !== undefined);
  const named = shards.slice(0, SHARDS_NAMED).map((shard) => `${shard}/${of}`);
  const more = shards.length > SHARDS_NAMED ? ` and ${shards.length - SHARDS_NAMED} more` : "";
  return new UsageError(
    `${stamp.study}: ${missing.length} of ${homes.length} chunks are missing, the first of them ${missing[0]}; ` +
      `sweep --missing says which shards to run again${named.length === 0 ? "" : `: ${named.join(", ")}${more}`}`,
  );
}

/** @param paths in the order of `RESULTS` */
async function writeRuns(
  texts: AsyncIterable<string>,
  kinds: ReadonlyMap<string, ColumnKind>,
  paths: readonly string[],
): Promise<void> {
  const files: OutputFile[] = [];
  try {
    for (const path of paths) files.push(new OutputFile(path));
    const [jsonl, csv, parquet] = files as [OutputFile, OutputFile, OutputFile];
    const names = [...kinds.keys()];
    const rows = await parquetRows((bytes) => parquet.write(bytes), kinds);
    csv.write(Buffer.from(csvLine(names)));
    for await (const text of texts) {
      jsonl.write(Buffer.from(text));
      const lines: string[] = [];
      for (const row of rowsOf(text)) {
        lines.push(csvLine(names.map((name) => row.get(name))));
        await rows.add(row);
      }
      csv.write(Buffer.from(lines.join("")));
    }
    await rows.end();
    finishTogether(files);
  } finally {
    for (const file of files) file.discard();
  }
}

function* rowsOf(text: string): Generator<Map<string, FlatValue>> {
  for (const line of text.split("\n")) if (line !== "") yield flatRecord(JSON.parse(line) as object);
}
