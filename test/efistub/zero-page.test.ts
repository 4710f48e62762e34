import { suite } from "uvu";
import * as assert from "uvu/assert";
import { exitBoot, type StubOutcome, type StubResult } from "../../src/efistub/exit-boot-services.js";
import { E820Type } from "../../src/efistub/setup-e820.js";
import { allocateZeroPageBitmap } from "../../src/efistub/unaccepted-memory.js";
import { handOverInZeroPage } from "../../src/efistub/zero-page-hand-over.js";
import { BootServices } from "../../src/firmware/boot-services.js";
import { EfiMemoryType } from "../../src/firmware/efi-memory-map.js";
import { GiB, KiB, MiB, TiB } from "../../src/units.js";
import { Recorder } from "./recorder.js";

const test = suite("efistub: bitmap in the zero page");

const { CONVENTIONAL, RESERVED, UNACCEPTED } = EfiMemoryType;
const LOW = { type: CONVENTIONAL, start: MiB, end: 2 * GiB };
const HIGH = { type: UNACCEPTED, start: 4 * GiB, end: 18 * GiB };

function exited(outcome: StubOutcome): StubResult {
  if (outcome.outcome !== "exited") throw new Error(outcome.reason);
  return outcome;
}

test("64 GiB take 4096 bytes, 4 PiB take 256 MiB, whatever lies below them", () => {
  assert.is(allocateZeroPageBitmap([{ ...HIGH, end: 64 * GiB }]).bitmapBytes, 4096);
  const far = { type: UNACCEPTED, start: 4096 * TiB - 4 * MiB, end: 4096 * TiB };
  assert.is(allocateZeroPageBitmap([LOW, far]).bitmapBytes, 256 * MiB);
});

test("the end of the last descriptor counts, of whatever type", () => {
  const device = { type: RESERVED, start: 1024 * GiB - 4 * KiB, end: 1024 * GiB };
  assert.is(allocateZeroPageBitmap([LOW, HIGH, device]).bitmapBytes, 65536);
});

test("the stub of the series v10: bits from address 0, no header, in memory that is RAM", () => {
  const arch = new Recorder();
  const result = exited(exitBoot(new BootServices([LOW, HIGH]), "zero-page", arch));
  const table = result.table!;
  assert.is(table.physBase, 0);
  assert.is(table.bitmapBytes, 1152);
  assert.is(table.nextSet(0, table.unitCount), 2048);
  assert.is(table.countSet(), 7168);
  assert.is(result.tableRange!.end - result.tableRange!.start, 1152);
  assert.ok(result.tableInRam);
  // Behind it lies the stub's seed.
  assert.is(result.entries.find(({ end }) => end > MiB)!.end, 2 * GiB - 4 * KiB);
  assert.equal(arch.calls, []);
});

for (const kernel of ["drops", "zero-page"] as const) {
  test(`a table that a boot loader made is nothing to a kernel that ${kernel === "drops" ? "drops" : "looks elsewhere"}`, () => {
    const result = exited(
      exitBoot(new BootServices([LOW, HIGH]), kernel, new Recorder(), undefined, "aware"),
    );
    assert.is(result.table, undefined);
    assert.is(result.tableRange, undefined);
    assert.is(result.unknownBytes, 14 * GiB);
    assert.is(result.lostBytes, 0);
  });
}

test("a boot loader that does not know type 15 loses it for every kernel", () => {
  for (const kernel of ["drops", "knows", "asks", "zero-page"] as const) {
    const result = exited(
      exitBoot(new BootServices([LOW, HIGH]), kernel, new Recorder(), undefined, "unaware"),
    );
    assert.is(result.lostBytes, 14 * GiB);
    assert.is(result.unknownBytes, 0);
    assert.is(result.table, undefined);
  }
});

test("a table of another version stops a decompressor that looks for one", () => {
  for (const kernel of ["knows", "asks"] as const) {
    const outcome = exitBoot(
      new BootServices([LOW, HIGH]),
      kernel,
      new Recorder(),
      undefined,
      "other-version",
    );
    assert.is(outcome.outcome, "stopped");
  }
  const outcome = exitBoot(new BootServices([LOW]), "asks", new Recorder(), undefined, "other-version");
  assert.is(outcome.outcome, "exited", "nothing unaccepted, no table");
});

test("td-shim: all memory is RAM, 256 KiB of bitmap from address 0", () => {
  const arch = new Recorder();
  const result = exited(handOverInZeroPage(new BootServices([LOW, HIGH]), "zero-page", arch));
  assert.is(result.table!.physBase, 0);
  assert.is(result.table!.bitmapBytes, 256 * KiB);
  assert.is(result.table!.countSet(), 7168);
  assert.equal(result.entries, [
    { type: E820Type.RAM, start: MiB, end: 2 * GiB },
    { type: E820Type.RAM, start: 4 * GiB, end: 18 * GiB },
  ]);
  assert.equal(arch.calls, []);
});

test("td-shim accepts what does not fill a bit", () => {
  const arch = new Recorder();
  const boot = new BootServices([
    { ...LOW, end: GiB + 4 * KiB },
    { type: UNACCEPTED, start: GiB + 4 * KiB, end: GiB + 8 * MiB + 8 * KiB },
    { type: UNACCEPTED, start: 2 * GiB, end: 2 * GiB + MiB },
    { type: UNACCEPTED, start: 3 * GiB + MiB, end: 3 * GiB + 3 * MiB },
  ]);
  const result = exited(handOverInZeroPage(boot, "zero-page", arch));
  assert.equal(arch.calls, [
    [GiB + 4 * KiB, GiB + 2 * MiB],
    [GiB + 8 * MiB, GiB + 8 * MiB + 8 * KiB],
    [2 * GiB, 2 * GiB + MiB],
    [3 * GiB + MiB, 3 * GiB + 2 * MiB],
    [3 * GiB + 2 * MiB, 3 * GiB + 3 * MiB],
  ]);
  assert.is(result.table!.countSet(), 3);
});

test("td-shim: a kernel that does not look into the zero page takes everything for accepted", () => {
  for (const kernel of ["drops", "knows", "asks"] as const) {
    const result = exited(handOverInZeroPage(new BootServices([LOW, HIGH]), kernel, new Recorder()));
    assert.is(result.unknownBytes, 14 * GiB);
    assert.is(result.table, undefined);
  }
  assert.is(exited(handOverInZeroPage(new BootServices([LOW]), "asks", new Recorder())).unknownBytes, 0);
});

test("td-shim's bitmap ends at 4 TiB", () => {
  const over = { ...HIGH, end: 4 * TiB + 2 * MiB };
  assert.is(
    handOverInZeroPage(new BootServices([LOW, over]), "zero-page", new Recorder()).outcome,
    "stopped",
  );
  const fits = { ...HIGH, end: 4 * TiB };
  assert.is(handOverInZeroPage(new BootServices([LOW, fits]), "zero-page", new Recorder()).outcome, "exited");
});

test("td-shim without room for its bitmap does not start a kernel", () => {
  const boot = new BootServices([{ type: CONVENTIONAL, start: 0, end: 128 * KiB }, HIGH]);
  assert.is(handOverInZeroPage(boot, "zero-page", new Recorder()).outcome, "out-of-resources");
});

test.run();
