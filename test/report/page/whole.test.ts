import { suite } from "uvu";
import * as assert from "uvu/assert";
import { wholeRows, wholeTunings, wholeUncertainty } from "../../../src/report/page/whole.js";
import { parseDocument, type ResultDocument } from "../../../src/report/pictures/documents.js";
import { formatUncertaintyJson } from "../../../src/report/uncertainty.js";
import { jsonDocument, rowRecord } from "../../../src/results/formats.js";
import type { Uncertainty } from "../../../src/study/uncertainty.js";
import { rowWith } from "../../results/rows.js";
import { tunedWith } from "../pictures/results.js";

const test = suite("report: whole results");

type Rows = Extract<ResultDocument, { readonly kind: "rows" }>;

function rowsWith(changes: object): Rows {
  const row = { ...rowRecord(rowWith()), ...changes };
  return parseDocument(jsonDocument({ rows: [row] }), "a.json") as Rows;
}

function thrownBy(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return (error as Error).message;
  }
  return "nothing";
}

test("a row that a former version wrote, or that is damaged inside, is told in one line", () => {
  for (const [changes, message] of [
    [
      { overheadBytes: undefined },
      "a.json: rows[0].overheadBytes: expected bytes, found none; run again what made it",
    ],
    [{ phases: [] }, /^a\.json: rows\[0\]\.phases: .*; run again what made it$/],
    [
      { phases: [{ name: "x", ns: 1, mostly: 3 }] },
      /^a\.json: rows\[0\]\.phases\[0\]\.mostly: expected .*found 3; run/,
    ],
    [{ remarks: [3] }, /^a\.json: rows\[0\]\.remarks\[0\]: expected .*found 3; run/],
  ] as const) {
    const told = thrownBy(() => wholeRows(rowsWith(changes)));
    if (typeof message === "string") assert.is(told, message);
    else assert.match(told, message);
  }
});

test("what axes of a study say twice is said once", () => {
  const settings = {
    "platform.kind": "tdx",
    policy: "lazy",
    memory: "4GiB",
    vcpus: 8,
    "host.pageSize": "4KiB",
  };
  const [row] = wholeRows(rowsWith({ point: 3, run: 0, id: "a", settings }));
  assert.equal(row!.settings, { "host.pageSize": "4KiB" });
  assert.is(wholeRows(rowsWith({ settings }))[0]!.settings.policy, "lazy");
});

test("orders find the rows that they are of", () => {
  const range = { low: 1, default: 2, high: 3, movedMostBy: null };
  const ranges = Object.fromEntries(
    [
      "bootTimeNs",
      "totalTimeNs",
      "overheadBytes",
      "waits.boot.totalNs",
      "waits.boot.p99Ns",
      "waits.workload.totalNs",
      "waits.workload.p99Ns",
    ].map((name) => [name, range]),
  );
  const uncertainty = { runs: 2, failed: 0, ...ranges };
  const rows = [
    rowWith({ bootTimeNs: 9e9, policy: "eager" }),
    rowWith({ bootTimeNs: 4e9 }),
    rowWith({ bootTimeNs: 1e9, vcpus: 1 }),
    // Of two that are as fast the first counts as faster.
    rowWith({ bootTimeNs: 1e9, vcpus: 1, policy: "background" }),
  ].map((row) => ({ ...row, uncertainty }));
  const order = { by: "bootTimeNs", faster: 1, slower: 0, survives: true, flips: [], ratio: range };
  const even = { ...order, faster: 2, slower: 3 };
  const text = formatUncertaintyJson({ rows, orders: [order, even] } as unknown as Uncertainty);
  const document = parseDocument(text, "a.json") as Rows;
  assert.equal(
    wholeUncertainty(document, wholeRows(document))!.orders.map(({ faster, slower }) => [faster, slower]),
    [
      [1, 0],
      [2, 3],
    ],
  );
  const other = { ...document, orders: [] };
  assert.match(
    thrownBy(() => wholeUncertainty(other, wholeRows(other))),
    /^a\.json: orders: expected one for every two/,
  );
});

test("a tuning needs more for its sentences than for its picture", () => {
  const document = { file: "t.json", kind: "tune", guests: [tunedWith()] } as const;
  assert.match(
    thrownBy(() => wholeTunings(document)),
    /^t\.json: \w+: expected .*; run again what made it$/,
  );
});

test.run();
