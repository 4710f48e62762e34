import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  freeBufferPages,
  hugePagesStayOn,
  lowmemReserve,
  minFreeKbytes,
  recommendedMinFreeKbytes,
  zoneWatermarks,
} from "../../src/mm/watermarks.js";
import { ZoneType } from "../../src/mm/zones.js";

const test = suite("mm: watermarks");

interface Managed {
  readonly type: ZoneType;
  readonly managedPages: number;
}

function machine(dma: number, dma32: number, normal: number): Managed[] {
  return [
    { type: ZoneType.DMA, managedPages: dma },
    { type: ZoneType.DMA32, managedPages: dma32 },
    { type: ZoneType.NORMAL, managedPages: normal },
    { type: ZoneType.MOVABLE, managedPages: 0 },
  ];
}

interface BootWatermarks {
  /** vm.min_free_kbytes first and after khugepaged raised it. */
  readonly kbytes: readonly [number, number];
  /** min, low, high, promo of each zone, first and after. */
  readonly first: readonly number[][];
  readonly raised: readonly number[][];
}

/** Both computations of a boot, in the kernel's order. */
function boot(zones: readonly Managed[]): BootWatermarks {
  const list = (kbytes: number) =>
    zoneWatermarks(zones, kbytes).map(({ min, low, high, promo }) => [min, low, high, promo]);
  const kbytes = minFreeKbytes(freeBufferPages(zones, () => 0));
  const first = list(kbytes);
  const high = new Map(zones.map((zone, index) => [zone, first[index]![2]!]));
  const populated = zones.filter((zone) => zone.managedPages > 0).length;
  const buffer = freeBufferPages(zones, (zone) => high.get(zone)!);
  const raised = recommendedMinFreeKbytes(kbytes, populated, buffer);
  return { kbytes: [kbytes, raised], first, raised: list(raised) };
}

const EMPTY = [0, 0, 0, 0];
const MOVABLE = [32, 32, 32, 32];

test("16 GiB: first watermarks", () => {
  const { kbytes, first } = boot(machine(3840, 500000, 3500000));
  assert.is(kbytes[0], 16007);
  assert.equal(first, [[3, 6, 9, 12], [499, 999, 1499, 1999], [3497, 6997, 10497, 13997], MOVABLE]);
});

test("16 GiB: watermarks with huge pages", () => {
  const zones = machine(3840, 500000, 3500000);
  const { kbytes, raised } = boot(zones);
  assert.is(kbytes[1], 67584);
  const high = [9, 1499, 10497, 32];
  assert.is(
    freeBufferPages(zones, (zone) => high[zone.type]!),
    3991835,
  );
  assert.equal(raised, [[16, 20, 24, 28], [2109, 2636, 3163, 3690], [14769, 18461, 22153, 25845], MOVABLE]);
});

test("240 GiB: the gap follows the scale factor", () => {
  const { kbytes, first, raised } = boot(machine(3840, 440000, 61000000));
  assert.equal(kbytes, [62708, 67584]);
  assert.equal(first[2], [15563, 76563, 137563, 198563]);
  assert.equal(raised[2], [16773, 77773, 138773, 199773]);
});

test("2 GiB: two zones ask for less", () => {
  const { kbytes, first, raised } = boot(machine(3840, 500000, 0));
  assert.equal(kbytes, [5678, 45056]);
  assert.equal(first[1], [1408, 1908, 2408, 2908]);
  assert.equal(raised[1], [11178, 13972, 16766, 19560]);
});

test("reserves of the 16 GiB machine", () => {
  const managed = [3840, 500000, 3500000, 0, 0];
  assert.equal(reserveOf(ZoneType.DMA, managed), [0, 1953, 15625, 15625, 15625]);
  assert.equal(reserveOf(ZoneType.DMA32, managed), [0, 0, 13671, 13671, 13671]);
  assert.equal(reserveOf(ZoneType.NORMAL, managed), [0, 0, 0, 0, 0]);
});

