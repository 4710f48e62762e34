import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type GfpTable, gfpTableOf } from "../../src/linux/gfp-history.js";
import { parseReleaseName } from "../../src/linux/release-name.js";
import { formatGfp, Gfp, GfpMask } from "../../src/page-alloc/gfp.js";
import { expectedGfp, gfpOfText } from "../../src/workload/gfp-text.js";

const test = suite("workload: text of gfp flags");

const tableOf = (name: string): GfpTable => gfpTableOf(parseReleaseName(name)!);

/** What a text means in a release, in the names of 6.12, with `?` for bits that the release does not have. */
function read(text: string, release?: string): string | undefined {
  const meaning = gfpOfText(text, release === undefined ? undefined : tableOf(release));
  if (meaning === undefined) return undefined;
  return formatGfp(meaning.flags) + (meaning.unknownBits || meaning.unknownNames ? "|?" : "");
}

test("numbers on either side of each change", () => {
  const vectors: [release: string, number: string, meaning: string][] = [
    ["2.6.32", "0xd0", "GFP_KERNEL"],
    ["2.6.32", "0x80d0", "GFP_KERNEL|__GFP_ZERO"],
    ["2.6.32", "0x20", "GFP_ATOMIC"],
    ["2.6.32", "0x80000", "__GFP_RECLAIMABLE|__GFP_KSWAPD_RECLAIM"],
    ["2.6.37", "0x4000d0", "GFP_KERNEL|?"],
    ["2.6.38", "0x4000d0", "__GFP_IO|__GFP_FS|__GFP_DIRECT_RECLAIM"],
    ["2.6.38", "0x8000d0", "GFP_KERNEL|?"],
    ["2.6.39", "0x8000d0", "GFP_KERNEL"],
    ["3.2", "0x10000d0", "GFP_KERNEL|?"],
    ["3.3", "0x10000d0", "GFP_KERNEL|__GFP_WRITE"],
    ["3.5", "0x2020", "GFP_ATOMIC|?"],
    ["3.6", "0x2020", "GFP_ATOMIC|__GFP_MEMALLOC"],
    ["3.7", "0x1000d0", "GFP_KERNEL|?"],
    ["3.8", "0x1000d0", "GFP_KERNEL_ACCOUNT"],
    ["3.15", "0x1000d0", "GFP_KERNEL_ACCOUNT"],
    ["3.16", "0x1000d0", "GFP_KERNEL|?"],
    ["4.1", "0x1000d0", "GFP_KERNEL"],
    ["4.3", "0xd0", "GFP_KERNEL"],
    ["4.4", "0xd0", "__GFP_IO|__GFP_FS|__GFP_RECLAIMABLE"],
    ["4.4", "0x24000c0", "GFP_KERNEL"],
    ["4.4", "0x25000c0", "GFP_KERNEL"],
    ["4.5", "0x25000c0", "GFP_KERNEL_ACCOUNT"],
    ["4.9", "0x24200ca", "GFP_HIGHUSER_MOVABLE"],
    ["4.10-rc3", "0x14000c0", "__GFP_IO|__GFP_FS|__GFP_WRITE|__GFP_DIRECT_RECLAIM"],
    ["4.10", "0x14201ca", "GFP_HIGHUSER_MOVABLE"],
    ["4.11", "0x34000c0", "GFP_KERNEL|?"],
    ["4.12-rc3", "0x54000c0", "GFP_KERNEL"],
    ["4.12", "0x34000c0", "GFP_KERNEL"],
    ["4.12", "0x14004c0", "GFP_KERNEL|__GFP_RETRY_MAYFAIL"],
    ["4.13", "0x14004c0", "GFP_KERNEL|__GFP_RETRY_MAYFAIL"],
    ["4.13", "0x14080c0", "GFP_KERNEL|__GFP_ZERO"],
    ["4.13", "21004480", "GFP_KERNEL|__GFP_ZERO"],
    ["4.14", "0x16001c0", "GFP_KERNEL"],
    ["4.15", "0x16001c0", "GFP_KERNEL|?"],
    ["4.17", "0x14080c0", "GFP_KERNEL|__GFP_ZERO"],
    ["4.18", "0x14080c0", "__GFP_IO|__GFP_FS|__GFP_ZERO|__GFP_KSWAPD_RECLAIM|?"],
    ["4.18", "0x6080c0", "GFP_KERNEL|__GFP_ZERO"],
    ["5.0", "0x6200ca", "GFP_HIGHUSER_MOVABLE"],
    ["5.0", "0xcc0", "__GFP_IO|__GFP_FS|__GFP_RETRY_MAYFAIL|__GFP_NOFAIL"],
    ["5.2", "0xcc0", "GFP_KERNEL"],
    ["5.13", "0x1100cca", "GFP_HIGHUSER_MOVABLE|?"],
    ["5.14", "0x1100cca", "GFP_HIGHUSER_MOVABLE"],
    ["5.13", "0x800dc0", "GFP_KERNEL|__GFP_ZERO"],
    ["5.14", "0x800dc0", "GFP_KERNEL|__GFP_ZERO|__GFP_ZEROTAGS"],
    ["5.17", "0x8000cc0", "GFP_KERNEL|?"],
    ["5.18", "0x8000cc0", "GFP_KERNEL"],
    ["6.2", "0xa20", "GFP_ATOMIC"],
    ["6.3", "0xa20", "GFP_ATOMIC|?"],
    ["6.3", "0x8000cc0", "GFP_KERNEL"],
    ["6.4", "0x8000cc0", "GFP_KERNEL|?"],
    ["6.9", "0x2000cc0", "GFP_KERNEL"],
    ["6.10", "0x2000cc0", "GFP_KERNEL|0x2000000"],
    ["7.2", "0x8000cc0", "GFP_KERNEL|0x8000000"],
    ["7.3", "0x8000cc0", "GFP_KERNEL|0x8000000|?"],
  ];
  for (const [release, number, meaning] of vectors) {
    assert.is(read(number, release), meaning, `${number} of ${release}`);
  }
});

