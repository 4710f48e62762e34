import { suite } from "uvu";
import * as assert from "uvu/assert";
import { pricedEvents, priceList, withOverrides } from "../../src/coco/parameters.js";
import type { PlatformKind } from "../../src/coco/platforms.js";
import { PLATFORMS } from "../../src/coco/platforms.js";
import { SnpPlatform } from "../../src/coco/snp/snp-platform.js";
import { TdxPlatform } from "../../src/coco/tdx/tdx-platform.js";
import { COST_EVENT_NAMES, CostEvent } from "../../src/sim/cost-events.js";
import { CostLedger } from "../../src/sim/cost-ledger.js";
import { GiB, KiB, MiB } from "../../src/units.js";
import { makePlatform } from "./make-platform.js";

const test = suite("coco: prices");
const KINDS: readonly PlatformKind[] = ["tdx", "snp", "none"];

/** Microseconds to accept one more range in a TDX guest that has tables for 1 GiB already. */
function tdxMicroseconds(hostPageBytes: number, sizeBytes: number): number {
  const ledger = new CostLedger(priceList(PLATFORMS.tdx.parameters));
  const platform = new TdxPlatform(ledger, { pageSizeBytes: hostPageBytes });
  platform.launchPages(GiB, GiB + 2 * MiB);
  platform.kernelAccept(GiB + 4 * MiB, GiB + 4 * MiB + sizeBytes);
  return ledger.elapsedNs / 1e3;
}

function snpMilliseconds(pageSizeBytes: number, prefault: boolean, clearsInOrder = false): number {
  const ledger = new CostLedger(priceList(PLATFORMS.snp.parameters));
  new SnpPlatform(ledger, { pageSizeBytes, prefault, clearsInOrder }).kernelAccept(GiB, GiB + 4 * MiB);
  return ledger.elapsedNs / 1e6;
}

test("TDX: a 4 KiB accept with its fault takes 10.5 us", () => {
  const { parameters } = PLATFORMS.tdx;
  const parts = ["tdcallNs", "eptViolation4kNs", "hostClear4kNs", "acceptZero4kNs"];
  assert.is(
    parts.reduce((sum, name) => sum + parameters[name]!.value, 0),
    10_500,
  );
  // The second page of a span: its table exists.
  assert.ok(Math.abs(tdxMicroseconds(4 * KiB, 8 * KiB) - tdxMicroseconds(4 * KiB, 4 * KiB) - 10.5) < 1e-9);
});

test("TDX: 2 MiB take 0.8 + 512 (8 + 0.8 + 1.7) + 3 us = 5.38 ms on a 4 KiB host", () => {
  assert.is(tdxMicroseconds(4 * KiB, 2 * MiB).toFixed(3), (0.8 + 512 * (8 + 0.8 + 1.7) + 3).toFixed(3));
  assert.is((tdxMicroseconds(4 * KiB, 2 * MiB) / 1e3).toFixed(2), "5.38");
});

test("TDX: 2 MiB take 210 + 0.8 + 230 us = 0.44 ms on a 2 MiB host, 12 times less", () => {
  assert.is(tdxMicroseconds(2 * MiB, 2 * MiB).toFixed(3), (210 + 0.8 + 230).toFixed(3));
  assert.is((tdxMicroseconds(4 * KiB, 2 * MiB) / tdxMicroseconds(2 * MiB, 2 * MiB)).toFixed(0), "12");
});

test("SNP: 4 MiB take 7.5 ms, 3.9 ms with prefault, 0.43 ms on a 2 MiB host, 0.25 ms if that clears in order", () => {
  assert.is(snpMilliseconds(4 * KiB, false).toFixed(1), "7.5");
  assert.is(snpMilliseconds(4 * KiB, true).toFixed(1), "3.9");
  assert.is(snpMilliseconds(2 * MiB, false).toFixed(2), "0.43");
  assert.is(snpMilliseconds(2 * MiB, false, true).toFixed(2), "0.25");
});

test("SNP: that is 1.9, 1.0 and 0.11 s for 1 GiB", () => {
  const secondsPerGiB = [
    (snpMilliseconds(4 * KiB, false) * 256) / 1e3,
    (snpMilliseconds(4 * KiB, true) * 256) / 1e3,
    (snpMilliseconds(2 * MiB, false) * 256) / 1e3,
  ];
  for (const [index, expected] of [1.9, 1.0, 0.11].entries()) {
    assert.ok(
      Math.abs(secondsPerGiB[index]! / expected - 1) < 0.06,
      `${secondsPerGiB[index]} is not ${expected}`,
    );
  }
});

test("SNP: the stub's exits alone take 1.82 ms for 2 MiB and 0.93 s for 1 GiB", () => {
  const ledger = new CostLedger(priceList(withOverrides(PLATFORMS.snp.parameters, onlyVmgexits())));
  const platform = makePlatform("snp", ledger, { pageSizeBytes: 4 * KiB, prefault: false });
  platform.stubAccept(0, 2 * MiB);
  assert.is((ledger.elapsedNs / 1e6).toFixed(2), "1.82");
  platform.stubAccept(2 * MiB, GiB);
  assert.is((ledger.elapsedNs / 1e9).toFixed(2), "0.93");
});

