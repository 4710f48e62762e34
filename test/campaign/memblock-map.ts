/**
 * Compares memblock with a map of single bytes for as long as one likes:
 * `node --import tsx test/campaign/memblock-map.ts [--operations 10000000] [--seed 1]`.
 * Ends with one line; exits 1 at the first difference, with the operations that show it.
 */
import { parseArgs } from "node:util";
import * as fc from "fast-check";
import { compareWithMap, step } from "../memblock/page-map.js";

const OPERATIONS_PER_MAP = 100;
const MAPS_PER_SEED = 500;

const { values } = parseArgs({
  options: {
    operations: { type: "string", default: "10000000" },
    seed: { type: "string", default: "1" },
  },
});
const operations = Number(values.operations);
const firstSeed = Number(values.seed);
if (!Number.isSafeInteger(operations) || operations < 1 || !Number.isSafeInteger(firstSeed)) {
  console.error("--operations takes a whole number from 1, --seed a whole number");
  process.exit(2);
}

const started = performance.now();
const steps = fc.array(step, { minLength: OPERATIONS_PER_MAP, maxLength: OPERATIONS_PER_MAP });
let seed = firstSeed;
let done = 0;
for (; done < operations; seed++, done += OPERATIONS_PER_MAP * MAPS_PER_SEED) {
  const details = fc.check(fc.property(steps, compareWithMap), { numRuns: MAPS_PER_SEED, seed });
  if (details.failed) {
    console.log(`difference with --seed ${seed}: ${fc.defaultReportMessage(details)}`);
    process.exit(1);
  }
  if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${operations} operations`);
}
if (process.stderr.isTTY) process.stderr.write("\n");
const seconds = ((performance.now() - started) / 1000).toFixed(0);
console.log(`no difference in ${done} operations, seeds ${firstSeed} to ${seed - 1}, ${seconds} s`);
