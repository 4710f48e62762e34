import { suite } from "uvu";
import * as assert from "uvu/assert";
import { formatJson, formatJsonl } from "../../src/results/formats.js";
import { overTimeOf, rowWith } from "./rows.js";

const test = suite("results: json");

test("a document has its version, the rows, and reads back as it was", () => {
  const rows = [rowWith(), rowWith({ bootRatio: null, outcome: "oom", reason: "no page" })];
  assert.equal(JSON.parse(formatJson(rows)), { schemaVersion: 2, rows });
});

test("a document is indented by two spaces and ends with one newline", () => {
  const text = formatJson([rowWith()]);
  assert.match(text, /^\{\n {2}"schemaVersion": 2,\n {2}"rows": \[\n {4}\{\n {6}"scenario": "boot",\n/);
  assert.match(text, /\}\n$/);
  assert.not.match(text, /\n\n/);
});

test("a list of numbers is one line, whatever texts look like", () => {
  const overTime = overTimeOf([{ timeNs: 1 }, { timeNs: 20 }]);
  const reason = "[\n 1,\n 2\n]";
  const text = formatJson([rowWith({ overTime, outcome: "oom", reason })]);
  assert.match(text, /\n {8}"timeNs": \[1,20\],\n {8}"acceptedBytes": \[0,0\],\n/);
  assert.equal(JSON.parse(text).rows[0].reason, reason);
});

test("the order of keys does not depend on how a row was made", () => {
  const row = rowWith({ costs: { a: 1, b: 2 }, settings: { x: 1, y: 2 } });
  const reversed = Object.fromEntries(Object.entries(row).reverse()) as unknown as typeof row;
  const shuffled = { ...reversed, costs: { b: 2, a: 1 }, settings: { y: 2, x: 1 } };
  assert.is(formatJson([shuffled]), formatJson([row]));
});

test("a run without a reason has no such key", () => {
  assert.not.match(formatJson([rowWith()]), "reason");
});

test("no rows make an empty list", () => {
  assert.equal(JSON.parse(formatJson([])), { schemaVersion: 2, rows: [] });
});

test("JSON lines hold one row each, with its version", () => {
  const rows = [rowWith(), rowWith({ policy: "eager" })];
  const lines = formatJsonl(rows).split("\n");
  assert.is(lines.pop(), "");
  assert.equal(
    lines.map((line) => JSON.parse(line) as unknown),
    rows.map((row) => ({ schemaVersion: 2, ...row })),
  );
});

test.run();
