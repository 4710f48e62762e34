/**
 * Tables held as columns: a typed array for each property, and in all of them one row for each thing.
 * Their names and types are declared once, such as `{ pfn: "f64", order: "u8" } as const`. The functions
 * here work on whole columns; loops over rows use the arrays themselves.
 */

interface Arrays {
  readonly u8: Uint8Array;
  readonly u16: Uint16Array;
  readonly u32: Uint32Array;
  readonly i32: Int32Array;
  readonly f64: Float64Array;
}
type Column = Arrays[keyof Arrays];

interface ArrayType {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): Column;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): Column;
}
const ARRAYS: Readonly<Record<keyof Arrays, ArrayType>> = {
  u8: Uint8Array,
  u16: Uint16Array,
  u32: Uint32Array,
  i32: Int32Array,
  f64: Float64Array,
};

export type ColumnTypes = Readonly<Record<string, keyof Arrays>>;
export type Columns<Types extends ColumnTypes> = {
  readonly [Name in keyof Types]: Arrays[Types[Name]];
};

function columnsBy<Types extends ColumnTypes>(
  types: Types,
  column: (name: string, array: ArrayType) => Column,
): Columns<Types> {
  const entries = Object.entries(types).map(([name, type]) => [name, column(name, ARRAYS[type])]);
  return Object.fromEntries(entries) as Columns<Types>;
}

/** Columns of `rows` rows, all 0. */
export function newColumns<Types extends ColumnTypes>(types: Types, rows: number): Columns<Types> {
  return columnsBy(types, (_, array) => new array(rows));
}

/** Makes room for twice as many rows, in place; the new ones are 0. */
export function growColumns<Types extends ColumnTypes>(types: Types, columns: Columns<Types>): void {
  const growing = columns as Record<string, Column>;
  for (const [name, type] of Object.entries(types)) {
    const old = growing[name]!;
    const grown = new ARRAYS[type](2 * old.length);
    grown.set(old);
    growing[name] = grown;
  }
}

/** The rows from `start` to before `end`, in the same memory. */
export function rowsBetween<Types extends ColumnTypes>(
  types: Types,
  columns: Columns<Types>,
  start: number,
  end: number,
): Columns<Types> {
  return columnsBy(types, (name) => columns[name]!.subarray(start, end));
}

export function firstRows<Types extends ColumnTypes>(
  types: Types,
  columns: Columns<Types>,
  count: number,
): Columns<Types> {
  return columnsBy(types, (name) => columns[name]!.slice(0, count));
}

/** Copies of some rows, by number and in that order. */
export function pickRows<Types extends ColumnTypes>(
  types: Types,
  columns: Columns<Types>,
  rows: ArrayLike<number>,
): Columns<Types> {
  return columnsBy(types, (name, array) => {
    const from = columns[name]!;
    const picked = new array(rows.length);
    for (let i = 0; i < rows.length; i++) picked[i] = from[rows[i]!]!;
    return picked;
  });
}

/**
 * All rows of some pieces one after another. The pieces lose their columns one by one, so that there is
 * never more than one of them in memory twice.
 */
export function joinRows<Types extends ColumnTypes>(
  types: Types,
  pieces: readonly Columns<Types>[],
): Columns<Types> {
  return columnsBy(types, (name, array) => {
    const whole = new array(pieces.reduce((sum, piece) => sum + piece[name]!.length, 0));
    let at = 0;
    for (const piece of pieces as readonly Record<string, Column>[]) {
      whole.set(piece[name]!, at);
      at += piece[name]!.length;
      delete piece[name];
    }
    return whole;
  });
}

export function rowBytes(types: ColumnTypes): number {
  return Object.values(types).reduce((sum, type) => sum + ARRAYS[type].BYTES_PER_ELEMENT, 0);
}

/**
 * Columns that lie in a buffer one after the other; the widest types come first.
 *
 * @param start of the first of them, a multiple of 8
 */
export function columnsIn<Types extends ColumnTypes>(
  types: Types,
  buffer: ArrayBufferLike,
  rows: number,
  start = 0,
): Columns<Types> {
  let at = start;
  return columnsBy(types, (_, array) => {
    const column = new array(buffer, at, rows);
    at += column.byteLength;
    return column;
  });
}
