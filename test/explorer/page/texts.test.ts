import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  changeOf,
  FURTHER,
  LEADING,
  labelOf,
  measureOf,
  textIn,
} from "../../../src/explorer/page/measures.js";
import { defaultOf, generatedOf, generatedText } from "../../../src/explorer/page/workload-text.js";
import { GENERATORS, parseGeneratedWorkload } from "../../../src/index.js";
import type { StoredRow } from "../../../src/results/read.js";

const test = suite("explorer: texts of numbers and workloads");

const row = { bootTimeNs: 1_240_000_000, overheadBytes: 2 ** 30, touchedBytes: 0 } as StoredRow;

test("numbers are printed as on the command line", () => {
  assert.is(textIn(measureOf("bootTimeNs"), row), "1.24 s");
  assert.is(textIn(measureOf("overheadBytes"), row), "1 GiB");
  assert.is(textIn(measureOf("totalTimeNs"), row), undefined);
});

test("a change says by how much, and whether that is better", () => {
  const now = { ...row, bootTimeNs: 930_000_000, overheadBytes: 2 ** 31, touchedBytes: 4096 };
  assert.equal(changeOf(measureOf("bootTimeNs"), row, now), { text: "−310 ms, −25 %", verdict: "better" });
  assert.equal(changeOf(measureOf("overheadBytes"), row, now), { text: "+1 GiB, +100 %", verdict: "worse" });
  assert.equal(changeOf(measureOf("touchedBytes"), row, now), { text: "+4 KiB", verdict: "worse" });
  assert.equal(changeOf(measureOf("bootTimeNs"), row, row), { text: "the same", verdict: "neither" });
  assert.is(changeOf(measureOf("totalTimeNs"), row, now), undefined);
});

test("every number has a label of its own", () => {
  const labels = [...LEADING, ...FURTHER].map((name) => labelOf(measureOf(name)));
  assert.is(new Set(labels).size, labels.length, labels.join(", "));
  for (const label of labels) assert.not.match(label, /undefined|Ns|Bytes/);
});

test("a generated workload is taken apart and put together", () => {
  const text = "generate:heap?size=1GiB&pages=small";
  assert.equal(generatedOf(text), { name: "heap", parameters: { size: "1GiB", pages: "small" } });
  assert.is(generatedText(generatedOf(text)!), text);
  assert.is(generatedText({ name: "heap", parameters: { size: "" } }), "generate:heap");
  assert.is(generatedOf("linux-7.3.4-debian-1c4g"), undefined);
});

test("the default of each parameter of each generator reads back", () => {
  for (const { name, parameters } of GENERATORS) {
    const defaults = Object.entries(parameters).map(
      ([key, parameter]) => [key, defaultOf(parameter)] as const,
    );
    parseGeneratedWorkload(generatedText({ name, parameters: Object.fromEntries(defaults) }));
  }
});

test.run();
