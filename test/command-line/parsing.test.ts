import { suite } from "uvu";
import * as assert from "uvu/assert";
import { cpuLimits } from "../../src/command-line/cpu-limits.js";
import { crashkernel, isCrashkernel } from "../../src/command-line/crashkernel.js";
import { hugePagePools } from "../../src/command-line/hugepages.js";
import { adjusted, isSwiotlb, swiotlbSize, withAreas } from "../../src/command-line/swiotlb.js";
import { commandLineWords, memparse, strtoul, wholeNumber, wholeSize } from "../../src/command-line/words.js";
import { GiB, MiB } from "../../src/units.js";

const test = suite("command-line: words and their values");

test("dashes are underscores, quotes hold blanks together, and init's words do not count", () => {
  const words = commandLineWords('quiet page-owner=on dyndbg="file a +p; file b" -- nosmp');
  assert.equal(
    words.map(({ name, value }) => [name, value]),
    [
      ["quiet", undefined],
      ["page_owner", "on"],
      ["dyndbg", "file a +p; file b"],
    ],
  );
  assert.is(words[2]!.text, 'dyndbg="file a +p; file b"');
});

// lib/vsprintf.c: simple_strtoull with base 0; lib/cmdline.c: memparse, 6.12.
test("numbers are decimal, hexadecimal behind 0x and octal behind 0, and have binary units", () => {
  for (const [text, value, rest] of [
    ["10", 10, ""],
    ["010", 8, ""],
    ["0777M", 511, "M"],
    ["018", 1, "8"],
    ["0", 0, ""],
    ["0x10g", 16, "g"],
    ["0XfF", 255, ""],
    ["08", 0, "8"],
  ] as const) {
    assert.equal(strtoul(text), { value, rest }, text);
  }
  assert.is(strtoul("M"), undefined);
  assert.equal(memparse("0777M"), { value: 511 * MiB, rest: "" });
  assert.equal(memparse("2g@1"), { value: 2 * GiB, rest: "@1" });
  assert.is(wholeNumber("010"), 8);
  assert.is(wholeSize("010k"), 8192);
  assert.is(wholeSize("10kb"), undefined);
});

// kernel/dma/swiotlb.c: setup_io_tlb_npages, swiotlb_adjust_nareas, round_up_default_nslabs, 6.12.
test("slots are rounded up to segments of 128, and to a power of two once there are areas", () => {
  assert.is(swiotlbSize(["524288"]).slabs, 524_288);
  assert.is(swiotlbSize(["70000"]).slabs, 70_016);
  assert.is(withAreas(swiotlbSize(["70000"]), 6).slabs, 131_072);
  assert.equal(swiotlbSize(["70000,6,force"]), { slabs: 131_072, areas: 8, force: true, disabled: false });
  assert.is(swiotlbSize(["0x400"]).slabs, 1024);
  // None is asked for, but every area has a segment.
  assert.is(withAreas(swiotlbSize(["0"]), 8).slabs, 1024);
  assert.is(swiotlbSize(["noforce"]).disabled, true);
});

test("an encrypted guest takes 32768 slots for no wish at all, also where rounding led to them", () => {
  const wanted = 491 * MiB;
  assert.is(adjusted(swiotlbSize(["32768"]), wanted).slabs, (491 * MiB) / 2048);
  assert.is(adjusted(swiotlbSize(["20000,1"]), wanted).slabs, 262_144);
  assert.is(adjusted(swiotlbSize(["65536"]), wanted).slabs, 65_536);
});

test("what the kernel would drop in silence is no value of swiotlb=", () => {
  for (const value of ["", "any", "65536,any", "64M", "65536,4,force,x"])
    assert.not.ok(isSwiotlb(value), value);
  for (const value of ["65536", "65536,4", ",4", "force", "65536,noforce"])
    assert.ok(isSwiotlb(value), value);
});

