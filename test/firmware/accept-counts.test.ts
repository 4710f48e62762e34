import { suite } from "uvu";
import * as assert from "uvu/assert";
import { AcceptanceProtocol } from "../../src/firmware/boot-services.js";
import { edk2Build, type Flavour } from "../../src/firmware/edk2.js";
import { EfiMemoryType } from "../../src/firmware/efi-memory-map.js";
import type { Firmware } from "../../src/firmware/firmware.js";
import { ovmfSnp } from "../../src/firmware/ovmf-snp.js";
import { q35Ram } from "../../src/firmware/q35.js";
import { tdShim } from "../../src/firmware/td-shim.js";
import { tdvf } from "../../src/firmware/tdvf.js";
import { CostLedger } from "../../src/sim/cost-ledger.js";
import { type AddressRange, GiB, KiB, MiB } from "../../src/units.js";
import { counts } from "../coco/counts.js";
import { makePlatform } from "../coco/make-platform.js";

const test = suite("firmware: how often it accepts");

interface Run {
  /** Accepts of 2 MiB and of 4 KiB. */
  readonly large: number;
  readonly small: number;
  /** The same of the boot CPU, and of the other one that does most. */
  readonly bootCpu: readonly [number, number];
  readonly busiest: number;
  /** Calls, exits and failed accepts of the platform. */
  readonly events: Readonly<Record<string, number>>;
  readonly left: readonly AddressRange[];
}

function run(
  kind: "tdx" | "snp",
  firmware: Firmware,
  [version, flavour]: readonly [string, Flavour],
  memoryMiB: number,
  { vcpus = 1, hostPageBytes = 2 * MiB, svsm = false, limit = 4 * GiB } = {},
): Run {
  const ledger = new CostLedger();
  const platform = makePlatform(kind, ledger, { pageSizeBytes: hostPageBytes, svsm });
  const build = edk2Build(version, flavour);
  const of = Array.from({ length: vcpus }, (): [number, number] => [0, 0]);
  for (const { start, end } of firmware.launchRanges(build)) platform.launchPages(start, end);
  const left = firmware.preAccept(
    { build, ram: q35Ram(memoryMiB * MiB, kind === "snp"), vcpus, preAcceptLimit: limit },
    {
      firmwareAccept(start, end, cpu) {
        platform.firmwareAccept(start, end);
        of[cpu]![0] += platform.done.leaves[1]!;
        of[cpu]![1] += platform.done.leaves[0]!;
      },
    },
  );
  const sum = (size: 0 | 1): number => of.reduce((total, one) => total + one[size], 0);
  const [bootCpu, ...others] = of;
  return {
    large: sum(0),
    small: sum(1),
    bootCpu: bootCpu!,
    busiest: Math.max(0, ...others.map(([large]) => large)),
    events: counts(ledger),
    left,
  };
}

const INTEL = ["2026.08", "inteltdx"] as const;
const GENERIC = ["2026.08", "generic"] as const;

/** RAM in MiB, CPUs; accepts of 2 MiB and of 4 KiB, those of 2 MiB on the boot CPU and on the busiest other. */
const TDVF: readonly (readonly [number, number, number, number, number, number])[] = [
  [1024, 1, 511, 486, 511, 0],
  [1024, 8, 511, 486, 68, 64],
  [2048, 1, 1023, 486, 1023, 0],
  [2816, 1, 1023, 486, 1023, 0],
  [16384, 1, 1023, 486, 1023, 0],
  [16384, 2, 1023, 486, 516, 507],
  [16384, 8, 1023, 486, 132, 128],
  [16384, 64, 1023, 486, 20, 16],
  [16384, 600, 1022, 998, 24, 16],
  [2560, 8, 1279, 486, 164, 160],
  [2815, 8, 1406, 742, 180, 176],
];

for (const [memoryMiB, vcpus, large, small, bootCpu, busiest] of TDVF) {
  test(`TDVF, ${memoryMiB} MiB, ${vcpus} CPUs: ${large} of 2 MiB and ${small} of 4 KiB`, () => {
    const made = run("tdx", tdvf, INTEL, memoryMiB, { vcpus });
    assert.equal([made.large, made.small, made.bootCpu[0], made.busiest], [large, small, bootCpu, busiest]);
    assert.is(made.bootCpu[1], small, "small pages are the boot CPU's business");
  });
}

test("TDVF leaves what lies above 4 GiB, to the byte", () => {
  assert.equal(run("tdx", tdvf, INTEL, 16384).left, [{ start: 4 * GiB, end: 18 * GiB }]);
  assert.equal(run("tdx", tdvf, INTEL, 2815).left, []);
});

test("the generic image is added other pages: 474 of 4 KiB, 487 in 2025.02", () => {
  assert.equal([run("tdx", tdvf, GENERIC, 4096).small, run("tdx", tdvf, GENERIC, 4096).large], [474, 1023]);
  assert.is(run("tdx", tdvf, ["2025.02", "generic"], 4096).small, 487);
});

