import { suite } from "uvu";
import * as assert from "uvu/assert";
import { DoubleAcceptError, HostMemoryError, type PlatformOptions } from "../../src/coco/platform.js";
import { SnpPlatform } from "../../src/coco/snp/snp-platform.js";

import { CostLedger } from "../../src/sim/cost-ledger.js";
import { GiB, KiB, MiB, PAGE_SIZE } from "../../src/units.js";
import { counts } from "./counts.js";

const test = suite("coco: SNP accept");
const SMALL: PlatformOptions = { pageSizeBytes: 4 * KiB, prefault: false };
const LARGE: PlatformOptions = { pageSizeBytes: 2 * MiB, prefault: false };

type Method = "kernelAccept" | "firmwareAccept" | "stubAccept";

/** Events of accepting one range in a new guest, without what the memory attributes cost. */
function accept(
  method: Method,
  options: PlatformOptions,
  start: number,
  end: number,
): Record<string, number> {
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
    hostClear2m: 2,
  });
});

test("4 MiB on 4 KiB pages: 1 exit, 1 user exit, 2 failures, 1024 PVALIDATEs, 1024 faults", () => {
  assert.equal(accept("kernelAccept", SMALL, GiB, GiB + 4 * MiB), {
    vmgexitPsc: 1,
    userExit: 1,
    pvalidateMismatch: 2,
    pvalidate4k: 1024,
    npf4k: 1024,
    hostClear4k: 1024,
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
    hostClear4k: 1024,
    directMapSplit: 2,
  });
});

test("1 GiB on 2 MiB pages: 8 exits, 8 user exits, 512 PVALIDATEs, 512 faults", () => {
  assert.equal(accept("kernelAccept", LARGE, GiB, 2 * GiB), {
    vmgexitPsc: 8,
    userExit: 8,
    pvalidate2m: 512,
    npf2m: 512,
    hostClear2m: 512,
  });
});

test("1 GiB on 2 MiB pages by OVMF: 3 exits, 3 user exits", () => {
  assert.equal(accept("firmwareAccept", LARGE, GiB, 2 * GiB), {
    vmgexitPsc: 3,
    userExit: 3,
    pvalidate2m: 512,
    npf2m: 512,
    hostClear2m: 512,
  });
});

test("2 MiB by the stub: 512 of everything", () => {
  assert.equal(accept("stubAccept", SMALL, GiB, GiB + 2 * MiB), {
    vmgexitPsc: 512,
    userExit: 512,
    pvalidate4k: 512,
    npf4k: 512,
    hostClear4k: 512,
    directMapSplit: 1,
  });
});

test("2 MiB by the stub on 2 MiB pages: the host maps all at once, splits it, and maps page by page", () => {
  assert.equal(accept("stubAccept", LARGE, GiB, GiB + 2 * MiB), {
    vmgexitPsc: 512,
    userExit: 512,
    pvalidate4k: 512,
    npf2m: 1,
    hostClear2m: 1,
    psmash: 1,
    npf4k: 512,
  });
});

test("with prefault the VMM maps again what the split took, but for the page that caused it", () => {
  assert.equal(accept("stubAccept", { ...LARGE, prefault: true }, GiB, GiB + 2 * MiB), {
    vmgexitPsc: 512,
    userExit: 512,
    pvalidate4k: 512,
    prefault2m: 1,
    hostClear2m: 1,
    psmash: 1,
    npf4k: 1,
    prefault4k: 511,
  });
});

test("an unaligned head of 4 KiB entries splits the span that the host maps with 2 MiB", () => {
  assert.equal(accept("kernelAccept", LARGE, 2 * MiB - 12 * KiB, 4 * MiB), {
    vmgexitPsc: 1,
    userExit: 2,
    pvalidate4k: 3,
    pvalidate2m: 1,
    npf2m: 2,
    hostClear2m: 2,
    psmash: 1,
    npf4k: 3,
  });
});

test("6 MiB, as the guard unit makes the first accept, are 3 entries in 1 exit", () => {
  assert.equal(accept("kernelAccept", LARGE, 0, 6 * MiB), {
    vmgexitPsc: 1,
    userExit: 1,
    pvalidate2m: 3,
    npf2m: 3,
    hostClear2m: 3,
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
  const huge: PlatformOptions = { pageSizeBytes: GiB, prefault: false };
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
  platform.launchPages(12 * KiB, 16 * KiB);
  platform.remap(12 * KiB, 16 * KiB);
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
    hostClear2m: 2,
  });
});

test("the coherency erratum costs a touch for each 4 KiB, at any page size", () => {
  for (const options of [SMALL, LARGE]) {
    const touched = accept("kernelAccept", { ...options, coherencyErratum: true }, 0, 4 * MiB);
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

test("where the host finds no page of 2 MiB it takes 4 KiB, span by span", () => {
  const chance = (span: number): number => (span % 4 === 0 ? 0.9 : 0.1);
  const mixed = accept("kernelAccept", { ...LARGE, contiguity: 0.5, chance }, GiB, GiB + 8 * MiB);
  assert.equal([mixed.npf2m, mixed.pvalidate2m], [3, 3]);
  assert.equal([mixed.pvalidateMismatch, mixed.npf4k, mixed.directMapSplit], [1, 512, 1]);
});

test("a page of 1 GiB is found or not for all its spans", () => {
  const options = { ...LARGE, pageSizeBytes: GiB, contiguity: 0.5 };
  const chance = (position: number): number => (position === 1 ? 0.9 : 0.1);
  const mixed = accept("kernelAccept", { ...options, chance }, 0, 3 * GiB);
  assert.equal([mixed.npf2m, mixed.pvalidateMismatch], [1024, 512]);
});

test("contiguity 0 is a host of 4 KiB pages", () => {
  const none: PlatformOptions = { ...LARGE, contiguity: 0, chance: () => 0 };
  assert.equal(accept("kernelAccept", none, 0, 6 * MiB), accept("kernelAccept", SMALL, 0, 6 * MiB));
});

test("nested tables follow the entries", () => {
  const small = new SnpPlatform(new CostLedger(), SMALL);
  const large = new SnpPlatform(new CostLedger(), LARGE);
  for (const platform of [small, large]) platform.kernelAccept(0, 4 * GiB);
  assert.equal([small.tablePages, large.tablePages], [2048 + 4 + 1, 4 + 1]);
});

test("the erratum's touches end where the host's memory does", () => {
  const ledger = new CostLedger();
  const platform: SnpPlatform = new SnpPlatform(ledger, {
    ...SMALL,
    coherencyErratum: true,
    supply: {
      get freePages(): number {
        return 300 - platform.privatePages - platform.tablePages;
      },
      shortage: (pfn) => new HostMemoryError("no memory", pfn),
    },
  });
  assert.throws(() => platform.kernelAccept(0, 4 * MiB), /no memory/);
  const { evictTouch4k, pvalidate4k } = counts(ledger);
  assert.ok(platform.acceptedPages > 200 && platform.acceptedPages < 300);
  assert.equal([evictTouch4k, pvalidate4k], [platform.acceptedPages, platform.acceptedPages]);
});

test.run();
