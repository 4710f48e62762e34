// Takes 10 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { runDuel } from "./oracle-duel.js";
import type { DuelKernel } from "./oracle-machines.js";

const test = suite("page-alloc: naive model");

/** A difference names the seed: `--seed`, `--operations` and `--kernel` of test/campaign/page-alloc-oracle.ts repeat it. */
const FIRST_SEED = 400;
const MACHINES = 36;
const OPERATIONS = 3000;

const SHAPES = ["1 zone", "3 zones", "2 nodes", "3 nodes", "2 nodes without DMA32", "movable zone"];
const KINDS = ["1 CPUs", "2 CPUs", "3 CPUs", "4 CPUs", "lazy", "eager", "CMA"];
const FAILURES = ["order too large", "atomic request", "would reclaim"];
const STATES = [
  "highatomic reserve",
  "boost",
  "below high",
  "unaccepted",
  "counter differences",
  "grown zone",
];
const CASES = ["bulk", "CMA areas full", "most free memory in CMA areas"];
/** Where the rules of a release make a difference to those before. */
const SINCE_6_18 = ["flush waits", "reserves follow", "busy node", "no lock, unaccepted"];
const SINCE_7_3 = [
  "several batches",
  "atomic request, empty list",
  "atomic request, early reserve",
  "atomic request, no reservation",
  "range in blocks, listed by CPU",
  "range in blocks, straight",
  "no reclaim for one node only",
];
const OF_KERNEL = { "6.12": [], "6.18": SINCE_6_18, "7.3": [...SINCE_6_18, ...SINCE_7_3] };

for (const kernel of ["6.12", "6.18", "7.3"] as const satisfies readonly DuelKernel[]) {
  const shapes = new Set<string>();
  const reached = new Set<string>();

  test(`${kernel}: 108 000 random operations on 36 machines: same frames, lists and counters as the naive model`, () => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + MACHINES; seed++) {
      const result = runDuel(seed, OPERATIONS, kernel);
      for (const part of result.shape) shapes.add(part);
      for (const what of result.reached) reached.add(what);
    }
  });

  test(`${kernel}: the random machines are of all shapes`, () => {
    const kernels = kernel === "6.12" ? ["Linux 6.12.0", "Linux 6.12"] : [`Linux ${kernel}`];
    assert.equal(
      [...SHAPES, ...KINDS, ...kernels].filter((part) => !shapes.has(part)),
      [],
    );
  });

  test(`${kernel}: the random operations reach every special case`, () => {
    assert.equal(
      [...FAILURES, ...STATES, ...CASES, ...OF_KERNEL[kernel]].filter((what) => !reached.has(what)),
      [],
    );
  });
}

test.run();
