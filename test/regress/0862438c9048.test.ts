// Takes 3 s.
import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { E820Type } from "../../src/efistub/setup-e820.js";
import { TABLE_HEADER_BYTES } from "../../src/efistub/unaccepted-table.js";
import { kernelRules } from "../../src/linux/kernel-rules.js";
import { type AddressRange, GiB, MiB, PAGE_SIZE } from "../../src/units.js";
import { loggedBoot, plainMachine, q35Map, runTo } from "../guest/machines.js";
import { guest } from "./guests.js";

/**
 * "efi: Fix reservation of unaccepted memory table". The size of the reservation was the size of
 * the table in whole pages, although the table can begin inside a page. Its last page was then
 * neither reserved nor mapped, and accept_memory() ran into it. Reported for TDX guests of more
 * than 64 GiB: up to there a table has one page, and the firmware does not let it cross a border.
 */
const test = suite("regress: 0862438c9048");

const AREA: AddressRange = { start: 0x7d000000, end: 0x7d000000 + MiB };
const SHORT: readonly string[] = ["6.6", "6.11", "6.12.0", "6.12.74", "6.15", "6.18.13", "6.19"];
const OTHERS: readonly string[] = ["6.5", "6.6.128", "6.12.75", "6.12", "6.18.14", "6.19.4", "7.0", "7.3.4"];

/** Bytes of a table, at some place in its first page, that a kernel does not have as reserved memory. */
function unreservedBytes(version: string, offset: number, unacceptedBytes: number): number {
  const { tableMemory, tableReservation } = kernelRules(version);
  const start = AREA.start + offset;
  const end = start + TABLE_HEADER_BYTES + unacceptedBytes / (16 * MiB);
  const type = tableMemory === "loader-data" ? E820Type.RAM : E820Type.ACPI;
  const machine = plainMachine(2 * GiB, {
    e820: [
      ...q35Map(2 * GiB).map((entry) => ({ ...entry, end: Math.min(entry.end, AREA.start) })),
      { ...AREA, type },
    ],
    efi: {
      memoryMap: { start: 0x70000000, end: 0x70001000 },
      unacceptedTable: { start, end },
      tableReservation,
      keptTables: [],
      bootServices: [],
      mmio: [],
    },
  });
  const { memblock } = runTo(loggedBoot(machine), "e820__memblock_setup").boot;
  const isKept = ({ base, size }: { base: number; size: number }): number =>
    Math.max(0, Math.min(base + size, end) - Math.max(base, start));
  return end - start - memblock.reserved.regions.reduce((sum, region) => sum + isKept(region), 0);
}

test("a table of 4120 bytes near the end of a page loses what lies in its third", () => {
  for (const version of SHORT) assert.is(unreservedBytes(version, 0xff0, 64 * GiB), 8, version);
  for (const version of OTHERS) assert.is(unreservedBytes(version, 0xff0, 64 * GiB), 0, version);
});

test("a table that begins with a page was never short", () => {
  for (const version of [...SHORT, ...OTHERS]) {
    for (const size of [GiB, 64 * GiB, 512 * GiB]) assert.is(unreservedBytes(version, 0, size), 0, version);
  }
});

test("a table of less than a page, inside one page, was never short", () => {
  for (const version of [...SHORT, ...OTHERS])
    assert.is(unreservedBytes(version, 0x18, 62 * GiB), 0, version);
});

test("short by less than a page, and only where it crosses one border more than its size tells", () => {
  fc.assert(
    fc.property(fc.nat(PAGE_SIZE / 8 - 1), fc.integer({ min: 1, max: 40 * 1024 }), (eighth, units) => {
      const offset = eighth * 8;
      const size = TABLE_HEADER_BYTES + units;
      const crosses = Math.ceil((offset + size) / PAGE_SIZE) > Math.ceil(size / PAGE_SIZE);
      const short = unreservedBytes("6.12.0", offset, units * 16 * MiB);
      assert.is(short > 0, crosses);
      assert.ok(short < PAGE_SIZE);
      assert.is(unreservedBytes("6.12", offset, units * 16 * MiB), 0);
    }),
    { numRuns: 100 },
  );
});

/** MiB of memory for which the firmware's pool lets a table cross a border more than its size tells. */
const BROKEN = [66_817, 66_900, 67_000, 67_200, 66_817 + 65_536, 67_200 + 65_536, 66_900 + 3 * 65_536];
const WHOLE = [64_000, 66_560, 66_816, 67_201, 67_584, 70_000, 66_816 + 65_536, 67_201 + 65_536];

test("a TD of 67,000 MiB dies early in every kernel from 6.6 to 6.19 without the fix", () => {
  for (const kernel of SHORT) {
    const { outcome, reason, phases } = guest(kernel, "memory=67000MiB");
    assert.is(outcome, "terminated", kernel);
    assert.match(reason!, "page fault in _find_next_bit");
    assert.match(reason!, "bit 32475");
    assert.is(phases.at(-1)!.name, "exit boot services", "in the memblock phase, which does not end");
  }
  for (const kernel of OTHERS) assert.is(guest(kernel, "memory=67000MiB").outcome, "ready", kernel);
});

test("which sizes die: 66,817 to 67,200 MiB, and again each 65,536", () => {
  for (const size of BROKEN) assert.is(guest("6.15", `memory=${size}MiB`).outcome, "terminated", `${size}`);
  for (const size of WHOLE) assert.is(guest("6.15", `memory=${size}MiB`).outcome, "ready", `${size}`);
});

test("SNP and an eager kernel die too; where the firmware accepts all there is no table", () => {
  const of = (...changes: string[]): string => guest("6.15", "memory=67000MiB", ...changes).outcome;
  assert.is(of("platform=snp"), "terminated");
  assert.is(of("policy=eager"), "terminated");
  assert.is(of("policy=fault-driven"), "terminated");
  assert.is(of("policy=firmware-delegated"), "ready");
  assert.is(of("platform=none"), "ready");
});

test("a kernel that the command line keeps away from the top of memory does not look there", () => {
  assert.is(guest("6.15", "memory=67000MiB", 'guest.commandLine="mem=8G"').outcome, "ready");
});

test.run();
