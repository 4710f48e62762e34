// Takes 4 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { runDuel } from "./oracle-duel.js";

const test = suite("page-alloc: naive model");

/** A difference names the seed: `--seed` and `--operations` of test/campaign/page-alloc-oracle.ts repeat it. */
const FIRST_SEED = 400;
const MACHINES = 36;
const OPERATIONS = 3000;

const shapes: string[] = [];
const reached = new Set<string>();

test("108 000 random operations on 36 machines: same frames, lists and counters as the naive model", () => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + MACHINES; seed++) {
    const result = runDuel(seed, OPERATIONS);
    shapes.push(result.shape);
    for (const what of result.reached) reached.add(what);
  }
});

test("the random machines are of all shapes", () => {
  const parts = ["1 zone", "3 zones", "2 nodes,", "2 nodes without DMA32", "movable zone"];
  const kinds = ["1 CPUs", "2 CPUs", "3 CPUs", "4 CPUs", "6.12.0", "6.12 stable", "lazy", "eager", "CMA"];
  assert.equal(
    [...parts, ...kinds].filter((part) => !shapes.some((shape) => shape.includes(part))),
    [],
  );
});

test("the random operations reach every special case", () => {
  const cases = ["order too large", "atomic request", "would reclaim", "highatomic reserve", "boost"];
  const states = ["below high", "unaccepted", "counter differences", "grown zone", "bulk"];
  const cma = ["CMA areas full", "most free memory in CMA areas"];
  assert.equal(
    [...cases, ...states, ...cma].filter((what) => !reached.has(what)),
    [],
  );
});

test.run();
