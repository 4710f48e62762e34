/**
 * Compares the page allocator with the naive model for as long as one likes:
 * `node --import tsx test/campaign/page-alloc-oracle.ts [--operations 10000000] [--seed 1] [--kernel 6.12]`.
 * Ends with one line; exits 1 at the first difference, with the line that repeats it.
 */
import { parseArgs } from "node:util";
import { runDuel } from "../page-alloc/oracle-duel.js";
import { DUEL_KERNELS } from "../page-alloc/oracle-machines.js";

const OPERATIONS_PER_MACHINE = 5000;

const { values } = parseArgs({
  options: {
    operations: { type: "string", default: "10000000" },
    seed: { type: "string", default: "1" },
    kernel: { type: "string", default: "6.12" },
  },
});
const operations = Number(values.operations);
const firstSeed = Number(values.seed);
if (
  !Number.isSafeInteger(operations) ||
  operations < 1 ||
  !Number.isSafeInteger(firstSeed) ||
  firstSeed < 0
) {
  console.error("--operations takes a whole number from 1, --seed one from 0");
  process.exit(2);
}

const kernel = DUEL_KERNELS.find((name) => name === values.kernel);
if (kernel === undefined) {
  console.error(`--kernel takes one of ${DUEL_KERNELS.join(", ")}`);
  process.exit(2);
}

const started = performance.now();
let seed = firstSeed;
for (let done = 0; done < operations; seed++) {
  const now = Math.min(OPERATIONS_PER_MACHINE, operations - done);
  try {
    runDuel(seed, now, kernel);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const operation = /operation (\d+)/.exec(message)?.[1] ?? String(now);
    if (process.stderr.isTTY) process.stderr.write("\n");
    console.log(
      `difference: ${message}\nrepeat: node --import tsx test/campaign/page-alloc-oracle.ts --kernel ${kernel} --seed ${seed} --operations ${operation}`,
    );
    process.exit(1);
  }
  done += now;
  if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${operations} operations`);
}
if (process.stderr.isTTY) process.stderr.write("\n");
const seconds = ((performance.now() - started) / 1000).toFixed(0);
console.log(
  `no difference from Linux ${kernel} in ${operations} operations on ${seed - firstSeed} machines, seeds ${firstSeed} to ${seed - 1}, ${seconds} s`,
);
