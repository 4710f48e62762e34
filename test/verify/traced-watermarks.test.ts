import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { PageAllocator } from "../../src/page-alloc/page-allocator.js";
import { TracedWatermarks } from "../../src/verify/traced-watermarks.js";
import { TracefsReader } from "../../src/workload/tracefs.js";
import { oneZone } from "../page-alloc/machine.js";

const test = suite("verify: watermarks in traces");

/** Lines as Linux 7.3 prints them; `free 16` is the free of that frame. */
function traced(...lines: string[]): TracedWatermarks {
  const text = lines
    .map((line) =>
      line.replace(
        /^free (\d+)$/,
        (_, pfn) => `mm_page_free: page=0 pfn=0x${Number(pfn).toString(16)} order=0`,
      ),
    )
    .map((line, at) => `            init-1       [000] ..... 1.0000${10 + at}: ${line}\n`)
    .join("");
  const bytes = new TextEncoder().encode(text);
  const reader = new TracefsReader("trace");
  reader.feed(bytes);
  return new TracedWatermarks(bytes, reader.end());
}

const marks = (zone: string, min: number): string =>
  `mm_setup_per_zone_wmarks: node_id=0 zone name=${zone} watermark min=${min} low=80 high=96 promo=112`;
const reserve = (upper: string, pages: number): string =>
  `mm_setup_per_zone_lowmem_reserve: node_id=0 zone name=Normal upper_zone name=${upper} lowmem_reserve_pages=${pages}`;
const total = (pages: number): string => `mm_calculate_totalreserve_pages: totalreserve_pages=${pages}`;

function machine(): PageAllocator {
  const allocator = oneZone(8);
  const [zone] = allocator.zones;
  zone!.watermark.set([64, 80, 96, 112]);
  zone!.lowmemReserve.set([0, 0, 0, 25, 25]);
  return allocator;
}

function compared(watermarks: TracedWatermarks, event: number, allocator = machine()): [number, number] {
  watermarks.compareBefore(event, allocator);
  return [watermarks.tally.compared, watermarks.tally.equal];
}

test("watermarks, reserves and their sum", () => {
  const lines = [marks("Normal", 64), reserve("Movable", 25), reserve("Device", 25), total(121)];
  assert.equal(compared(traced(...lines, "free 16"), 1), [4, 4]);
  const wrong = traced(marks("Normal", 65), reserve("Movable", 26), total(122), "free 16");
  assert.equal(compared(wrong, 1), [3, 0]);
  assert.equal(wrong.tally.firstDivergence, {
    event: 0,
    expected: "min=65 low=80 high=96 promo=112",
    found: "min=64 low=80 high=96 promo=112",
    context: "watermarks of node 0 zone Normal",
  });
});

test("a zone keeps no more than it has, and its boost is part of it", () => {
  const small = machine();
  small.zones[0]!.managedPages = 100;
  assert.equal(compared(traced(total(100), "free 16"), 1, small), [1, 1]);
  const boosted = machine();
  boosted.zones[0]!.watermarkBoost = 512;
  assert.equal(compared(traced(total(633), "free 16"), 1, boosted), [1, 1]);
});

test("zones without memory are not compared, and of two lines the last counts", () => {
  assert.equal(compared(traced(marks("Movable", 32), total(9), total(121), "free 16"), 1), [1, 1]);
});

test("a line is compared once the event behind it is reached", () => {
  const watermarks = traced("free 16", total(121), "free 40", "free 41");
  assert.equal(compared(watermarks, 1), [0, 0]);
  assert.equal(compared(watermarks, 2), [1, 1]);
});

test("up to 7.2 the lines about a page stand behind its free", () => {
  const front = [total(121), "free 16", total(121), "free 17", total(121), "free 18", "free 40"];
  assert.equal(compared(traced(...front), 2), [2, 2]);
  const behind = ["free 16", total(121), "free 17", total(121), "free 18", total(121), "free 40"];
  assert.equal(compared(traced(...behind), 1), [1, 1]);
});

test("a trace with page events that are not read is not compared", () => {
  const bytes = new TextEncoder().encode(`            init-1       [000] ..... 1.000001: ${total(1)}\n`);
  const reader = new TracefsReader("trace");
  reader.feed(
    new TextEncoder().encode(
      "            init-1       [000] ..... 1.000001: mm_page_free: page=0 pfn=0x10 order=0\n",
    ),
  );
  assert.equal(compared(new TracedWatermarks(bytes, reader.end()), 9), [0, 0]);
});

test.run();
