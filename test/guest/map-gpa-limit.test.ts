import { suite } from "uvu";
import * as assert from "uvu/assert";
import { runBoot } from "./run-boot.js";

const test = suite("guest: a VMM that does a part of a MapGPA request");

const TDX = ["platform=tdx", "policy=lazy", "vcpus=1"] as const;

test("64 MiB of QEMU 8: 23 more requests of TDVF for its devices, and those for the bounce buffer", () => {
  // 256 MiB of bounce buffer at 4 GiB, 1 GiB from 17 GiB on.
  for (const [memory, retries] of [
    ["4GiB", 3],
    ["32GiB", 15],
  ] as const) {
    const limited = runBoot(...TDX, `memory=${memory}`, "host.mapGpaLimit=64MiB");
    const whole = runBoot(...TDX, `memory=${memory}`);
    assert.is(limited.costs.mapGpaRetry, 23 + retries);
    assert.is(limited.costs.mapGpa, whole.costs.mapGpa);
    assert.is(whole.costs.mapGpaRetry, undefined);
    assert.is(limited.exits - whole.exits, 23 + retries);
  }
});

test("a firmware that is no TDVF shares no devices as a whole", () => {
  assert.is(
    runBoot(...TDX, "memory=4GiB", "firmware.preset=td-shim", "host.mapGpaLimit=64MiB").costs.mapGpaRetry,
    3,
  );
});

test("a run says who did not ask again in its time", () => {
  const old = runBoot(
    ...TDX,
    "memory=2GiB",
    "kernel=6.5",
    "firmware.version=2023.11",
    "host.mapGpaLimit=1MiB",
  );
  const said = old.remarks!.filter((line) => line.startsWith("host.mapGpaLimit"));
  assert.is(said.length, 2);
  assert.match(said[0]!, /Linux 6\.5 may not ask again/);
  const newer = runBoot(...TDX, "memory=2GiB", "host.mapGpaLimit=1MiB");
  assert.not(newer.remarks?.some((line) => line.startsWith("host.mapGpaLimit")));
});

test.run();
