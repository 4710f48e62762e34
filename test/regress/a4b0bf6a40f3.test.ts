// Takes 1 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { efiEnterVirtualMode, efiFreeBootServices } from "../../src/guest/boot-services.js";
import type { Kernel } from "../../src/guest/kernel.js";
import { deferredInit } from "../../src/guest/page-alloc-init-late.js";
import { DEBIAN_CLOUD_6_12_95 } from "../../src/linux/kernel-build.js";
import { kernelRules } from "../../src/linux/kernel-rules.js";
import { type AddressRange, GiB, MiB, PAGE_SIZE } from "../../src/units.js";
import { RecordedAcceptance } from "../../src/verify/acceptance.js";
import { bootKernel } from "../../src/verify/boot-replay.js";
import { plainMachine } from "../guest/machines.js";

/**
 * "x86/efi: defer freeing of boot services memory". The kernel freed what the firmware had used before the
 * struct pages of the last zone were initialised, and lost what lay there: 140 MB of 512 in the report.
 */
const test = suite("regress: a4b0bf6a40f3");

/** In the zone whose struct pages are all there from the start, and in the one where most are not. */
const LOW: AddressRange = { start: 0x7800_0000, end: 0x7800_0000 + 4 * MiB };
const HIGH: AddressRange = { start: 5 * GiB, end: 5 * GiB + 8 * MiB };

/** Pages that a kernel manages in the end, and how many fewer those are than without boot services. */
function lostPages(version: string, commandLine = "quiet"): number {
  const managed = (bootServices: readonly AddressRange[]): number => {
    const rules = kernelRules(version);
    const efi = { memoryMap: { start: 0, end: 0x1000 }, keptTables: [], bootServices, mmio: [] };
    const machine = plainMachine(8 * GiB, { efi, commandLine });
    const { kernel, stages } = bootKernel(
      machine,
      DEBIAN_CLOUD_6_12_95,
      rules,
      new RecordedAcceptance(undefined),
    );
    stages.bringUp();
    efiEnterVirtualMode(kernel, rules.bootServicesFreed);
    deferredInit(kernel);
    efiFreeBootServices(kernel, rules.bootServicesFreed);
    return managedPages(kernel);
  };
  return managed([]) - managed([LOW, HIGH]);
}

function managedPages({ allocator }: Kernel): number {
  return allocator.zones.reduce((sum, zone) => sum + zone.managedPages, 0);
}

test("kernels without the fix lose what has no struct page yet", () => {
  for (const version of ["6.6", "6.12.0", "6.12.76", "6.15", "6.19"]) {
    assert.is(lostPages(version), (HIGH.end - HIGH.start) / PAGE_SIZE, version);
  }
});

test("those with it get every page back", () => {
  for (const version of ["6.12.77", "6.12", "7.0", "7.3.4"]) assert.is(lostPages(version), 0, version);
});

test("efi=debug keeps all of it", () => {
  const both = (LOW.end - LOW.start + HIGH.end - HIGH.start) / PAGE_SIZE;
  assert.is(lostPages("6.6", "efi=debug"), both);
  assert.is(lostPages("7.3.4", "efi=debug"), both);
});

test.run();
