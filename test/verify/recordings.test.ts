// Takes 16 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { SMALL_6_12_107 } from "../../src/linux/kernel-build.js";
import { kernelRules } from "../../src/linux/kernel-rules.js";
import { formatFidelity } from "../../src/report/fidelity.js";
import { RecordedAcceptance, tableOfBootLog } from "../../src/verify/acceptance.js";
import { bootKernel } from "../../src/verify/boot-replay.js";
import { replayBoot } from "../../src/verify/lab.js";
import type { VerifiedRecording } from "../../src/verify/result.js";
import { recordingHolds } from "../../src/verify/result.js";
import { verifyRecording } from "../../src/verify/verify.js";
import { readLabLog } from "../../src/workload/lab-log.js";
import { machineFromBootLog } from "../../src/x86/boot-log.js";
import { LAB_RECORDINGS, recordedFiles } from "./recorded.js";

/*
 * Boots and workloads of real kernels, repeated open loop. What must be the same: every line of
 * memblock, every block handed over, the frame of every allocation, every accepted range in order,
 * every list at the end, every field of /proc that can be known.
 */
const test = suite("verify: recordings of Linux 6.12");

const verified: VerifiedRecording[] = [];

test("boots with one and two CPUs and two nodes, lazy and eager, are there, with workloads", () => {
  const sets = ["base-1c4g", "lazy-1c1g-all-hungry4k", "lazy-1c2g-all", "lazy-1c4g-high"];
  sets.push("lazy-1c4g-high-eager", "lazy-2c4g-high", "lazy-2n2x2g-all");
  for (const set of sets) assert.ok(LAB_RECORDINGS.includes(`linux-6.12.107-${set}`), set);
});

for (const name of LAB_RECORDINGS) {
  test(`${name}: every frame, every accepted range, every list`, () => {
    const recording = verifyRecording(recordedFiles(name));
    verified.push(recording);
    assert.ok(recording.memblock!.compared > 100);
    assert.equal(recording.memblock!.firstDivergence, undefined);
    assert.ok(recording.handover!.compared > 300);
    assert.equal(recording.handover!.firstDivergence, undefined);
    assert.is(recording.runs[0]!.start, "e820");
    assert.ok(recording.runs.length > 1, "a workload beside the boot");
    for (const run of recording.runs) {
      assert.equal(run.allocations.firstDivergence, undefined, run.name);
      assert.ok(run.allocations.compared >= 298, run.name);
      assert.is(run.allocations.pfnExact, run.allocations.compared);
      assert.equal(run.accepts.firstDivergence, undefined, run.name);
      assert.is(run.accepts.exactInOrder, run.accepts.recorded);
      for (const kind of [
        "acceptRequests",
        "acceptDecisions",
        "refills",
        "drains",
        "retypings",
        "finalLists",
        "proc",
      ] as const) {
        assert.equal(run[kind].firstDivergence, undefined, `${run.name} ${kind}`);
        assert.is(run[kind].equal, run[kind].compared);
      }
      assert.ok(run.finalLists.compared > 30, run.name);
      assert.ok(run.proc.compared > run.proc.readElsewhen, run.name);
    }
    assert.ok(recordingHolds(recording));
  });
}

test("workloads are carried on from the boot in the order in which they ran", () => {
  for (const { name, runs } of verified) {
    const carried = runs.filter(({ start }) => start === "boot").map((run) => run.name);
    const alone = runs.filter(({ start }) => start === "snapshot").map((run) => run.name);
    assert.equal([...carried].sort(), alone, name);
    // The command line has the list, with names of its own: dds is dd64, mmaps mmap32, thp thp256.
    const bootLog = new TextDecoder().decode(recordedFiles(name).read("boot.dmesg")!);
    const listed = /labwl=([\w,]+)/.exec(bootLog)![1]!.split(",");
    const places = carried.map((run) => listed.findIndex((entry) => run.startsWith(entry.replace(/s$/, ""))));
    const what = `${carried.join()} of ${listed.join()}`;
    assert.ok(!places.includes(-1), what);
    assert.equal(
      [...places].sort((a, b) => a - b),
      places,
      what,
    );
  }
});

