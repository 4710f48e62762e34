/**
 * The recorded workload of 659 790 log records (dd of 512 MiB into tmpfs and rm) without
 * comparisons, beside a loop that sends the same requests to plain buddy lists.
 */

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { Bench } from "tinybench";
import { kernelRules } from "../src/linux/kernel-rules.js";
import type { PageAllocator } from "../src/page-alloc/page-allocator.js";
import { asPage, asPfn } from "../src/units.js";
import { labSteps } from "../src/verify/lab-steps.js";
import { readSnapshot } from "../src/verify/snapshot.js";
import { allocatorOf } from "../src/verify/snapshot-state.js";
import { Step } from "../src/verify/steps.js";
import { readLabLog } from "../src/workload/lab-log.js";
import { PlainBuddy } from "./plain-buddy.js";

const FOLDER = "workloads/recorded/linux-6.12.107-lazy-1c4g-high";
const BLOCKS = 1024;

/** What the log asks for, as columns: order, gfp of an allocation or -1 of a free, handle of the page. */
interface RequestColumns {
  readonly count: number;
  readonly order: Uint8Array;
  readonly gfp: Int32Array;
  readonly handle: Int32Array;
  readonly handles: number;
  /** Frame numbers of pages that were allocated before the log begins, by handle. */
  readonly before: ReadonlyMap<number, number>;
}

function read(name: string): Uint8Array {
  return gunzipSync(readFileSync(`${FOLDER}/${name}.gz`));
}

const log = readLabLog(read("wl-dd512.lablog"));
const snapshot = readSnapshot(Buffer.from(read("wl-dd512.snapA")).toString("utf8")).zones;

function requestsOfLog(): RequestColumns {
  const steps = labSteps(log, kernelRules("6.12").pageAlloc);
  const { step } = steps;
  const wanted = steps.sequence().filter((i) => step[i] === Step.ALLOC || step[i] === Step.FREE);
  const handle = new Int32Array(wanted.length);
  const held = new Map<number, number>();
  const before = new Map<number, number>();
  let handles = 0;
  wanted.forEach((i, at) => {
    const pfn = log.pfn[i]!;
    const known = step[i] === Step.ALLOC ? undefined : held.get(pfn);
    const own = known ?? handles++;
    if (step[i] === Step.ALLOC) held.set(pfn, own);
    else {
      if (known === undefined) before.set(own, pfn);
      held.delete(pfn);
    }
    handle[at] = own;
  });
  return {
    count: wanted.length,
    order: Uint8Array.from(wanted, (i) => log.order[i]!),
    gfp: Int32Array.from(wanted, (i) => (step[i] === Step.ALLOC ? log.a[i]! : -1)),
    handle,
    handles,
    before,
  };
}

/** Prints rates for both, and metadata for each page touched. */
export async function benchReplay(): Promise<void> {
  const requests = requestsOfLog();
  const pages = new Int32Array(requests.handles);
  let allocator: PageAllocator;
  let plain: PlainBuddy;

  const bench = new Bench({ iterations: 15, time: 0, warmupIterations: 5, warmupTime: 0, throws: true });
  bench.add(
    "page-alloc",
    () => {
      const { count, order, gfp, handle } = requests;
      for (let i = 0; i < count; i++) {
        if (gfp[i]! >= 0) pages[handle[i]!] = allocator.allocPages(gfp[i]!, order[i]!, 0, 0);
        else allocator.freePages(asPage(pages[handle[i]!]!), order[i]!, 0);
      }
    },
    {
      beforeEach: () => {
        allocator = allocatorOf(snapshot, kernelRules("6.12").pageAlloc, { acceptMemory: () => undefined });
        for (const [handle, pfn] of requests.before) pages[handle] = allocator.pageAt(asPfn(pfn));
      },
    },
  );
  bench.add(
    "plain buddy lists",
    () => {
      const { count, order, gfp, handle } = requests;
      for (let i = 0; i < count; i++) {
        if (gfp[i]! >= 0) pages[handle[i]!] = order[i] === 0 ? plain.takePage() : plain.take(order[i]!);
        else if (order[i] === 0) plain.freePage(pages[handle[i]!]!);
        else plain.free(pages[handle[i]!]!, order[i]!);
      }
    },
    {
      beforeEach: () => {
        plain = new PlainBuddy(BLOCKS);
        for (let block = 0; block < BLOCKS; block++) plain.free(block * 1024, 10);
        for (const [handle] of requests.before) pages[handle] = plain.takePage();
      },
    },
  );
  await bench.run();
  const [own, reference] = bench.tasks.map(
    ({ result }) => (result as { latency: { p50: number } }).latency.p50,
  );
  console.log("\nreplay of wl-dd512 (tinybench), medians");
  console.table(
    [own!, reference!].map((ms, index) => ({
      name: bench.tasks[index]!.name,
      ms: ms.toFixed(1),
      "M log records/s": (log.length / ms / 1e3).toFixed(1),
      "M requests/s": (requests.count / ms / 1e3).toFixed(1),
      "times plain": (ms / reference!).toFixed(2),
    })),
  );
  const { metadataBytes, materialisedBlocks } = allocator!.frames;
  console.log(
    `metadata: ${(metadataBytes / (materialisedBlocks * 1024)).toFixed(2)} bytes for each frame of a touched block`,
  );
}