/**
 * Recorded boots in QEMU q35: "lab" is Linux 6.12.107 with its watermarks logged at each
 * change, "stock" Debian's 6.12.95, of which /proc/zoneinfo shows the last ones. Managed pages
 * are those of /proc/zoneinfo less what was freed after the watermarks were computed: initrd,
 * decrypted .bss and init sections ("Freeing ..." in dmesg), 924 pages of DMA32 in the lab
 * kernel and 2259 in Debian's.
 */
const LAB_FREED_LATER = 924;
const STOCK_FREED_LATER = 2259;

test("recorded: lab kernel, 1 CPU, 4 GiB, both times", () => {
  const { first, raised } = boot(machine(3840, 488936 - LAB_FREED_LATER, 506109));
  assert.equal(first, [[7, 10, 13, 16], [976, 1464, 1952, 2440], [1012, 1518, 2024, 2530], MOVABLE]);
  assert.equal(raised, [
    [65, 81, 97, 113],
    [8262, 10327, 12392, 14457],
    [8568, 10710, 12852, 14994],
    MOVABLE,
  ]);
});

test("recorded: lab kernel, 2 CPUs, 4 GiB", () => {
  const { raised } = boot(machine(3840, 488936 - LAB_FREED_LATER, 506058));
  assert.equal(raised, [
    [65, 81, 97, 113],
    [8262, 10327, 12392, 14457],
    [8568, 10710, 12852, 14994],
    MOVABLE,
  ]);
});

test("recorded: lab kernel, 2 GiB, both times", () => {
  const { first, raised } = boot(machine(3840, 496295 - LAB_FREED_LATER, 0));
  assert.equal(first, [[10, 13, 16, 19], [1402, 1897, 2392, 2887], EMPTY, MOVABLE]);
  assert.equal(raised, [[86, 107, 128, 149], [11177, 13971, 16765, 19559], EMPTY, MOVABLE]);
});

test("recorded: lab kernel, 1 GiB, both times", () => {
  const { first, raised } = boot(machine(3840, 238631 - LAB_FREED_LATER, 0));
  assert.equal(first, [[15, 18, 21, 24], [966, 1207, 1448, 1689], EMPTY, MOVABLE]);
  assert.equal(raised, [[179, 223, 267, 311], [11084, 13855, 16626, 19397], EMPTY, MOVABLE]);
});

test("recorded: lab kernel, two nodes of 2 GiB, both times", () => {
  const zones = [...machine(3840, 480687 - LAB_FREED_LATER, 0), ...machine(0, 0, 515840)];
  const { first, raised } = boot(zones);
  assert.equal(first.slice(0, 4), [[7, 10, 13, 16], [959, 1438, 1917, 2396], EMPTY, MOVABLE]);
  assert.equal(first.slice(4), [EMPTY, EMPTY, [1031, 1546, 2061, 2576], MOVABLE]);
  assert.equal(raised.slice(0, 4), [[64, 80, 96, 112], [8110, 10137, 12164, 14191], EMPTY, MOVABLE]);
  assert.equal(raised.slice(4), [EMPTY, EMPTY, [8720, 10900, 13080, 15260], MOVABLE]);
});

test("recorded: Debian kernel, 4 GiB, 1 and 2 CPUs", () => {
  const dma32 = 494363 - STOCK_FREED_LATER;
  assert.equal(boot(machine(3840, dma32, 506052)).raised, [
    [64, 80, 96, 112],
    [8298, 10372, 12446, 14520],
    [8533, 10666, 12799, 14932],
    MOVABLE,
  ]);
  assert.equal(boot(machine(3840, dma32, 505986)).raised, [
    [64, 80, 96, 112],
    [8298, 10372, 12446, 14520],
    [8532, 10665, 12798, 14931],
    MOVABLE,
  ]);
});

