// Takes 1 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { deferredInit } from "../../src/guest/page-alloc-init-late.js";
import { buildOf } from "../../src/linux/kernel-build.js";
import { kernelRules } from "../../src/linux/kernel-rules.js";
import { GiB, PAGE_SIZE } from "../../src/units.js";
import { RecordedAcceptance } from "../../src/verify/acceptance.js";
import { bootKernel } from "../../src/verify/boot-replay.js";
import { plainMachine } from "../guest/machines.js";

/**
 * Pages of 1 GiB that memblock gave were counted by hugetlb_init(), after watermarks had been set and the line
 * `Memory:` had called them reserved. In a boot of 7.3.4 with one such page that line does not, and the source of
 * 7.2 has hugetlb_bootmem_struct_page_init() in front of it.
 */
const test = suite("regress: hugetlb-bootmem-struct-page-init");

/** Pages that are managed when all struct pages are there. */
function managedPages(version: string, commandLine: string): number {
  const rules = kernelRules(version);
  const machine = plainMachine(8 * GiB, { commandLine });
  const acceptance = new RecordedAcceptance(undefined, rules.acceptMemory);
  const { kernel } = bootKernel(machine, buildOf("cloud", version), rules, acceptance);
  deferredInit(kernel);
  return kernel.allocator.zones.reduce((sum, zone) => sum + zone.managedPages, 0);
}

function missingPages(version: string): number {
  return managedPages(version, "quiet") - managedPages(version, "quiet hugepagesz=1G hugepages=1");
}

test("a page of 1 GiB is reserved when struct pages are there, or managed already", () => {
  const isNear = (pages: number, expected: number): boolean => Math.abs(pages - expected) < 16;
  for (const version of ["6.12", "6.18.15", "7.1"])
    assert.ok(isNear(missingPages(version), GiB / PAGE_SIZE), version);
  for (const version of ["7.2", "7.3.4"]) assert.ok(isNear(missingPages(version), 0), version);
});

test.run();
