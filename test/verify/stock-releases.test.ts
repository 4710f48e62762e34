// Takes 13 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { knownAllocations } from "../../src/verify/result.js";
import { verifyRecording } from "../../src/verify/verify.js";
import { edited, NEWER_STOCK_RECORDINGS, recordedFiles } from "./recorded.js";

/*
 * Debian's kernels from 6.16 to 7.3, each by the rules of its release: every line of memblock, the pages
 * handed over, every field of the zones, and the frames of what was allocated from lists that are known.
 */
const test = suite("verify: unmodified kernels of several releases");

test("there is a boot of each release, with several CPUs and nodes, and workloads", () => {
  const releases = new Set(NEWER_STOCK_RECORDINGS.map((name) => /^linux-(\d+\.\d+)\./.exec(name)![1]));
  assert.equal([...releases], ["6.16", "6.17", "6.18", "6.19", "7.0", "7.1", "7.2", "7.3"]);
  for (const set of ["4c4g", "2n2x2g", "1c4g-fork", "1c4g-copy", "1c4g-tar", "1c4g-heap"])
    assert.ok(NEWER_STOCK_RECORDINGS.includes(`linux-7.3.4-debian-${set}`), set);
});

for (const name of NEWER_STOCK_RECORDINGS) {
  test(name, () => {
    const { memblock, handover, zones, files, runs } = verifyRecording(recordedFiles(name));
    for (const [what, comparison] of Object.entries({ memblock, handover, zones, files })) {
      assert.equal(comparison!.firstDivergence, undefined, what);
      assert.is(comparison!.equal, comparison!.compared, what);
    }
    assert.ok(memblock!.compared >= 49 && zones!.compared >= 30);
    assert.is(handover!.compared, 2);
    assert.is(runs.length, 1);
    const run = runs[0]!;
    assert.is(run.proc.equal, run.proc.compared);
    assert.ok(run.proc.compared > 20);
    const known = knownAllocations(run);
    assert.ok(known.compared > 1800 && known.pfnExact > 0.998 * known.compared, `${known.pfnExact}`);
  });
}

test("a line about watermarks that differs is found", () => {
  const files = edited(recordedFiles("linux-7.3.4-debian-1c4g"), "boot.trace", (text) =>
    text.replace("lowmem_reserve_pages=1916\n", "lowmem_reserve_pages=1917\n"),
  );
  const { counters } = verifyRecording(files).runs[0]!;
  assert.is(counters!.compared - counters!.equal, 1);
  assert.is(counters!.firstDivergence!.expected, "1917");
  assert.is(counters!.firstDivergence!.context, "lowmem_reserve of node 0 zone DMA for DMA32");
});

test("pages of SMP alternatives are freed before the Memory: line, or after it from 7.1 on", () => {
  const handover = (name: string, change: (text: string) => string): number =>
    verifyRecording(
      edited(
        recordedFiles(name, (file) => file.endsWith(".trace.gz")),
        "boot.dmesg",
        change,
      ),
    ).handover!.equal;
  // The amount of RAM is the same with any number of pages freed by then.
  const without = (text: string): string => text.replace(/.*Freeing SMP alternatives.*\n/, "");
  assert.is(handover("linux-7.0.13-debian-1c2g", without), 1);
  assert.is(handover("linux-7.1.13-debian-1c2g", without), 2);
});

test.run();
