// Takes 3 s.
/** What must hold in every row, whatever the scenario: random ones of small guests. */

import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { RunResult } from "../../src/results/row.js";
import { KiB, MiB, PAGE_SIZE, roundUp } from "../../src/units.js";
import { type Document, runOf } from "./run.js";

const test = suite("sanity: rows");

const MEMORY = fc.constantFrom(256, 512, 769, 1024, 1025, 2048, 2816, 3073);

/** Guests that accept, with everything that decides what their host spends. */
const CONFIDENTIAL = fc.record({
  platform: fc.constantFrom("tdx", "snp"),
  policy: fc.constantFrom("lazy", "eager", "fault-driven", "firmware-delegated", "background", "page-flag"),
  workload: fc.constantFrom("generate:boot", "generate:heap?size=64MiB", "generate:fork"),
  memoryMiB: MEMORY,
  limitMiB: fc.constantFrom(128, 256, 1000),
  pageSize: fc.constantFrom("4KiB", "2MiB", "1GiB"),
  contiguity: fc.constantFrom(1, 0.5, 0),
  isOn: fc.boolean(),
  keepsConverted: fc.boolean(),
  dmaBuffers: fc.constantFrom(0, 40),
  vcpus: fc.constantFrom(1, 2, 4),
  kernel: fc.constantFrom("6.6", "6.12", "7.3"),
  seed: fc.nat(1000),
});
type Confidential = typeof CONFIDENTIAL extends fc.Arbitrary<infer Made> ? Made : never;

function documentOf(made: Confidential): Document {
  const { platform, policy, workload, vcpus, kernel, seed, memoryMiB, limitMiB, pageSize } = made;
  return {
    platform,
    policy,
    workload,
    vcpus,
    kernel,
    seed,
    memory: `${memoryMiB}MiB`,
    host: {
      pageSize,
      ...(pageSize === "4KiB" ? {} : { contiguity: made.contiguity }),
      keepsConverted: made.keepsConverted,
      // One that each platform knows.
      [platform === "tdx" ? "dynamicPamt" : "prefault"]: made.isOn,
    },
    firmware: { preAcceptLimit: `${limitMiB}MiB` },
    guest: { dmaBuffers: made.dmaBuffers },
  };
}

/** @param bytes of the guest's memory that pages of the host have to cover, in up to two pieces */
function coverOf(bytes: number, pageSize: string): number {
  // No table maps private memory of SNP in more than 2 MiB, and no leaf of TDX reaches beyond what is accepted.
  return bytes + (pageSize === "4KiB" ? 0 : 2 * 2 * MiB);
}

test("a host spends at least what is private, and at most what its pages can be and their tables", () => {
  fc.assert(
    fc.property(CONFIDENTIAL, (made) => {
      const run = runOf(documentOf(made));
      const { privateBytes, keptBytes, sharedBytes, tableBytes, metadataBytes } = run.hostUse;
      const { memoryBytes, hostBytes } = run;
      assert.is(hostBytes, privateBytes + sharedBytes + tableBytes + metadataBytes);
      assert.ok(hostBytes >= privateBytes && keptBytes <= privateBytes);
      assert.ok(run.hostBytesPeak >= hostBytes);
      assert.is(run.overheadBytes, hostBytes - run.touchedBytes);
      // Each page is private or shared; only what the host keeps it has twice.
      const once = privateBytes - keptBytes + sharedBytes;
      assert.ok(once <= coverOf(memoryBytes, made.pageSize), `${once} of ${memoryBytes}`);
      assert.ok(keptBytes === 0 || made.keepsConverted);
      // Secure EPT and its mirror: two pages for 2 MiB; and those of the levels above.
      assert.ok(tableBytes <= (2 * memoryBytes) / 512 + 40 * PAGE_SIZE + memoryBytes / 1000, `${tableBytes}`);
      // PAMT 1/255 and RMP 1/256; pairs of dynamic PAMT 1/256 and the bitmap.
      assert.ok(metadataBytes <= memoryBytes / 250 + 64 * KiB, `${metadataBytes}`);
    }),
    { numRuns: 16, seed: 1 },
  );
});

test("totals agree with their parts, shares are shares, percentiles are in order", () => {
  fc.assert(
    fc.property(CONFIDENTIAL, (made) => checkTotals(runOf(documentOf(made)))),
    { numRuns: 16, seed: 1 },
  );
});

test("the same of plain guests, which cost what they touch in pages of their host", () => {
  const plain = fc.record({
    memoryMiB: MEMORY,
    pageSize: fc.constantFrom("2MiB", "1GiB"),
    contiguity: fc.constantFrom(1, 0.3, 0),
    vcpus: fc.constantFrom(1, 3),
  });
  fc.assert(
    fc.property(plain, ({ memoryMiB, pageSize, contiguity, vcpus }) => {
      const run = runOf({
        platform: "none",
        workload: "generate:boot",
        memory: `${memoryMiB}MiB`,
        vcpus,
        host: { pageSize, contiguity },
      });
      checkTotals(run);
      const { privateBytes, sharedBytes, metadataBytes } = run.hostUse;
      assert.is(privateBytes + metadataBytes, 0);
      assert.ok(sharedBytes >= run.touchedBytes);
      assert.ok(sharedBytes <= roundUp(run.memoryBytes, PAGE_SIZE), `${sharedBytes} of ${run.memoryBytes}`);
      if (contiguity === 0) assert.is(sharedBytes, roundUp(run.touchedBytes, PAGE_SIZE));
    }),
    { numRuns: 5, seed: 1 },
  );
});

function checkTotals(run: RunResult): void {
  const phasesNs = run.phases.reduce((sum, { ns }) => sum + ns, 0);
  const restNs = run.bootTimeNs - phasesNs;
  // Each part is rounded for itself; a phase that a guest did not come through is not among them.
  assert.ok(restNs >= -run.phases.length, `${phasesNs} of ${run.bootTimeNs}`);
  if (run.outcome === "ready") assert.ok(restNs <= run.phases.length, `${phasesNs} of ${run.bootTimeNs}`);
  assert.ok(run.assumedShare >= 0 && run.assumedShare <= 1 + 1e-9, `${run.assumedShare}`);
  if (run.outcome === "ready") assert.is(run.totalTimeNs, run.bootTimeNs + run.workloadTimeNs!);
  const by = run.memory.acceptedBy;
  const acceptedBytes = Object.values(by).reduce<number>((sum, bytes) => sum + bytes, 0);
  assert.is(run.acceptedBytes, acceptedBytes);
  assert.ok(run.acceptedBytes <= run.memoryBytes && run.touchedBytes <= run.memoryBytes);
  assert.ok(run.memory.visibleBytes + run.lostBytes <= run.memoryBytes);
  for (const { allocations, count, totalNs, p50Ns, p99Ns, p999Ns, p9999Ns, maxNs } of Object.values(
    run.waits,
  )) {
    const ascending = [0, p50Ns, p99Ns, p999Ns, p9999Ns, maxNs, totalNs];
    assert.equal(
      ascending.toSorted((a, b) => a - b),
      ascending,
    );
    assert.ok(count <= allocations);
    assert.ok(totalNs <= count * maxNs);
    assert.is(count === 0, totalNs === 0);
  }
  for (const count of Object.values(run.costs)) assert.ok(Number.isSafeInteger(count) && count > 0);
}

test.run();
