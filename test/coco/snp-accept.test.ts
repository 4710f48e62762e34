import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { DoubleAcceptError } from "../../src/coco/double-accept-error.js";
import { type SnpOptions, SnpPlatform } from "../../src/coco/snp/snp-platform.js";
import { CostLedger } from "../../src/sim/cost-ledger.js";
import { GiB, KiB, MiB, PAGE_SIZE } from "../../src/units.js";
import { counts } from "./counts.js";
import { NaiveSnp } from "./naive-snp.js";

const test = suite("coco: SNP accept");
const SMALL: SnpOptions = { hostPageSizeBytes: 4 * KiB, prefault: false };
const LARGE: SnpOptions = { hostPageSizeBytes: 2 * MiB, prefault: false };

type Method = "kernelAccept" | "firmwareAccept" | "stubAccept";

/** Events of accepting one range in a new guest, without what the memory attributes cost. */
function accept(method: Method, options: SnpOptions, start: number, end: number): Record<string, number> {
  const ledger = new CostLedger();
  new SnpPlatform(ledger, options)[method](start, end);
  const result = counts(ledger);
  assert.is(result.attributeSet, result.userExit);
  assert.is(result.attributeSetPage, (end - start) / PAGE_SIZE);
  delete result.attributeSet;
  delete result.attributeSetPage;
  return result;
}

test("4 MiB on 2 MiB pages: 1 exit, 1 user exit, 2 PVALIDATEs, 2 faults", () => {
  assert.equal(accept("kernelAccept", LARGE, GiB, GiB + 4 * MiB), {
    vmgexitPsc: 1,
    userExit: 1,
    pvalidate2m: 2,
    npf2m: 2,
  });
});

test("4 MiB on 4 KiB pages: 1 exit, 1 user exit, 2 failures, 1024 PVALIDATEs, 1024 faults", () => {
  assert.equal(accept("kernelAccept", SMALL, GiB, GiB + 4 * MiB), {
    vmgexitPsc: 1,
    userExit: 1,
    pvalidateMismatch: 2,
    pvalidate4k: 1024,
    npf4k: 1024,
    directMapSplit: 2,
  });
});

test("4 MiB on 4 KiB pages with prefault: the host faults 1024 times, the guest never", () => {
  assert.equal(accept("kernelAccept", { ...SMALL, prefault: true }, GiB, GiB + 4 * MiB), {
    vmgexitPsc: 1,
    userExit: 1,
    pvalidateMismatch: 2,
    pvalidate4k: 1024,
    prefault4k: 1024,
    directMapSplit: 2,
  });
});

test("1 GiB on 2 MiB pages: 8 exits, 8 user exits, 512 PVALIDATEs, 512 faults", () => {
  assert.equal(accept("kernelAccept", LARGE, GiB, 2 * GiB), {
    vmgexitPsc: 8,
    userExit: 8,
    pvalidate2m: 512,
    npf2m: 512,
  });
});

test("1 GiB on 2 MiB pages by OVMF: 3 exits, 3 user exits", () => {
  assert.equal(accept("firmwareAccept", LARGE, GiB, 2 * GiB), {
    vmgexitPsc: 3,
    userExit: 3,
    pvalidate2m: 512,
    npf2m: 512,
  });
});

test("2 MiB by the stub: 512 of everything", () => {
  assert.equal(accept("stubAccept", SMALL, GiB, GiB + 2 * MiB), {
    vmgexitPsc: 512,
    userExit: 512,
    pvalidate4k: 512,
    npf4k: 512,
    directMapSplit: 1,
  });
});

test("2 MiB by the stub on 2 MiB pages make small entries, page by page", () => {
  assert.equal(
    accept("stubAccept", LARGE, GiB, GiB + 2 * MiB),
    accept("stubAccept", SMALL, GiB, GiB + 2 * MiB),
  );
});

test("6 MiB, as the guard unit makes the first accept, are 3 entries in 1 exit", () => {
  assert.equal(accept("kernelAccept", LARGE, 0, 6 * MiB), {
    vmgexitPsc: 1,
    userExit: 1,
    pvalidate2m: 3,
    npf2m: 3,
  });
});

test("OVMF takes 5 exits for 2 GiB and 13 for 6 GiB", () => {
  const low = accept("firmwareAccept", LARGE, 0, 2 * GiB);
  assert.equal([low.vmgexitPsc, low.pvalidate2m], [5, 1024]);
  const high = accept("firmwareAccept", LARGE, 4 * GiB, 10 * GiB);
  assert.equal([high.vmgexitPsc, high.pvalidate2m], [13, 3072]);
});

test("OVMF on 4 KiB pages fails 3072 times in 6 GiB and validates 1572864 pages", () => {
  const high = accept("firmwareAccept", SMALL, 4 * GiB, 10 * GiB);
  assert.equal([high.pvalidateMismatch, high.pvalidate4k], [3072, 1_572_864]);
});

