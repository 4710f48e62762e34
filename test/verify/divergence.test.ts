// Takes 3 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { formatVerifyTable } from "../../src/report/verify.js";
import type { RecordingFiles } from "../../src/verify/recording-files.js";
import type { VerifiedRun } from "../../src/verify/result.js";
import { recordingHolds } from "../../src/verify/result.js";
import { verifyRecording } from "../../src/verify/verify.js";
import { LabKind, readLabLog } from "../../src/workload/lab-log.js";
import { edited, recordedFiles, tampered } from "./recorded.js";

/*
 * That a recording agrees says something only if one that was tampered with does not.
 */
const test = suite("verify: what differs is found");

const RECORD_BYTES = 24;
const boot = recordedFiles("linux-6.12.107-lazy-1c2g-all", (file) => file.startsWith("wl-"));

function bootRun(files: RecordingFiles): VerifiedRun {
  return verifyRecording(files).runs[0]!;
}

/** Index of the nth record of a kind. */
function recordOf(kind: number, nth: number): number {
  const log = readLabLog(boot.read("boot.lablog")!);
  let index = -1;
  for (let count = 0; count <= nth; count++) index = log.kind.indexOf(kind, index + 1);
  return index;
}

test("another frame in the line of an allocation", () => {
  const event = recordOf(LabKind.ALLOC, 1000);
  const run = bootRun(
    tampered(boot, "boot.lablog", (bytes) => {
      bytes[event * RECORD_BYTES + 8]! ^= 1;
      return bytes;
    }),
  );
  assert.is(run.allocations.compared - run.allocations.pfnExact, 1);
  assert.is(run.allocations.firstDivergence!.event, event);
});

test("a free of a page that is free already: the rest counts as different", () => {
  const event = recordOf(LabKind.ALLOC, 1000);
  const run = bootRun(
    tampered(boot, "boot.lablog", (bytes) => {
      // The allocation becomes a free of the page that the one before it got, and that one's line too.
      const before = recordOf(LabKind.ALLOC, 999);
      bytes.copyWithin(event * RECORD_BYTES, before * RECORD_BYTES, (before + 1) * RECORD_BYTES);
      bytes[before * RECORD_BYTES] = LabKind.FREE;
      bytes[event * RECORD_BYTES] = LabKind.FREE;
      return bytes;
    }),
  );
  assert.ok(run.allocations.pfnExact < 1000);
  assert.ok(run.allocations.compared > 1400);
  assert.match(run.allocations.firstDivergence!.context, "the model stops here");
});

test("an accepted range that is missing from the log", () => {
  const event = recordOf(LabKind.ARCH_ACCEPT, 20);
  const run = bootRun(
    tampered(boot, "boot.lablog", (bytes) => {
      bytes[event * RECORD_BYTES] = 0;
      return bytes;
    }),
  );
  assert.is(run.accepts.recorded, 62);
  assert.is(run.accepts.exactInOrder, 20);
});

test("a boot block of another order", () => {
  const event = recordOf(LabKind.INIT_FREE, 3);
  const files = tampered(boot, "boot.lablog", (bytes) => {
    bytes[event * RECORD_BYTES + 1]!++;
    return bytes;
  });
  const recording = verifyRecording(files);
  assert.is(recording.handover!.compared - recording.handover!.equal, 1);
  assert.not.ok(recordingHolds(recording));
});

test("two pages of a final list in the other order", () => {
  const run = bootRun(
    edited(boot, "boot.snapB", (text) => text.replace(/^(pl i=0: )(\w+) (\w+)/m, "$1$3 $2")),
  );
  assert.is(run.finalLists.compared - run.finalLists.equal, 1);
  assert.match(run.finalLists.firstDivergence!.context, "list 0, from element 0");
});

test("a pageblock of another type", () => {
  const run = bootRun(
    edited(boot, "boot.snapB", (text) => text.replace(/^blocks: 0\*1 1\*7/m, "blocks: 0*2 1*6")),
  );
  assert.is(run.finalLists.compared - run.finalLists.equal, 1);
  assert.match(run.finalLists.firstDivergence!.context, "pageblock types");
});

