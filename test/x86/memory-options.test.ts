import { suite } from "uvu";
import * as assert from "uvu/assert";
import { E820Type } from "../../src/efistub/setup-e820.js";
import { GiB, KiB, MiB } from "../../src/units.js";
import { KernelE820Type } from "../../src/x86/e820-table.js";
import { parseMemoryOptions } from "../../src/x86/memory-options.js";

const test = suite("guest: mem= and memmap=");

const { RAM, RESERVED, ACPI } = E820Type;
const { PRAM } = KernelE820Type;

test("mem= is an address with a binary unit, decimal, hexadecimal or octal", () => {
  for (const [text, end] of [
    ["2G", 2 * GiB],
    ["2g", 2 * GiB],
    ["512M", 512 * MiB],
    ["1048576", MiB],
    ["0x40000000", GiB],
    ["0x40M", 64 * MiB],
    ["0100K", 64 * KiB],
  ] as const) {
    assert.equal(
      parseMemoryOptions(`mem=${text}`),
      { options: [{ kind: "limit", end }], malformed: [] },
      text,
    );
  }
});

test("memmap= without an address is the same as mem=", () => {
  assert.equal(parseMemoryOptions("memmap=2G").options, parseMemoryOptions("mem=2G").options);
});

test("the sign between size and address gives the type", () => {
  const range = { start: GiB, end: GiB + 64 * KiB };
  assert.equal(parseMemoryOptions("memmap=64K@1G memmap=64K#1G,64K$0x40000000 memmap=64K!1G").options, [
    { kind: "add", range, type: RAM },
    { kind: "add", range, type: ACPI },
    { kind: "add", range, type: RESERVED },
    { kind: "add", range, type: PRAM },
  ]);
});

test("memmap=nn%ss-old+new", () => {
  const range = { start: GiB, end: GiB + MiB };
  const retype = (rest: string): unknown => parseMemoryOptions(`memmap=1M%1G${rest}`).options[0];
  assert.equal(retype("-1+2"), { kind: "retype", range, from: RAM, to: RESERVED });
  assert.equal(retype("+0xefffffff"), {
    kind: "retype",
    range,
    from: undefined,
    to: E820Type.SOFT_RESERVED,
  });
  assert.equal(retype("-1"), { kind: "retype", range, from: RAM, to: undefined });
  assert.equal(retype(""), { kind: "retype", range, from: undefined, to: undefined });
});

test("options keep their order, other words and init's own do not count", () => {
  assert.equal(parseMemoryOptions("quiet mem=4G  nosave memmap=exactmap,1G@0 -- mem=1G"), {
    options: [
      { kind: "limit", end: 4 * GiB },
      { kind: "forget" },
      { kind: "add", range: { start: 0, end: GiB }, type: RAM },
    ],
    malformed: [],
  });
  assert.equal(parseMemoryOptions("mem_sleep_default=s2idle memory=1G xmem=1G"), {
    options: [],
    malformed: [],
  });
});

test("what the kernel does not understand is named and has no effect", () => {
  for (const word of [
    "mem=",
    "mem=0",
    "mem=nopentium",
    "mem=-1G",
    "mem=08M",
    "mem=1GB",
    "memmap=",
    "memmap=1G@",
    "memmap=1G@2Gx",
    "memmap=1G?2G",
    "memmap=1M%1G+99",
  ]) {
    assert.equal(parseMemoryOptions(word), { options: [], malformed: [word] }, word);
  }
  assert.equal(parseMemoryOptions("mem").malformed, ["mem="]);
});

test.run();
