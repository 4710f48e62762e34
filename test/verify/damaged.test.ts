// Takes 11 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { formatVerifyTable } from "../../src/report/verify.js";
import { RecordingError, type RecordingFiles } from "../../src/verify/recording-files.js";
import { recordingHolds } from "../../src/verify/result.js";
import { verifyRecording } from "../../src/verify/verify.js";
import { filesOf, storedRecording } from "./cut-recording.js";
import { fuzzedRecordings } from "./fuzzed-recordings.js";
import { faultOf, mutationOf } from "./mutations.js";
import { edited, tampered } from "./recorded.js";

/*
 * Evidence that is missing or damaged is a difference or an error of one line, and no recording ends
 * the engine. test/campaign/fuzz-verify.ts does the same for as long as one likes.
 */
const test = suite("verify: damaged recordings");

const FUZZED = 240;
const RECORD_BYTES = 24;

const recordings = fuzzedRecordings();
const boot = filesOf(storedRecording("linux-6.12.107-lazy-1c2g-all", (file) => file.startsWith("wl-")));
const stock = filesOf(storedRecording("linux-6.12.95-1c2g-b", (file) => /^(wl|pre)-|trace/.test(file)));

/** As if a line were as long as it takes. */
function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ");
}

/** What the table says of a recording that must not hold. */
function tableOf(files: RecordingFiles): string {
  const recording = verifyRecording(files);
  assert.not.ok(recordingHolds(recording));
  const table = oneLine(formatVerifyTable([recording]));
  assert.not.match(table, "Nothing differs");
  return table;
}

function refusal(files: RecordingFiles): string {
  try {
    verifyRecording(files);
  } catch (error) {
    assert.instance(error, RecordingError);
    return (error as Error).message;
  }
  return assert.unreachable("expected an error") as never;
}

test("the recordings that are damaged hold when they are whole", () => {
  for (const recording of recordings.slice(0, 3))
    assert.ok(recordingHolds(verifyRecording(filesOf(recording))));
});

test("a bulk request that the model has no page for is a difference, not a loop", () => {
  const short = recordings.find(({ name }) => name === "linux-6.12.95-1c2g-b-cut")!;
  const other = edited(filesOf(short), "boot.trace", (text) =>
    text.replace(/(0\.493975: .* migratetype=)2 /, "$13 "),
  );
  tableOf(other);
});

test("damage of any kind: no crash, and what changes the meaning of evidence shows", () => {
  for (let seed = 0; seed < FUZZED; seed++) {
    const recording = recordings[seed % recordings.length]!;
    const mutation = mutationOf(recording, seed);
    assert.is(faultOf(mutation, recording.name), undefined, `seed ${seed}, ${mutation.what}`);
  }
});

for (const file of ["zoneinfo", "vmstat", "buddyinfo", "meminfo"]) {
  const name = `boot.${file}`;
  for (const [how, change, place] of [
    ["empty", () => new Uint8Array(0), ":1:1"],
    ["half", (bytes: Uint8Array) => bytes.slice(0, bytes.length * 0.45), ":\\d+:\\d+"],
    ["of NUL bytes", (bytes: Uint8Array) => new Uint8Array(bytes.length), ":1:1"],
    ["of noise", (bytes: Uint8Array) => bytes.map((_byte, at) => (at * 167 + 13) % 256), ":\\d+:\\d+"],
  ] as const) {
    test(`${name} is ${how}: every field of it differs`, () => {
      const whole = verifyRecording(boot).runs[0]!.proc;
      const files = tampered(boot, name, change);
      const { proc } = verifyRecording(files).runs[0]!;
      assert.ok(proc.equal < whole.equal);
      assert.ok(proc.compared >= whole.compared);
      assert.match(tableOf(files), new RegExp(`expected .*, found .* \\(${name}${place}\\)`));
    });
  }

  test(`${name} is missing: said`, () => {
    const files = { ...boot, read: (each: string) => (each === name ? undefined : boot.read(each)) };
    assert.match(tableOf(files), `expected the file ${name}, found no such file`);
  });
}

for (const [what, file, from, to, message] of [
  ["a line is missing", "zoneinfo", /^ +managed +\d+\n/m, "", "managed"],
  ["a line is there twice", "vmstat", /^(nr_unaccepted \d+\n)/m, "$1$1", "expected nr_unaccepted once"],
  ["a number is none", "meminfo", /(MemTotal: +)\d+/, "$1many", "expected a field of meminfo"],
  ["a number is too large", "meminfo", /(MemTotal: +)\d+/, "$19007199254740993", "below 2^53"],
  ["a zone is missing", "buddyinfo", /^Node 0, zone +DMA .*\n/m, "", "node 0 zone DMA order 0"],
  ["a zone is there twice", "buddyinfo", /^(Node 0, zone +DMA .*\n)/m, "$1$1", "order 0 once"],
  ["a zone is another", "buddyinfo", /zone +DMA /, "zone   Normal ", "node 0 zone Normal order 0"],
  ["an order is missing", "buddyinfo", / +\d+ *\n/, "\n", "expected 11 counts of free blocks, found 10"],
  [
    "there is one CPU more",
    "zoneinfo",
    /^( {4}cpu:) 0([\s\S]*?threshold: \d+\n)/gm,
    "$1 0$2$1 1$2",
    "cpu 1 cpu",
  ],
  ["a size differs", "zoneinfo", /(spanned +)\d+/, "$14094", "zone DMA spanned"],
  ["a watermark differs", "zoneinfo", /( {8}min +)\d+/, "$199", "zone DMA min"],
  [
    "a block more is free in a zone that nobody was at",
    "buddyinfo",
    /(zone +DMA +)0/,
    "$11",
    "zone DMA order 0",
  ],
  [
    "far more is free than before",
    "zoneinfo",
    /((?:pages free|nr_free_pages) +)(\d\d\d\d\d)/g,
    "$11$2",
    "boot: /proc fields first differ",
  ],
  ["MemTotal differs", "meminfo", /(MemTotal: +)\d+/, "$11", "MemTotal"],
] as const) {
  test(`boot.${file}: ${what}`, () => {
    assert.match(tableOf(edited(boot, `boot.${file}`, (text) => text.replace(from, to))), message);
  });
}