test("hexadecimal, decimal and capital digits are one number", () => {
  assert.is(read("0x14080C0", "4.13"), read("21004480", "4.13"));
  assert.is(gfpOfText("0xcc0")!.isHex, true);
  assert.is(gfpOfText("3264")!.isHex, true);
  assert.is(gfpOfText("GFP_KERNEL|0x1000000")!.isHex, false);
  for (const text of ["4294967296", "0x1ffffffff", "-1", "0x", "12a", ""]) {
    assert.is(gfpOfText(text), undefined, text);
  }
});

test("reading undoes printing for any 32 bits", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffffffff }), (flags) => {
      assert.is(gfpOfText(formatGfp(flags))?.flags, flags);
    }),
  );
});

test("text that no kernel prints is refused", () => {
  const texts = ["", "|", "GFP_KERNEL|", "GFP_KERNE", "gfp_kernel", "none|GFP_KERNEL", "cc0", "toString"];
  for (const text of texts) assert.is(gfpOfText(text), undefined, text);
});

test("names that kernels before 4.6 print", () => {
  const vectors: [text: string, meaning: string][] = [
    ["GFP_ATOMIC|GFP_NOWARN|GFP_NORETRY|GFP_COMP", "GFP_ATOMIC|__GFP_NOWARN|__GFP_NORETRY|__GFP_COMP"],
    ["GFP_USER|GFP_ZERO|GFP_NOTRACK", "GFP_USER|__GFP_ZERO"],
    ["GFP_WAIT|GFP_IO|GFP_COLD|GFP_REPEAT", "GFP_NOFS|__GFP_RETRY_MAYFAIL"],
    ["GFP_TEMPORARY", "GFP_KERNEL|__GFP_RECLAIMABLE"],
    ["GFP_KERNEL|GFP_THISNODE|GFP_NOMEMALLOC", "GFP_KERNEL|__GFP_NOMEMALLOC|__GFP_THISNODE"],
    ["GFP_HIGH|GFP_MEMALLOC", "__GFP_HIGH|__GFP_MEMALLOC"],
    ["GFP_KERNEL|GFP_KMEMCG", "GFP_KERNEL_ACCOUNT"],
    ["GFP_KERNEL|GFP_NO_KSWAPD|GFP_OTHER_NODE", "__GFP_IO|__GFP_FS|__GFP_DIRECT_RECLAIM"],
    ["GFP_DIRECT_RECLAIM|GFP_KSWAPD_RECLAIM|GFP_MOVABLE", "GFP_NOIO|__GFP_MOVABLE"],
    // What had no name yet stands in a number: HIGHMEM, FS, ACCOUNT.
    ["GFP_KERNEL|0x2", "GFP_KERNEL|__GFP_HIGHMEM"],
    ["GFP_WAIT|GFP_NOWARN|0x80", "GFP_NOIO|__GFP_FS|__GFP_NOWARN"],
    ["GFP_KERNEL|0x100000", "GFP_KERNEL_ACCOUNT"],
    ["GFP_KERNEL|GFP_ZERO|0x1000000", "GFP_KERNEL|__GFP_ZERO|__GFP_WRITE"],
  ];
  for (const [text, meaning] of vectors) assert.is(read(text), meaning, text);
});

