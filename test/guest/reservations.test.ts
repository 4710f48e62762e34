import { suite } from "uvu";
import * as assert from "uvu/assert";
import { reservationRules } from "../../src/linux/reservation-rules.js";
import { GiB, KiB, MiB } from "../../src/units.js";
import type { EarlyBoot, EarlyMachine } from "../../src/x86/early-machine.js";
import { type LoggedBoot, loggedBoot, plainMachine, runTo } from "./machines.js";

const test = suite("guest: memory that the command line sets aside");

/** 8 GiB: 2 GiB low and 6 GiB from 4 GiB on. */
function ranTo(step: string, commandLine: string, changes: Partial<EarlyMachine> = {}): LoggedBoot {
  return runTo(loggedBoot(plainMachine(8 * GiB, { commandLine, ...changes })), step);
}

function untouchedBytes({ untouched }: EarlyBoot): number {
  return untouched.reduce((sum, { start, end }) => sum + end - start, 0);
}

// kernel/crash_reserve.c: reserve_crashkernel_generic, 6.12.
test("the crash kernel gets the highest 16 MiB of alignment below 4 GiB, accepted in one go", () => {
  const { boot, accepted } = ranTo("arch_reserve_crashkernel", "crashkernel=256M");
  assert.equal(boot.crashkernel, { start: 2 * GiB - 256 * MiB, end: 2 * GiB });
  assert.equal(accepted, [{ start: 2 * GiB - 256 * MiB, sizeBytes: 256 * MiB }]);
  assert.equal([boot.crashkernelLow, untouchedBytes(boot), boot.remarks], [undefined, 256 * MiB, []]);
});

test("with ,high it lies above 4 GiB and has a low part that holds a bounce buffer", () => {
  const low = (line: string, changes: Partial<EarlyMachine> = {}): number => {
    const { boot } = ranTo("arch_reserve_crashkernel", `crashkernel=512M,high ${line}`, changes);
    assert.is(boot.crashkernel!.end % (16 * MiB), 0);
    assert.ok(boot.crashkernel!.start >= 4 * GiB);
    return boot.crashkernelLow === undefined ? 0 : boot.crashkernelLow.end - boot.crashkernelLow.start;
  };
  // max(swiotlb + 8 MiB, 256 MiB), where swiotlb is 64 MiB, or 6 % of 8 GiB in segments of 256 KiB.
  assert.is(low(""), 256 * MiB);
  assert.is(low("swiotlb=262144"), 520 * MiB);
  const { boot } = ranTo("arch_reserve_crashkernel", "quiet", { memoryEncrypted: true });
  const share = Math.ceil((boot.memblock.physMemSize() * 0.06) / (256 * KiB)) * 256 * KiB;
  assert.is(low("", { memoryEncrypted: true }), share + 8 * MiB);
  assert.is(low("crashkernel=128M,low"), 128 * MiB);
  assert.is(low("crashkernel=0,low"), 0);
});

test("what does not fit low goes high, with a low part of the usual size", () => {
  const { boot } = ranTo("arch_reserve_crashkernel", "crashkernel=3G");
  assert.equal(boot.crashkernel, { start: 7 * GiB - 16 * MiB, end: 10 * GiB - 16 * MiB });
  assert.is(boot.crashkernelLow!.end - boot.crashkernelLow!.start, 256 * MiB);
});

test("a fixed address must be one of 16 MiB; before 6.7 of 1 MiB", () => {
  const place = (line: string, kernel: "6.6" | "6.12"): number | undefined =>
    ranTo("arch_reserve_crashkernel", line, { reservationRules: reservationRules(kernel) }).boot.crashkernel
      ?.start;
  assert.is(place("crashkernel=256M@768M", "6.12"), 768 * MiB);
  assert.is(place("crashkernel=256M@769M", "6.12"), undefined);
  assert.is(place("crashkernel=256M@769M", "6.6"), 769 * MiB);
});