test("the zones of an unmodified kernel: its zoneinfo is cut between two lines", () => {
  const cut = edited(stock, "boot.zoneinfo", (text) => text.slice(0, text.indexOf("Node 0, zone   Normal")));
  assert.match(tableOf(cut), "sizes of zones first differ");
});

test("a record is missing that led the model into a list without end", () => {
  const table = tableOf(
    tampered(boot, "boot.lablog", (bytes) => {
      return new Uint8Array([...bytes.slice(0, MISSING_BYTES), ...bytes.slice(MISSING_BYTES + RECORD_BYTES)]);
    }),
  );
  assert.match(table, "expected 8551 records, as the snapshot at the end says, found 8550");
  assert.match(table, "the model could not follow the run");
});

/** Within a record; found by fuzzing. */
const MISSING_BYTES = 9458;

test("records that no kernel writes are not followed", () => {
  for (const [offset, value, message] of [
    [0, 99, "expected a kind from 1 to 18, or from 32 to 46, found 99"],
    [1, 77, "expected an order up to 10, found 77"],
    [3, 5, "expected a CPU below 1, found 5"],
    [13, 1, "expected a frame of this machine"],
  ] as const) {
    const files = tampered(boot, "boot.lablog", (bytes) => {
      bytes[7000 * RECORD_BYTES + offset] = value;
      return bytes;
    });
    assert.match(tableOf(files), `records first differ at event 7000: ${message}`);
  }
});

test("a snapshot that no kernel can be in: its line", () => {
  for (const [from, to, message] of [
    [/^seq \d+\n/, "", "boot.snapB:1:1: expected seq and a number of records"],
    [/^free o=9 mt=1: 200/m, "free o=9 mt=1: 400", "each page on one list, found 0x400 on two"],
    [
      /^free o=9 mt=1: 200/m,
      "free o=9 mt=1: 201",
      "boot.snapB:4:16: expected a multiple of 0x200, found 201",
    ],
    [/^(pcp cpu=0 count=)\d+/m, "$17", "expected count=0 of CPU 0, as on its lists, found 7"],
    [/batch=\d+/, "batch=0", "expected batch= of CPU 0 from 1, found 0"],
    [/^blocks: .*/m, "blocks: 0*4000000000", "expected types of 8 pageblocks, found 4000000000"],
    [/idx=0 /, "idx=2 ", "as boot.dmesg has it"],
    [/managed=\d+/, "managed=x", 'expected managed= a whole number up to 1099511627776, found "x"'],
  ] as const) {
    assert.match(refusal(edited(boot, "boot.snapB", (text) => text.replace(from, to))), message);
  }
});

test("a boot log that is cut, of two boots, or of no machine: its line", () => {
  for (const [from, to, message] of [
    [/\n[^\n]*Run \/init[\s\S]*/, "\n", "expected Run ... as init process, with which a boot ends"],
    [/^.*Linux version.*\n/, "", "expected Linux version, with which a boot log begins"],
    [/^([\s\S]*)$/, "$1$1", "expected one boot"],
    [/(BIOS-e820: \[mem 0x)0{16}-0x/, "$1000000000fffffff-0x", "expected a range that ends behind its start"],
    [/-0x000000007f[0-9a-f]+\] usable/, "-0x00ffff007fffffff] usable", "expected RAM below 64 TiB"],
    [/(pcpu-alloc: \[0\]) 0/, "$1 7", "expected every CPU once"],
  ] as const) {
    const message_ = refusal(edited(boot, "boot.dmesg", (text) => text.replace(from, to)));
    assert.match(message_, /^linux-6\.12\.107-lazy-1c2g-all\/boot\.dmesg:\d+:1: expected /);
    assert.match(message_, message);
  }
});

test("a boot log with one byte changed in what memblock prints: one line", () => {
  const text = new TextDecoder().decode(stock.read("boot.dmesg")!);
  const at = text.split("\n").slice(0, 77).join("\n").length + 1;
  for (let byte = at; byte < at + 90; byte += 7) {
    const files = tampered(stock, "boot.dmesg", (bytes) => {
      bytes[byte] = 0xd1;
      return bytes;
    });
    try {
      verifyRecording(files);
    } catch (error) {
      assert.instance(error, RecordingError);
      assert.not.match((error as Error).message, "\n");
    }
  }
});

test("a recording that lost the log of its boot or of a workload is not one of another kind", () => {
  const whole = storedRecording("linux-6.12.107-lazy-1c2g-all");
  for (const name of ["boot.lablog", "wl-fork.lablog"]) {
    const files = new Map(whole.files);
    files.delete(name);
    assert.is(refusal(filesOf({ ...whole, files })), `${whole.name}/${name}: no such file`);
  }
});

test("files that nothing is compared with are named", () => {
  const { notCompared } = verifyRecording(boot);
  assert.ok(notCompared!.includes("post-fork.vmstat"));
  assert.match(oneLine(formatVerifyTable([verifyRecording(boot)])), "not compared: post-fork.buddyinfo");
});

test.run();