test("recorded: Debian kernel, 2 GiB", () => {
  const { raised } = boot(machine(3840, 501665 - STOCK_FREED_LATER, 0));
  assert.equal(raised, [[85, 106, 127, 148], [11178, 13972, 16766, 19560], EMPTY, MOVABLE]);
});

test("recorded: Debian kernel, two nodes of 2 GiB", () => {
  const { raised } = boot([...machine(3840, 486059 - STOCK_FREED_LATER, 0), ...machine(0, 0, 515783)]);
  assert.equal(raised.slice(0, 3), [[64, 80, 96, 112], [8146, 10182, 12218, 14254], EMPTY]);
  assert.equal(raised[6], [8684, 10855, 13026, 15197]);
});

/** "protection" of a node's DMA and DMA32 zones. */
function protection(managedPages: number[]): number[][] {
  return [ZoneType.DMA, ZoneType.DMA32].map((type) => reserveOf(type, managedPages));
}

/** Where another reserve was before. */
function reserveOf(type: ZoneType, managedPages: number[]): number[] {
  const reserve = [9, 9, 9, 9, 9];
  lowmemReserve(type, managedPages, reserve);
  return reserve;
}

test("recorded: reserves of both kernels and all sizes", () => {
  const lab = LAB_FREED_LATER;
  const stock = STOCK_FREED_LATER;
  assert.equal(protection([3840, 488936 - lab, 506109, 0]), [
    [0, 1906, 3883, 3883, 3883],
    [0, 0, 1976, 1976, 1976],
  ]);
  assert.equal(protection([3840, 496295 - lab, 0, 0])[0], [0, 1935, 1935, 1935, 1935]);
  assert.equal(protection([3840, 238631 - lab, 0, 0])[0], [0, 928, 928, 928, 928]);
  assert.equal(protection([3840, 480687 - lab, 0, 0])[0], [0, 1874, 1874, 1874, 1874]);
  assert.equal(protection([3840, 494363 - stock, 506052, 0]), [
    [0, 1922, 3899, 3899, 3899],
    [0, 0, 1976, 1976, 1976],
  ]);
  assert.equal(protection([3840, 494363 - stock, 505986, 0])[0], [0, 1922, 3898, 3898, 3898]);
  assert.equal(protection([3840, 501665 - stock, 0, 0])[0], [0, 1950, 1950, 1950, 1950]);
  assert.equal(protection([3840, 486059 - stock, 0, 0])[0], [0, 1889, 1889, 1889, 1889]);
});

test("min_free_kbytes stays between 128 and 262144", () => {
  assert.is(minFreeKbytes(100), 128);
  assert.is(minFreeKbytes(2 ** 40), 262144);
});

test("huge pages never lower min_free_kbytes and take at most a twentieth of memory", () => {
  assert.is(recommendedMinFreeKbytes(100000, 3, 4_000_000), 100000);
  assert.is(recommendedMinFreeKbytes(1024, 2, 100_000), 20000);
});

test("below 512 MiB huge pages are switched off", () => {
  assert.is(hugePagesStayOn(131071), false);
  assert.is(hugePagesStayOn(131072), true);
});

test("a guest of 4 PiB has exact watermarks", () => {
  // 65536 pages for 2^40 managed ones; of 2^40 - 1 in a total of 2^40 + 2, one page less.
  const zones = [
    { type: ZoneType.DMA, managedPages: 3 },
    { type: ZoneType.NORMAL, managedPages: 2 ** 40 - 1 },
  ];
  assert.is(zoneWatermarks(zones, 262144)[1]!.min, 65535);
});

test("a scale factor widens the gap", () => {
  const zones = machine(3840, 500000, 3500000);
  const normal = zoneWatermarks(zones, 16007, 300)[2]!;
  assert.equal(normal, { min: 3497, low: 108497, high: 213497, promo: 318497 });
});

test.run();
