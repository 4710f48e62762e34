// Takes 1 s.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parseYamlWithPositions } from "../../src/scenario/yaml.js";
import { buildRequests } from "../../src/workload/build-requests.js";
import { PageEventKind } from "../../src/workload/events.js";
import { gfpOfText } from "../../src/workload/gfp-text.js";
import { recordingSchema } from "../../src/workload/recording.js";
import { RequestKind } from "../../src/workload/requests.js";
import { read } from "./lines.js";
import { heldPages } from "./machine.js";

const test = suite("workload: recorded boot of Linux 6.12.95 with 1 CPU and 4 GiB");

const directory = join(import.meta.dirname, "../../workloads/recorded/linux-6.12.95-1c4g");
const recording = parseYamlWithPositions(
  readFileSync(join(directory, "recording.yaml"), "utf8"),
  "recording.yaml",
  recordingSchema,
);
const file = readFileSync(join(directory, recording.trace.file));
const text = gunzipSync(file).toString("latin1");
const events = read(text, 65536);
const { requests, report } = buildRequests(events, recording);

function countOf(column: Uint8Array, value: number): number {
  return column.reduce((sum, one) => sum + Number(one === value), 0);
}

test("the trace is the one that was described", () => {
  assert.is(createHash("sha256").update(file).digest("hex"), recording.trace.sha256);
});

test("as many events of each kind as the kernel says it wrote", () => {
  assert.equal(
    Object.entries(PageEventKind).map(([name, kind]) => [name, countOf(events.kind, kind)]),
    [
      ["alloc", 2492],
      ["free", 4796],
      ["freeBatched", 168],
      ["zoneLocked", 4741],
      ["pcpuDrain", 0],
      ["extfrag", 6],
    ],
  );
  assert.is(events.count, 12203);
  assert.equal([events.lostEvents, events.overwrittenEvents, events.otherEvents], [0, 0, 0]);
});

test("every line is read as a regular expression reads it", () => {
  const pattern =
    /^ *(\S.*)-(\d+) +\[(\d+)\] \S+ +(\d+)\.(\d{6}): (mm_page_\w+): page=\S+ pfn=0x([0-9a-f]+) (.*)$/;
  const lines = text.split("\n").filter((one) => one !== "" && !one.startsWith("#"));
  assert.is(lines.length, events.count);
  const names = ["alloc", "free", "free_batched", "alloc_zone_locked", "pcpu_drain", "alloc_extfrag"];
  lines.forEach((one, i) => {
    const [, comm, pid, cpu, seconds, micros, name, pfn, rest] = pattern.exec(one)!;
    const fields = new Map(rest!.split(" ").map((field) => field.split("=") as [string, string]));
    assert.equal(events.tasks[events.task[i]!], { comm, pid: Number(pid) });
    assert.is(events.cpu[i], Number(cpu));
    assert.is(events.timeNs[i], Number(`${seconds}${micros}`) * 1000);
    assert.is(`mm_page_${names[events.kind[i]!]}`, name);
    assert.is(events.pfn[i], Number.parseInt(pfn!, 16));
    assert.is(events.order[i], Number(fields.get("order") ?? fields.get("alloc_order")));
    assert.is(
      events.migrateType[i],
      Number(fields.get("migratetype") ?? fields.get("alloc_migratetype") ?? 0),
    );
    const gfp = fields.get("gfp_flags");
    if (gfp !== undefined) assert.is(events.detail[i], gfpOfText(gfp)!.flags);
  });
});

test("every event is accounted for", () => {
  assert.equal(report, {
    events: 12203,
    lostEvents: 0,
    overwrittenEvents: 0,
    otherEvents: 0,
    innerEvents: 4741 + 6,
    batchedFrees: 168,
    allocations: 2492,
    failed: 0,
    inferredBulk: 2011,
    inferredOther: 0,
    beforeTracing: 1,
    frees: 846,
    partialFrees: 8,
    // dmesg: 1604K of initrd; 40K, 2028K, 4016K and 1388K of the kernel image.
    freeReserved: 401 + 10 + 507 + 1004 + 347,
    // 461 blocks of order 10 and 1220 single pages.
    deferredInitFrees: 461 + 1220,
    grownBlocks: 0,
    acceptedBlocks: 0,
    reallocations: 0,
    stillAllocatedPages: 5689,
  });
  assert.is(report.frees + report.freeReserved + report.deferredInitFrees, 4796);
});

test("the requests free only what is allocated", () => {
  assert.is(heldPages(requests), report.stillAllocatedPages);
});

test("the whole initrd is freed, each page once", () => {
  const initrd = recording.reserved.findIndex(({ name }) => name === "initrd");
  const offsets: number[] = [];
  requests.kind.forEach((kind, i) => {
    if (kind === RequestKind.freeReserved && requests.handle[i] === initrd)
      offsets.push(requests.offsetBytes[i]!);
  });
  const { start, end } = recording.reserved[initrd]!;
  const all = Array.from({ length: (end - start) / 4096 }, (_, page) => page * 4096);
  assert.equal(
    offsets.sort((a, b) => a - b),
    all,
  );
});

test("no recorded time is lost but deferred initialisation", () => {
  const think = requests.thinkNs.reduce((sum, ns) => sum + ns, 0);
  const deferred = recording.modelled.find(({ name }) => name === "deferredInit")!;
  assert.is(requests.startNs, 436_962_000);
  assert.is(think, 3_205_682_000 - 436_962_000 - (deferred.endNs - deferred.startNs));
});

test("the guest's own work before tracing leaves out what is modelled", () => {
  const early = recording.modelled.filter(({ endNs }) => endNs <= requests.startNs);
  assert.equal(
    early.map(({ name }) => name),
    ["memmapInit", "swiotlb", "memblockFreeAll", "traceBuffer"],
  );
  const modelledNs = early.reduce((sum, { startNs, endNs }) => sum + endNs - startNs, 0);
  assert.is(requests.thinkBeforeNs, 436_962_000 - modelledNs);
});

test("deferred initialisation happened where the trace shows it", () => {
  const { request, startNs, endNs } = requests.marks.deferredInit!;
  assert.equal([startNs, endNs], [736_784_000, 783_650_000]);
  assert.is(request, requests.marks.pageAllocInitLate!.request);
});

test("per-CPU lists get their sizes before the first refill of 7 pages", () => {
  const at = recording.milestones.setupPerCpuPageset!;
  const refilled = [...events.timeNs].filter(
    (ns, i) => ns === at && events.kind[i] === PageEventKind.zoneLocked,
  );
  assert.is(refilled.length, 1);
  assert.is(requests.marks.setupPerCpuPageset!.request, 9 + report.beforeTracing);
});

test("watermarks are there before the first refill of 31 blocks of order 1", () => {
  const first = events.timeNs.indexOf(recording.milestones.watermarks!);
  let blocks = 0;
  while (events.kind[first + blocks] === PageEventKind.zoneLocked && events.order[first + blocks] === 1)
    blocks++;
  assert.is(blocks, 31);
});

test("milestones come in the order of the boot", () => {
  const order = [
    "setupPerCpuPageset",
    "smpDone",
    "pageAllocInitLate",
    "watermarks",
    "khugepaged",
    "kswapd",
    "ready",
  ] as const;
  const at = order.map((name) => requests.marks[name]!.request);
  assert.equal(
    at,
    [...at].sort((a, b) => a - b),
  );
  assert.ok(at.at(-1)! < requests.count, "init makes requests");
});

test.run();