test("a watermark in /proc/zoneinfo that snapshot and model do not have", () => {
  // The snapshot agrees with the model, so the field is one that the file has from elsewhere.
  const run = bootRun(boot);
  const changed = bootRun(
    edited(
      edited(boot, "boot.zoneinfo", (text) => text.replace(/promo +\d+/, "promo 7")),
      "boot.snapB",
      (text) => text.replace(/promo=\d+/, "promo=7"),
    ),
  );
  assert.is(run.proc.equal, run.proc.compared);
  assert.is(changed.proc.compared - changed.proc.equal, 1);
  assert.match(changed.proc.firstDivergence!.context, "zone DMA promo");
});

test("a reservation in the boot log that the model does not make", () => {
  const recording = verifyRecording(
    edited(boot, "boot.dmesg", (text) =>
      text.replace("memblock_alloc_try_nid: 16384 bytes", "memblock_alloc_try_nid: 32768 bytes"),
    ),
  );
  assert.ok(recording.memblock!.equal < recording.memblock!.compared);
  assert.match(formatVerifyTable([recording]).replaceAll(/\s+/g, " "), "memblock first differ at event");
});

test("a pageblock that changes to another type than in the model", () => {
  const event = recordOf(LabKind.SET_TYPE, 900);
  const run = bootRun(
    tampered(boot, "boot.lablog", (bytes) => {
      bytes[event * RECORD_BYTES + 2] = 2;
      return bytes;
    }),
  );
  assert.is(run.retypings.compared - run.retypings.equal, 1);
  assert.is(run.retypings.firstDivergence!.event, event);
});

test("an unaccepted block that the machine carried on has, and the snapshot in front of a workload has not", () => {
  const name = "linux-6.12.107-lazy-1c1g-all-hungry4k";
  const recording = verifyRecording(
    edited(recordedFiles(name), "wl-hungry4k.snapA", (text) =>
      text.replace(/^(unaccepted:.*) [0-9a-f]+$/m, "$1"),
    ),
  );
  const carried = recording.runs.find(({ start }) => start === "boot")!;
  assert.is(carried.gap!.unaccepted.compared - carried.gap!.unaccepted.equal, 1);
  assert.is(carried.gap!.pages, 0);
  assert.not.ok(recordingHolds(recording));
  assert.match(
    formatVerifyTable([recording]).replaceAll(/\s+/g, " "),
    "hungry4k, carried on: unaccepted blocks carried over first differ",
  );
});

test("a workload without a count of page faults is not carried on", () => {
  const name = "linux-6.12.107-lazy-1c1g-all-hungry4k";
  const { runs } = verifyRecording(recordedFiles(name, (file) => file.startsWith("post-")));
  assert.equal(
    runs.map(({ start }) => start),
    ["e820", "snapshot"],
  );
});

test("a log that is cut short: the offset of the record", () => {
  const files = tampered(boot, "boot.lablog", (bytes) => bytes.slice(0, 10 * RECORD_BYTES + 5));
  assert.throws(
    () => verifyRecording(files),
    (error: Error) =>
      error.message.endsWith("boot.lablog: cut short: the record at byte 240 has 5 of 24 bytes"),
  );
});

test("a snapshot with a line that is none: its number", () => {
  const files = edited(boot, "boot.snapB", (text) => text.replace(/^free o=8 /m, "fere o=8 "));
  assert.throws(
    () => verifyRecording(files),
    (error: Error) => /boot\.snapB:3:1: expected a line of a snapshot, found "fere o=8/.test(error.message),
  );
});

test("a file that is missing", () => {
  const files = recordedFiles("linux-6.12.107-lazy-1c2g-all", (file) => /^(wl-|boot\.snapB)/.test(file));
  assert.throws(
    () => verifyRecording(files),
    (error: Error) => error.message === "linux-6.12.107-lazy-1c2g-all/boot.snapB: no such file",
  );
});

test("a directory with nothing to verify", () => {
  const files: RecordingFiles = { name: "empty", list: () => ["README.md"], read: () => undefined };
  assert.throws(
    () => verifyRecording(files),
    /empty: no boot\.lablog, no boot\.dmesg with boot\.zoneinfo, no memblock-vectors.* efi=debug/,
  );
});

test.run();