test("pages of 1 GiB work as those of 2 MiB", () => {
  const huge: SnpOptions = { hostPageSizeBytes: GiB, prefault: false };
  assert.equal(accept("kernelAccept", huge, GiB, 2 * GiB), accept("kernelAccept", LARGE, GiB, 2 * GiB));
});

test("each change of page size within a request is one more user exit", () => {
  const { vmgexitPsc, userExit } = accept("kernelAccept", LARGE, 2 * MiB - 4 * KiB, 4 * MiB + 4 * KiB);
  assert.equal([vmgexitPsc, userExit], [1, 3]);
});

test("a change of page size between two requests is none", () => {
  const { vmgexitPsc, userExit } = accept("kernelAccept", LARGE, 2 * MiB - 64 * 4 * KiB, 4 * MiB);
  assert.equal([vmgexitPsc, userExit], [2, 2]);
});

test("nor is one back to small pages", () => {
  const { vmgexitPsc, userExit } = accept("kernelAccept", LARGE, 0, 128 * MiB + 8 * KiB);
  assert.equal([vmgexitPsc, userExit], [2, 2]);
});

test("where there are small entries already, 2 MiB fail and are done in 512, without another split", () => {
  const ledger = new CostLedger();
  const platform = new SnpPlatform(ledger, LARGE);
  platform.rmp.assign(3, 4, 0);
  platform.kernelAccept(0, 4 * MiB);
  const { pvalidateMismatch, pvalidate4k, npf4k, pvalidate2m, npf2m, directMapSplit } = counts(ledger);
  assert.equal([pvalidateMismatch, pvalidate4k, npf4k, directMapSplit], [1, 512, 511, undefined]);
  assert.equal([pvalidate2m, npf2m], [1, 1]);
});

test("prefault on 2 MiB pages", () => {
  assert.equal(accept("kernelAccept", { ...LARGE, prefault: true }, 0, 4 * MiB), {
    vmgexitPsc: 1,
    userExit: 1,
    pvalidate2m: 2,
    prefault2m: 2,
  });
});

test("the coherency erratum costs a touch for each 4 KiB, at any page size", () => {
  for (const options of [SMALL, LARGE]) {
    const touched = accept("kernelAccept", { ...options, evictTouch: true }, 0, 4 * MiB);
    assert.is(touched.evictTouch4k, 1024);
  }
});

test("validating a page twice terminates the guest, after the pages before it", () => {
  for (const method of ["kernelAccept", "firmwareAccept", "stubAccept"] as const) {
    const platform = new SnpPlatform(new CostLedger(), SMALL);
    platform.launchPages(2 * MiB, 3 * MiB);
    try {
      platform[method](0, 4 * MiB);
      assert.unreachable();
    } catch (error) {
      assert.instance(error, DoubleAcceptError);
      assert.is((error as DoubleAcceptError).address, 2 * MiB);
      assert.match((error as Error).message, /terminates/);
    }
    assert.is(platform.usableBytesIn(0, 4 * MiB), 3 * MiB);
  }
});

test("pages loaded at launch are validated and cost nothing", () => {
  const ledger = new CostLedger();
  const platform = new SnpPlatform(ledger, LARGE);
  platform.launchPages(0, MiB);
  assert.equal(counts(ledger), {});
  assert.equal([platform.acceptedPages, platform.privatePages, platform.tablePages], [256, 256, 3]);
});

test("nested tables follow the entries", () => {
  const small = new SnpPlatform(new CostLedger(), SMALL);
  const large = new SnpPlatform(new CostLedger(), LARGE);
  for (const platform of [small, large]) platform.kernelAccept(0, 4 * GiB);
  assert.equal([small.tablePages, large.tablePages], [2048 + 4 + 1, 4 + 1]);
});

test("it counts what executing every instruction counts", () => {
  const page = fc.nat(2047);
  const step = fc.record({
    method: fc.constantFrom<Method>("kernelAccept", "firmwareAccept", "stubAccept"),
    range: fc.tuple(page, page).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const),
  });
  fc.assert(
    fc.property(fc.boolean(), fc.boolean(), fc.array(step, { maxLength: 6 }), (large, prefault, steps) => {
      const ledger = new CostLedger();
      const platform = new SnpPlatform(ledger, { hostPageSizeBytes: large ? 2 * MiB : 4 * KiB, prefault });
      const naive = new NaiveSnp({ large, prefault });
      const done: (readonly [number, number])[] = [];
      for (const { method, range } of steps) {
        const [start, end] = range;
        if (done.some(([from, to]) => start < to && from < end)) continue;
        done.push(range);
        platform[method](start * PAGE_SIZE, end * PAGE_SIZE);
        if (method === "stubAccept") naive.acceptByMsr(start, end);
        else assert.ok(naive.accept(start, end, method === "kernelAccept" ? 64 : 253));
      }
      assert.equal(counts(ledger), naive.counts);
      assert.is(platform.acceptedPages, naive.valid.size);
      assert.is(platform.privatePages, naive.assigned.size);
    }),
    { numRuns: 150 },
  );
});

test.run();
