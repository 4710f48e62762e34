// Takes 2 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { STANDARD_BOOT } from "../../src/cli/bundled.js";
import { parseScenario } from "../../src/scenario/load.js";
import { GiB, MiB } from "../../src/units.js";
import { livedGuest } from "../guest/run-boot.js";
import { LOADER } from "../loader.js";

const test = suite("guest: place of the kernel");

const loaded = LOADER.load(STANDARD_BOOT);
const SEEDS = [1, 2, 3, 4, 5, 6];

interface Start {
  readonly startBytes: number;
  readonly endBytes: number;
  /** What the decompressor accepted. */
  readonly stubBytes: number;
}

/** Boots a guest of 4 GiB with `--check` once for each seed. */
function starts(kernel: string, bootLoader: string, commandLine = "", kaslr = true): Start[] {
  const text = JSON.stringify({
    name: "kaslr",
    workload: "boot",
    platform: "tdx",
    memory: "4GiB",
    kernel,
    seed: SEEDS,
    guest: { bootLoader, commandLine, kaslr },
  });
  return parseScenario(text, "kaslr").map((scenario) => {
    const { guest, handOver } = livedGuest(scenario, loaded);
    const { start, end } = handOver.kernel;
    return { startBytes: start, endBytes: end, stubBytes: guest.meter.acceptedBy.stub };
  });
}

test("without randomisation a kernel lies at 16 MiB, whoever unpacks it", () => {
  for (const loader of ["stub", "aware"]) {
    for (const { startBytes, stubBytes } of starts("6.12", loader, "", false)) {
      assert.is(startBytes, 16 * MiB);
      assert.is(stubBytes, 0);
    }
  }
});

test("the stub of 6.6 and later unpacks to accepted memory only", () => {
  const all = starts("6.12", "stub");
  assert.ok(all.every(({ endBytes, stubBytes }) => endBytes <= 2 * GiB && stubBytes === 0));
  assert.ok(new Set(all.map(({ startBytes }) => startBytes)).size > 1);
});

test("nokaslr leaves nothing to choose", () => {
  assert.throws(() => starts("6.12", "stub", "nokaslr"), /needs no nokaslr on the kernel's command line/);
});

test("mem= and hugepages= on the command line keep the stub from choosing at random", () => {
  for (const line of ["mem=5G", "hugepages=8"]) {
    assert.ok(
      starts("6.12", "stub", line).every(({ startBytes }) => startBytes === 16 * MiB),
      line,
    );
  }
});

test("6.5 leaves it to the decompressor, which accepts unaccepted memory that it unpacks to", () => {
  for (const all of [starts("6.5", "stub"), starts("6.12", "aware")]) {
    const high = all.filter(({ startBytes }) => startBytes >= 4 * GiB);
    assert.ok(high.length > 0 && high.length < all.length);
    for (const { startBytes, endBytes, stubBytes } of all) {
      assert.is(stubBytes, startBytes >= 4 * GiB ? endBytes - startBytes : 0);
    }
  }
});

test("mem= limits where the decompressor puts the kernel", () => {
  const all = starts("6.12", "aware", "mem=1G");
  assert.ok(all.every(({ endBytes, stubBytes }) => endBytes <= GiB && stubBytes === 0));
  assert.ok(new Set(all.map(({ startBytes }) => startBytes)).size > 1);
});

test("a loader that drops unaccepted memory leaves accepted memory to choose from", () => {
  assert.ok(starts("6.12", "unaware").every(({ endBytes }) => endBytes <= 2 * GiB));
});

test.run();
