import { suite } from "uvu";
import * as assert from "uvu/assert";
import { formatGfp, Gfp, GfpMask, gfpMigrateType, gfpZone } from "../../src/page-alloc/gfp.js";

const test = suite("page-alloc: gfp");

/** Flags and the text that Linux 6.12 prints for them. */
const PRINTED: readonly (readonly [number, string])[] = [
  [0, "none"],
  [0xdc0, "GFP_KERNEL|__GFP_ZERO"],
  [0x140dca, "GFP_HIGHUSER_MOVABLE|__GFP_COMP|__GFP_ZERO"],
  [0x2820, "GFP_ATOMIC|__GFP_NOWARN"],
  [0x52820, "GFP_ATOMIC|__GFP_NOWARN|__GFP_NORETRY|__GFP_COMP"],
  [0x400dc0, "GFP_KERNEL_ACCOUNT|__GFP_ZERO"],
  [0x2dc2, "GFP_KERNEL|__GFP_HIGHMEM|__GFP_NOWARN|__GFP_ZERO"],
  [0x153cca, "GFP_HIGHUSER_MOVABLE|__GFP_NOWARN|__GFP_NORETRY|__GFP_COMP|__GFP_WRITE"],
  [0x800, "__GFP_KSWAPD_RECLAIM"],
  [0x2800, "GFP_NOWAIT"],
  [0xd20c0, "__GFP_IO|__GFP_FS|__GFP_NOWARN|__GFP_NORETRY|__GFP_COMP|__GFP_NOMEMALLOC"],
  [0x1000cc0, "GFP_KERNEL|0x1000000"],
];

test("prints as the kernel does", () => {
  for (const [flags, text] of PRINTED) assert.is(formatGfp(flags), text);
});

test("from 6.15 on single flags come in the order of their bits, after zones and reclaim", () => {
  for (const [flags, text] of [
    [0x140dca, "GFP_HIGHUSER_MOVABLE|__GFP_ZERO|__GFP_COMP"],
    [0x2dc2, "GFP_KERNEL|__GFP_HIGHMEM|__GFP_ZERO|__GFP_NOWARN"],
    [0x153cca, "GFP_HIGHUSER_MOVABLE|__GFP_WRITE|__GFP_NOWARN|__GFP_NORETRY|__GFP_COMP"],
    [0x52820, "GFP_ATOMIC|__GFP_NOWARN|__GFP_NORETRY|__GFP_COMP"],
    [0x440dc0, "GFP_KERNEL_ACCOUNT|__GFP_ZERO|__GFP_COMP"],
    [0xd20d0, "__GFP_RECLAIMABLE|__GFP_IO|__GFP_FS|__GFP_NOWARN|__GFP_NORETRY|__GFP_COMP|__GFP_NOMEMALLOC"],
    [0x29c2, "GFP_NOWAIT|__GFP_HIGHMEM|__GFP_IO|__GFP_FS|__GFP_ZERO"],
    [0xcc5, "GFP_KERNEL|GFP_DMA|GFP_DMA32"],
    [0x1000cc0, "GFP_KERNEL|0x1000000"],
    [0, "none"],
  ] as const)
    assert.is(formatGfp(flags, true), text);
});

test("combinations have the values of include/linux/gfp_types.h", () => {
  assert.equal(GfpMask, {
    ATOMIC: 0x820,
    KERNEL: 0xcc0,
    KERNEL_ACCOUNT: 0x400cc0,
    NOWAIT: 0x2800,
    NOIO: 0xc00,
    NOFS: 0xc40,
    USER: 0x100cc0,
    HIGHUSER: 0x100cc2,
    HIGHUSER_MOVABLE: 0x100cca,
    TRANSHUGE_LIGHT: 0x1c20ca,
    TRANSHUGE: 0x1c24ca,
  });
});

test("huge page flags print under their own name", () => {
  assert.is(formatGfp(0x1c24ca), "GFP_TRANSHUGE");
  assert.is(formatGfp(0x1c20ca), "GFP_TRANSHUGE_LIGHT");
});

test("migrate type of a request", () => {
  assert.is(gfpMigrateType(GfpMask.KERNEL), 0);
  assert.is(gfpMigrateType(GfpMask.HIGHUSER_MOVABLE), 1);
  assert.is(gfpMigrateType(GfpMask.KERNEL | Gfp.RECLAIMABLE), 2);
});

test("zone of a request", () => {
  const DMA = 0;
  const DMA32 = 1;
  const NORMAL = 2;
  const MOVABLE = 3;
  const zones: readonly (readonly [number, number])[] = [
    [0x0, NORMAL],
    [0x1, DMA],
    [0x2, NORMAL],
    [0x4, DMA32],
    [0x8, NORMAL],
    [0x9, DMA],
    [0xa, MOVABLE],
    [0xc, DMA32],
  ];
  for (const [bits, zone] of zones) assert.is(gfpZone(GfpMask.KERNEL | bits), zone, `low bits ${bits}`);
});

test.run();
