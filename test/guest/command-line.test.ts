// Takes 11 s.
import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadScenarios } from "../../src/cli/load.js";
import type { Kernel } from "../../src/guest/kernel.js";
import { ZoneType } from "../../src/mm/zones.js";
import type { RunResult } from "../../src/results/row.js";
import { parseAssignment } from "../../src/scenario/set.js";
import { asPfn, GiB, MiB, PAGE_SIZE } from "../../src/units.js";
import { LOADER } from "../loader.js";
import { livedGuest, runBoot } from "./run-boot.js";

const test = suite("guest: booted with words on its command line");

function booted(line: string, ...more: readonly string[]): RunResult {
  const usual = ["platform=tdx", "policy=lazy", "memory=8GiB"];
  const own = usual.filter(
    (assignment) => !more.some((other) => other.startsWith(assignment.split("=")[0]!)),
  );
  return runBoot(...own, `guest.commandLine="${line}"`, ...more);
}

function bootedKernel(line: string, ...more: readonly string[]): Kernel {
  const assignments = ["platform=tdx", "policy=lazy", "memory=8GiB", `guest.commandLine="${line}"`, ...more];
  const [loaded] = loadScenarios(["workloads/boot.yaml"], assignments.map(parseAssignment), {
    loader: LOADER,
  });
  return livedGuest(loaded!.scenario, loaded!.recording).kernel;
}

const plain = booted("quiet");

/** Memory accepted beyond that of a guest without the word. */
function moreAccepted(line: string): number {
  const result = booted(line);
  assert.is(result.outcome, "ready", line);
  return result.acceptedBytes - plain.acceptedBytes;
}

test("swiotlb= in slots of 2 KiB is accepted and shared at boot", () => {
  const result = booted("swiotlb=524288", "platform=snp", "memory=4GiB");
  // And the GHCB page of its CPU.
  assert.is(result.earlyMap!.sharedBytes, 1024 * MiB + 4096);
  assert.is(result.commandLine!.swiotlbBytes, GiB);
  assert.is(result.remarks, undefined);
});

test("what lies above what the firmware accepted is accepted as it is set aside", () => {
  // 6 % of RAM in segments, 8 MiB more, lie low, where the firmware has accepted all.
  assert.is(moreAccepted("crashkernel=512M,high"), 512 * MiB);
  assert.is(moreAccepted("cma=1G"), GiB);
  assert.is(moreAccepted("reserve_mem=512M:4096:oops"), 512 * MiB);
  const twoPages = moreAccepted("hugepagesz=1G hugepages=2");
  // memblock works from the top down, and the unit behind the last page has been accepted with it.
  assert.ok(Math.abs(twoPages - 2 * GiB) <= 4 * MiB);
});

test("memory that is set aside is not touched, and the page allocator has less", () => {
  for (const line of [
    "crashkernel=256M",
    "cma=1G",
    "hugepagesz=2M hugepages=256",
    "hugepagesz=1G hugepages=1",
  ]) {
    const { touchedBytes } = booted(line);
    assert.ok(
      Math.abs(touchedBytes - plain.touchedBytes) < 2 * MiB,
      `${line}: ${touchedBytes - plain.touchedBytes}`,
    );
  }
  const { hugePages } = booted("hugepages=256").commandLine!;
  assert.equal(hugePages, [{ pageBytes: 2 * MiB, askedPages: 256, pages: 256 }]);
});

test("pages of 2 MiB are accepted when the pool is filled, a block of 4 MiB for two", () => {
  const bytes = moreAccepted("hugepages=512");
  assert.ok(bytes <= GiB && bytes > GiB - 512 * MiB, String(bytes));
});

test("a pool that does not fit gets what there is, and the guest may not survive it", () => {
  const result = booted("hugepages=100000");
  const { askedPages, pages } = result.commandLine!.hugePages[0]!;
  assert.is(askedPages, 100_000);
  assert.ok(pages > 3000 && pages < 4096);
  assert.is(result.remarks![0], `hugepages=: of 100000 pages of 2 MiB there is room for ${pages}`);
  assert.match(result.remarks![1]!, /^\d+ of \d+ allocations found no page/);
});

test("pages of 1 GiB are managed again when the pools are filled", () => {
  const managed = (line: string): number =>
    bootedKernel(line).allocator.zones.reduce((sum, zone) => sum + zone.managedPages, 0) * PAGE_SIZE;
  const usual = managed("quiet");
  assert.ok(Math.abs(managed("hugepagesz=1G hugepages=2") - usual) < 2 * MiB);
  assert.ok(Math.abs(managed("crashkernel=256M") - usual + 256 * MiB) < 2 * MiB);
});

test("ZONE_MOVABLE moves where memory is parked and accepted", () => {
  const result = booted("movablecore=3G");
  assert.is(result.commandLine!.movableBytes, 3 * GiB);
  // All of ZONE_NORMAL is parked before watermarks are set, when every visit to a zone accepts a block.
  assert.ok(result.acceptedBytes > plain.acceptedBytes + 2 * GiB);
  const low = booted("kernelcore=2G");
  assert.ok(low.commandLine!.movableBytes > 5.9 * GiB);
  assert.ok(low.acceptedBytes < plain.acceptedBytes);
});

