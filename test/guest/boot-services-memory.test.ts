// Takes 3 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { STANDARD_BOOT } from "../../src/cli/bundled.js";
import { EfiMemoryType } from "../../src/firmware/efi-memory-map.js";
import type { Booted } from "../../src/guest/state.js";
import { parseScenario } from "../../src/scenario/load.js";
import { MiB } from "../../src/units.js";
import { freedBootServices } from "../../src/x86/early-efi.js";
import { LOADER } from "../loader.js";
import { livedGuest } from "./run-boot.js";

const test = suite("guest: memory of boot services");

const loaded = LOADER.load(STANDARD_BOOT);

function boot(platform: string, firmware: object = {}): Booted {
  const text = JSON.stringify({
    name: "a",
    workload: "boot",
    platform,
    memory: "4GiB",
    kernel: "7.3",
    firmware,
  });
  return livedGuest(parseScenario(text, "a", [])[0]!, loaded);
}

function lateBytes({ kernel }: Booted): number {
  return freedBootServices(kernel.early).reduce((sum, { start, end }) => sum + end - start, 0);
}

test("a kernel frees late what the firmware's map says, but what holds the table of memory attributes", () => {
  for (const platform of ["tdx", "snp", "none"]) {
    const guest = boot(platform);
    const { finalMap } = guest.handOver.stub;
    const { start: table } = guest.handOver.memoryAttributes!;
    const held = finalMap.filter(
      ({ type, start, end }) =>
        (type === EfiMemoryType.BOOT_SERVICES_CODE || type === EfiMemoryType.BOOT_SERVICES_DATA) &&
        start >= MiB &&
        !(start <= table && table < end),
    );
    assert.is(
      lateBytes(guest),
      held.reduce((sum, { start, end }) => sum + end - start, 0),
      platform,
    );
  }
});

test("that is about 50 MiB of a generic image, and 64 MiB of the one for TDX", () => {
  const mib = (platform: string, firmware?: object): number =>
    Math.round(lateBytes(boot(platform, firmware)) / MiB);
  assert.is(mib("snp"), 50);
  assert.is(mib("tdx", { flavour: "generic" }), 50);
  assert.is(mib("tdx"), 64);
});

test("td-shim leaves nothing of the kind", () => {
  const text = JSON.stringify({
    name: "a",
    workload: "boot",
    platform: "tdx",
    memory: "4GiB",
    firmware: { preset: "td-shim" },
    guest: { unacceptedMemory: "zero-page" },
  });
  assert.is(lateBytes(livedGuest(parseScenario(text, "a", [])[0]!, loaded)), 0);
});

test.run();
