import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { PlatformOptions } from "../../src/coco/platform.js";
import { TdxPlatform } from "../../src/coco/tdx/tdx-platform.js";
import { CostLedger } from "../../src/sim/cost-ledger.js";
import { GiB, KiB, MiB, PAGE_SIZE } from "../../src/units.js";
import { counts } from "./counts.js";

const test = suite("coco: TDX pages released before they are shared");

function accepted(
  bytes: number,
  options: Partial<PlatformOptions>,
): { platform: TdxPlatform; since: CostLedger } {
  const since = new CostLedger();
  const platform = new TdxPlatform(since, { pageSizeBytes: 4 * KiB, ...options });
  platform.kernelAccept(0, bytes);
  since.counts.fill(0);
  return { platform, since };
}

const RELEASES = { releasesBeforeSharing: true };

/** Of a conversion: releases, and tries that failed. */
function triesOf(bytes: number, options: Partial<PlatformOptions>, start: number, end: number): number[] {
  const { platform, since } = accepted(bytes, { ...RELEASES, ...options });
  platform.convertToShared(start, end);
  const { pageRelease = 0, pageReleaseMismatch = 0 } = counts(since);
  return [pageRelease, pageReleaseMismatch];
}

test("a bounce buffer of 64 MiB: each page of 4 KiB, after a try of 2 MiB for each 512", () => {
  assert.equal(triesOf(GiB, {}, 256 * MiB, 320 * MiB), [16_384, 32]);
});

test("of 1 GiB: one more try", () => {
  assert.equal(triesOf(2 * GiB, {}, GiB, 2 * GiB), [262_144, 512 + 1]);
});

test("larger leaves are released as such, as far as they lie in the range", () => {
  assert.equal(triesOf(GiB, { pageSizeBytes: 2 * MiB }, 256 * MiB, 320 * MiB), [32, 0]);
  assert.equal(triesOf(2 * GiB, { pageSizeBytes: GiB }, GiB, 2 * GiB), [1, 0]);
  assert.equal(triesOf(2 * GiB, { pageSizeBytes: GiB }, GiB, GiB + 4 * MiB + 8 * KiB), [2 + 2, 0]);
});

test("what was never accepted is not released", () => {
  const { platform, since } = accepted(2 * MiB, RELEASES);
  platform.convertToShared(MiB, 4 * MiB, [{ start: 2 * MiB, end: 4 * MiB }]);
  assert.equal(counts(since), { mapGpa: 1, pageRelease: 256, septRemove: 256 });
});

test("tries are those of a guest that goes page by page", () => {
  const pages = fc.integer({ min: 0, max: 3 * 512 });
  fc.assert(
    fc.property(pages, pages, fc.constantFrom(4 * KiB, 2 * MiB), (a, b, pageSize) => {
      const [first, last] = [Math.min(a, b), Math.max(a, b)];
      const pageSizeBytes = pageSize as 4096 | 2097152;
      let [released, failed] = [0, 0];
      for (let page = first; page < last; ) {
        const isLarge = page % 512 === 0 && page + 512 <= last;
        if (isLarge && pageSizeBytes > PAGE_SIZE) page += 512;
        else {
          if (isLarge) failed++;
          page++;
        }
        released++;
      }
      const tries = triesOf(8 * MiB, { pageSizeBytes }, first * PAGE_SIZE, last * PAGE_SIZE);
      assert.equal(tries, [released, failed]);
    }),
  );
});

test("where TDX Connect is on, what is accepted cannot be shared without", () => {
  const { platform } = accepted(4 * MiB, { tdxConnect: true });
  assert.throws(
    () => platform.convertToShared(MiB, 2 * MiB),
    /^the host cannot take page 0x100000 away .*RANGE\.BLOCK fails/,
  );
  platform.convertToShared(8 * MiB, 9 * MiB, [{ start: 8 * MiB, end: 9 * MiB }]);
  const both = accepted(4 * MiB, { tdxConnect: true, ...RELEASES });
  both.platform.convertToShared(MiB, 2 * MiB);
  assert.is(both.platform.sharedPages, 256);
});

test.run();