test("between them pages change hands, but nothing that is not accepted", () => {
  const carried = verified.flatMap(({ runs }) => runs.filter(({ start }) => start === "boot"));
  for (const { name, gap } of carried) {
    assert.equal(gap!.unaccepted.firstDivergence, undefined, name);
    assert.ok(gap!.unaccepted.equal >= 2, name);
    assert.is(gap!.acceptedBlocks, 0, name);
    assert.ok(gap!.before.equal > 10, name);
  }
  const accepts = carried.reduce((sum, run) => sum + run.accepts.exactInOrder, 0);
  assert.is(accepts, 91 + 346 + 163 + 29);
});

test("memory was accepted at boot and in use, until none was left", () => {
  const accepts = (recording: string, run: string): number =>
    verified.find(({ name }) => name.endsWith(recording))!.runs.find(({ name }) => name === run)!.accepts
      .recorded;
  assert.is(accepts("lazy-1c4g-high", "boot"), 62);
  assert.is(accepts("lazy-1c4g-high-eager", "boot"), 498);
  assert.is(accepts("lazy-1c4g-high", "hungry"), 346);
  assert.is(accepts("lazy-2n2x2g-all", "mmap256"), 29);
  assert.is(accepts("base-1c4g", "boot"), 0);
});

test("the same recordings give the same document", () => {
  const text = formatFidelity(verified);
  assert.is(
    formatFidelity(LAB_RECORDINGS.slice(0, 1).map((name) => verifyRecording(recordedFiles(name)))),
    formatFidelity(verified.slice(0, 1)),
  );
  assert.match(text, `| ${LAB_RECORDINGS[0]} | boot | e820 |`);
  assert.match(text, "## What differs\n\nNothing.\n");
});

test("a boot of a kernel whose build is not known takes memblock's requests from its log", () => {
  const files = recordedFiles("linux-6.12.107-lazy-2n2x2g-all", (file) => file.startsWith("wl-"));
  const known = files.read("boot.dmesg")!;
  const other = new TextDecoder().decode(known).replace("Linux version 6.12.107 ", "Linux version 6.12.999 ");
  const recording = verifyRecording({
    ...files,
    read: (file) => (file === "boot.dmesg" ? new TextEncoder().encode(other) : files.read(file)),
  });
  assert.is(recording.memblock!.compared, 39);
  assert.ok(recordingHolds(recording));
});

for (const set of ["1c2g-b", "1c4g", "2c4g", "2n2x2g"]) {
  test(`linux-6.12.95-${set}: memblock, pages handed over, zones and watermarks of Debian's kernel`, () => {
    const recording = verifyRecording(recordedFiles(`linux-6.12.95-${set}`));
    for (const kind of ["memblock", "handover", "zones"] as const) {
      assert.equal(recording[kind]!.firstDivergence, undefined, kind);
      assert.is(recording[kind]!.equal, recording[kind]!.compared);
    }
    assert.ok(recording.zones!.compared > 20);
    assert.ok(recordingHolds(recording));
  });
}

test("without huge pages the watermarks follow from the managed pages alone", () => {
  const name = "linux-6.12.107-lazy-1c2g-all";
  const files = recordedFiles(name);
  const text = new TextDecoder().decode(files.read("boot.dmesg")!);
  const machine = machineFromBootLog(
    text.replace("Command line: ", "Command line: transparent_hugepage=never "),
  )!;
  const log = readLabLog(files.read("boot.lablog")!);
  const booted = bootKernel(
    machine,
    SMALL_6_12_107,
    kernelRules("6.12"),
    new RecordedAcceptance(tableOfBootLog(text)),
  );
  replayBoot(booted, log);
  const { zones } = booted.kernel.allocator;
  // min_free_kbytes = sqrt(16 * KiB of memory above the high watermarks), shared out by managed pages.
  const managed = zones.reduce((sum, zone) => sum + zone.managedPages, 0);
  const minPages = Math.floor(Math.sqrt(16 * 4 * managed)) / 4;
  const found = zones.reduce((sum, zone) => sum + zone.watermark[0]!, 0);
  assert.ok(found <= minPages && found > minPages * 0.99, `${found} of ${minPages}`);
});

test.run();
