// Takes 1 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { kernelRules } from "../../src/linux/kernel-rules.js";
import { acceptingMachine } from "./accepting-machine.js";
import { beforeAndAfter } from "./guests.js";

/**
 * "efi/unaccepted: Fix off-by-one when checking for overlapping ranges". The list of ranges in
 * flight took a range that ends where another begins for one that overlaps it. With the guard unit
 * that is every other neighbour of a block, so CPUs waited without need.
 */
const test = suite("regress: 01b1e3ca0e5c");

/**
 * Two CPUs at once: the first takes units 0 and 1 and the guard unit 2, the second begins with
 * another unit. When the second ends, in units of work.
 */
function secondEnds(version: string, secondUnit: number): number {
  const { acceptUnits } = acceptingMachine(kernelRules(version).acceptMemory, 2, 1);
  acceptUnits(0, 0, 2);
  return acceptUnits(1, secondUnit, 2);
}

test("6.6: a range waits for one that ends where it begins", () => {
  assert.is(secondEnds("6.6", 3), 3 + 3);
});

test("6.7 and later: both go on side by side", () => {
  for (const version of ["6.11", "6.12.0", "6.12", "6.15"] as const) {
    assert.is(secondEnds(version, 3), 3, version);
  }
});

test("6.6: a range one unit further on does not wait", () => {
  assert.is(secondEnds("6.6", 4), 3);
});

test("ranges that do overlap wait in every version, and then find less to do", () => {
  for (const version of ["6.5", "6.6", "6.11", "6.12"] as const) {
    assert.is(secondEnds(version, 2), 3 + 2, version);
  }
});

test("6.5 has no list: whoever comes second waits", () => {
  assert.is(secondEnds("6.5", 20), 3 + 3);
});

test("containers on 8 CPUs, whose first touches accept 2 MiB each, no longer wait for their neighbours", () => {
  for (const kernels of [
    ["6.6.4", "6.6.5"],
    ["6.7-rc3", "6.7-rc4"],
  ] as const) {
    const [before, after] = beforeAndAfter(
      kernels,
      "policy=fault-driven",
      "strategy.batch=2MiB",
      "vcpus=8",
      "memory=8GiB",
      "workload='generate:container'",
    );
    assert.is(before!.spinNs, 43_233_000);
    assert.is(after!.spinNs, 0);
    assert.ok(after!.workloadTimeNs! < before!.workloadTimeNs!);
  }
});

test.run();
