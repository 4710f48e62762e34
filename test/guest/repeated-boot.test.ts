// Takes 10 s.
import { readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { BOOT, poweredOff } from "../../src/guest/boot.js";
import type { Started } from "../../src/guest/state.js";
import { type AddressRange, KiB, PAGE_SIZE, pfnDown } from "../../src/units.js";
import { freedPages } from "../../src/verify/memory-line.js";
import { machineFromBootLog, stubOfBootLog } from "../../src/x86/boot-log.js";
import { randomCpuEntryAreaTables } from "../../src/x86/cpu-entry-area.js";
import type { EarlyMachine } from "../../src/x86/early-machine.js";
import { LOADER } from "../loader.js";
import { scenarioOf } from "./log-scenario.js";
import { livedGuest } from "./run-boot.js";

/*
 * A boot log becomes a scenario file, and the guest of that has the same memory as the kernel that wrote the log:
 * plain boots by SeaBIOS and boots by real OVMF, of Linux 6.12 to 7.3, with up to 8 CPUs and 2 nodes.
 */
const test = suite("guest: boots of logs, repeated from scenarios");

const RECORDED = new URL("../../workloads/recorded/", import.meta.url);

function recordedText(name: string): string {
  return gunzipSync(readFileSync(new URL(name, RECORDED))).toString("utf8");
}

const LOGS: readonly string[] = readdirSync(RECORDED, { recursive: true, encoding: "utf8" })
  .filter((name) => /\/boot\.dmesg\.gz$|\.log\.gz$/.test(name))
  .sort();

class Reached extends Error {}

/** The guest of a log when all of its struct pages are initialised, which is when `Memory:` is printed. */
function bootOf(log: string): Started & { readonly unaccepted: number | undefined } {
  const scenario = scenarioOf(log);
  let unaccepted: number | undefined;
  const state = poweredOff(scenario, LOADER.load(scenario.workload), {
    onHandOver: ({ stub }) => {
      unaccepted = stub.table?.countSet();
    },
  });
  try {
    BOOT.run(state, (phase) => {
      if (phase === "deferred init") throw new Reached();
    });
  } catch (error) {
    if (!(error instanceof Reached)) throw error;
  }
  return { ...(state as Started), unaccepted };
}

/** Keys of a machine that a log tells, but for the words of its command line. */
const LOGGED = [
  "e820",
  "kernelStart",
  "initrd",
  "setupData",
  "acpiTables",
  "ioapicCount",
  "unknownOptions",
  "cpuNodes",
  "numaBlocks",
  "fiveLevel",
  "memoryEncrypted",
] as const satisfies readonly (keyof EarlyMachine)[];

/** What the firmware handed over, without how a release keeps its table. */
function efiOf({ efi }: EarlyMachine): object | undefined {
  if (efi === undefined) return undefined;
  const bare = (ranges: readonly AddressRange[]): AddressRange[] =>
    ranges.map(({ start, end }) => ({ start, end }));
  const { memoryMap, unacceptedTable, keptTables, bootServices, mmio } = efi;
  return {
    memoryMap,
    unacceptedTable,
    keptTables,
    bootServices: bare(bootServices),
    mmio: bare(mmio),
  };
}

interface ZoneSizes {
  readonly spanned: number;
  readonly present: number;
  readonly managed: number;
}

/** Of /proc/zoneinfo once init ran, by node and name; zones without pages are left out. */
function zoneinfo(name: string): Map<string, ZoneSizes> {
  const text = recordedText(name);
  const zones = text.matchAll(
    /^Node (\d+), zone +(\w+)\n[\s\S]*?spanned +(\d+)\n +present +(\d+)\n +managed +(\d+)/gm,
  );
  const sizes = Array.from(zones, ([, node, zone, spanned, present, managed]): [string, ZoneSizes] => [
    `${node} ${zone}`,
    { spanned: Number(spanned), present: Number(present), managed: Number(managed) },
  ]);
  return new Map(sizes.filter(([, { present }]) => present > 0));
}

function memoryLine(log: string): { readonly ram: number; readonly reserved: number } {
  const [, ram, reserved] = /Memory: \d+K\/(\d+)K available .* (\d+)K reserved/.exec(log)!;
  return { ram: (Number(ram) * KiB) / PAGE_SIZE, reserved: (Number(reserved) * KiB) / PAGE_SIZE };
}

/** Page tables that KASLR has cost beyond the least are a matter of chance. */
function randomTablesMax({ kernel: { early } }: Started): number {
  const { least, most } = randomCpuEntryAreaTables(early.cpuCount);
  return early.options.kaslr && early.build.randomizeMemory ? most - least : 0;
}

test("more than 120 logs are there, of boots by SeaBIOS and by OVMF", () => {
  assert.ok(LOGS.length >= 120);
  for (const name of ["linux-6.12.95-1c4g", "linux-7.3.4-stock-1c4g", "linux-7.3.4-ovmf-1c4g-high"])
    assert.ok(LOGS.includes(`${name}/boot.dmesg.gz`), name);
});

for (const name of LOGS) {
  const log = recordedText(name);
  if (!/Memory: \d+K\/\d+K available/.test(log)) continue;
  test(name, () => {
    const guest = bootOf(log);
    const { kernel, machine, table } = guest;
    const { allocator, early } = kernel;
    const logged = machineFromBootLog(log)!;
    for (const key of LOGGED) assert.equal(machine[key], logged[key], key);
    assert.equal(efiOf(machine), efiOf(logged), "efi");
    assert.is(machine.commandLineLength, logged.commandLine.length);

    const stub = stubOfBootLog(log);
    assert.is(table?.bitmapBytes, stub?.table?.bitmapBytes);
    assert.is(guest.unaccepted, stub?.table?.countSet());

    const swiotlb = /software IO TLB: mapped \[mem 0x([0-9a-f]+)-0x([0-9a-f]+)\]/.exec(log);
    const buffer = early.swiotlb && [early.swiotlb.start, early.swiotlb.end];
    assert.equal(
      buffer,
      swiotlb?.slice(1).map((hex) => Number.parseInt(hex, 16)),
    );

    const { beforeMemoryLine, betweenWatermarks, later } = freedPages(log);
    const imageZone = allocator.zoneOfPfn(pfnDown(machine.kernelStart));
    allocator.adjustManagedPages(imageZone, beforeMemoryLine);
    const sum = (of: "presentPages" | "managedPages"): number =>
      allocator.zones.reduce((pages, zone) => pages + zone[of], 0);
    const { ram, reserved } = memoryLine(log);
    assert.is(sum("presentPages"), ram);
    const beyond = reserved - (sum("presentPages") - sum("managedPages"));
    assert.ok(beyond >= 0 && beyond <= randomTablesMax(guest), `${beyond} pages reserved beyond the guest's`);

    if (!name.endsWith("boot.dmesg.gz")) return;
    const initrdPages = (Number(/Freeing initrd memory: (\d+)K/.exec(log)?.[1] ?? 0) * KiB) / PAGE_SIZE;
    allocator.adjustManagedPages(imageZone, betweenWatermarks + later - initrdPages);
    const initrdStart = early.initrd?.start ?? machine.kernelStart;
    allocator.adjustManagedPages(allocator.zoneOfPfn(pfnDown(initrdStart)), initrdPages);
    const zones = allocator.zones.map((zone) => [
      `${zone.nodeId} ${zone.name}`,
      {
        spanned: zone.endPfn - zone.startPfn,
        present: zone.presentPages,
        managed: zone.managedPages,
      },
    ]);
    assert.equal(new Map(zones as [string, ZoneSizes][]), zoneinfo(name.replace("dmesg", "zoneinfo")));
  });
}

test("the map of a guest with unaccepted memory boots on each platform, and what is accepted adds up", () => {
  const log = recordedText("linux-7.3.4-ovmf-1c4g-high/boot.dmesg.gz");
  for (const platform of ["none", "tdx", "snp"]) {
    for (const policy of ["lazy", "eager", "eager-firmware", "firmware-delegated", "page-flag"]) {
      const scenario = scenarioOf(log, { platform, policy });
      const { handOver, guest } = livedGuest(scenario, LOADER.load(scenario.workload));
      const { launch, firmware, exitBootServices } = guest.meter.acceptedBy;
      const leavesHigh = policy === "lazy" || policy === "eager" || policy === "page-flag";
      const accepted = platform === "none" ? 0 : leavesHigh ? 2 : 4;
      assert.is(
        launch + firmware + exitBootServices,
        accepted * 1024 * 1024 * KiB - (accepted > 0 ? 384 * KiB : 0),
        `${platform} ${policy}`,
      );
      assert.is(
        handOver.stub.table?.bitmapBytes,
        leavesHigh ? (policy === "page-flag" ? 65536 : 128) : undefined,
      );
    }
  }
});

test.run();
