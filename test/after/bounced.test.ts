// Takes 3 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { RunResult } from "../../src/results/row.js";
import { KiB, MiB } from "../../src/units.js";
import { runBoot } from "../guest/run-boot.js";

const test = suite("after: what is bounced at once");

/** A guest whose bounce buffer has 2 MiB, 1024 slots; of 2 MiB are its further pools then. */
const boot = (bounced: string, ...settings: readonly string[]): RunResult =>
  runBoot(
    "workload=generate:boot",
    "policy=lazy",
    "memory=1GiB",
    "guest.commandLine=swiotlb=1024",
    `guest.bounced=${bounced}`,
    ...settings,
  );

const shared = (run: RunResult): number => run.earlyMap!.sharedBytes;

test("the host backs what is bounced, and no more", () => {
  for (const platform of ["tdx", "snp"]) {
    const [none, some] = [boot("0", `platform=${platform}`), boot("512KiB", `platform=${platform}`)];
    assert.is(some.hostUse.sharedBytes - none.hostUse.sharedBytes, 512 * KiB);
    assert.is(shared(some), shared(none));
    assert.is(some.remarks, undefined);
  }
});

test("a buffer that cannot grow is full, and says so", () => {
  for (const when of ["early", "late"]) {
    const run = boot("9MiB", "platform=tdx", `guest.swiotlb=${when}`);
    assert.equal(run.remarks, ["swiotlb buffer is full: 7 MiB of guest.bounced find no room"]);
    assert.is(shared(run), 2 * MiB);
  }
});

test("one that grows adds a pool after another, each shared by a request of its own", () => {
  const [fits, grows] = ["2MiB", "9MiB"].map((bounced) =>
    boot(bounced, "platform=tdx", "guest.swiotlb=dynamic"),
  ) as [RunResult, RunResult];
  assert.is(shared(fits), 2 * MiB);
  assert.is(shared(grows), 10 * MiB);
  assert.is(grows.costs.mapGpa! - fits.costs.mapGpa!, 4);
  assert.is(grows.costs.septRemove! - fits.costs.septRemove!, (8 * MiB) / (4 * KiB));
  assert.is(grows.hostUse.sharedBytes - fits.hostUse.sharedBytes, 7 * MiB);
  assert.is(grows.remarks, undefined);
  assert.is(grows.bootTimeNs, fits.bootTimeNs);
  assert.ok(grows.totalTimeNs! > fits.totalTimeNs!);
});

test("pools are of 4 MiB at most, whatever the first one has", () => {
  const settings = ["platform=snp", "guest.swiotlb=dynamic", "guest.commandLine=swiotlb=16384"];
  const [fits, grows] = ["32MiB", "33MiB"].map((bounced) => boot(bounced, ...settings));
  assert.is(shared(grows!) - shared(fits!), 4 * MiB);
});

test("a pool lies below 4 GiB, where a large guest has no more than others", () => {
  const settings = ["platform=tdx", "guest.swiotlb=dynamic", "memory=4GiB"];
  const run = boot("2GiB", ...settings, "guest.commandLine=swiotlb=1024");
  // 2 GiB of RAM are there, of which kernel and firmware have a part.
  assert.ok(shared(run) > 1024 * MiB && shared(run) < 2048 * MiB, `${shared(run) / MiB} MiB`);
  assert.match(run.remarks!.join(), /swiotlb buffer is full: .* of guest.bounced find no room/);
});

test("dynamic without anything bounced says that it does nothing", () => {
  const run = boot("0", "platform=tdx", "guest.swiotlb=dynamic");
  assert.match(run.remarks!.join(), /nothing is bounced \(guest.bounced\), so the buffer never grows/);
});

test("no buffer, nothing bounced", () => {
  const run = runBoot(
    "workload=generate:boot",
    "platform=tdx",
    "memory=1GiB",
    "policy=lazy",
    "guest.bounced=1MiB",
    "guest.commandLine=swiotlb=noforce",
  );
  assert.is(run.earlyMap!.sharedBytes, 0);
  assert.is(run.outcome, "ready");
});

test.run();
