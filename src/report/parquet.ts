import type { SchemaElement } from "hyparquet-writer";
import type { FlatValue } from "./flat-record.js";

/** Rows held in memory at once, and rows of a row group. */
export const PARQUET_GROUP_ROWS = 8192;

/** What a column holds; a column of several kinds is text. */
export type ColumnKind = "number" | "text" | "flag";

/** The kind of a column that has a value, given what it was before. */
export function kindWith(known: ColumnKind | undefined, value: FlatValue): ColumnKind | undefined {
  if (value === null) return known;
  const kind = typeof value === "number" ? "number" : typeof value === "boolean" ? "flag" : "text";
  return known === undefined || known === kind ? kind : "text";
}

/**
 * Writes rows as Apache Parquet, group after group, so that memory stays flat. Numbers are doubles, which
 * hold every integer up to 2^53; any value may be missing. The same rows give the same bytes.
 *
 * @param path of a file that is made or overwritten
 * @param columns names and kinds, at least one
 * @param groups rows, at most `PARQUET_GROUP_ROWS` at a time
 */
export async function writeParquet(
  path: string,
  columns: ReadonlyMap<string, ColumnKind>,
  groups: Iterable<readonly ReadonlyMap<string, FlatValue>[]>,
): Promise<void> {
  const { fileWriter, ParquetWriter } = await import("hyparquet-writer");
  const schema: SchemaElement[] = [
    { name: "root", num_children: columns.size },
    ...Array.from(columns, ([name, kind]) => schemaOf(name, kind)),
  ];
  const writer = new ParquetWriter({ writer: fileWriter(path), schema, createdBy: "unaccepted" });
  for (const rows of groups) {
    await writer.write({
      columnData: Array.from(columns, ([name, kind]) => ({
        name,
        data: rows.map((row) => cell(row.get(name), kind)),
      })),
      rowGroupSize: PARQUET_GROUP_ROWS,
    });
  }
  await writer.finish();
}

function schemaOf(name: string, kind: ColumnKind): SchemaElement {
  if (kind === "number") return { name, type: "DOUBLE", repetition_type: "OPTIONAL" };
  if (kind === "flag") return { name, type: "BOOLEAN", repetition_type: "OPTIONAL" };
  return { name, type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" };
}

function cell(value: FlatValue | undefined, kind: ColumnKind): FlatValue {
  if (value === undefined || value === null) return null;
  return kind === "text" ? String(value) : value;
}
