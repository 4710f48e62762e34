// Takes 2 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadScenarios } from "../../src/cli/load.js";
import type { Booted } from "../../src/guest/state.js";
import { parseAssignment } from "../../src/scenario/set.js";
import { runScenario } from "../../src/study/run-scenario.js";
import { GiB, MiB, PAGE_SIZE } from "../../src/units.js";
import { LOADER } from "../loader.js";

import { livedGuest } from "./run-boot.js";

const test = suite("guest: booted with mem=");

async function loaded(...assignments: string[]): Promise<ReturnType<typeof loadScenarios>[number]> {
  const all = loadScenarios(
    ["workloads/boot.yaml"],
    ["platform=tdx", "memory=16GiB", ...assignments].map(parseAssignment),
    { loader: LOADER },
  );
  assert.is(all.length, 1);
  return all[0]!;
}

async function booted(...assignments: string[]): Promise<Booted> {
  const { scenario, recording } = await loaded(...assignments);
  return livedGuest(scenario, recording);
}

function pages(boot: Booted, field: "managedPages" | "unacceptedPages"): number {
  return boot.kernel.allocator.zones.reduce((sum, zone) => sum + zone[field], 0);
}

test("memory above the limit is unaccepted for ever and counted nowhere", async () => {
  // 2 GiB low, and of the 14 GiB from 4 GiB on those below 6 GiB.
  const boot = await booted("policy=lazy", 'guest.commandLine="mem=6G"');
  const small = await booted("policy=lazy", "memory=4GiB");
  for (const field of ["managedPages", "unacceptedPages"] as const) {
    assert.is(pages(boot, field), pages(small, field), field);
  }
  assert.is(boot.kernel.early.maxPfn, (6 * GiB) / PAGE_SIZE);
  const { platform } = boot.guest;
  assert.is(platform.usableBytesIn(6 * GiB + 2 * MiB, 18 * GiB), 0);
});

test("eager acceptance stops at the limit, but for the guard unit behind it", async () => {
  const boot = await booted("policy=eager", 'guest.commandLine="mem=6G"');
  const { platform, host } = boot.guest;
  assert.is(platform.usableBytesIn(4 * GiB, 6 * GiB), 2 * GiB);
  assert.is(platform.acceptedPages * PAGE_SIZE + host.acceptedSharedBytes, 4 * GiB + 2 * MiB);
});

test("a limit below the initrd makes the kernel copy it, and nothing is accepted on demand", async () => {
  const boot = await booted("policy=lazy", 'guest.commandLine="mem=1G"');
  assert.ok(boot.kernel.early.initrd!.end <= GiB);
  assert.is(boot.acceptance.acceptCalls, 0);
  assert.is(pages(boot, "unacceptedPages"), 0);
  assert.ok(pages(boot, "managedPages") * PAGE_SIZE < GiB);
});

test("6.5 loses its table of unaccepted memory with the RAM it lies in", async () => {
  const { scenario, recording } = await loaded("policy=lazy", 'guest.commandLine="mem=1G"', "kernel=6.5");
  const result = runScenario(scenario, recording, { check: true });
  assert.is(result.outcome, "oom");
  assert.match(result.reason!, "cut off its table of unaccepted memory");
});

test("a table without RAM for the kernel is an outcome with its reason", async () => {
  for (const [line, reason] of [
    ["memmap=exactmap,1G@4G", "Invalid user supplied memory map"],
    ["memmap=exactmap,1G@4G,1G@6G", "no RAM where the kernel lies"],
    ["memmap=exactmap,1M@0,128M@1M", "less than a kernel needs"],
  ]) {
    const { scenario, recording } = await loaded("policy=lazy", `guest.commandLine="${line}"`);
    const result = runScenario(scenario, recording, { check: true });
    assert.is(result.outcome, "oom");
    assert.match(result.reason!, reason!);
  }
});

test("every kernel version boots the recorded guest, and accepts by its rules", async () => {
  const accepted: Record<string, number> = {};
  for (const kernel of ["6.5", "6.6", "6.11", "6.12.0", "6.12", "6.15"]) {
    const boot = await booted("policy=lazy", `kernel="${kernel}"`);
    accepted[kernel] = boot.guest.platform.acceptedPages;
  }
  // Where the table lies changes no decision.
  assert.is(accepted["6.5"], accepted["6.6"]);
  assert.is(accepted["6.12"], accepted["6.15"]);
  // A higher target accepts more, and a block for every page before watermarks are set most of all.
  assert.ok(accepted["6.11"]! < accepted["6.12.0"]!);
  assert.ok(accepted["6.12.0"]! < accepted["6.12"]!);
});

test.run();