test("a crash kernel that finds no room is said, and nothing is reserved", () => {
  const { boot, accepted } = ranTo("arch_reserve_crashkernel", "crashkernel=7G");
  assert.equal([boot.crashkernel, accepted], [undefined, []]);
  assert.equal(boot.remarks, ["crashkernel=7G: no room for 7 GiB; nothing is reserved"]);
  // The low part alone fails: what was found high is given back.
  const { boot: other } = ranTo("arch_reserve_crashkernel", "crashkernel=512M,high crashkernel=2G,low");
  assert.equal([other.crashkernel, untouchedBytes(other)], [undefined, 0]);
  assert.match(other.remarks[0]!, "no room for its 2 GiB below 4 GiB");
});

// mm/cma.c: cma_declare_contiguous_nid, 6.12.
test("a CMA area lies as low as possible from 4 GiB on, in whole pageblocks", () => {
  const { boot, accepted } = ranTo("dma_contiguous_reserve", "cma=255M");
  assert.equal(boot.cmaAreas, [{ start: 4 * GiB, end: 4 * GiB + 256 * MiB, accepted: true }]);
  assert.equal(accepted, [{ start: 4 * GiB, sizeBytes: 256 * MiB }]);
});

test("a range limits a CMA area, a fixed address is reserved without being accepted", () => {
  const area = (line: string): unknown => {
    const { boot, accepted } = ranTo("dma_contiguous_reserve", line);
    return [boot.cmaAreas.map(({ start, end }) => [start / MiB, end / MiB]), accepted.length];
  };
  assert.equal(area("cma=256M@0-2G"), [[[1792, 2048]], 1]);
  assert.equal(area("cma=256M@5G"), [[[5120, 5376]], 0]);
});

test("a CMA area that cannot be is said", () => {
  const said = (line: string): readonly string[] => ranTo("dma_contiguous_reserve", line).boot.remarks;
  assert.equal(said("cma=256M@5121M"), ["cma=: its address is no multiple of 2 MiB; no area is reserved"]);
  assert.equal(said("cma=256M@16M"), ["cma=: no room for 256 MiB; no area is reserved"]);
  assert.equal(said("cma=9G"), ["cma=: no room for 9 GiB; no area is reserved"]);
  assert.equal(said("cma=256M@10G"), ["cma=: 256 MiB reach beyond 0x280000000; no area is reserved"]);
  assert.equal(said("numa_cma=1:64M"), ["numa_cma=: there is no node 1"]);
});

test("7.4 accepts an area at a fixed address as it reserves it, at the same place", () => {
  const of = (kernel: string): LoggedBoot =>
    ranTo("dma_contiguous_reserve", "cma=256M@5G", { reservationRules: reservationRules(kernel) });
  const range = { start: 5 * GiB, end: 5 * GiB + 256 * MiB };
  for (const kernel of ["6.5", "6.12", "7.3", "7.3.4"]) {
    const { boot, accepted } = of(kernel);
    assert.equal([boot.cmaAreas, accepted], [[{ ...range, accepted: false }], []], kernel);
  }
  for (const kernel of ["7.4-rc3", "7.4", "8.0"]) {
    const { boot, accepted } = of(kernel);
    assert.equal(boot.cmaAreas, [{ ...range, accepted: true }], kernel);
    assert.equal(accepted, [{ start: range.start, sizeBytes: 256 * MiB }], kernel);
  }
});

test("areas of the nodes come before the one for all, and numa_cma= is unknown to 6.5", () => {
  const areas = (kernel: "6.5" | "6.6"): number[] =>
    ranTo("dma_contiguous_reserve", "cma=64M numa_cma=0:32M cma_pernuma=16M", {
      reservationRules: reservationRules(kernel),
    }).boot.cmaAreas.map(({ start, end }) => (end - start) / MiB);
  assert.equal(areas("6.6"), [16, 32, 64]);
  assert.equal(areas("6.5"), [16, 64]);
});

// mm/hugetlb.c: hugetlb_cma_reserve, __alloc_bootmem_huge_page, 6.12.
test("hugetlb_cma= takes whole GiB, and pages of 1 GiB then wait for it", () => {
  const { boot, accepted } = ranTo("hugetlb_cma_reserve", "hugetlb_cma=1500M");
  assert.equal(accepted, [{ start: 4 * GiB, sizeBytes: 2 * GiB }]);
  assert.ok(boot.hugetlbCma);
  assert.match(ranTo("hugetlb_cma_reserve", "hugetlb_cma=512M").boot.remarks[0]!, "less than 1 GiB");
  const { boot: later } = ranTo("hugepages_setup", "hugetlb_cma=1G hugepagesz=1G hugepages=1");
  assert.equal([later.hugeBootPages, later.remarks.length], [[], 1]);
});

