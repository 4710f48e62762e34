import { closeSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { field } from "../../report/csv.js";
import { type FlatValue, flatRecord } from "../../report/flat-record.js";
import { type ColumnKind, kindWith, PARQUET_GROUP_ROWS, writeParquet } from "../../report/parquet.js";
import { chunkCount } from "../../study/sweep/chunks.js";
import { makeDirectory } from "../output.js";
import { systemErrorText, UsageError } from "../usage-error.js";
import type { SweepStamp } from "./job.js";
import type { Parts } from "./parts.js";

/**
 * Puts the chunks of a sweep together as `runs.jsonl`, `runs.csv` and `runs.parquet`, in the order of the
 * study, whoever made them. Chunks are read one after the other, so memory stays flat.
 *
 * @param parts directories that between them have every chunk
 * @returns the paths written
 * @throws UsageError when a chunk is nowhere
 */
export async function mergeParts(
  stamp: SweepStamp,
  parts: readonly Parts[],
  directory: string,
): Promise<string[]> {
  const chunks = chunkCount(stamp.points);
  const homes = Array.from({ length: chunks }, (_value, chunk) => parts.find((one) => one.has(chunk)));
  const missing = homes.flatMap((home, chunk) => (home === undefined ? [chunk] : []));
  if (missing.length > 0) {
    throw new UsageError(
      `${stamp.study}: ${missing.length} of ${chunks} chunks are missing, the first of them ${missing[0]}; ` +
        "sweep --missing says which shards to run again",
    );
  }
  makeDirectory(directory);
  const texts = function* (): Generator<string> {
    for (const [chunk, home] of homes.entries()) yield home!.read(chunk);
  };
  const columns = new Map<string, ColumnKind | undefined>();
  for (const row of rowsOf(texts())) {
    for (const [name, value] of row) columns.set(name, kindWith(columns.get(name), value));
  }
  const kinds = new Map(Array.from(columns, ([name, kind]) => [name, kind ?? "text"] as const));
  const names = [...kinds.keys()];
  const write = (name: string, pieces: Iterable<string>): Promise<string> =>
    whole(join(directory, name), (path) => writePieces(path, pieces));
  const csv = function* (): Generator<string> {
    yield `${names.map(field).join(",")}\r\n`;
    for (const row of rowsOf(texts())) yield `${names.map((name) => field(row.get(name))).join(",")}\r\n`;
  };
  return [
    await write("runs.jsonl", texts()),
    await write("runs.csv", csv()),
    await whole(join(directory, "runs.parquet"), (path) =>
      writeParquet(path, kinds, groupsOf(rowsOf(texts()))),
    ),
  ];
}

function* rowsOf(texts: Iterable<string>): Generator<Map<string, FlatValue>> {
  for (const text of texts) {
    for (const line of text.split("\n")) if (line !== "") yield flatRecord(JSON.parse(line) as object);
  }
}

function* groupsOf(rows: Iterable<Map<string, FlatValue>>): Generator<Map<string, FlatValue>[]> {
  let group: Map<string, FlatValue>[] = [];
  for (const row of rows) {
    group.push(row);
    if (group.length < PARQUET_GROUP_ROWS) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

function writePieces(path: string, pieces: Iterable<string>): void {
  const file = openSync(path, "w");
  try {
    for (const piece of pieces) writeSync(file, piece);
  } finally {
    closeSync(file);
  }
}

/** A file that is whole or not there. */
async function whole(path: string, write: (path: string) => void | Promise<void>): Promise<string> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await write(temporary);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new UsageError(`${path}: cannot write: ${systemErrorText(error)}`);
  }
  return path;
}
