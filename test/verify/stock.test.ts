// Takes 5 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { numberOf, wholeProcFile } from "../../src/verify/proc-fields.js";
import { knownAllocations } from "../../src/verify/result.js";
import { Step } from "../../src/verify/steps.js";
import { stockSteps } from "../../src/verify/stock-steps.js";
import { verifyRecording } from "../../src/verify/verify.js";
import type { PageEvents } from "../../src/workload/events.js";
import { freedRanges } from "../../src/workload/freed-ranges.js";
import { TracefsReader } from "../../src/workload/tracefs.js";
import { edited, recordedFiles } from "./recorded.js";

const test = suite("verify: kernels with tracepoints alone");

const NAME = "linux-6.12.95-1c4g";

function eventsOf(lines: readonly string[]): PageEvents {
  const reader = new TracefsReader("trace");
  const text = lines.map(
    (line, at) => `            init-1       [000] ..... 1.00000${at}: mm_page_${line}\n`,
  );
  reader.feed(new TextEncoder().encode(text.join("")));
  return reader.end();
}

function stepsOf(...lines: string[]): number[] {
  return [...stockSteps(eventsOf(lines), () => 0).step];
}

const refill = (pfn: string): string =>
  `alloc_zone_locked: page=0 pfn=${pfn} order=0 migratetype=0 percpu_refill=1`;
const alloc = (pfn: string, order = 0): string =>
  `alloc: page=0 pfn=${pfn} order=${order} migratetype=0 gfp_flags=GFP_KERNEL`;
const free = (pfn: string): string => `free: page=0 pfn=${pfn} order=0`;

test("an allocation owns the refill whose first page it got, and takes effect with it", () => {
  const events = eventsOf([refill("0x10"), refill("0x11"), free("0x99"), alloc("0x10")]);
  const steps = stockSteps(events, () => 0);
  assert.equal([...steps.sequence()], [3, 2]);
  assert.equal(steps.sections.get(3)!.pfns, [0x10, 0x11]);
});

test("a refill whose first page nobody was seen to get is one of alloc_pages_bulk", () => {
  const { NONE, BULK_REFILL, ALLOC } = Step;
  assert.equal(stepsOf(refill("0x10"), refill("0x11"), alloc("0x11")), [BULK_REFILL, NONE, ALLOC]);
});

test("a page of a batch is freed where the batch reaches it", () => {
  const batched = "free_batched: page=0 pfn=0x10 order=0";
  assert.equal(stepsOf(free("0x10"), free("0x20"), batched), [Step.NONE, Step.FREE, Step.FREE]);
});

test("what alloc_pages_exact does not need goes past the per-CPU lists", () => {
  const { ALLOC, FREE, FREE_REST } = Step;
  assert.equal(stepsOf(alloc("0x10", 2), free("0x12"), free("0x13")), [ALLOC, FREE_REST, FREE_REST]);
  assert.equal(stepsOf(alloc("0x10", 2), free("0x12"), free("0x20")), [ALLOC, FREE, FREE]);
});

test("a range of pages is freed in blocks after the last one, and the order of a drain tells whose it is", () => {
  const { NONE, FREE, ALLOC } = Step;
  const gfp = "GFP_NOWAIT|__GFP_HIGHMEM|__GFP_IO|__GFP_FS";
  const area = (pfn: string, order: number): string =>
    `alloc: page=0 pfn=${pfn} order=${order} migratetype=0 gfp_flags=${gfp}`;
  const drain = (pfn: string, order: number): string =>
    `pcpu_drain: page=0 pfn=${pfn} order=${order} migratetype=0`;
  const pages = ["0x16", "0x17", "0x18", "0x19"];
  const lines = [area("0x10", 3), area("0x18", 1), ...pages.map(free), drain("0x98", 1), drain("0x99", 0)];
  const events = eventsOf(lines);
  const steps = stockSteps(events, () => 0, freedRanges(events, false));
  assert.equal([...steps.step], [ALLOC, ALLOC, FREE, NONE, FREE, NONE, NONE, NONE]);
  assert.equal([...steps.order.subarray(2, 6)], [1, 0, 1, 0]);
  assert.equal([...steps.effect.subarray(2, 6)], [6, 3, 6, 5]);
  assert.equal([...steps.moved.subarray(2, 6)], [3, 0, 0, 0]);
});

test("a page that leaves the buddy lists next never was on a per-CPU list", () => {
  const { FREE, FREE_LOCKED, ALLOC, NONE } = Step;
  assert.equal(stepsOf(free("0x10"), free("0x11"), refill("0x10"), alloc("0x10")), [
    FREE_LOCKED,
    FREE,
    NONE,
    ALLOC,
  ]);
  const drained = "pcpu_drain: page=0 pfn=0x10 order=0 migratetype=0";
  assert.equal(stepsOf(free("0x10"), drained, refill("0x10"), alloc("0x10")), [FREE, NONE, NONE, ALLOC]);
});

test("per-CPU lists are read for each zone and CPU", () => {
  const zoneinfo = recordedFiles(NAME).read("boot.zoneinfo")!;
  const fields = wholeProcFile("zoneinfo", new TextDecoder().decode(zoneinfo));
  assert.is(numberOf(fields, "node 0 zone Normal cpu 0 count"), 378);
  assert.is(numberOf(fields, "node 0 zone Normal cpu 0 high"), 11107);
});

