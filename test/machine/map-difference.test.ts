import { suite } from "uvu";
import * as assert from "uvu/assert";
import { E820Type } from "../../src/efistub/setup-e820.js";
import { compareMaps } from "../../src/machine/map-difference.js";

const test = suite("machine: two maps of one machine");

const { RAM, RESERVED, ACPI } = E820Type;

function map(...ranges: readonly (readonly [start: number, end: number, type: number])[]): {
  start: number;
  end: number;
  type: number;
}[] {
  return ranges.map(([start, end, type]) => ({ start, end, type }));
}

const SIMULATED = map([0, 0xa0000, RAM], [0x100000, 0x7f000000, RAM], [0x7f000000, 0x80000000, RESERVED]);

test("the same is the same", () => {
  assert.equal(compareMaps(SIMULATED, SIMULATED, true), {
    isSame: true,
    isExplained: true,
    causes: [],
    left: 0,
    note: "",
  });
});

test("what another firmware keeps is explained type by type, to the KiB", () => {
  const logged = map(
    [0, 0x80000000 - 0x2000000, RAM],
    [0x7e000000, 0x7e010000, ACPI],
    [0x7e010000, 0x80000000, RESERVED],
  );
  const { isExplained, causes, note } = compareMaps(logged, SIMULATED, true);
  assert.ok(isExplained);
  assert.equal(causes, [
    { what: "the firmware keeps as reserved", amount: -16_320 },
    { what: "the firmware keeps as ACPI data", amount: -64 },
    { what: "the hole from 640 KiB to 1 MiB", amount: 384 },
  ]);
  assert.is(note, "first difference: 0x0-0x7dffffff usable in the log, 0x0-0x9ffff usable in the run");
});

test("RAM that no line of a whole log names has no explanation; in an excerpt lines are missing", () => {
  const logged = map([0, 0xa0000, RAM], [0x100000, 0x7d000000, RAM], [0x7f000000, 0x80000000, RESERVED]);
  const whole = compareMaps(logged, SIMULATED, true);
  assert.equal([whole.isExplained, whole.left, whole.causes], [false, -32_768, []]);
  const excerpt = compareMaps(logged, SIMULATED, false);
  assert.equal([excerpt.isExplained, excerpt.left], [true, 0]);
  assert.equal(excerpt.causes, [{ what: "no line of this excerpt of a log names it", amount: -32_768 }]);
});

test("other RAM has no explanation, even where as much of it is usable", () => {
  const moved = map(
    [0, 0xa0000, RAM],
    [0x100000, 0x7e000000, RAM],
    [0x7f000000, 0x80000000, RESERVED],
    [0x100000000, 0x101000000, RAM],
  );
  const { isExplained, note } = compareMaps(moved, SIMULATED, true);
  assert.is(isExplained, false);
  assert.is(
    note,
    "the machine of the log has RAM of 2GiB from 0 and 16MiB from 4GiB, that of the run 2GiB from 0",
  );
});

test.run();
