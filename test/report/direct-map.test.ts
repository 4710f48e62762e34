import { suite } from "uvu";
import * as assert from "uvu/assert";
import { earlyMapText, formatTable } from "../../src/report/rows.js";
import { earlyMapLines } from "../../src/report/run-sections.js";
import { MiB } from "../../src/units.js";
import type { EarlyMapResult } from "../../src/x86/early-map.js";
import { resultWith, rowWith } from "../results/rows.js";
import { wide } from "./paint.js";

const test = suite("report: direct map");

const earlyMap: EarlyMapResult = {
  leaves1g: 1,
  leaves2m: 1532,
  leaves4k: 2016,
  splits: 4,
  tables: { head64: 4, brk: 6, memblock: 1, buddy: 2 },
  lateMemblockCalls: 0,
  lostRaces: 0,
  localFlushes: 8,
  globalFlushes: 0,
  sharedBytes: 300 * MiB,
  wastedAcceptBytes: 256 * MiB,
};

test("a run shows what is not 0", () => {
  assert.equal(
    earlyMapLines(resultWith({ earlyMap })).map((line) => line.join(" ")),
    [
      "1 GiB 1 leaves",
      "2 MiB 1,532 leaves",
      "4 KiB 2,016 leaves",
      "splits 4 of leaves that were shared in part",
      "tables 7 before the page allocator ran, from the brk area and memblock",
      " 2 from the page allocator",
      "flushes 8 of one CPU's TLB",
      "shared 300 MiB with the host",
      "wasted 256 MiB accepted for nothing but to be shared",
    ],
  );
  assert.equal(earlyMapLines(resultWith()), []);
});

test("a comparison shows it below rows that differ in what concerns it", () => {
  const text =
    "direct map: splits 4, tables 9, flushes 8 of one CPU and 0 of all, 256 MiB accepted only to be shared";
  const row = rowWith({ earlyMap, settings: { "guest.splitTables": "memblock" } });
  assert.is(earlyMapText(row), text);
  assert.ok(formatTable([row], wide).includes(`\n  ${text}\n`));
  assert.is(earlyMapText(rowWith({ earlyMap, settings: { "guest.kaslr": true } })), undefined);
  assert.is(earlyMapText(rowWith({ settings: { "guest.dmaBuffers": 4 } })), undefined);
});

test.run();