test("names mean what they did in the kernel that was traced", () => {
  assert.is(read("GFP_NOWAIT"), "GFP_NOWAIT");
  assert.is(read("GFP_NOWAIT", "6.6"), "__GFP_KSWAPD_RECLAIM");
  assert.is(read("GFP_NOWAIT", "4.4"), "none");
  assert.is(read("GFP_NOWAIT", "3.10"), "__GFP_KSWAPD_RECLAIM");
  assert.is(gfpOfText("GFP_TRANSHUGE", tableOf("4.13"))!.flags, GfpMask.TRANSHUGE);
  assert.is(gfpOfText("GFP_TRANSHUGE", tableOf("4.6"))!.flags, GfpMask.TRANSHUGE_LIGHT | Gfp.NORETRY);
  assert.is(gfpOfText("GFP_TRANSHUGE", tableOf("3.10"))!.flags, GfpMask.TRANSHUGE | Gfp.NORETRY);
  // Before 4.4 whatever does not forbid it wakes kswapd.
  assert.is(read("GFP_NOWARN|GFP_COMP", "4.3"), "GFP_NOWAIT|__GFP_COMP");
  assert.is(read("GFP_NOWARN|GFP_COMP", "4.4"), "__GFP_NOWARN|__GFP_COMP");
});

test("names of the newest kernels, in their order", () => {
  assert.is(
    read("GFP_NOWAIT|__GFP_HIGHMEM|__GFP_IO|__GFP_FS|__GFP_ZERO", "7.3"),
    "GFP_NOWAIT|__GFP_HIGHMEM|__GFP_IO|__GFP_FS|__GFP_ZERO",
  );
  assert.is(read("GFP_KERNEL|__GFP_ZERO|__GFP_NO_OBJ_EXT|__GFP_NOLOCKDEP"), "GFP_KERNEL|__GFP_ZERO");
  assert.is(read("GFP_KERNEL|__GFP_FROM_THE_FUTURE"), "GFP_KERNEL|?");
  assert.is(read("GFP_FROM_THE_FUTURE"), undefined);
});

test("what decides nothing is named", () => {
  assert.equal(gfpOfText("GFP_KERNEL|__GFP_COLD|__GFP_NOTRACK")!.idle, ["__GFP_COLD", "__GFP_NOTRACK"]);
  assert.equal(gfpOfText("0x16001c0", tableOf("4.13"))!.idle, ["__GFP_COLD", "__GFP_NOTRACK"]);
  assert.equal(gfpOfText("GFP_KERNEL")!.idle, []);
  assert.equal(gfpOfText("GFP_KERNEL|0x1000000")!.idle, [
    "0x1000000 (depends on the kernel's configuration)",
  ]);
});

test("a release whose numbers are not known has names only", () => {
  const table = tableOf("5.1.16-arch1");
  assert.is(gfpOfText("0xcc0", table), undefined);
  assert.is(gfpOfText("GFP_KERNEL|0x2", table), undefined);
  assert.is(gfpOfText("GFP_KERNEL|__GFP_ZERO", table)!.flags, GfpMask.KERNEL | Gfp.ZERO);
  assert.is(expectedGfp(table), "gfp flags by name (the numbers of Linux 5.1 are not known)");
  assert.is(expectedGfp(tableOf("4.13")), "gfp flags of Linux");
});

/** Prints a number as a kernel of the release does: the largest combinations first, then modifiers. */
function printed(number: number, { bits, combinations }: GfpTable, underscores: string): string {
  if (number === 0) return underscores === "" ? "GFP_NOWAIT" : "none";
  const values = [...combinations]
    .map(([name, modifiers]) => ({
      name: name === "RECLAIM" ? "__GFP_RECLAIM" : `GFP_${name}`,
      value: modifiers.reduce((sum, modifier) => sum | bits.get(modifier)!, 0),
      size: modifiers.length,
    }))
    .filter(({ name, value }) => value !== 0 && (underscores !== "" || name !== "__GFP_RECLAIM"))
    .sort((a, b) => b.size - a.size);
  const modifiers = [...bits].map(([name, value]) => ({ name: `${underscores}GFP_${name}`, value }));
  let rest = number;
  const names: string[] = [];
  for (const { name, value } of [...values, ...modifiers]) {
    if ((rest & value) !== value) continue;
    names.push(name);
    rest &= ~value;
  }
  return names.join("|");
}

test("in every release, text and number mean the same", () => {
  const releases = ["2.6.32", "2.6.39", "3.8", "4.1", "4.3", "4.4", "4.5", "4.6", "4.9", "4.10", "4.13"];
  releases.push("4.14", "4.15", "4.18", "5.2", "5.14", "5.18", "6.2", "6.3", "6.5", "6.12", "7.2", "7.3");
  for (const release of releases) {
    const table = tableOf(release);
    const underscores = /^(2|3|4\.[0-5]$)/.test(release) ? "" : "__";
    fc.assert(
      fc.property(fc.subarray([...table.bits.values()]), (bits) => {
        const number = bits.reduce((sum, bit) => sum | bit, 0);
        const text = printed(number, table, underscores);
        // 4.4 and 4.5 print GFP_ATOMIC for the modifier too.
        fc.pre(underscores !== "" || !table.bits.has("ATOMIC") || (number & table.bits.get("ATOMIC")!) === 0);
        assert.is(
          gfpOfText(text, table)?.flags,
          gfpOfText(String(number), table)?.flags,
          `${release}: ${text}`,
        );
      }),
      { numRuns: 100 },
    );
  }
});

test.run();
