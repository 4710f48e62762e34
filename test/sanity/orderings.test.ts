// Takes 4 s.
/** Orders that hold whatever the numbers: more memory, higher prices, more CPUs. */

import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { PLATFORMS, type PlatformKind } from "../../src/coco/platforms.js";
import { formatDuration } from "../../src/units.js";
import { type Document, runOf } from "./run.js";

const test = suite("sanity: orderings");

const ACCEPTING = fc.constantFrom("tdx", "snp");

/** Values that never descend. */
function ascends(values: readonly number[]): void {
  for (let at = 1; at < values.length; at++) assert.ok(values[at - 1]! <= values[at]!, values.join(" "));
}

test("a guest that accepts everything is not ready earlier with more memory, and costs its host more", () => {
  fc.assert(
    fc.property(
      ACCEPTING,
      fc.constantFrom("eager", "eager-firmware", "firmware-delegated"),
      fc.uniqueArray(fc.integer({ min: 300, max: 3000 }), { minLength: 3, maxLength: 3 }),
      (platform, policy, sizes) => {
        const runs = sizes
          .toSorted((a, b) => a - b)
          .map((size) => runOf({ platform, policy, workload: "generate:boot", memory: `${size}MiB` }));
        ascends(runs.map(({ bootTimeNs }) => bootTimeNs));
        ascends(runs.map(({ acceptedBytes }) => acceptedBytes));
        ascends(runs.map(({ hostBytes }) => hostBytes));
      },
    ),
    { numRuns: 3, seed: 1 },
  );
});

/** A guest with one CPU, which does the same in the same order whatever that costs. */
function priced(platform: string, policy: string, prices: Readonly<Record<string, string>>): Document {
  return {
    policy,
    workload: "generate:heap?size=64MiB",
    memory: "1GiB",
    platform: { kind: platform, ...prices },
    firmware: { preAcceptLimit: "256MiB" },
  };
}

test("a higher price never makes a fixed sequence faster, and changes nothing but times", () => {
  fc.assert(
    fc.property(
      ACCEPTING,
      fc.constantFrom("lazy", "eager", "fault-driven"),
      fc.nat(),
      fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })),
      (platform, policy, pick, shares) => {
        const parameters = Object.entries(PLATFORMS[platform as PlatformKind].parameters);
        const [name, { low, high }] = parameters[pick % parameters.length]!;
        const [cheap, dear] = shares
          .toSorted((a, b) => a - b)
          .map((share) =>
            runOf(priced(platform, policy, { [name]: `${Math.round(low + share * (high - low))}ns` })),
          );
        for (const time of ["bootTimeNs", "totalTimeNs"] as const) ascends([cheap![time]!, dear![time]!]);
        for (const phase of ["boot", "workload"] as const) {
          const waits = [cheap!, dear!].map((run) => run.waits[phase]);
          for (const what of ["totalNs", "maxNs", "p99Ns"] as const) ascends(waits.map((one) => one[what]));
        }
        assert.equal(cheap!.costs, dear!.costs);
        assert.equal(cheap!.hostUse, dear!.hostUse);
      },
    ),
    { numRuns: 8, seed: 1 },
  );
});

/** What CPUs share, or pay for each of them, at no cost. */
const NOTHING_SHARED = /^(sharedAccept|idleCpuDelay|firmwareMpSetup|firmwareApSetup)/;

test("with nothing that CPUs share, more of them never accept all of it later", () => {
  for (const platform of ["tdx", "snp"] as const) {
    const free = Object.keys(PLATFORMS[platform].parameters).filter((name) => NOTHING_SHARED.test(name));
    const prices = Object.fromEntries(free.map((name) => [name, "0ns"]));
    const timesNs = [1, 2, 4].map((vcpus) => {
      const { phases } = runOf({
        platform: { kind: platform, ...prices },
        policy: "eager",
        vcpus,
        workload: "generate:boot",
        memory: "5GiB",
      });
      return phases.reduce((sum, { ns }) => sum + ns, 0);
    });
    ascends(timesNs.toReversed());
  }
});

test("what the lazy guest has accepted the eager one has as well, and is not ready before it", () => {
  fc.assert(
    fc.property(
      ACCEPTING,
      fc.integer({ min: 300, max: 3000 }),
      fc.constantFrom(1, 4),
      (platform, size, vcpus) => {
        const [lazy, eager] = ["lazy", "eager"].map((policy) =>
          runOf({
            platform,
            policy,
            vcpus,
            workload: "generate:boot",
            memory: `${size}MiB`,
            firmware: { preAcceptLimit: "256MiB" },
          }),
        );
        assert.ok(lazy!.acceptedBytes <= eager!.acceptedBytes);
        assert.ok(lazy!.hostBytes <= eager!.hostBytes);
        if (vcpus === 1) assert.ok(lazy!.bootTimeNs <= eager!.bootTimeNs, formatDuration(lazy!.bootTimeNs));
      },
    ),
    { numRuns: 3, seed: 1 },
  );
});

test.run();
