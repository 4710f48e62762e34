import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  hitAt,
  layoutOf,
  moved,
  nsAt,
  ROW,
  spanAround,
  ticksOf,
  within,
  xOf,
  zoomed,
} from "../../../src/explorer/views/timeline-layout.js";
import { bytesAt, kindOf, modelOf, pathTo, sliceAt } from "../../../src/explorer/views/timeline-model.js";
import type { Slice, Timeline } from "../../../src/timeline/recorder.js";

const test = suite("explorer: what a timeline view shows, and where");

function slice(
  what: string,
  startNs: number,
  endNs: number,
  children: readonly Slice[] = [],
  cpu = 0,
): Slice {
  return { what, cpu, startNs, endNs, children };
}

const EVENT = slice("eptViolation4k", 210, 280);
const ACCEPT = slice("kernel accepts", 205, 290, [slice("tdcall", 205, 210), EVENT]);
const STALL = slice("allocation waits", 200, 300, [ACCEPT]);
const KERNEL = slice("early kernel", 100, 500, [
  slice("smp_init", 100, 180),
  slice("mm_core_init", 180, 400, [STALL]),
]);
const BOOT = slice("firmware", 0, 100);
const OTHER = slice("kernel accepts", 600, 1000, [], 2);
const TIMELINE: Timeline = {
  cpus: [[BOOT, KERNEL], [], [OTHER]],
  moments: [{ what: "online", cpu: 1, atNs: 450 }],
  memory: [
    { atNs: 0, acceptedBytes: 0, hostBytes: 7, nodes: [] },
    {
      atNs: 300,
      acceptedBytes: 5,
      hostBytes: 9,
      nodes: [
        { freeBytes: 1, unacceptedBytes: 0 },
        { freeBytes: 2, unacceptedBytes: 0 },
      ],
    },
  ],
  mergedBelowNs: 0,
  momentsMergedBelowNs: 0,
};
const MODEL = modelOf(TIMELINE);

test("CPUs that did something are tracks, the busiest first, as deep as their slices", () => {
  assert.equal(
    MODEL.tracks.map(({ cpu, rows, busyNs }) => [cpu, rows, busyNs]),
    [
      [0, 5, 500],
      [2, 1, 400],
    ],
  );
  assert.is(MODEL.endNs, 1000);
});

test("counters sum up nodes from when there are some, and those that are always 0 are left out", () => {
  assert.equal(
    MODEL.counters.map(({ name, samples }) => [name, samples.map(({ atNs, bytes }) => `${atNs} ${bytes}`)]),
    [
      ["accepted", ["0 0", "300 5"]],
      ["host", ["0 7", "300 9"]],
      ["free", ["300 3"]],
    ],
  );
  const [accepted, , free] = MODEL.counters;
  assert.equal([bytesAt(accepted!, 299), bytesAt(accepted!, 300), bytesAt(free!, 299)], [0, 5, undefined]);
});

test("phases, stalls and flows are found wherever they lie", () => {
  assert.equal([MODEL.phases, MODEL.stalls], [[BOOT, KERNEL], [STALL]]);
  assert.equal(MODEL.flows.get(ACCEPT), [[STALL, ACCEPT, EVENT]]);
  assert.is(MODEL.flows.get(BOOT), undefined);
});

test("kinds are told by name and depth, also of what was merged", () => {
  assert.equal(
    [kindOf(KERNEL, 0, 0), kindOf(KERNEL.children[0]!, 1, 0), kindOf(EVENT, 4, 0), kindOf(OTHER, 0, 2)],
    ["phase", "step", "event", "accept"],
  );
  assert.is(kindOf(slice("mm_core_init, allocation waits", 0, 1), 1, 0), "stall");
  assert.is(kindOf(slice("spins while others accept", 0, 1), 2, 0), "wait");
});

test("a slice is found by its row and time, or near by; what lies between two is neither", () => {
  const { slices } = MODEL.tracks[0]!;
  assert.is(sliceAt(slices, 0, 99, 0), BOOT);
  assert.is(sliceAt(slices, 0, 100, 0), KERNEL);
  assert.is(sliceAt(slices, 3, 250, 0), ACCEPT);
  assert.is(sliceAt(slices, 3, 303, 5), undefined);
  assert.is(sliceAt(slices, 3, 293, 5), ACCEPT);
  assert.is(sliceAt(slices, 4, 206, 8)?.what, "tdcall");
  assert.is(sliceAt(slices, 0, 2000, 5), undefined);
  assert.equal(
    pathTo(slices, EVENT).map(({ what }) => what),
    ["early kernel", "mm_core_init", "allocation waits", "kernel accepts", "eptViolation4k"],
  );
  assert.equal(pathTo(slices, OTHER), []);
});

test("time is zoomed around a point, moved, and never leaves the run", () => {
  const layout = layoutOf([MODEL], 800, 6);
  const span = { fromNs: 2000, untilNs: 6000 };
  const closer = zoomed(span, 0.5, 3000, 10_000);
  assert.equal(closer, { fromNs: 2500, untilNs: 4500 });
  assert.is(xOf(3000, closer, layout), xOf(3000, span, layout));
  assert.is(Math.round(nsAt(xOf(3000, span, layout), span, layout)), 3000);
  assert.equal(moved(span, -1, 10_000), { fromNs: 0, untilNs: 4000 });
  assert.equal(moved(span, 2, 10_000), { fromNs: 6000, untilNs: 10_000 });
  assert.equal(zoomed(span, 100, 3000, 10_000), { fromNs: 0, untilNs: 10_000 });
  assert.equal(zoomed({ fromNs: 0, untilNs: 150 }, 0.5, 10, 10_000), { fromNs: 0, untilNs: 150 });
  assert.equal(within({ fromNs: -5, untilNs: 45 }, 30), { fromNs: 0, untilNs: 30 });
  assert.equal(spanAround({ startNs: 1000, endNs: 2000 }, 10_000), { fromNs: 400, untilNs: 2600 });
});

test("an axis has round times with room for their names", () => {
  assert.equal(ticksOf({ fromNs: 0, untilNs: 10e9 }, 500), [0, 2e9, 4e9, 6e9, 8e9, 10e9]);
  assert.equal(ticksOf({ fromNs: 1234, untilNs: 1534 }, 300), [1300, 1400, 1500]);
});

test("one timeline lies above the other, with as many tracks as there is to be, and points fall on rows", () => {
  const layout = layoutOf([MODEL, MODEL], 800, 1);
  const [first, second] = layout.sides;
  assert.equal([first!.title, second!.title, first!.folded], ["A", "B", 1]);
  assert.ok(second!.counters.top > first!.tracks[0]!.top + 5 * ROW);
  const hit = hitAt(second!.tracks[0]!.top + 3 * ROW + 1, layout)!;
  assert.equal(hit.what === "row" && [hit.side, hit.row, hit.place.track.cpu], [1, 3, 0]);
  assert.equal(hitAt(first!.moments.top, layout), { what: "moments", side: 0 });
  assert.is(hitAt(layout.height + 1, layout), undefined);
});

test.run();
