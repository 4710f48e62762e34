// Takes 1 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { runBoot } from "./run-boot.js";

const test = suite("guest: extreme numbers");

for (const [what, ...settings] of [
  ["a time scale", "guest.timeScale=1e308"],
  ["a price", "platform.eptViolation4kNs=100000s"],
  ["a price of every page", "platform.initStructPageNs=9007199254740991ns"],
] as const) {
  test(`${what} beyond all reason ends the run with a reason, and no number is spoilt`, () => {
    const run = runBoot("platform.kind=tdx", "policy=lazy", "memory=1GiB", ...settings);
    assert.is(run.outcome, "terminated");
    assert.match(run.reason!, /104 days/);
    JSON.stringify(run, (_key, value: unknown) => {
      if (typeof value === "number") assert.ok(Math.abs(value) <= Number.MAX_SAFE_INTEGER, String(value));
      return value;
    });
  });
}

test("nothing may cost anything", () => {
  const run = runBoot("platform=snp", "policy=lazy", "memory=1GiB", "guest.timeScale=1e-300");
  assert.is(run.outcome, "ready");
});

test.run();
