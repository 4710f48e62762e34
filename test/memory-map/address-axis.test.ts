import { suite } from "uvu";
import * as assert from "uvu/assert";
import { addressAxis } from "../../src/memory-map/address-axis.js";
import { type Cells, cellsOf, differenceOf, rectanglesOf } from "../../src/memory-map/map-cells.js";
import type { MapArea, MemoryMapFile } from "../../src/memory-map/memory-map.js";
import { chanceAt } from "../../src/sim/prng.js";
import { GiB, MiB, TiB } from "../../src/units.js";

const test = suite("memory map: as a picture has it");

const NAMES = ["unaccepted", "accepted by firmware", "accepted on demand", "shared with the host", "free"];

function mapWith(endNs: number, ...areas: readonly MapArea[]): MemoryMapFile {
  return {
    schemaVersion: 1,
    kind: "memory map",
    name: "made up",
    run: {},
    endNs,
    spanBytes: Math.max(...areas.map(([, , end]) => end)),
    grainBytes: 4096,
    grainNs: 0,
    phases: [],
    layers: NAMES.map((name) => ({
      name,
      what: "",
      grainBytes: 4096,
      grainNs: 0,
      peakBytes: 0,
      endBytes: 0,
    })),
    areas,
    acceptsTotal: 0,
    acceptsEvery: 1,
    accepts: [],
  };
}

const TWO_PARTS = mapWith(
  100,
  [1, 0, 3 * GiB, 0, 100],
  [0, 4 * GiB, 5 * GiB, 0, 50],
  [2, 4 * GiB, 5 * GiB, 50, 100],
);

test("a hole is a part of its own, with little room", () => {
  const { parts } = addressAxis([TWO_PARTS]);
  const hole = parts.find(({ kind }) => kind === "hole")!;
  assert.equal([hole.start, hole.end], [3 * GiB, 4 * GiB]);
  assert.ok(hole.to - hole.from < 0.06);
  assert.is(parts[0]!.from, 0);
  assert.is(parts.at(-1)!.to, 1);
});

test("a stretch of terabytes in which nothing changes does not hide the rest", () => {
  const map = mapWith(
    100,
    [1, 0, 2 * GiB, 0, 100],
    [0, 2 * GiB, TiB, 0, 100],
    [2, TiB, TiB + 64 * MiB, 10, 100],
  );
  const axis = addressAxis([map]);
  const [low, long] = axis.parts;
  assert.ok(axis.position(2 * GiB) > 0.01);
  assert.is(
    axis.parts.some(({ kind }) => kind === "shortened"),
    true,
  );
  assert.ok(low!.to > low!.from && long!.to > long!.from);
});

test("places rise with addresses, and lead back to them", () => {
  const axis = addressAxis([TWO_PARTS]);
  let before = -1;
  for (let address = 0; address <= 5 * GiB; address += 64 * MiB) {
    const at = axis.position(address);
    assert.ok(at > before && at <= 1);
    assert.ok(Math.abs(axis.address(at) - address) < 4096, `${address}`);
    before = at;
  }
});

test("a cell has the layer that most of it is in, shared memory that of sharing", () => {
  const map = mapWith(100, [1, 0, GiB, 0, 100], [3, 0, GiB, 50, 100], [4, 0, GiB, 0, 100]);
  const cells = cellsOf(map, addressAxis([map]), { endNs: 100, rows: 1, columns: 4 });
  assert.equal(
    [...cells.at].map((layer) => cells.names[layer]),
    ["accepted by firmware", "accepted by firmware", "shared with the host", "shared with the host"],
  );
});

test("the difference says which one alone has accepted, also once the other has ended", () => {
  const early = mapWith(100, [0, 0, GiB, 0, 25], [2, 0, GiB, 25, 100]);
  const late = mapWith(50, [0, 0, GiB, 0, 50]);
  const axis = addressAxis([early, late]);
  const axes = { endNs: 100, rows: 1, columns: 4, goesOn: true };
  const [one, other] = [early, late].map((map) => cellsOf(map, axis, axes));
  assert.equal([...differenceOf(one!, other!).at], [-1, 0, 0, 0]);
  assert.equal([...differenceOf(other!, one!).at], [-1, 1, 1, 1]);
});

test("rectangles cover each cell once, with its name", () => {
  const [rows, columns] = [13, 17];
  for (let seed = 1; seed <= 10; seed++) {
    const at = Int16Array.from(
      { length: rows * columns },
      (_none, cell) => Math.floor(chanceAt(seed, cell) * 3) - 1,
    );
    const cells: Cells = { rows, columns, at, names: ["a", "b"] };
    const covered = new Int16Array(rows * columns).fill(-1);
    for (const one of rectanglesOf(cells)) {
      for (let row = one.row; row < one.rowEnd; row++) {
        for (let column = one.column; column < one.columnEnd; column++) {
          assert.is(covered[row * columns + column], -1, "twice");
          covered[row * columns + column] = cells.names.indexOf(one.name);
        }
      }
    }
    assert.equal([...covered], [...at]);
  }
});

test.run();