test("CPUs that do not come online accept nothing, and share what is their own if they are possible", () => {
  const eager = (line: string): RunResult => booted(line, "policy=eager", "vcpus=8", "platform=snp");
  const [all, two, one, cut] = ["quiet", "maxcpus=2", "nosmp", "nr_cpus=2"].map(eager) as [
    RunResult,
    RunResult,
    RunResult,
    RunResult,
  ];
  assert.equal(
    [all, two, one, cut].map(({ commandLine }) => commandLine!.onlineCpus),
    [8, 2, 1, 2],
  );
  assert.ok(all.bootTimeNs < two.bootTimeNs && two.bootTimeNs < one.bootTimeNs);
  // A GHCB page for every possible CPU.
  const ghcbPages = ({ earlyMap }: RunResult): number => (earlyMap!.sharedBytes - 512 * MiB) / 4096;
  assert.equal([all, two, one, cut].map(ghcbPages), [8, 8, 1, 2]);
});

test("what was recorded on a CPU that stays offline is done by one that is online", () => {
  const recording = 'workload="recorded/linux-6.12.95-2c4g/recording.yaml"';
  const [two, one] = ["maxcpus=2", "maxcpus=1"].map((line) => booted(line, recording, "vcpus=2")) as [
    RunResult,
    RunResult,
  ];
  assert.is(one.requests.allocations, two.requests.allocations);
  assert.ok(one.bootTimeNs > two.bootTimeNs + 200e6);
});

test("threads and workers stay on CPUs that are online", () => {
  const background = booted("maxcpus=2", "policy=background", "vcpus=8", "strategy.threads=8");
  assert.is(background.outcome, "ready");
  const drained = (line: string): number => booted(line, "vcpus=8", "drain.workers=8").drain!.timeNs;
  assert.ok(drained("maxcpus=1") > 2 * drained("quiet"));
});

test("whoever is given an unaccepted page of a CMA area at a fixed address ends the guest", () => {
  const heap = 'workload="generate:heap?size=3GiB"';
  const result = booted("cma=3G@5G", heap);
  assert.is(result.outcome, "terminated");
  assert.match(result.reason!, "of a CMA area at a fixed address");
  assert.is(booted("cma=3G", heap).outcome, "ready");
  const mended = booted("cma=3G@5G", heap, 'kernel="7.4"');
  assert.is(mended.outcome, "ready");
  assert.ok(mended.acceptedBytes >= 5 * GiB, String(mended.acceptedBytes));
  // Nobody gets there, or there is nothing to accept.
  assert.is(booted("cma=256M@5G").outcome, "ready");
  assert.is(booted("cma=3G@5G", heap, "platform=none").outcome, "ready");
  assert.match(booted("cma=256M@3G").reason!, "is not all memory");
});

test("page_owner=on takes 72 bytes for each page, and the hash of stacks 8 MiB", () => {
  const { touchedBytes } = booted("page_owner=on");
  const tables = ((8 * GiB) / 4096) * 72;
  const more = touchedBytes - plain.touchedBytes;
  // A table of 2.25 MiB is cut from 4 MiB, which were all cleared.
  assert.ok(more >= tables + 8 * MiB && more <= 64 * 4 * MiB + 9 * MiB, String(more));
});

test("init_on_free=1 touches all that was accepted", () => {
  const { touchedBytes, acceptedBytes, remarks } = booted("init_on_free=1");
  assert.ok(touchedBytes > acceptedBytes - 600 * MiB);
  assert.equal(remarks, ["init_on_free=1: the time of clearing is not priced"]);
  const pools = booted("init_on_alloc=1 hugepages=64").touchedBytes - plain.touchedBytes;
  assert.ok(pools >= 126 * MiB, String(pools));
});

test("where a touch accepts, memory that is set aside waits for one, and cleared memory has had it", () => {
  const accepted = (line: string): number => booted(line, "policy=fault-driven").acceptedBytes;
  const usual = accepted("quiet");
  for (const line of ["crashkernel=1G,high", "cma=1G", "hugepagesz=1G hugepages=1", "hugepages=256"]) {
    assert.ok(accepted(line) - usual < 64 * MiB, `${line}: ${accepted(line) - usual}`);
  }
  assert.ok(accepted("init_on_free=1") > 7.9 * GiB);
  assert.ok(accepted("init_on_alloc=1 hugepages=256") - usual > 400 * MiB);
});

test("kdump runs in the memory that crashkernel= has set aside", () => {
  const dump = (line: string): RunResult => booted(line, "kexec.kind=kdump");
  assert.is(dump("crashkernel=512M").kexec!.segmentBytes, 512 * MiB);
  assert.is(dump("quiet").kexec!.segmentBytes, 256 * MiB);
  assert.is(dump("crashkernel=100G").reason, "crashkernel= has set no memory aside");
});

