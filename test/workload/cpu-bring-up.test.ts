import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { AllocationWaits } from "../../src/accept/waits.js";
import { kernelRules } from "../../src/linux/kernel-rules.js";
import { formatGfp } from "../../src/page-alloc/gfp.js";
import { freeUnaccepted } from "../../src/page-alloc/unaccepted-list.js";
import { parseYamlWithPositions } from "../../src/scenario/yaml.js";
import { CostLedger } from "../../src/sim/cost-ledger.js";
import { GuestClock } from "../../src/sim/guest-clock.js";
import { VirtualCpus } from "../../src/sim/virtual-cpus.js";
import { buildRequests } from "../../src/workload/build-requests.js";
import { type CpuBringUp, cpuBringUp, withCpuBringUp } from "../../src/workload/cpu-bring-up.js";
import { gfpOfText } from "../../src/workload/gfp-text.js";
import { recordingSchema } from "../../src/workload/recording.js";
import { Replay } from "../../src/workload/replay.js";
import { makesHandle, RequestKind, type Requests } from "../../src/workload/requests.js";
import { oneZone } from "../page-alloc/machine.js";
import { read } from "./lines.js";
import { heldPages } from "./machine.js";

const test = suite("workload: bringing up CPUs");

function load(name: string): { requests: Requests; text: string; sha256: string; described: string } {
  const directory = join(import.meta.dirname, `../../workloads/recorded/${name}`);
  const yaml = readFileSync(join(directory, "recording.yaml"), "utf8");
  const recording = parseYamlWithPositions(yaml, name, recordingSchema);
  const file = readFileSync(join(directory, recording.trace.file));
  const text = gunzipSync(file).toString("latin1");
  const { requests } = buildRequests(read(text, 65536), recording);
  return {
    requests,
    text,
    sha256: createHash("sha256").update(file).digest("hex"),
    described: recording.trace.sha256,
  };
}

const one = load("linux-6.12.95-1c4g");
const two = load("linux-6.12.95-2c4g");
const bringUp = cpuBringUp(two.requests)!;

/** Order, flags and CPU of each request of a kind. */
function asked(rows: CpuBringUp, kind: number): string[] {
  return [...rows.kind].flatMap((own, i) =>
    own === kind ? [`${rows.cpu[i]} ${rows.order[i]} ${formatGfp(rows.gfp[i]!)}`] : [],
  );
}

/** Requests of each kind in a stretch. */
function counts(requests: Pick<Requests, "kind">, start: number, end: number): number[] {
  const found = Object.values(RequestKind).map(() => 0);
  for (const kind of requests.kind.subarray(start, end)) found[kind]!++;
  return found;
}

test("the trace of two CPUs is the one that was described", () => {
  assert.is(two.sha256, two.described);
});

test("a CPU asks what the trace shows from smp_init's beginning to its end", () => {
  const pattern = /\[(\d+)\] \S+ +(\d+\.\d+): mm_page_alloc: .* order=(\d+) migratetype=\d+ gfp_flags=(\S+)/;
  const lines = two.text.split("\n").flatMap((line) => {
    const [, cpu, seconds, order, gfp] = pattern.exec(line) ?? [];
    const inside = Number(seconds) >= 0.949974 && Number(seconds) < 1.260055;
    return inside ? [`${Number(cpu)} ${order} ${formatGfp(gfpOfText(gfp!)!.flags)}`] : [];
  });
  assert.is(lines.length, 15);
  assert.equal(asked(bringUp, RequestKind.alloc), lines);
});

test("each of three trace buffers has two pages and a reader's page", () => {
  const lines = asked(bringUp, RequestKind.alloc);
  assert.is(lines.filter((line) => line === "0 0 GFP_KERNEL|__GFP_COMP|__GFP_ZERO").length, 3);
  const pages = "0 0 GFP_KERNEL|__GFP_RETRY_MAYFAIL|__GFP_COMP|__GFP_ZERO";
  assert.is(lines.filter((line) => line === pages).length, 6);
});

test("seven threads get a stack, each by a call of its own", () => {
  // The idle thread, and pids 24 to 29: cpuhp/1 is the first, pgdatinit0 has 30.
  const kinds = [...bringUp.kind];
  const first = kinds.indexOf(RequestKind.work);
  const stack = [RequestKind.work, ...Array.from({ length: 4 }, () => RequestKind.allocBulk)];
  assert.equal(kinds.slice(first, first + 35), Array.from({ length: 7 }, () => stack).flat());
  assert.equal(counts(bringUp, 0, bringUp.count), [15, 28, 0, 0, 0, 7, 0]);
});

