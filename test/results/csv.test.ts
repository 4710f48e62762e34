import { suite } from "uvu";
import * as assert from "uvu/assert";
import { formatCsv } from "../../src/results/csv.js";
import type { CompareRow } from "../../src/results/row.js";
import { rowWith } from "./rows.js";

const test = suite("results: csv");

/** Reads RFC 4180 one character at a time, as simply as can be. */
function parseCsv(text: string): string[][] {
  const records: string[][] = [];
  let record: string[] = [];
  let value = "";
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (quoted && character === '"' && text[at + 1] === '"') {
      value += '"';
      at++;
    } else if (character === '"') {
      quoted = !quoted;
    } else if (!quoted && character === ",") {
      record.push(value);
      value = "";
    } else if (!quoted && character === "\r" && text[at + 1] === "\n") {
      records.push([...record, value]);
      record = [];
      value = "";
      at++;
    } else {
      value += character;
    }
  }
  assert.is(value, "", "the last record is not ended");
  return records;
}

/** The one row of a CSV text by column name. */
function fieldsOf(rows: readonly CompareRow[], index = 0): Record<string, string> {
  const [header, ...records] = parseCsv(formatCsv(rows));
  return Object.fromEntries(header!.map((name, column) => [name, records[index]![column]!]));
}

test("header and row, literally", () => {
  const [header, row, end] = formatCsv([rowWith()]).split("\r\n");
  assert.is(
    header,
    "scenario,platform,policy,kernel,memory_bytes,vcpus,workload,outcome,reason,boot_time_ns,boot_ratio,pareto_optimal," +
      "assumed_share,accepted_bytes,touched_bytes,host_bytes,overhead_bytes,host_peak_bytes,accept_calls," +
      "stall_count,stall_p50_ns,stall_p99_ns,stall_max_ns,stall_total_ns,allocations,frees,failed_allocations," +
      "frees_before_tracing,filled_before_tracing_pages,inferred_bulk_allocations,lost_events," +
      "phase:firmware_ns,phase:kernel_ns,count:tdcall,count:eptViolation",
  );
  assert.is(
    row,
    "boot,tdx,lazy,6.12,68719476736,8,idle,ready,,5500000000,3.94,false,0.42,3221225472,419430400,3758096384," +
      "3338665984,4294967296,120,7,1000000,20300000,21000000,60000000,24000,5000,1,12,345,3,2,1100000000," +
      "4400000000,1048576,99",
  );
  assert.is(end, "");
});

test("commas, quotes and line breaks are quoted and read back", () => {
  const reason = 'page 0x1000, "twice"\nand\r\nagain';
  const fields = fieldsOf([rowWith({ outcome: "terminated", reason })]);
  assert.is(fields.reason, reason);
});

test("text without special characters is not quoted", () => {
  assert.not.match(formatCsv([rowWith()]), '"');
});

test("a missing ratio is an empty field", () => {
  assert.is(fieldsOf([rowWith({ bootRatio: null })]).boot_ratio, "");
});

test("columns of phases, counts and settings are those of all rows", () => {
  const rows = [
    rowWith({ costs: { tdcall: 1 }, settings: { seed: 1 } }),
    rowWith({ costs: { pvalidate: 2 }, phases: [{ name: "stub", ns: 5 }], settings: { seed: 2 } }),
  ];
  const [first, second] = [fieldsOf(rows, 0), fieldsOf(rows, 1)];
  assert.equal([first["count:tdcall"], first["count:pvalidate"]], ["1", ""]);
  assert.equal([second["count:tdcall"], second["count:pvalidate"]], ["", "2"]);
  assert.equal([first["phase:stub_ns"], second["phase:stub_ns"]], ["", "5"]);
  assert.equal([first["setting:seed"], second["setting:seed"]], ["1", "2"]);
});

test("no rows make a header only", () => {
  assert.is(parseCsv(formatCsv([])).length, 1);
});

test.run();