test("pages of 1 GiB are accepted one by one, from the top, while there is one CPU", () => {
  const { boot, accepted } = ranTo("hugepages_setup", "hugepagesz=1G hugepages=2");
  // The top of memory has the memory map.
  assert.equal(accepted, [
    { start: 8 * GiB, sizeBytes: GiB },
    { start: 7 * GiB, sizeBytes: GiB },
  ]);
  assert.is(untouchedBytes(boot), 2 * GiB);
});

test("more pages of 1 GiB than fit are said, and those that fit stay", () => {
  const { boot } = ranTo("hugepages_setup", "hugepagesz=1G hugepages=40");
  const { askedPages, ranges } = boot.hugeBootPages[0]!;
  // Not the lowest GiB, which has the kernel, nor the highest one, which has the memory map.
  assert.equal([askedPages, ranges.length], [40, 6]);
  assert.equal(boot.remarks, ["hugepages=: of 40 pages of 1 GiB there is room for 6"]);
});

test("where only a touch accepts, nothing that is set aside is accepted", () => {
  const line = "crashkernel=1G,high cma=1G hugepagesz=1G hugepages=1 reserve_mem=64M:4096:a";
  const { boot, accepted } = ranTo("reserve_mem", line, { acceptsOnTouch: true });
  assert.is(untouchedBytes(boot), 3 * GiB + 256 * MiB + 64 * MiB);
  assert.equal(accepted, []);
});

// kernel/printk/printk.c: setup_log_buf; mm/memblock.c: reserve_mem; lib/stackdepot.c, 6.12.
test("a log buffer is rounded up to a power of two and has descriptors of 112 bytes for each 32", () => {
  const sizes = (line: string): number[] =>
    ranTo("setup_log_buf_early", line).accepted.map(({ sizeBytes }) => sizeBytes);
  assert.equal(sizes("log_buf_len=3M"), [4 * MiB, (4 * MiB * 24) / 32, (4 * MiB * 88) / 32]);
  assert.equal(sizes("log_buf_len=128K"), []);
});

test("a named reservation is accepted, where the kernel knows the word", () => {
  const { boot, accepted } = ranTo("reserve_mem", "reserve_mem=12M:2M:oops");
  assert.equal([accepted.length, accepted[0]!.sizeBytes, accepted[0]!.start % (2 * MiB)], [1, 12 * MiB, 0]);
  assert.is(untouchedBytes(boot), 12 * MiB);
  const old = ranTo("reserve_mem", "reserve_mem=12M:2M:oops", { reservationRules: reservationRules("6.6") });
  assert.equal(old.accepted, []);
  assert.match(old.boot.remarks[0]!, "ignored: reserve_mem=");
});

test("the hash of stacks has a bucket of 16 bytes for each 16 KiB, and at most 2^20", () => {
  const bytes = (memoryBytes: number): number => {
    const machine = plainMachine(memoryBytes, { commandLine: "page_owner=on" });
    return runTo(loggedBoot(machine), "stack_depot_early_init").accepted[0]!.sizeBytes;
  };
  assert.is(bytes(8 * GiB), 8 * MiB);
  assert.is(bytes(64 * GiB), 16 * MiB);
});

test("hashes have as many buckets as asked for, up to 1/16 of memory", () => {
  const bytes = (line: string): number[] =>
    ranTo("vfs_caches_init_early", line).accepted.map(({ sizeBytes }) => sizeBytes);
  const [dentry, inode] = bytes("quiet");
  assert.equal(bytes("dhash_entries=5000000"), [8 * 2 ** 23, inode]);
  assert.equal(bytes("ihash_entries=1000"), [dentry, 8 * 1024]);
  assert.equal(bytes("ihash_entries=4000000000"), [dentry, 256 * MiB]);
});

test.run();
