import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parseDocument } from "../../../src/report/pictures/documents.js";
import { formatJson, formatJsonl, jsonDocument } from "../../../src/results/formats.js";
import { rowWith } from "../../results/rows.js";

const test = suite("report: results read back for pictures");

const RANGE = { low: 1, default: 2, high: 3 };

test("rows, as JSON and as lines", () => {
  for (const text of [formatJson([rowWith()]), formatJsonl([rowWith()])]) {
    const found = parseDocument(text, "a.json");
    assert.is(found.kind, "rows");
    assert.is(found.kind === "rows" && found.rows[0]!.bootTimeNs, 5_500_000_000);
  }
});

test("what tune printed: several guests, or one", () => {
  const text = readFileSync("results/tune/tdx.json", "utf8");
  const found = parseDocument(text, "tdx.json");
  assert.is(found.kind === "tune" && found.guests.length, 4);
  const [guest] = JSON.parse(text).guests as object[];
  const one = parseDocument(jsonDocument(guest!), "one.json");
  assert.is(one.kind === "tune" && one.guests[0]!.curves[0]!.best, 190_840_832);
});

test("the ranges of rows that --uncertainty found", () => {
  const uncertainty = { bootTimeNs: RANGE, totalTimeNs: RANGE, overheadBytes: RANGE };
  const found = parseDocument(jsonDocument({ rows: [{ ...rowWith(), uncertainty }] }), "a.json");
  assert.equal(found.kind === "rows" && found.rows[0]!.uncertainty?.bootTimeNs.high, 3);
});

test("a memory map, by its own version", () => {
  const map = {
    schemaVersion: 1,
    kind: "memory map",
    name: "tdx lazy 4 GiB",
    run: { policy: "lazy", outcome: "ready" },
    endNs: 9,
    spanBytes: 4096,
    grainBytes: 4096,
    grainNs: 0,
    phases: [],
    layers: [{ name: "free", what: "", grainBytes: 4096, grainNs: 0, peakBytes: 4096, endBytes: 0 }],
    areas: [[0, 0, 4096, 1, 9]],
    acceptsTotal: 0,
    acceptsEvery: 1,
    accepts: [],
  };
  const found = parseDocument(JSON.stringify(map), "m.json");
  assert.is(found.kind === "map" && found.map.name, "tdx lazy 4 GiB");
  assert.throws(
    () => parseDocument(JSON.stringify({ ...map, schemaVersion: 9 }), "m.json"),
    "m.json: expected schemaVersion 1 of a memory map, found 9; run again what made it",
  );
  assert.throws(
    () => parseDocument(JSON.stringify({ ...map, areas: [[0, 0]] }), "m.json"),
    /^m\.json:1:\d+: areas\[0\]: /,
  );
  const accept = { n: 1, atNs: 9, cpu: 0, start: 0, bytes: 4096, by: "accepted on demand" };
  for (const [changes, complaint] of [
    [{ endNs: -1 }, "endNs: expected at least 1, found -1"],
    [{ spanBytes: 0.5 }, "spanBytes: expected a whole number, found 0.5"],
    [{ run: {} }, "run.outcome: expected text, found nothing"],
    [{ layers: [{ ...map.layers[0], name: "fre" }] }, "layers[0].name: expected "],
    [{ areas: [[1, 0, 4096, 1, 9]] }, "areas[0][0]: expected 0 or less, the last layer, found 1"],
    [{ areas: [[0, 4096, 4096, 1, 9]] }, "areas[0][2]: expected 4097 or more, behind its start, found 4096"],
    [{ areas: [[0, 0, 8192, 1, 9]] }, "areas[0][2]: expected 4096 or less, the end of memory, found 8192"],
    [{ areas: [[0, 0, 4096, 9, 1]] }, "areas[0][4]: expected 9 or more, its start, found 1"],
    [{ areas: [[0, 0, 4096, 1, 99]] }, "areas[0][4]: expected 9 or less, the end of the run, found 99"],
    [{ phases: [{ name: "stub", startNs: 4, endNs: 3 }] }, "phases[0].endNs: expected 4 or more, its start"],
    [
      { phases: [{ name: "stub", startNs: 4, endNs: 10 }] },
      "phases[0].endNs: expected 9 or less, the end of",
    ],
    [{ accepts: [accept] }, "accepts[0].n: expected 0 or less, all accepts, found 1"],
    [
      { acceptsTotal: 1, accepts: [{ ...accept, atNs: 10 }] },
      "accepts[0].atNs: expected 9 or less, the end of",
    ],
  ] as const) {
    try {
      parseDocument(JSON.stringify({ ...map, ...changes }), "m.json");
      assert.unreachable(complaint);
    } catch (error) {
      assert.match((error as Error).message, /^m\.json:1:\d+: /);
      assert.ok((error as Error).message.includes(complaint), (error as Error).message);
    }
  }
});

const damaged: readonly (readonly [what: string, text: string, complaint: string])[] = [
  ["no JSON", "{", "a.json:1:2: expected JSON: Expected property name or '}'"],
  [
    "another version",
    '{"schemaVersion":1,"rows":[]}',
    "a.json: expected schemaVersion 2, found 1; run again what made it",
  ],
  ["no rows", '{"schemaVersion":2,"rows":[]}', "a.json: expected rows, found none"],
  [
    "none of all",
    '{"schemaVersion":2,"pairs":[]}',
    "a.json: expected the JSON of run, compare, sweep, tune, largest, verify or validate, or a memory map, found one with pairs",
  ],
  [
    "no guest",
    '{"schemaVersion":2,"guests":[]}',
    "a.json:1:29: guests: expected a list of at least 1, found an empty list",
  ],
  [
    "a guest without its size",
    jsonDocument({
      guests: [
        {
          platform: "tdx",
          policy: "lazy",
          kernel: "7.3",
          prices: "default",
          memoryBytes: "4GiB",
          vcpus: 1,
          workload: "boot",
          objective: "bootTimeNs",
          best: null,
          curves: [],
        },
      ],
    }),
    'a.json:9:22: guests[0].memoryBytes: expected a number, found "4GiB"',
  ],
  [
    "a largest without a deadline in numbers",
    '{"schemaVersion":2,"deadlineNs":"1s","constraints":[],"rows":[1]}',
    'a.json:1:33: deadlineNs: expected a number, found "1s"',
  ],
  [
    "ranges that are none",
    jsonDocument({
      rows: [{ ...rowWith(), uncertainty: { bootTimeNs: RANGE, totalTimeNs: 3, overheadBytes: RANGE } }],
    }),
    "expected a mapping, found 3",
  ],
];

for (const [what, text, complaint] of damaged) {
  test(`${what}: one line that names the place`, () => {
    try {
      parseDocument(text, "a.json");
      assert.unreachable();
    } catch (error) {
      assert.is((error as Error).name, "ResultsError");
      assert.ok((error as Error).message.includes(complaint), (error as Error).message);
      assert.not.match((error as Error).message, "\n");
    }
  });
}

test.run();
