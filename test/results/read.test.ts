import { suite } from "uvu";
import * as assert from "uvu/assert";
import { formatJson, formatJsonl, rowRecord } from "../../src/results/formats.js";
import { parseResults, parseRows } from "../../src/results/read.js";
import { ResultsError } from "../../src/results/results-error.js";
import type { CompareRow, Repeats } from "../../src/results/row.js";
import { sweepLine } from "../../src/study/sweep/record.js";
import { overTimeOf, rowWith } from "./rows.js";
import { NO_WAITS } from "./waits.js";

const test = suite("results: read back");

const ROWS: readonly CompareRow[] = [rowWith(), rowWith({ policy: "eager", settings: { seed: 2 } })];

test("what is written is read back, as a document, as lines and as a sweep has them", () => {
  const expected = ROWS.map((row) => rowRecord(row));
  assert.equal(parseRows(formatJson(ROWS), "a.json"), { rows: expected, unknown: [] });
  assert.equal(parseRows(JSON.stringify(JSON.parse(formatJson(ROWS))), "a.json").rows, expected);
  const { rows } = parseRows(formatJsonl(ROWS), "a.jsonl");
  assert.equal(
    rows,
    expected.map((row) => ({ schemaVersion: 2, ...row })),
  );
  const line = sweepLine({ point: 3, run: 0, id: "0123" }, { seed: 2 }, ROWS[1]!);
  const swept = parseRows(`${line}\n${line}\n`, "runs.jsonl");
  assert.equal([swept.rows.length, swept.rows[1]!.policy, swept.unknown], [2, "eager", []]);
});

/** The message about a text. */
function refusal(text: string, parse: (text: string, file: string) => unknown = parseRows): string {
  try {
    parse(text, "r.json");
  } catch (error) {
    assert.instance(error, ResultsError);
    return (error as Error).message;
  }
  return "no error";
}

test("what is not JSON of this version is refused, with the place", () => {
  const whole = formatJson(ROWS);
  assert.match(refusal(whole.slice(0, 2000)), /^r\.json:\d\d+:\d+: expected JSON: /);
  assert.match(refusal('{\n  "rows": [,]\n}'), /^r\.json:2:12: expected JSON: Unexpected token [^\n]*$/);
  assert.match(refusal(""), /^r\.json:1:1: expected JSON: Unexpected end/);
  assert.is(refusal("[1]"), "r.json:1:1: expected an object, found [1]");
  assert.is(refusal("null", parseResults), "r.json:1:1: expected an object, found null");
  const other = whole.replace('"schemaVersion": 2', '"schemaVersion": 1');
  assert.is(refusal(other), "r.json: expected schemaVersion 2, found 1; run again what made it");
  assert.is(
    refusal(JSON.stringify({ schemaVersion: "v".repeat(9999), rows: [] })),
    `r.json: expected schemaVersion 2, found "${"v".repeat(39)}...; run again what made it`,
  );
  const otherLine = formatJsonl(ROWS).replaceAll('"schemaVersion":2', '"schemaVersion":3');
  assert.match(refusal(otherLine), /^r\.json:1:18: schemaVersion: expected schemaVersion 2, found 3;/);
  assert.is(
    refusal('{"schemaVersion":2,"guests":[]}'),
    "r.json: expected the JSON of run, compare or sweep (rows), found none",
  );
});

/** The second row of the document with a value of its own; undefined takes it away. */
function damaged(path: string, value: unknown): string {
  const document = JSON.parse(formatJson(ROWS)) as { rows: Record<string, unknown>[] };
  const keys = path.split(".");
  let at = document.rows[1]!;
  for (const key of keys.slice(0, -1)) at = at[key] as Record<string, unknown>;
  at[keys.at(-1)!] = value;
  return JSON.stringify(document, undefined, 2);
}

