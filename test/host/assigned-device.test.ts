// Takes 3 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { RunResult } from "../../src/results/row.js";
import { parseScenario } from "../../src/scenario/load.js";
import { runScenario } from "../../src/study/run-scenario.js";
import { GiB, MiB, PAGE_SIZE } from "../../src/units.js";
import { LOADER } from "../loader.js";

const test = suite("host: a device assigned to the guest");

function run(platform: string, host: object, changes: object = {}): RunResult {
  const text = JSON.stringify({
    name: "vfio",
    workload: "generate:heap?size=64MiB",
    platform,
    memory: "2GiB",
    host,
    ...changes,
  });
  const scenario = parseScenario(text, "vfio")[0]!;
  return runScenario(scenario, LOADER.generate(scenario), { check: true });
}

const TYPE1 = { assignedDevice: "type1" };

test("an SNP guest of 2 GiB fits a container, and one of 4 GiB does not (kata-containers issue 12369)", () => {
  const fits = run("snp", TYPE1);
  assert.is(fits.outcome, "ready");
  // The bounce buffer of 128 MiB and the GHCB of the one CPU.
  assert.equal(fits.dma, { mappings: 32_768 + 1, pinnedBytes: 128 * MiB + PAGE_SIZE });
  const dead = run("snp", TYPE1, { memory: "4GiB" });
  assert.is(dead.outcome, "terminated");
  assert.match(
    dead.reason!,
    /the VMM stops the guest.* each of 65537 pages .* takes 65535 \(dma_entry_limit\)/,
  );
});

test("a larger limit or iommufd takes them all", () => {
  for (const host of [{ ...TYPE1, dmaEntryLimit: 65_537 }, { assignedDevice: "iommufd" }]) {
    const { outcome, dma } = run("snp", host, { memory: "4GiB" });
    assert.is(outcome, "ready");
    assert.is(dma!.mappings, 65_537);
  }
  assert.is(run("snp", { ...TYPE1, dmaEntryLimit: 65_536 }, { memory: "4GiB" }).outcome, "terminated");
});

test("what drivers share counts as well, a page each", () => {
  const { dma } = run("tdx", TYPE1, { guest: { dmaBuffers: 100 } });
  assert.is(dma!.mappings, 32_768 + 100);
});

test("what is mapped is the host's spending, touched or not, and no more the guest's", () => {
  const [without, pinned] = [run("tdx", {}), run("tdx", TYPE1)];
  assert.is(without.dma, undefined);
  assert.is(without.hostUse.sharedBytes, 0);
  assert.is(pinned.hostUse.sharedBytes, 128 * MiB);
  assert.is(pinned.hostBytes - without.hostBytes, 128 * MiB);
  assert.is(pinned.touchedBytes, without.touchedBytes);
  assert.is(pinned.bootTimeNs, without.bootTimeNs);
});

test("of a plain guest all memory is pinned, a piece for each range of RAM", () => {
  const { dma, hostUse } = run("none", TYPE1, { memory: "4GiB" });
  assert.equal(dma, { mappings: 2, pinnedBytes: 4 * GiB });
  assert.is(hostUse.sharedBytes, 4 * GiB);
  assert.ok(run("none", {}, { memory: "4GiB" }).hostUse.sharedBytes < GiB);
});

test("a host that has room for what is private alone has none for it", () => {
  const keeping = { keepsConverted: true };
  const spentBytes = run("tdx", keeping).hostBytesPeak;
  const memory = `${Math.ceil(spentBytes / MiB) + 64}MiB`;
  assert.is(run("tdx", { ...keeping, memory }).outcome, "ready");
  const short = run("tdx", { ...keeping, memory, ...TYPE1 });
  assert.is(short.outcome, "terminated");
  assert.match(short.reason!, /no memory of the host is left for what the guest shares/);
});

test("a run says what is left out", () => {
  assert.ok(run("snp", TYPE1).remarks!.some((line) => line.startsWith("host.assignedDevice:")));
  assert.throws(
    () => run("none", { ...TYPE1, dmaEntryLimit: 5 }),
    /dmaEntryLimit: changes nothing here; it needs host\.assignedDevice/,
  );
});

test.run();
