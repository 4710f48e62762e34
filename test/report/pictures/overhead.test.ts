import { suite } from "uvu";
import * as assert from "uvu/assert";
import { overhead } from "../../../src/report/pictures/overhead.js";
import { COLOURS } from "../../../src/report/pictures/theme.js";
import { GiB } from "../../../src/units.js";
import { rowWith } from "../../results/rows.js";
import { drawn, rowsResult, valuesOf } from "./results.js";

const test = suite("report: the picture of time against overhead");

const lazy = rowWith({ bootTimeNs: 10e9, overheadBytes: 2 * GiB, assumedPrices: {} });
const eager = { ...lazy, policy: "eager", bootTimeNs: 100e9, overheadBytes: 60 * GiB };

test("points that lie apart are a scatter, each with its name", () => {
  const picture = drawn(overhead, rowsResult(lazy, eager));
  assert.equal(
    valuesOf(picture).map(({ policy, seconds, overheadGiB, front, align }) => [
      policy,
      seconds,
      overheadGiB,
      front,
      align,
    ]),
    [
      ["lazy", 10, 2, true, "left"],
      ["eager", 100, 60, false, "left"],
    ],
  );
  assert.match(picture.description, "Unbeaten: lazy.");
  assert.equal(picture.table.rows, [
    ["lazy", "10 s", "2 GiB", "-"],
    ["eager", "100 s", "60 GiB", "yes"],
  ]);
});

test("points that would hide each other are bars instead", () => {
  const near = { ...lazy, policy: "background", bootTimeNs: 10.01e9 };
  const values = valuesOf(drawn(overhead, rowsResult(lazy, eager, near)));
  assert.equal(
    values.map(({ panel, policy, value, kind }) => [panel, policy, value, kind]),
    [
      ["boot time", "lazy", 10, "unbeaten"],
      ["boot time", "eager", 100, "beaten"],
      ["boot time", "background", 10.01, "beaten"],
      ["overhead", "lazy", 2, "unbeaten"],
      ["overhead", "eager", 60, "beaten"],
      ["overhead", "background", 2, "beaten"],
    ],
  );
});

test("two that are equal in both do not beat each other", () => {
  const values = valuesOf(drawn(overhead, rowsResult(lazy, { ...lazy, policy: "other" })));
  assert.ok(values.every(({ kind }) => kind === "unbeaten"));
});

test("one run on each input trades nothing off", () => {
  const why = overhead.draw([rowsResult(lazy, { ...eager, vcpus: 64 })], COLOURS.light);
  assert.is(why, "it needs two policies at least that got ready on the same input");
});

test("vCPUs part panels", () => {
  const values = valuesOf(drawn(overhead, rowsResult(lazy, eager, { ...lazy, vcpus: 64, bootTimeNs: 30e9 })));
  assert.equal(
    values.map(({ panel, policy }) => [panel, policy]),
    [
      ["8 vCPUs", "lazy"],
      ["8 vCPUs", "eager"],
      ["64 vCPUs", "lazy"],
    ],
  );
});

test.run();