test("only the last request is made by the CPU itself", () => {
  assert.equal([...bringUp.cpu].lastIndexOf(0), bringUp.count - 2);
});

test("the time in which the trace buffer was filled does not count", () => {
  const recordedNs = (0.951342 - 0.949866 + 1.17904 - 1.179017) * 1e9;
  const thinkNs = bringUp.thinkNs.reduce((sum, ns) => sum + ns, 0);
  assert.ok(Math.abs(thinkNs - recordedNs) < 1, `${thinkNs}`);
});

test("one CPU is what was recorded", () => {
  assert.equal(withCpuBringUp(one.requests, bringUp, 1, 1), { ...one.requests, broughtUp: [] });
  assert.equal(withCpuBringUp(two.requests, bringUp, 2, 1), { ...two.requests, broughtUp: [] });
});

test("smp_init has one bring-up for each further CPU, every other stage what it had", () => {
  const more = withCpuBringUp(one.requests, bringUp, 1, 248);
  const stages = [
    "setupPerCpuPageset",
    "smpDone",
    "deferredInit",
    "watermarks",
    "khugepaged",
    "kswapd",
    "ready",
  ] as const;
  const bounds = (requests: Requests): number[] => [
    0,
    ...stages.map((name) => requests.marks[name]!.request),
    requests.count,
  ];
  const before = bounds(one.requests);
  const after = bounds(more);
  before.slice(1).forEach((end, stage) => {
    const extra =
      stages[stage] === "deferredInit" ? counts(bringUp, 0, bringUp.count) : counts(bringUp, 0, 0);
    assert.equal(
      counts(more, after[stage]!, after[stage + 1]!),
      counts(one.requests, before[stage]!, end).map((count, kind) => count + 247 * extra[kind]!),
      stages[stage] ?? "init",
    );
  });
});

test("a CPU is online by its first own request", () => {
  const more = withCpuBringUp(one.requests, bringUp, 1, 4);
  assert.equal(
    more.broughtUp.map(({ cpu }) => cpu),
    [1, 2, 3],
  );
  assert.equal(
    more.broughtUp.map(({ cpu }) => more.cpu.indexOf(cpu)),
    more.broughtUp.map(({ request }) => request),
  );
});

test("before watermarks exist a CPU's bring-up accepts 22 blocks", () => {
  const blocks = 64;
  let accepted = 0;
  const allocator = oneZone(blocks, {
    cpus: 3,
    free: false,
    acceptor: { acceptMemory: () => accepted++ },
  });
  freeUnaccepted(allocator.zones[0]!, 0, blocks, 0);
  const requests = withCpuBringUp(emptyBoot([]), bringUp, 1, 3);
  const clock = new GuestClock(new VirtualCpus(3), new CostLedger());
  const replay = new Replay({
    requests,
    allocator,
    clock,
    waits: new AllocationWaits(),
    vmalloc: kernelRules("6.12").vmalloc,
    timeScale: 1,
    cpuNodes: [0, 0, 0],
    reserved: [],
  });
  const ends = [bringUp.count, requests.count];
  const after = ends.map((end) => {
    replay.runUntil(end);
    return accepted;
  });
  assert.equal(after, [22, 44]);
});

interface Row {
  readonly kind: number;
  readonly cpu: number;
  readonly thinkNs: number;
  readonly handle: number;
}

/** Requests of order 0; the time of a mark is the number of its request. */
function emptyBoot(rows: readonly Row[], marks: Record<string, number> = { smpDone: 0 }): Requests {
  return {
    count: rows.length,
    kind: Uint8Array.from(rows, ({ kind }) => kind),
    order: new Uint8Array(rows.length),
    gfp: Uint32Array.from(rows, ({ kind }) => (makesHandle(kind) ? 0xcc0 : 0)),
    cpu: Uint16Array.from(rows, ({ cpu }) => cpu),
    handle: Int32Array.from(rows, ({ handle }) => handle),
    offsetBytes: new Float64Array(rows.length),
    thinkNs: Float64Array.from(rows, ({ thinkNs }) => thinkNs),
    handleCount: rows.filter(({ kind }) => makesHandle(kind)).length,
    startNs: 0,
    thinkBeforeNs: 0,
    marks: Object.fromEntries(
      Object.entries(marks).map(([name, request]) => [name, { request, startNs: request, endNs: request }]),
    ),
  };
}

