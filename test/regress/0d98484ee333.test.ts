import { suite } from "uvu";
import * as assert from "uvu/assert";
import { GiB } from "../../src/units.js";
import { q35Map } from "../guest/machines.js";
import { bootTo } from "./early-boot.js";

/**
 * "arch, mm: introduce arch_mm_preinit". The bounce buffer was allocated by mem_init(), after what mm_core_init()
 * takes for debugging.
 */
const test = suite("regress: 0d98484ee333");

/** A guest of 1 GiB, where both get their place below the memory map. */
const SMALL = { e820: q35Map(GiB), commandLine: "page_owner=on swiotlb=force" };
const STACK_DEPOT = "memblock_alloc_try_nid: 1048576 bytes align=0x40";
const SLOTS = "memblock_alloc_try_nid: 786432 bytes align=0x1000";

/** Where the hash of stacks and the slots of the bounce buffer lie. */
function places(kernel: string): number[] {
  const lines: string[] = [];
  for (const step of ["stack_depot_early_init", "swiotlb_init"])
    lines.push(...bootTo(kernel, step, SMALL).lines);
  return [STACK_DEPOT, SLOTS].map((request) => {
    const at = lines.findIndex((line) => line.startsWith(request));
    return Number.parseInt(/\[0x(\w+)-/.exec(lines[at + 1]!)![1]!, 16);
  });
}

test("the buffer's slots came below the hash of stacks, then above", () => {
  for (const kernel of ["6.12", "6.14"]) {
    const [depot, slots] = places(kernel);
    assert.ok(slots! < depot!, kernel);
  }
  for (const kernel of ["6.15", "7.3"]) {
    const [depot, slots] = places(kernel);
    assert.ok(slots! > depot!, kernel);
  }
});

test.run();
