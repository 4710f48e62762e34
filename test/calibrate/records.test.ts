import { suite } from "uvu";
import * as assert from "uvu/assert";
import { readRecords } from "../../src/calibrate/records.js";

const test = suite("calibrate: records");

const BOOT =
  '{"reading":"boot","boot":"a","platform":"tdx","ramBytes":1,"vcpus":1,"kernel":"6.12","commandLine":"quiet"}';

function read(...lines: readonly string[]): ReturnType<typeof readRecords> {
  return readRecords([{ name: "r.jsonl", text: lines.join("\n") }]);
}

function messageOf(...lines: readonly string[]): string {
  try {
    read(...lines);
  } catch (error) {
    return (error as Error).message;
  }
  return "";
}

test("records by reading, in their order; what is missing once, and why", () => {
  const records = read(
    BOOT,
    '{"reading":"G2","boot":"a","ns":5,"unacceptedPages":7,"workers":1}',
    '{"reading":"H2","missing":"bpftrace"}',
    '{"reading":"H2","missing":"root"}',
    '{"reading":"G2","boot":"a","ns":6,"unacceptedPages":4,"workers":1}',
    "",
  );
  assert.equal(
    records.of("G2").map(({ ns, unacceptedPages }) => [ns, unacceptedPages]),
    [
      [5, 7],
      [6, 4],
    ],
  );
  assert.equal([...records.missing], [["H2", "bpftrace"]]);
  assert.equal(records.cutOff, []);
});

test("a last line that ends early is left out and told, any other is an error", () => {
  assert.equal(read(BOOT, '{"reading":"G2","bo').cutOff, ["r.jsonl:2"]);
  assert.is(
    messageOf('{"reading":"G2","bo', BOOT),
    'r.jsonl:1:1: expected a record, a JSON object, found "{\\"reading\\":\\"G2\\",\\"bo"',
  );
});

test("errors have line, column, what was expected and what was found", () => {
  assert.is(
    messageOf(BOOT, '{"reading":"G9","boot":"a"}'),
    'r.jsonl:2:2: expected a reading: boot, G1, G2, G3, G4, G5, G6, G7, H1, H2, H3, H4, H5, H6, found "G9"',
  );
  assert.is(
    messageOf(BOOT, '{"reading":"H5","boot":"a","event":"reset","ns":3}'),
    'r.jsonl:2:28: expected event: one of start, entry, firmware, stub, kernel, init, found "reset"',
  );
  assert.is(
    messageOf(BOOT, '{"reading":"H5","boot":"a","event":"init","ns":-3}'),
    "r.jsonl:2:43: expected ns: a whole number from 0, found -3",
  );
  assert.is(
    messageOf(BOOT, '{"reading":"H6","boot":"a","prefault":"memory","more":1}'),
    'r.jsonl:2:48: expected a record of H6: prefault, found "more"',
  );
  assert.is(
    messageOf(BOOT, '{"reading":"G7","boot":"a","file":"dmesg.txt"}'),
    "r.jsonl:2:28: expected file: a file of this directory, found dmesg.txt, which is not there",
  );
  assert.is(
    messageOf(BOOT, '{"reading":"H6","boot":"b","prefault":"memory"}'),
    'r.jsonl:2:1: expected a record "boot" of b somewhere in the directory, found only H6 of it',
  );
});

test.run();