/** Allocations by any of some CPUs, and frees of them, each once. */
function anyRows(cpus: number): fc.Arbitrary<Row[]> {
  const step = fc.record({
    free: fc.boolean(),
    bulk: fc.boolean(),
    reserved: fc.integer({ min: 0, max: 9 }),
    cpu: fc.nat(cpus - 1),
    thinkNs: fc.nat(1000),
    pick: fc.nat(),
  });
  return fc.array(step, { maxLength: 60 }).map((steps) => {
    const held: number[] = [];
    let next = 0;
    return steps.map(({ free, bulk, reserved, cpu, thinkNs, pick }) => {
      if (reserved === 0) return { kind: RequestKind.freeReserved, cpu, thinkNs, handle: pick % 3 };
      if (reserved === 1) return { kind: RequestKind.allocFailed, cpu, thinkNs, handle: -1 };
      if (free && held.length > 0) {
        const handle = held.splice(pick % held.length, 1)[0]!;
        return { kind: RequestKind.free, cpu, thinkNs, handle };
      }
      held.push(next);
      return { kind: bulk ? RequestKind.allocBulk : RequestKind.alloc, cpu, thinkNs, handle: next++ };
    });
  });
}

test("what is repeated frees only what it allocated", () => {
  fc.assert(
    fc.property(anyRows(2), fc.nat(60), fc.nat(60), (rows, a, b) => {
      const smpInit = Math.min(a, b, rows.length);
      const smpDone = Math.min(Math.max(a, b), rows.length);
      const found = cpuBringUp(emptyBoot(rows, { smpInit, smpDone }))!;
      const part = rows.slice(smpInit, smpDone);
      const made = part.filter(({ kind }) => makesHandle(kind)).map(({ handle }) => handle);
      const freed = part.filter(({ kind, handle }) => kind === RequestKind.free && made.includes(handle));
      assert.is(found.handleCount, made.length);
      assert.is(heldPages(emptyBootWith(found)), made.length - freed.length);
    }),
    { numRuns: 200 },
  );
});

/** A boot of two CPUs that is nothing but the bring-up of the second. */
function emptyBootWith(rows: CpuBringUp): Requests {
  return withCpuBringUp(emptyBoot([]), rows, 1, 2);
}

test("with any number of CPUs every free has its allocation and no recorded request changes", () => {
  fc.assert(
    fc.property(anyRows(2), anyRows(2), fc.nat(60), fc.integer({ min: 1, max: 64 }), (rows, up, a, cpus) => {
      const at = Math.min(a, rows.length);
      const boot = emptyBoot(rows, { setupPerCpuPageset: at - 1, smpDone: at, watermarks: at + 1 });
      const repeated = cpuBringUp(emptyBoot(up, { smpInit: 0, smpDone: up.length }))!;
      const more = withCpuBringUp(boot, repeated, 1, cpus);
      const added = (cpus - 1) * repeated.count;
      assert.is(more.count, rows.length + added);
      const held = heldPages(emptyBootWith(repeated));
      assert.is(heldPages(more), heldPages(boot) + (cpus - 1) * held);

      const kept = Array.from({ length: rows.length }, (_, i) => (i < at ? i : i + added));
      for (const column of ["kind", "order", "gfp", "cpu", "offsetBytes", "thinkNs"] as const) {
        assert.equal(
          kept.map((i) => more[column][i]),
          [...boot[column]],
          column,
        );
      }
      // Which allocation a free belongs to is told by its place among the recorded ones.
      const maker = new Map(kept.map((i, row) => [makesHandle(more.kind[i]!) ? more.handle[i]! : -1, row]));
      rows.forEach(({ kind, handle }, row) => {
        if (kind !== RequestKind.free) return;
        const by = rows.findIndex((other) => makesHandle(other.kind) && other.handle === handle);
        assert.is(maker.get(more.handle[kept[row]!]!), by);
      });
      assert.is(more.marks.watermarks!.request, at + 1 + added);
      assert.is(more.marks.setupPerCpuPageset!.request, at - 1);
    }),
    { numRuns: 200 },
  );
});

test("further CPUs make the requests of the one that came up, the boot CPU its own", () => {
  fc.assert(
    fc.property(
      anyRows(2),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 2, max: 64 }),
      (up, recorded, cpus) => {
        const repeated = cpuBringUp(emptyBoot(up, { smpInit: 0, smpDone: up.length }))!;
        const more = withCpuBringUp(emptyBoot([]), repeated, recorded, cpus);
        const expected = Array.from({ length: Math.max(0, cpus - recorded) }, (_, index) =>
          Array.from(repeated.cpu, (cpu) => (cpu === 0 ? 0 : recorded + index)),
        ).flat();
        assert.equal([...more.cpu], expected);
      },
    ),
    { numRuns: 100 },
  );
});

test.run();