test("before 2025.11 several CPUs leave the last MiB of an odd size alone, and one CPU does not", () => {
  const old = ["2025.08", "inteltdx"] as const;
  assert.equal([run("tdx", tdvf, old, 2815, { vcpus: 8 }).large], [1406]);
  assert.is(run("tdx", tdvf, old, 2815, { vcpus: 8 }).small, 486);
  assert.is(run("tdx", tdvf, old, 2815).small, 742);
  assert.is(run("tdx", tdvf, ["2025.11", "inteltdx"], 2815, { vcpus: 8 }).small, 742);
});

test("2022.11 accepts on one CPU, 2022.08 all of memory", () => {
  const made = run("tdx", tdvf, ["2022.11", "inteltdx"], 16384, { vcpus: 8 });
  assert.equal([made.bootCpu[0], made.busiest], [1023, 0]);
  const all = run("tdx", tdvf, ["2022.08", "inteltdx"], 16384, { vcpus: 8 });
  assert.equal([all.large, all.left], [1023 + 7 * 1024, []]);
});

test("a host that maps 4 KiB: 525,285 calls and 524,262 exits, whatever the size", () => {
  for (const memoryMiB of [4096, 65536]) {
    const { tdcall, tdcallMismatch, eptViolation4k } = run("tdx", tdvf, INTEL, memoryMiB, {
      hostPageBytes: 4 * KiB,
    }).events;
    assert.is(tdcall! + tdcallMismatch!, 525_285);
    assert.is(tdcallMismatch, 1023);
    assert.is(eptViolation4k, 524_262);
  }
});

test("OVMF validates 1021 of 2 MiB and 1392 of 4 KiB below 4 GiB, in 13 exits; 11 before 2024.05", () => {
  for (const memoryMiB of [2816, 16384]) {
    const made = run("snp", ovmfSnp, GENERIC, memoryMiB);
    assert.equal([made.large, made.small, made.events.vmgexitPsc], [1021, 1392, 13]);
  }
  const old = run("snp", ovmfSnp, ["2023.02", "generic"], 16384);
  assert.equal([old.large, old.small, old.events.vmgexitPsc], [1021, 1392 + 16, 11]);
});

test("OVMF with 1 GiB and with 2560 MiB below 4 GiB", () => {
  const small = run("snp", ovmfSnp, GENERIC, 1024);
  assert.equal([small.large, small.small, small.events.vmgexitPsc], [509, 1392, 11]);
  const large = run("snp", ovmfSnp, GENERIC, 2560);
  assert.equal([large.large, large.small, large.events.vmgexitPsc], [1277, 1392, 14]);
});

test("before 2023.02 OVMF leaves nothing", () => {
  assert.equal(run("snp", ovmfSnp, ["2022.11", "generic"], 16384).left, []);
});

test("at ExitBootServices OVMF accepts the rest in 2 MiB: 253 entries an exit", () => {
  for (const [memoryGiB, large, exits] of [
    [3, 512, 3],
    [4, 1024, 5],
    [8, 3072, 13],
    [16, 7168, 29],
    [64, 31_744, 126],
  ] as const) {
    const ledger = new CostLedger();
    const platform = makePlatform("snp", ledger, { pageSizeBytes: 2 * MiB });
    const high = { type: EfiMemoryType.UNACCEPTED, start: 4 * GiB, end: (memoryGiB + 2) * GiB };
    new AcceptanceProtocol({
      firmwareAccept: (start, end) => platform.firmwareAccept(start, end),
    }).beforeExit([high]);
    const { pvalidate2m, pvalidate4k, vmgexitPsc } = counts(ledger);
    assert.equal([pvalidate2m, pvalidate4k, vmgexitPsc], [large, undefined, exits]);
  }
});

test("from 979 GiB on all high memory of an SNP guest starts at 1 TiB", () => {
  const start = (memoryGiB: number): readonly AddressRange[] =>
    run("snp", ovmfSnp, GENERIC, memoryGiB * 1024).left;
  assert.equal(start(978), [{ start: 4 * GiB, end: 980 * GiB }]);
  assert.equal(start(979), [{ start: 1024 * GiB, end: 2001 * GiB }]);
  assert.equal(run("tdx", tdvf, INTEL, 979 * 1024).left, [{ start: 4 * GiB, end: 981 * GiB }]);
});

test("td-shim's amount ends at 10020000, and its CPUs are 16", () => {
  const made = run("tdx", tdShim, INTEL, 4096, { vcpus: 32, limit: 256 * MiB });
  assert.equal(made.left[0], { start: 0x10020000, end: 2 * GiB });
  assert.is(made.large * 512 + made.small, (256 * MiB) / (4 * KiB));
});

test.run();