test("a damaged row is refused, with line, column and path of what is wrong", () => {
  for (const [path, value, expected] of [
    ["bootTimeNs", "5 s", 'a number (ns), found "5 s"'],
    ["bootTimeNs", -5, "a number from 0 to 2^64 (ns), found -5"],
    ["memoryBytes", 1e300, "a number from 1 to 2^64 (bytes), found 1e+300"],
    ["vcpus", 0, "a number from 1 to 2^64 (count), found 0"],
    ["phases", [{ name: "stub", ns: -1 }], 'a list of names and ns, found [{"name":"stub","ns":-1}]'],
    ["costs", { tdcall: -1 }, 'an object of numbers from 0 to 2^64, found {"tdcall":-1}'],
    ["bootTimeNs", null, "a number (ns), found null"],
    ["outcome", 3, "a text, found 3"],
    ["paretoOptimal", "no", 'true or false, found "no"'],
    ["phases", [{ name: "stub" }], 'a list of names and ns, found [{"name":"stub"}]'],
    ["remarks", "none", 'a list, found "none"'],
    ["memory", 7, "an object, found 7"],
    ["memory.acceptedBy.kernel", {}, "a number (bytes), found {}"],
    ["costs", { tdcall: "many" }, 'an object of numbers from 0 to 2^64, found {"tdcall":"many"}'],
    [
      "assumedPrices",
      { mapGpaNs: { value: 0, low: 0, high: 5 } },
      'an object of value, low and high, found {"mapGpaNs":{"value":0,"low":0,',
    ],
    ["settings", [], "an object, found []"],
    ["repeats", { runs: 1, failed: 0 }, "runs, failed, and a mean and a halfWidth of each measure, found"],
  ] as const) {
    const text = damaged(path, value);
    const message = refusal(text);
    const [, line, column] = /^r\.json:(\d+):(\d+): /.exec(message)!;
    assert.ok(message.includes(`rows[1].${path}: expected ${expected}`), message);
    const found = text.split("\n")[Number(line) - 1]!.slice(Number(column) - 1);
    assert.is(found[0], JSON.stringify(value)[0], message);
  }
  assert.match(
    refusal(damaged("scenario", undefined)),
    /rows\[1\]\.scenario: expected a text, found nothing$/,
  );
  assert.match(
    refusal('{"schemaVersion":2,"rows":[4]}'),
    /^r\.json:1:28: rows\[0\]: expected a row, found 4$/,
  );
  const second = formatJsonl(ROWS).replace(/"vcpus":8(?=[^\n]*\n$)/, '"vcpus":"8"');
  assert.match(refusal(second), /^r\.json:2:\d+: vcpus: expected a number \(count\), found "8"$/);
});

test("a damaged series is refused at its number", () => {
  const overTime = overTimeOf([{ timeNs: 0 }, { timeNs: 10, hostBytes: 4 }]);
  const text = (changes: object): string => formatJson([rowWith({ overTime: { ...overTime, ...changes } })]);
  assert.equal(parseRows(text({}), "r.json").rows[0]!.overTime, overTime);
  for (const [changes, complaint] of [
    [{ hostBytes: [0, "4"] }, 'hostBytes[1]: expected a number from 0 to 2^64, found "4"'],
    [{ hostBytes: [0, 4, 5] }, "hostBytes: expected 2 numbers, as timeNs has, found 3"],
    [{ hostBytes: undefined }, "hostBytes: expected a list of numbers, found nothing"],
    [{ timeNs: [10, 0] }, "timeNs[1]: expected 10 or more, as the one before, found 0"],
  ] as const) {
    assert.match(refusal(text(changes)), /^r\.json:\d+:\d+: /);
    assert.ok(refusal(text(changes)).endsWith(`: rows[0].overTime.${complaint}`), refusal(text(changes)));
  }
  const distribution = { atMostNs: [0, 4], allocations: [1] };
  const waits = { boot: { ...NO_WAITS, distribution }, workload: NO_WAITS };
  assert.match(
    refusal(formatJson([rowWith({ waits })])),
    /rows\[0\]\.waits\.boot\.distribution\.allocations: expected 2 numbers, as atMostNs has, found 1$/,
  );
});

test("what an older or a newer version has otherwise is no damage, and what is not known is told", () => {
  const text = damaged("eventPrices", undefined).replace('"costs": {', '"colour": "red",\n      "costs": {');
  const { rows, unknown } = parseRows(text, "r.json");
  assert.equal([rows[1]!.eventPrices, unknown], [undefined, ["colour"]]);
  const inside = damaged("hostUse.shadowBytes", 4);
  assert.equal(parseRows(inside, "r.json").unknown, ["hostUse.shadowBytes"]);
});

test("a row that was repeated is read with its means", () => {
  const spread = { mean: 4.5, halfWidth: 0.5 };
  const repeats = { runs: 3, failed: 0, bootTimeNs: spread } as unknown as Repeats;
  assert.equal(parseRows(formatJson([rowWith({ repeats })]), "r.json").rows[0]!.repeats, repeats);
});

test.run();