test("plugged memory goes into the zone that memhp_default_state= names, also behind ZONE_MOVABLE", () => {
  for (const line of ["memhp_default_state=online_movable", "movablecore=2G", "kernelcore=2G", "quiet"]) {
    const more = ["hotplug.memory=1GiB", "hotplug.acceptance=lazy", "drain.workers=1"];
    const { hotplug, acceptedBytes } = booted(line, ...more);
    assert.is(hotplug!.outcome, "online", line);
    // But for what ZONE_NORMAL keeps from movable requests: 1/32 of ZONE_MOVABLE.
    assert.ok(acceptedBytes > 8.8 * GiB, line);
  }
});

test("a frame of ZONE_MOVABLE stays one when memory behind it makes ZONE_NORMAL span it", () => {
  const { allocator } = bootedKernel("movablecore=2G", "hotplug.memory=1GiB");
  const typeAt = (bytes: number): number => allocator.zoneOfPfn(asPfn(bytes / PAGE_SIZE)).type;
  assert.equal(
    [7, 9, 10].map((gib) => typeAt(gib * GiB)),
    [ZoneType.NORMAL, ZoneType.MOVABLE, ZoneType.NORMAL],
  );
});

test("nokaslr and transparent_hugepage= come before what the scenario says", () => {
  const random = booted("quiet", "guest.kaslr=true", "seed=7");
  assert.is(random.outcome, "ready");
  assert.throws(() => booted("nokaslr", "guest.kaslr=true", "seed=7"), /it needs no nokaslr/);
  const withoutPages = booted("quiet", "guest.transparentHugePages=false", "memory=64GiB");
  assert.is(booted("transparent_hugepage=never", "memory=64GiB").acceptedBytes, withoutPages.acceptedBytes);
});

test("RAM that the machine does not have ends the guest on every platform", () => {
  for (const platform of ["tdx", "snp", "none"]) {
    const result = booted("memmap=16M@4G", "memory=512MiB", `platform=${platform}`);
    assert.is(result.outcome, "terminated", platform);
    assert.match(result.reason!, "adds 16 MiB at 0x100000000, where the machine has no RAM");
  }
});

test("a word without effect here is named once", () => {
  assert.equal(booted("quiet foo=1 ro foo=1 systemd.unit=x").remarks, ["ignored: foo=1"]);
  assert.is(plain.remarks, undefined);
});

const WORDS = [
  "swiotlb=65536",
  "swiotlb=2097152,3",
  "swiotlb=noforce",
  "crashkernel=256M",
  "crashkernel=1G,high",
  "crashkernel=1G-4G:128M,4G-:1G",
  "hugepages=100",
  "hugepagesz=1G hugepages=1",
  "hugepagesz=1G hugepages=9",
  "default_hugepagesz=2M hugepages=0:33",
  "hugetlb_cma=1G",
  "cma=64M",
  "cma=512M@0-2G",
  "cma=128M@5G",
  "cma_pernuma=32M",
  "kernelcore=3G",
  "kernelcore=40%",
  "movablecore=1G",
  "movablecore=10%",
  "maxcpus=2",
  "nosmp",
  "nr_cpus=3",
  "page_owner=on",
  "page_table_check=on",
  "init_on_free=1",
  "init_on_alloc=1",
  "log_buf_len=8M",
  "early_page_ext",
  "reserve_mem=64M:4096:a",
  "mem=6G",
  "transparent_hugepage=never",
];

test("invariants hold whatever words come together", () => {
  const scenario = fc.record({
    words: fc.uniqueArray(fc.constantFrom(...WORDS), { maxLength: 5 }),
    platform: fc.constantFrom("tdx", "snp", "none"),
    policy: fc.constantFrom("lazy", "eager", "background", "fault-driven"),
    kernel: fc.constantFrom("6.5", "6.11", "6.12"),
    vcpus: fc.constantFrom(1, 4),
    memory: fc.constantFrom("2GiB", "4GiB", "8GiB"),
    after: fc.constantFrom(
      [],
      ["hotplug.memory=1GiB", "hotplug.acceptance=online"],
      ["kexec.kind=kexec"],
      ["kexec.kind=kdump"],
    ),
  });
  fc.assert(
    fc.property(scenario, ({ words, platform, policy, kernel, vcpus, memory, after }) => {
      const machine = [`platform=${platform}`, `policy=${policy}`, `memory=${memory}`, `vcpus=${vcpus}`];
      const { acceptedBytes, memoryBytes } = booted(
        words.join(" "),
        ...machine,
        `kernel="${kernel}"`,
        ...after.filter((one) => platform !== "none" || !one.startsWith("hotplug.acceptance")),
      );
      assert.ok(acceptedBytes <= memoryBytes + GiB);
    }),
    { numRuns: 20, seed: 4711 },
  );
});

test.run();
