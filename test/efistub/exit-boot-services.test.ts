import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  type BootLoader,
  exitBoot,
  type StubOutcome,
  type StubResult,
  type UnacceptedSupport,
} from "../../src/efistub/exit-boot-services.js";
import { E820Type } from "../../src/efistub/setup-e820.js";
import { AcceptanceProtocol, BootServices } from "../../src/firmware/boot-services.js";
import { EfiMemoryType } from "../../src/firmware/efi-memory-map.js";
import type { FirmwareAccept } from "../../src/firmware/firmware.js";
import { GiB, KiB, MiB, TiB } from "../../src/units.js";
import { Recorder } from "./recorder.js";

const test = suite("efistub: leaving the firmware");

class FirmwareRecorder implements FirmwareAccept {
  readonly calls: [number, number][] = [];
  firmwareAccept(start: number, end: number): void {
    this.calls.push([start, end]);
  }
}

const LOW = { type: EfiMemoryType.CONVENTIONAL, start: MiB, end: 2 * GiB };
const HIGH = { type: EfiMemoryType.UNACCEPTED, start: 4 * GiB, end: 18 * GiB };

function run(
  support: UnacceptedSupport,
  hasProtocol: boolean,
): { result: StubResult; firmware: FirmwareRecorder; stub: Recorder; boot: BootServices } {
  const firmware = new FirmwareRecorder();
  const boot = new BootServices([LOW, HIGH], hasProtocol ? new AcceptanceProtocol(firmware) : undefined);
  const stub = new Recorder();
  const outcome = exitBoot(boot, support, stub);
  if (outcome.outcome !== "exited") throw new Error(outcome.reason);
  return { result: outcome, firmware, stub, boot };
}

test("a kernel that asks: type 15 survives, one e820 entry above 4 GiB, 7168 bits", () => {
  const { result, firmware, stub } = run("asks", true);
  assert.equal(firmware.calls, []);
  assert.equal(stub.calls, []);
  assert.is(result.table!.physBase, 4 * GiB);
  assert.is(result.table!.bitmapBytes, 896);
  assert.is(result.table!.countSet(), 7168);
  assert.is(result.lostBytes, 0);
  assert.equal(result.entries.at(-1), { type: E820Type.RAM, start: 4 * GiB, end: 18 * GiB });
});

test("the table lies in the page of the random seed at the top of accepted memory, of type ACPI", () => {
  const { result } = run("asks", true);
  const start = 2 * GiB - 4 * KiB + 0xb18;
  assert.equal(result.tableRange, { start, end: start + 24 + 896 });
  assert.equal(result.entries.slice(0, 2), [
    { type: E820Type.RAM, start: MiB, end: 2 * GiB - 4 * KiB },
    { type: E820Type.ACPI, start: 2 * GiB - 4 * KiB, end: 2 * GiB },
  ]);
});

test("a table of more than a block has pages of its own and begins 24 bytes behind their border", () => {
  for (const [high, pages] of [
    [42 * GiB, 1],
    [62 * GiB, 1],
    [63.5 * GiB, 2],
    [126 * GiB, 2],
    [254 * GiB, 4],
  ] as const) {
    const boot = new BootServices([LOW, { ...HIGH, end: HIGH.start + high }]);
    const outcome = exitBoot(boot, "asks", new Recorder());
    if (outcome.outcome !== "exited") throw new Error(outcome.reason);
    const start = 2 * GiB - (1 + pages) * 4 * KiB + 24;
    assert.equal(outcome.tableRange, { start, end: start + 24 + high / (16 * MiB) });
    assert.equal(outcome.entries[1], { type: E820Type.ACPI, start: start - 24, end: 2 * GiB });
  }
});

test("6.5 puts the table into loader data, and its page is RAM like any other", () => {
  const boot = new BootServices([LOW, HIGH]);
  const outcome = exitBoot(boot, "asks", new Recorder(), EfiMemoryType.LOADER_DATA);
  if (outcome.outcome !== "exited") throw new Error(outcome.reason);
  const start = 2 * GiB - 8 * KiB + 24;
  assert.equal(outcome.tableRange, { start, end: start + 24 + 896 });
  assert.equal(outcome.entries[0], { type: E820Type.RAM, start: MiB, end: 2 * GiB - 4 * KiB });
});

test("a kernel without support, firmware with the protocol: the firmware accepts everything", () => {
  const { result, firmware, stub } = run("drops", true);
  assert.equal(firmware.calls, [[4 * GiB, 18 * GiB]]);
  assert.equal(stub.calls, []);
  assert.is(result.table, undefined);
  assert.is(result.tableRange, undefined);
  assert.is(result.lostBytes, 0);
  assert.equal(result.entries.at(-1), { type: E820Type.RAM, start: 4 * GiB, end: 18 * GiB });
});

test("a kernel without support, firmware without the protocol: the high memory is lost", () => {
  const { result, firmware } = run("drops", false);
  assert.equal(firmware.calls, []);
  assert.is(result.lostBytes, 14 * GiB);
  // The stub's seed and its copy of the map.
  assert.equal(result.entries, [
    { type: E820Type.RAM, start: MiB, end: 2 * GiB - 4 * KiB },
    { type: E820Type.ACPI, start: 2 * GiB - 4 * KiB, end: 2 * GiB },
  ]);
});

test("a kernel that knows type 15 but does not ask loses laziness: its table is empty", () => {
  const { result, firmware } = run("knows", true);
  assert.equal(firmware.calls, [[4 * GiB, 18 * GiB]]);
  assert.is(result.table!.bitmapBytes, 896, "made from the map before the firmware accepted");
  assert.is(result.table!.countSet(), 0);
  assert.is(result.lostBytes, 0);
});

test("a kernel that knows type 15 needs no protocol where the firmware has none", () => {
  const { result, firmware } = run("knows", false);
  assert.equal(firmware.calls, []);
  assert.is(result.table!.countSet(), 7168);
});

test("looking for a protocol that is not there does no harm", () => {
  assert.is(run("asks", false).result.table!.countSet(), 7168);
});

test("memory that is all accepted needs no table", () => {
  const boot = new BootServices([LOW, { ...HIGH, type: EfiMemoryType.CONVENTIONAL }]);
  const outcome = exitBoot(boot, "asks", new Recorder());
  assert.is(outcome.outcome, "exited");
  assert.is((outcome as StubResult).table, undefined);
});

test("a bitmap that does not fit into accepted memory ends the boot", () => {
  const boot = new BootServices([
    { type: EfiMemoryType.CONVENTIONAL, start: MiB, end: 128 * MiB },
    { type: EfiMemoryType.UNACCEPTED, start: 128 * MiB, end: 4096 * TiB },
  ]);
  const outcome = exitBoot(boot, "asks", new Recorder());
  assert.is(outcome.outcome, "out-of-resources");
});

test("a boot loader with no room to spare is overrun where the firmware does not count type 15", () => {
  const leave = (loader: BootLoader, countsUnaccepted: boolean): StubOutcome => {
    const boot = new BootServices([LOW, HIGH], undefined, undefined, { countsUnaccepted });
    return exitBoot(boot, "asks", new Recorder(), undefined, loader);
  };
  const overrun = leave("exact-map", false);
  assert.is(overrun.outcome, "stopped");
  assert.match(overrun.outcome === "stopped" ? overrun.reason : "", /writes 48 bytes/);
  assert.is(leave("exact-map", true).outcome, "exited");
  // Linux has 32 entries to spare.
  assert.is(leave("stub", false).outcome, "exited");
});

test.run();