/** Overrides that make everything but the exits free. */
function onlyVmgexits(): Record<string, number> {
  const names = Object.keys(PLATFORMS.snp.parameters).filter((name) => name !== "vmgexitNs");
  return Object.fromEntries(names.map((name) => [name, 0]));
}

test("SNP exits cost what measured ones cost against plain ones, 2.8 to 3.1 times", () => {
  const vmgexitNs = PLATFORMS.snp.parameters.vmgexitNs!.value;
  for (const plainNs of [1_255, 1_226]) assert.ok(vmgexitNs / plainNs > 2.8 && vmgexitNs / plainNs < 3.1);
});

test("a guest spends 1.3 s before its kernel runs, without accepting", () => {
  const ledger = new CostLedger(priceList(PLATFORMS.tdx.parameters));
  for (const phase of ["launch", "firmwareFixed"] as const) {
    ledger.charge(CostEvent[phase], 1);
  }
  assert.is(ledger.elapsedNs, 140e6 + 1_200e6);
});

test("whatever a platform does has a price", () => {
  for (const kind of KINDS) {
    for (const prefault of [false, true]) {
      for (const pageSizeBytes of [4 * KiB, 2 * MiB, GiB]) {
        const prices = priceList(PLATFORMS[kind].parameters);
        const ledger = new CostLedger(prices);
        const platform = makePlatform(kind, ledger, { pageSizeBytes, prefault });
        platform.firmwareAccept(0, 4 * MiB + 8 * KiB);
        platform.stubAccept(8 * MiB, 12 * MiB);
        platform.kernelAccept(GiB, 2 * GiB);
        for (const event of ["launch", "vcpuStart", "initStructPage"] as const) {
          ledger.charge(CostEvent[event], 1);
        }
        ledger.counts.forEach((count, event) => {
          if (count > 0)
            assert.ok(prices.ns[event]! > 0, `${kind} does not price ${COST_EVENT_NAMES[event]}`);
        });
      }
    }
  }
});

test("the firmware is priced as a whole, or under SNP by its phases", () => {
  const { firmwareFixed, firmwareSec, firmwarePei, firmwareDxe, firmwareBds } = CostEvent;
  const events: readonly CostEvent[] = [firmwareFixed, firmwareSec, firmwarePei, firmwareDxe, firmwareBds];
  for (const kind of ["tdx", "none"] as const) {
    assert.equal(pricedEvents(PLATFORMS[kind].parameters, events), [firmwareFixed]);
  }
  const phases = pricedEvents(PLATFORMS.snp.parameters, events);
  assert.equal(phases, [firmwareSec, firmwarePei, firmwareDxe, firmwareBds]);
  const { ns } = priceList(PLATFORMS.snp.parameters);
  const published = 121e6 + 156e6 + 700e6 + 2_167e6;
  const ofPei = 30e6;
  assert.is(
    phases.reduce<number>((sum, event) => sum + ns[event]!, 0),
    published - ofPei,
  );
});

test("every parameter prices an event, or a page's part of what CPUs share: changing it changes the list", () => {
  for (const kind of KINDS) {
    const parameters = PLATFORMS[kind].parameters;
    for (const name of Object.keys(parameters).filter((one) => !one.startsWith("sharedAccept"))) {
      const changed = priceList(withOverrides(parameters, { [name]: 123_456_789 }));
      assert.ok(changed.ns.includes(123_456_789), `${kind} has ${name} for nothing`);
    }
  }
});

test("every parameter lies in its range and says where it comes from", () => {
  for (const kind of KINDS) {
    for (const [name, { value, low, high, unit, source, basis }] of Object.entries(
      PLATFORMS[kind].parameters,
    )) {
      assert.ok(0 <= low && low <= value && value <= high, `${kind} ${name}: ${low} ${value} ${high}`);
      assert.ok(name.endsWith("Ns") && unit === "ns", name);
      assert.ok(source.length > 20, name);
      assert.is(basis === "assumed", source.startsWith("assumption"), `${kind} ${name}`);
    }
  }
});

test("assumed parameters make assumed prices", () => {
  const { assumed } = priceList(PLATFORMS.tdx.parameters);
  assert.is(assumed[CostEvent.tdcall], 1);
  assert.is(assumed[CostEvent.eptViolation4k], 0);
  assert.is(assumed[CostEvent.initStructPage], 0);
});

test("an override replaces the value and counts as assumed", () => {
  const parameters = withOverrides(PLATFORMS.tdx.parameters, { eptViolation4kNs: 9_000 });
  assert.is(parameters.eptViolation4kNs!.value, 9_000);
  assert.is(priceList(parameters).assumed[CostEvent.eptViolation4k], 1);
  assert.is(parameters.tdcallNs!.value, 800);
  assert.is(PLATFORMS.tdx.parameters.eptViolation4kNs!.value, 7_600);
});

test("a parameter that is called otherwise than what it prices says so, and names events", () => {
  for (const kind of KINDS) {
    for (const [name, { prices = [name.replace(/Ns$/, "")] }] of Object.entries(PLATFORMS[kind].parameters)) {
      if (name.startsWith("sharedAccept")) continue;
      for (const event of prices) assert.ok(COST_EVENT_NAMES.includes(event), `${kind} ${name}: ${event}`);
    }
  }
});

test.run();
