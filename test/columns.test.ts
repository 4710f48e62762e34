import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  columnsIn,
  firstRows,
  growColumns,
  joinRows,
  newColumns,
  pickRows,
  rowBytes,
  rowsBetween,
} from "../src/columns.js";

const test = suite("columns");

const TYPES = { pfn: "f64", target: "i32", cpu: "u16", order: "u8" } as const;

function some(rows: number): ReturnType<typeof newColumns<typeof TYPES>> {
  const columns = newColumns(TYPES, rows);
  for (let i = 0; i < rows; i++) {
    columns.pfn[i] = 2 ** 40 + i;
    columns.target[i] = -i;
    columns.cpu[i] = 300 + i;
    columns.order[i] = i;
  }
  return columns;
}

test("growing keeps what is there, adds zeros and leaves the object the same", () => {
  const columns = some(3);
  growColumns(TYPES, columns);
  assert.equal([...columns.pfn], [2 ** 40, 2 ** 40 + 1, 2 ** 40 + 2, 0, 0, 0]);
  assert.equal(
    [...columns.target],
    [-0, -1, -2, 0, 0, 0].map((value) => value + 0),
  );
  assert.equal([...columns.cpu], [300, 301, 302, 0, 0, 0]);
  assert.equal([...columns.order], [0, 1, 2, 0, 0, 0]);
});

test("first rows are copies, rows between are not", () => {
  const columns = some(4);
  const copies = firstRows(TYPES, columns, 2);
  const views = rowsBetween(TYPES, columns, 1, 3);
  columns.cpu[1] = 7;
  assert.equal([...copies.cpu], [300, 301]);
  assert.equal([...views.cpu], [7, 302]);
});

test("rows are picked by number, also twice", () => {
  const picked = pickRows(TYPES, some(4), [3, 0, 3]);
  assert.equal([...picked.order], [3, 0, 3]);
  assert.equal([...picked.pfn], [2 ** 40 + 3, 2 ** 40, 2 ** 40 + 3]);
});

test("pieces are joined in their order and given up", () => {
  const pieces = [some(2), newColumns(TYPES, 0), some(3)];
  const whole = joinRows(TYPES, pieces);
  assert.equal([...whole.order], [0, 1, 0, 1, 2]);
  assert.equal([...whole.cpu], [300, 301, 300, 301, 302]);
  assert.equal(
    pieces.map((piece) => Object.keys(piece)),
    [[], [], []],
  );
  assert.is(joinRows(TYPES, []).pfn.length, 0);
});

test("columns lie in a buffer one behind the other", () => {
  assert.is(rowBytes(TYPES), 15);
  const buffer = new ArrayBuffer(3 * rowBytes(TYPES));
  const columns = columnsIn(TYPES, buffer, 3);
  assert.equal(
    [columns.pfn, columns.target, columns.cpu, columns.order].map(({ byteOffset, length }) => [
      byteOffset,
      length,
    ]),
    [
      [0, 3],
      [24, 3],
      [36, 3],
      [42, 3],
    ],
  );
});

test.run();
