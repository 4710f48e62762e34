import type { SchemaElement } from "hyparquet-writer";
import type { FlatValue } from "./formats.js";

/** Rows held in memory at once, and rows of a row group. */
const GROUP_ROWS = 8192;

/** Kind of a column; one with values of several kinds is text. */
export type ColumnKind = "number" | "text" | "flag";

/** The kind of a column that has a value, given what it was before. */
export function kindWith(known: ColumnKind | undefined, value: FlatValue): ColumnKind | undefined {
  if (value === null) return known;
  const kind = typeof value === "number" ? "number" : typeof value === "boolean" ? "flag" : "text";
  return known === undefined || known === kind ? kind : "text";
}

export interface ParquetRows {
  add(row: ReadonlyMap<string, FlatValue>): Promise<void>;
  /** Writes the rows that are left and the footer. */
  end(): Promise<void>;
}

/**
 * Writes rows as Apache Parquet, group after group, so that memory stays flat. Numbers are doubles, which
 * hold every integer up to 2^53; any value may be missing. The same rows give the same bytes.
 *
 * @param write takes the bytes as they come, and must not keep them
 * @param columns names and kinds, at least one
 */
export async function parquetRows(
  write: (bytes: Uint8Array) => void,
  columns: ReadonlyMap<string, ColumnKind>,
): Promise<ParquetRows> {
  const { ByteWriter, ParquetWriter } = await import("hyparquet-writer");
  const schema: SchemaElement[] = [
    { name: "root", num_children: columns.size },
    ...Array.from(columns, ([name, kind]) => schemaOf(name, kind)),
  ];
  const bytes = new ByteWriter();
  const flush = (): void => {
    write(bytes.getBytes());
    bytes.index = 0;
  };
  const writer = new ParquetWriter({
    writer: Object.assign(bytes, { flush, finish: flush }),
    schema,
    createdBy: "unaccepted",
  });
  let group: ReadonlyMap<string, FlatValue>[] = [];
  const writeGroup = async (): Promise<void> => {
    const columnData = Array.from(columns, ([name, kind]) => ({
      name,
      data: group.map((row) => cell(row.get(name), kind)),
    }));
    group = [];
    await writer.write({ columnData, rowGroupSize: GROUP_ROWS });
  };
  return {
    async add(row) {
      group.push(row);
      if (group.length === GROUP_ROWS) await writeGroup();
    },
    async end() {
      if (group.length > 0) await writeGroup();
      await writer.finish();
    },
  };
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
