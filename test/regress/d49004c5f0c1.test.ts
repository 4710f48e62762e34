import { suite } from "uvu";
import * as assert from "uvu/assert";
import { bootTo } from "./early-boot.js";

/**
 * "arch, mm: consolidate initialization of nodes, zones and memory map". Zones and memory map were set up in the
 * middle of setup_arch(), above what the rest of it allocates.
 */
const test = suite("regress: d49004c5f0c1");

/** Where the first thing that a step allocates lies. */
function placeOf(kernel: string, step: string): number {
  const line = bootTo(kernel, step).lines.find((each) => each.includes("memblock_reserve: "))!;
  return Number.parseInt(/\[0x(\w+)-/.exec(line)![1]!, 16);
}

test("the resources of the e820 map lie above the memory map's tables", () => {
  for (const kernel of ["6.12", "6.19"])
    assert.ok(placeOf(kernel, "e820__reserve_resources") < placeOf(kernel, "sparse_init"), kernel);
  for (const kernel of ["7.0", "7.3"])
    assert.ok(placeOf(kernel, "e820__reserve_resources") > placeOf(kernel, "sparse_init"), kernel);
});

test("roots of the memory map: below the IOAPIC, four resources, four entries of sysfs and three regions", () => {
  assert.is(placeOf("6.19", "sparse_init"), 0x1_fffd_1680);
  assert.is(placeOf("7.0", "sparse_init"), 0x1_fffd_1200);
});

test.run();
