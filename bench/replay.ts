/**
 * Recorded workloads without comparisons, beside a loop that sends the same requests to plain buddy lists: 659,790 log
 * records of dd of 512 MiB into tmpfs and rm, the same of another kernel, and pages in
 * random order.
 */

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { kernelRules } from "../src/linux/kernel-rules.js";
import type { PageAllocator } from "../src/page-alloc/page-allocator.js";
import { asPage, asPfn } from "../src/units.js";
import { labSteps } from "../src/verify/lab-steps.js";
import { readSnapshot } from "../src/verify/snapshot.js";
import { allocatorOf } from "../src/verify/snapshot-state.js";
import { Step } from "../src/verify/steps.js";
import { readLabLog } from "../src/workload/lab-log.js";
import { type Measure, runMs } from "./measure.js";
import { PlainBuddy } from "./plain-buddy.js";

interface Recorded {
  /** Of its rows. */
  readonly name: string;
  readonly folder: string;
  readonly workload: string;
  readonly kernel: string;
}

const RECORDED: readonly Recorded[] = [
  { name: "dd512", folder: "linux-6.12.107-lazy-1c4g-high", workload: "wl-dd512", kernel: "6.12" },
  { name: "dd512-second", folder: "linux-7.3.4-lazy-1c4g-high", workload: "wl-dd512", kernel: "7.3" },
  { name: "rand", folder: "linux-7.3.4-lazy-1c4g-high", workload: "wl-rand", kernel: "7.3" },
];
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

function read({ folder, workload }: Recorded, ending: string): Uint8Array {
  return gunzipSync(readFileSync(`workloads/recorded/${folder}/${workload}.${ending}.gz`));
}

function snapshotOf(recorded: Recorded): ReturnType<typeof readSnapshot>["zones"] {
  return readSnapshot(Buffer.from(read(recorded, "snapA")).toString("utf8")).zones;
}

function requestsOf(recorded: Recorded): RequestColumns {
  const log = readLabLog(read(recorded, "lablog"));
  const steps = labSteps(log, kernelRules(recorded.kernel).pageAlloc);
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

/** A replay ready to run: everything before the first request. */
interface Prepared {
  readonly prepare: () => void;
  readonly run: () => void;
}

function onPageAlloc(recorded: Recorded, requests: RequestColumns): Prepared {
  const snapshot = snapshotOf(recorded);
  const { pageAlloc } = kernelRules(recorded.kernel);
  const pages = new Int32Array(requests.handles);
  let allocator: PageAllocator;
  return {
    prepare: () => {
      allocator = allocatorOf(snapshot, pageAlloc, { acceptMemory: () => undefined });
      for (const [handle, pfn] of requests.before) pages[handle] = allocator.pageAt(asPfn(pfn));
    },
    run: () => {
      const { count, order, gfp, handle } = requests;
      for (let i = 0; i < count; i++) {
        if (gfp[i]! >= 0) pages[handle[i]!] = allocator.allocPages(gfp[i]!, order[i]!, 0, 0);
        else allocator.freePages(asPage(pages[handle[i]!]!), order[i]!, 0);
      }
    },
  };
}

function onPlainBuddy(requests: RequestColumns): Prepared {
  const pages = new Int32Array(requests.handles);
  let plain: PlainBuddy;
  return {
    prepare: () => {
      plain = new PlainBuddy(BLOCKS);
      for (let block = 0; block < BLOCKS; block++) plain.free(block * 1024, 10);
      for (const [handle] of requests.before) pages[handle] = plain.takePage();
    },
    run: () => {
      const { count, order, gfp, handle } = requests;
      for (let i = 0; i < count; i++) {
        if (gfp[i]! >= 0) pages[handle[i]!] = order[i] === 0 ? plain.takePage() : plain.take(order[i]!);
        else if (order[i] === 0) plain.freePage(pages[handle[i]!]!);
        else plain.free(pages[handle[i]!]!, order[i]!);
      }
    },
  };
}

export function measures(): readonly Measure[] {
  const timeMs = ({ run, prepare }: Prepared): Promise<number> => runMs(run, { prepare, iterations: 3 });
  return RECORDED.flatMap((recorded): Measure[] => {
    let made: { own: Prepared; plain: Prepared; count: number } | undefined;
    const make = (): NonNullable<typeof made> => {
      const requests = requestsOf(recorded);
      return {
        own: onPageAlloc(recorded, requests),
        plain: onPlainBuddy(requests),
        count: requests.count,
      };
    };
    return [
      {
        name: `replay/${recorded.name}`,
        goal: "15 to 20 million requests a second",
        limit: 15,
        unit: "M/s",
        better: "more",
        peer: "the allocator alone, every request of the log, from the recorded state",
        sample: async () => {
          made ??= make();
          return made.count / 1000 / (await timeMs(made.own));
        },
      },
      {
        name: `replay/${recorded.name}-to-plain`,
        goal: "for reading",
        unit: "ratio",
        better: "less",
        peer: "CPU time of plain buddy lists, bench/plain-buddy.ts",
        sample: async () => {
          made ??= make();
          return (await timeMs(made.own)) / (await timeMs(made.plain));
        },
      },
    ];
  });
}