// kernel/crash_reserve.c: parse_crashkernel, 6.12.
test("crashkernel= by size, with an address, by ranges of memory, and with suffixes", () => {
  const plain = { address: undefined, high: false, lowBytes: 0 };
  assert.equal(crashkernel(["256M"], 8 * GiB), { ...plain, sizeBytes: 256 * MiB });
  assert.equal(crashkernel(["256M@768M"], 8 * GiB), { ...plain, sizeBytes: 256 * MiB, address: 768 * MiB });
  const ranges = "1G-4G:192M,4G-64G:256M,64G-:512M";
  for (const [ram, sizeBytes] of [
    // Rounded up to 128 MiB.
    [1000 * MiB, 192 * MiB],
    [4 * GiB - 129 * MiB, 192 * MiB],
    [4 * GiB - 127 * MiB, 256 * MiB],
    [64 * GiB, 512 * MiB],
  ] as const) {
    assert.equal(crashkernel([ranges], ram), { ...plain, sizeBytes }, String(ram));
  }
  assert.equal(crashkernel([ranges], 768 * MiB), { failure: "has no range for this much memory" });
  const high = { sizeBytes: 512 * MiB, address: undefined, high: true };
  assert.equal(crashkernel(["512M,high"], 8 * GiB), { ...high, lowBytes: undefined });
  assert.equal(crashkernel(["0,low", "512M,high"], 8 * GiB), { ...high, lowBytes: 0 });
  // The last of its kind counts, and one without suffix before those with.
  assert.equal(crashkernel(["128M", "512M,high", "192M"], 8 * GiB), { ...plain, sizeBytes: 192 * MiB });
  assert.ok("failure" in crashkernel(["128M,low"], 8 * GiB)!);
  assert.ok("failure" in crashkernel(["8G"], 8 * GiB)!);
  assert.is(crashkernel([], 8 * GiB), undefined);
});

test("a crashkernel= that the kernel does not understand is none", () => {
  for (const value of ["", "auto", "256X", "256M@", "1G:256M", "2G-1G:256M", "1G-2G", "256M,mid"]) {
    assert.not.ok(isCrashkernel(value), value);
  }
});

// mm/hugetlb.c: hugepages_setup, hugepagesz_setup, default_hugepagesz_setup, 6.12.
test("hugepages= belongs to the size before it, or to the default size", () => {
  const pools = (line: string): unknown =>
    hugePagePools(commandLineWords(line), [0]).pools.map(({ pageBytes, pages }) => [pageBytes / MiB, pages]);
  assert.equal(pools("hugepages=8"), [[2, 8]]);
  assert.equal(pools("hugepagesz=1G hugepages=2 hugepagesz=2M hugepages=16"), [
    [1024, 2],
    [2, 16],
  ]);
  assert.equal(pools("default_hugepagesz=1G hugepages=3"), [[1024, 3]]);
  assert.equal(pools("hugepages=3 default_hugepagesz=1G"), [[1024, 3]]);
  // Without a default size, a count in front of all sizes is for 2 MiB, whatever stands behind that.
  assert.equal(pools("hugepages=5 hugepagesz=2M hugepages=7"), [[2, 5]]);
  assert.equal(pools("hugepagesz=2M hugepages=4 hugepages=9"), [[2, 4]]);
});

test("counts by node are summed, and a node that is not there drops the word", () => {
  const { pools } = hugePagePools(commandLineWords("hugepages=0:4,1:2"), [0, 1]);
  assert.equal(pools[0]!.pages, 6);
  assert.equal(
    [...pools[0]!.byNode!],
    [
      [0, 4],
      [1, 2],
    ],
  );
  const { pools: none, dropped } = hugePagePools(commandLineWords("hugepages=0:4,1:2"), [0]);
  assert.equal([none.length, dropped.map(({ word }) => word)], [0, ["hugepages=0:4,1:2"]]);
});

// arch/x86/kernel/cpu/topology.c: topology_apply_cmdline_limits_early; kernel/smp.c, 6.12.
test("maxcpus= leaves CPUs possible that it does not start; nosmp and nr_cpus= do not", () => {
  const limits = (line: string): unknown => cpuLimits(commandLineWords(line), 8);
  assert.equal(limits("quiet"), { possible: 8, online: 8 });
  assert.equal(limits("maxcpus=2"), { possible: 8, online: 2 });
  assert.equal(limits("maxcpus=16"), { possible: 8, online: 8 });
  for (const line of ["nosmp", "maxcpus=0", "nolapic"])
    assert.equal(limits(line), { possible: 1, online: 1 }, line);
  assert.equal(limits("nr_cpus=4 maxcpus=6"), { possible: 4, online: 4 });
  assert.equal(limits("possible_cpus=3 maxcpus=2"), { possible: 3, online: 2 });
});

test.run();
