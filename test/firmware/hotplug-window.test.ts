import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  type HotplugWindow,
  hotplugWindow,
  reportedWindow,
  windowBytes,
} from "../../src/firmware/hotplug-window.js";
import { highRamStart, type VmmKind, vmmRam } from "../../src/firmware/vmm-ram.js";
import { type AddressRange, GiB, MiB, TiB } from "../../src/units.js";

const test = suite("firmware: addresses for memory that is plugged in");

function windowOf(
  memoryBytes: number,
  maxMemoryBytes: number,
  slots: number,
  isAmd = false,
  kind: VmmKind = "q35",
): { readonly ram: AddressRange[]; readonly window: HotplugWindow | undefined } {
  const room = { memoryBytes, maxMemoryBytes, slots };
  const request = { memoryBytes, isAmd, windowBytes: windowBytes(room) };
  const ram = vmmRam(kind, request);
  return { ram, window: hotplugWindow(ram, highRamStart(kind, request), room) };
}

test("-m 4G,slots=4,maxmem=16G: 12 GiB behind the RAM, and 1 GiB for each slot", () => {
  const { window } = windowOf(4 * GiB, 16 * GiB, 4);
  assert.equal(window, { start: 6 * GiB, end: 22 * GiB, reservedEnd: 22 * GiB, roomBytes: 12 * GiB });
});

test("it begins and ends at whole GiB, and what is reported begins where RAM ends", () => {
  const { ram, window } = windowOf(4 * GiB + MiB, 6 * GiB, 0);
  assert.equal(window, {
    start: 7 * GiB,
    end: 9 * GiB - MiB,
    reservedEnd: 9 * GiB,
    roomBytes: 2 * GiB - MiB,
  });
  assert.equal(reportedWindow(ram, window!), { start: 6 * GiB + MiB, end: 9 * GiB });
});

test("behind RAM that is all low it begins at 4 GiB", () => {
  const { ram, window } = windowOf(2 * GiB, 4 * GiB, 1);
  assert.equal(ram, [{ start: 0, end: 2 * GiB }]);
  assert.equal([window!.start, window!.end], [4 * GiB, 7 * GiB]);
  assert.equal(reportedWindow(ram, window!), { start: 4 * GiB, end: 7 * GiB });
});

test("no room, no window", () => {
  assert.is(windowOf(4 * GiB, 4 * GiB, 0).window, undefined);
  assert.is(windowBytes({ memoryBytes: GiB, maxMemoryBytes: GiB, slots: 4 }), 0);
});

test("an AMD machine whose window would reach the IOMMU's hole has both at 1 TiB", () => {
  // 970 GiB end at 972 GiB; with 32 GiB for devices 8 GiB are left below 1012 GiB.
  assert.is(windowOf(970 * GiB, 978 * GiB, 0, true).ram[1]!.start, 4 * GiB);
  const { ram, window } = windowOf(970 * GiB, 979 * GiB, 0, true);
  assert.is(ram[1]!.start, TiB);
  assert.is(window!.start, TiB + 968 * GiB);
  assert.is(windowOf(970 * GiB, 979 * GiB, 0, false).ram[1]!.start, 4 * GiB);
});

test("i440fx keeps more RAM low, and less room for devices behind the window", () => {
  const { ram, window } = windowOf(4 * GiB, 16 * GiB, 4, false, "i440fx");
  assert.equal(ram[1], { start: 4 * GiB, end: 5 * GiB });
  assert.equal([window!.start, window!.end], [5 * GiB, 21 * GiB]);
  assert.is(windowOf(970 * GiB, 1009 * GiB, 0, true, "i440fx").ram[1]!.start, 4 * GiB);
  assert.is(windowOf(970 * GiB, 1010 * GiB, 0, true, "i440fx").ram[1]!.start, TiB);
});

test("also behind RAM that is all low", () => {
  assert.is(windowOf(2 * GiB, 978 * GiB, 0, true).window!.start, 4 * GiB);
  assert.is(windowOf(2 * GiB, 979 * GiB, 0, true).window!.start, TiB);
});

test.run();
