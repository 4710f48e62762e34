import { suite } from "uvu";
import * as assert from "uvu/assert";
import { GFP_CHANGES, type GfpTable, gfpTableOf } from "../../src/linux/gfp-history.js";
import { compareReleases, parseReleaseName } from "../../src/linux/release-name.js";

const test = suite("linux: gfp tables");

const tableOf = (name: string): GfpTable => gfpTableOf(parseReleaseName(name)!);

/** Value of a combination in the numbers of its own release. */
function combination(release: string, name: string): number | undefined {
  const { bits, combinations } = tableOf(release);
  return combinations.get(name)?.reduce((sum, modifier) => sum | bits.get(modifier)!, 0);
}

test("combinations have the numbers that their kernels print", () => {
  const vectors: [release: string, name: string, number: number | undefined][] = [
    ["2.6.32", "KERNEL", 0xd0],
    ["2.6.32", "HIGHUSER_MOVABLE", 0x200da],
    ["2.6.37", "TRANSHUGE", undefined],
    ["3.10", "TRANSHUGE", 0x4352da],
    ["4.3", "ATOMIC", 0x20],
    ["4.4", "ATOMIC", 0x2080020],
    ["4.4", "TRANSHUGE", 0x4352ca],
    ["4.4", "KERNEL_ACCOUNT", undefined],
    ["4.5", "KERNEL_ACCOUNT", 0x25000c0],
    ["4.6", "TRANSHUGE", 0x352ca],
    ["4.9", "TRANSHUGE", 0x4342ca],
    ["4.9", "HIGHUSER_MOVABLE", 0x24200ca],
    ["4.10", "HIGHUSER_MOVABLE", 0x14200ca],
    ["4.13", "TEMPORARY", 0x14000d0],
    ["4.14", "TEMPORARY", undefined],
    ["4.17", "ATOMIC", 0x1080020],
    ["4.18", "ATOMIC", 0x480020],
    ["5.0", "KERNEL_ACCOUNT", 0x7000c0],
    ["5.2", "ATOMIC", 0xa20],
    ["5.13", "HIGHUSER_MOVABLE", 0x100cca],
    ["5.14", "HIGHUSER_MOVABLE", 0x1100cca],
    ["5.18", "HIGHUSER_MOVABLE", 0x100cca],
    ["6.2", "ATOMIC", 0xa20],
    ["6.3", "ATOMIC", 0x820],
    ["6.6", "NOWAIT", 0x800],
    ["6.7", "NOWAIT", 0x2800],
    ["7.3", "TRANSHUGE", 0x1c24ca],
  ];
  for (const [release, name, number] of vectors) {
    assert.is(combination(release, name), number, `${name} of ${release}`);
  }
});

test("no two flags of a release share a bit", () => {
  for (const { since } of GFP_CHANGES) {
    const { bits, configuredMask } = tableOf(since);
    let used = configuredMask;
    for (const [name, bit] of bits) {
      assert.is(used & bit, 0, `${name} of ${since}`);
      used |= bit;
    }
  }
});

test("changes are dated, in order, and name modifiers of their release", () => {
  for (const [index, { since, combinations = {} }] of GFP_CHANGES.entries()) {
    const release = parseReleaseName(since)!;
    const before = GFP_CHANGES[index - 1]?.since;
    if (before !== undefined) assert.ok(compareReleases(parseReleaseName(before)!, release) < 0, since);
    const { bits } = gfpTableOf(release);
    for (const modifiers of Object.values(combinations)) {
      for (const name of modifiers?.split(" ").filter(Boolean) ?? []) assert.ok(bits.has(name), name);
    }
  }
});

test("numbers are known where they were read", () => {
  for (const name of [
    "2.6.32",
    "3.0",
    "4.13.0-46-generic",
    "5.0.21",
    "5.2",
    "6.12.107+deb13-amd64",
    "7.3.4",
  ]) {
    assert.is(tableOf(name).hasNumbers, true, name);
  }
  for (const name of ["2.6.31", "5.1-rc1", "5.1.21", "7.4-rc1", "8.0"]) {
    assert.is(tableOf(name).hasNumbers, false, name);
  }
});

test("says which release was asked for, and which was taken", () => {
  const said = (name: string): string[] => [tableOf(name).release, tableOf(name).taken];
  assert.equal(said("4.13.0-46-generic"), ["4.13", "4.13"]);
  assert.equal(said("2.6.32-754.el6.x86_64"), ["2.6.32", "2.6.32"]);
  assert.equal(said("4.10-rc3"), ["4.10-rc3", "4.10-rc3"]);
  assert.equal(said("8.1"), ["8.1", "7.3"]);
  assert.equal(said("2.6.18"), ["2.6.18", "2.6.32"]);
});

test("traces name flags by bit from 6.15 on", () => {
  for (const [release, isByBit] of [
    ["6.14", false],
    ["6.12.107", false],
    ["6.15-rc1", true],
    ["6.18.44", true],
    ["7.3.4", true],
  ] as const)
    assert.is(tableOf(release).printsByBit, isByBit, release);
});

test.run();
