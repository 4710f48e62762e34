import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type E820Entry, E820Type } from "../../src/efistub/setup-e820.js";
import { KernelE820Type, retypeRange, sanitise } from "../../src/x86/e820-table.js";

const test = suite("guest: e820 table");

const { RAM, RESERVED } = E820Type;
const { RESERVED_KERN } = KernelE820Type;
const MAP: readonly E820Entry[] = [
  { start: 0, end: 0x9fc00, type: RAM },
  { start: 0x9fc00, end: 0xa0000, type: RESERVED },
  { start: 0x100000, end: 0x8000000, type: RAM },
];

test("the first page becomes reserved and splits its entry", () => {
  assert.equal(retypeRange(MAP, { start: 0, end: 0x1000 }, RAM, RESERVED), [
    { start: 0, end: 0x1000, type: RESERVED },
    { start: 0x1000, end: 0x9fc00, type: RAM },
    ...MAP.slice(1),
  ]);
});

test("a part in the middle leaves two rests", () => {
  const changed = retypeRange(MAP, { start: 0x200000, end: 0x201000 }, RAM, RESERVED_KERN);
  assert.equal(changed.slice(2), [
    { start: 0x100000, end: 0x200000, type: RAM },
    { start: 0x200000, end: 0x201000, type: RESERVED_KERN },
    { start: 0x201000, end: 0x8000000, type: RAM },
  ]);
});

test("other types in the range stay", () => {
  assert.equal(retypeRange(MAP, { start: 0x9fc00, end: 0xa0000 }, RAM, undefined), MAP);
});

test("a removed range leaves a hole", () => {
  const all: E820Entry[] = [{ start: 0, end: 0x8000000, type: RAM }];
  assert.equal(retypeRange(all, { start: 0xa0000, end: 0x100000 }, RAM, undefined), [
    { start: 0, end: 0xa0000, type: RAM },
    { start: 0x100000, end: 0x8000000, type: RAM },
  ]);
});

test("neighbours of one type are joined", () => {
  assert.equal(retypeRange(MAP, { start: 0x9f000, end: 0x9fc00 }, RAM, RESERVED).slice(0, 2), [
    { start: 0, end: 0x9f000, type: RAM },
    { start: 0x9f000, end: 0xa0000, type: RESERVED },
  ]);
});

test("where entries overlap the higher type wins, whichever comes first", () => {
  const whole: E820Entry = { start: 0x1000, end: 0x9000, type: RAM };
  const part: E820Entry = { start: 0x3000, end: 0x5000, type: RESERVED };
  const tail: E820Entry = { start: 0x8000, end: 0xa000, type: E820Type.ACPI };
  const expected = [
    { start: 0x1000, end: 0x3000, type: RAM },
    { start: 0x3000, end: 0x5000, type: RESERVED },
    { start: 0x5000, end: 0x8000, type: RAM },
    { start: 0x8000, end: 0xa000, type: E820Type.ACPI },
  ];
  for (const table of [
    [whole, part, tail],
    [tail, part, whole],
    [part, whole, tail],
  ]) {
    assert.equal(sanitise(table), expected);
  }
});

test("neighbours of one type become one, but not persistent memory from before there was a standard", () => {
  const two = (type: E820Entry["type"] | typeof KernelE820Type.PRAM): ReturnType<typeof sanitise> =>
    sanitise([
      { start: 0x1000, end: 0x2000, type },
      { start: 0x2000, end: 0x4000, type },
      { start: 0x5000, end: 0x6000, type },
    ]);
  assert.equal(
    two(RAM).map(({ start, end }) => [start, end]),
    [
      [0x1000, 0x4000],
      [0x5000, 0x6000],
    ],
  );
  assert.is(two(KernelE820Type.PRAM).length, 3);
});

test.run();