test("boot: every frame from the first event on, after the pages that were taken before it", () => {
  const recording = verifyRecording(recordedFiles(NAME, (file) => file.startsWith("wl-")));
  const [boot] = recording.runs;
  assert.is(boot!.start, "trace");
  assert.is(boot!.allocations.compared, 2492);
  // The first unmovable and the first reclaimable page tell how far the kernel had come.
  assert.is(boot!.allocations.pfnExact, 2490);
  // That is not of lists that the trace has determined.
  assert.equal(boot!.allocations.beforeResync, { compared: 2, pfnExact: 0 });
  assert.is(boot!.outside.resyncs, 0);
  // 64 MiB of trace buffer, and what boot allocated before.
  const early = boot!.outside.beforeTracing! - 16384;
  assert.ok(early > 770 && early < 790, `${early}`);
  assert.is(boot!.proc.equal, boot!.proc.compared);
  for (const { zone, takenSince } of boot!.freePages!) assert.ok(takenSince >= 0 && takenSince < 200, zone);
});

test("a workload carried on from boot, with what came between counted", () => {
  const { runs } = verifyRecording(recordedFiles(NAME));
  const workload = runs.find(({ name }) => name === "dd64")!;
  const { compared, pfnExact, beforeResync } = workload.allocations;
  assert.is(compared, 16705);
  assert.ok(pfnExact >= 0.99 * compared, `${pfnExact}`);
  assert.ok(workload.outside.resyncs! >= compared - pfnExact);
  // What the trace had not determined is the lesser part, and of the rest every frame is the kernel's.
  assert.is(beforeResync!.compared, 1155);
  const known = knownAllocations(workload);
  assert.is(known.compared, 15550);
  assert.is(known.pfnExact, known.compared);
});

test("an allocation of another page than the kernel's is a miss and a correction", () => {
  const files = edited(
    recordedFiles(NAME, (file) => file.startsWith("wl-")),
    "boot.trace",
    (text) =>
      // An allocation gets the block behind the one that it got.
      text.replaceAll("pfn=0x104da0 order=4", "pfn=0x104dc0 order=4"),
  );
  const [boot] = verifyRecording(files).runs;
  assert.ok(boot!.allocations.pfnExact < 2490);
  assert.ok(boot!.outside.resyncs! > 0);
});

test("another frame for an allocation from a list that is known is a miss of the model", () => {
  const files = recordedFiles(NAME);
  // Late in the workload, of a page that the trace names twice: as allocated and as freed.
  const text = new TextDecoder().decode(files.read("wl-dd64.trace")!);
  const last = [...text.matchAll(/mm_page_alloc: .* pfn=(0x\w+) order=0 migratetype=1/g)].at(-1)![1]!;
  const other = `0x${(Number(last) ^ 1).toString(16)}`;
  const swap = new Map([
    [last, other],
    [other, last],
  ]);
  const changed = edited(files, "wl-dd64.trace", (trace) =>
    trace.replaceAll(/pfn=(0x\w+) order=0/g, (all, pfn: string) => all.replace(pfn, swap.get(pfn) ?? pfn)),
  );
  const workload = verifyRecording(changed).runs.find(({ name }) => name === "dd64")!;
  const { compared, pfnExact } = knownAllocations(workload);
  assert.ok(pfnExact < compared, `${pfnExact} of ${compared}`);
});

test("two nodes: a pageblock that was claimed before tracing is given to the type that takes it", () => {
  const files = recordedFiles("linux-6.12.95-2n2x2g", (file) => file.startsWith("wl-"));
  const [boot] = verifyRecording(files).runs;
  assert.is(boot!.outside.pageblocks, 2);
  const early = boot!.outside.beforeTracing! - 16384;
  assert.ok(early > 790 && early < 810, `${early}`);
});

test("initcalls in the trace say when watermarks change", () => {
  const files = recordedFiles("linux-6.12.107-debian-4c4g");
  const [boot] = verifyRecording(files).runs;
  const { compared, pfnExact } = boot!.allocations;
  assert.is(compared, 5348);
  assert.is(compared - pfnExact, 2);
});

test("boot and workload in one trace are one run, held against /proc at its end", () => {
  const files = recordedFiles("linux-6.12.107-debian-1c4g-heap");
  const [run] = verifyRecording(files).runs;
  assert.equal([run!.name, run!.events], ["run", 19451]);
  const { compared, pfnExact } = run!.allocations;
  assert.equal([compared, compared - pfnExact], [3725, 2]);
  // Free huge pages stay on their CPU's list up to a limit that the vmstat worker had lowered.
  assert.equal([run!.drains.compared, run!.drains.equal], [98, 98]);
  assert.is(run!.proc.compared, 198);
  assert.is(run!.proc.equal, 198);
  const changed = edited(files, "end.buddyinfo", (text) => text.replace(/(DMA32.*) 478 \n/, "$1 477 \n"));
  assert.is(verifyRecording(changed).runs[0]!.proc.equal, 197);
});

test.run();
