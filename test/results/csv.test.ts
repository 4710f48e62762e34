import { suite } from "uvu";
import * as assert from "uvu/assert";
import { formatCsv } from "../../src/results/formats.js";
import { measureNamed } from "../../src/results/measures.js";
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

test("header and row, literally: the names of JSON, in its order", () => {
  const [header, row, end] = formatCsv([rowWith()]).split("\r\n");
  assert.is(
    header,
    "scenario,platform,policy,kernel,kernelRules,prices,memoryBytes,vcpus,workload,boot,outcome,bootTimeNs,bootRatio," +
      "totalRatio,paretoOptimal,phases.firmware,phases.kernel,acceptedBytes,memory.visibleBytes,memory.onlineBytes," +
      "memory.acceptedBy.launch,memory.acceptedBy.firmware,memory.acceptedBy.exitBootServices," +
      "memory.acceptedBy.prm,memory.acceptedBy.stub,memory.acceptedBy.kernel,touchedBytes,lostBytes,hostBytes," +
      "overheadBytes,hostBytesPeak,hostUse.privateBytes,hostUse.keptBytes,hostUse.sharedBytes," +
      "hostUse.tableBytes,hostUse.metadataBytes,hostUse.bitmapBytes,hostUse.directMapBytes,acceptCalls,exits," +
      "waits.boot.allocations,waits.boot.count,waits.boot.totalNs,waits.boot.p50Ns,waits.boot.p99Ns,waits.boot.p999Ns,waits.boot.p9999Ns,waits.boot.maxNs," +
      "waits.workload.allocations,waits.workload.count,waits.workload.totalNs,waits.workload.p50Ns,waits.workload.p99Ns,waits.workload.p999Ns,waits.workload.p9999Ns,waits.workload.maxNs," +
      "spinNs,longestIrqOffNs,softLockups," +
      "assumedShare,bootAssumedNs.firmwareFixedNs,bootAssumedNs.launchNs," +
      "assumedPrices.firmwareFixedNs.value,assumedPrices.firmwareFixedNs.low,assumedPrices.firmwareFixedNs.high," +
      "assumedPrices.launchNs.value,assumedPrices.launchNs.low,assumedPrices.launchNs.high," +
      "requests.allocations,requests.frees,requests.failed,requests.beforeTracing," +
      "requests.filledBeforeTracing,requests.inferredBulk,requests.lostEvents,costs.eptViolation,costs.tdcall," +
      "bootCosts.eptViolation,bootCosts.tdcall,eventPrices.eptViolation,eventPrices.tdcall",
  );
  assert.is(
    row,
    "boot,tdx,lazy,6.12,6.12.75,default,68719476736,8,idle,idle,ready,5500000000,3.94,,false,1100000000,4400000000," +
      "3221225472,67645734912,2097152,1024,2147483648,3072,5120,4096,1073741824,419430400,0,3758096384," +
      "3338665984,4294967296,3221225472,0,251658240,13631488,269484032,4096,5242880,120,30720," +
      "700,7,60000000,0,20300000,20900000,20950000,21000000,0,0,0,0,0,0,0,0,3300000,16700000,4,0.42,2000000000,310000000,1200000000,600000000,3000000000,140000000,70000000,350000000,24000,5000,1,12,345,3,2,99,1048576,98,1048570,8000,800",
  );
  assert.is(end, "");
});

test("commas, quotes and line breaks are quoted and read back", () => {
  const reason = 'page 0x1000, "twice"\nand\r\nagain';
  const fields = fieldsOf([rowWith({ outcome: "terminated", reason })]);
  assert.is(fields.reason, reason);
});

test("one character that is special is enough for quotes", () => {
  for (const reason of ['"', ",", "\n", "\r\n", 'a "word"']) {
    const row = rowWith({ outcome: "terminated", reason });
    assert.is(fieldsOf([row]).reason, reason, JSON.stringify(reason));
    assert.match(formatCsv([row]), `,"${reason.replaceAll('"', '""')}",`);
  }
});

test("text without special characters is not quoted", () => {
  assert.not.match(formatCsv([rowWith()]), '"');
});

test("a missing ratio is an empty field", () => {
  assert.is(fieldsOf([rowWith({ bootRatio: null })]).bootRatio, "");
});

test("columns of phases, counts and settings are those of all rows", () => {
  const rows = [
    rowWith({ costs: { tdcall: 1 }, settings: { seed: 1 } }),
    rowWith({ costs: { pvalidate: 2 }, phases: [{ name: "stub", ns: 5 }], settings: { seed: 2 } }),
  ];
  const [first, second] = [fieldsOf(rows, 0), fieldsOf(rows, 1)];
  assert.equal([first["costs.tdcall"], first["costs.pvalidate"]], ["1", ""]);
  assert.equal([second["costs.tdcall"], second["costs.pvalidate"]], ["", "2"]);
  assert.equal([first["phases.stub"], second["phases.stub"]], ["", "5"]);
  assert.equal([first["settings.seed"], second["settings.seed"]], ["1", "2"]);
});

test("no rows make an empty header", () => {
  assert.is(parseCsv(formatCsv([])).length, 1);
});

test("of the numbers only those asked for, after what says which run it is", () => {
  const [header, row] = formatCsv(
    [rowWith()],
    [measureNamed("memoryBytes"), measureNamed("exits"), measureNamed("drain.timeNs")],
  ).split("\r\n");
  assert.is(
    header,
    "scenario,platform,policy,kernel,kernelRules,prices,memoryBytes,vcpus,workload,boot,outcome,exits",
  );
  assert.is(row, "boot,tdx,lazy,6.12,6.12.75,default,68719476736,8,idle,idle,ready,30720");
});

test.run();
