// Takes 5 s.
import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { bundledPriceNames, bundledPrices } from "../../src/cli/bundled.js";
import { priceSetsFor } from "../../src/cli/price-sets.js";
import { loadPrices, loadScenarios, UsageError } from "../../src/node.js";
import { runScenario } from "../../src/study/run-scenario.js";
import type { ScenarioToRun } from "../../src/study/runner.js";
import { TARGETS } from "../../src/validate/targets.js";
import { unaccepted } from "./program.js";

const test = suite("cli: prices that come with the program");

const SETS = priceSetsFor("");

test("each is named as its file, says something, and where each price comes from", () => {
  assert.ok(bundledPriceNames().length >= 10);
  for (const name of bundledPriceNames()) {
    const set = SETS.find(name)!;
    assert.is(set.name, name);
    assert.ok(name.startsWith(`${set.platform}-`), name);
    assert.ok((set.description ?? "").length > 20, name);
    assert.ok(Object.keys(set.prices).length > 0, name);
    for (const { source } of Object.values(set.prices)) assert.ok(source.length > 15, `${name}: ${source}`);
    // Comments say which publication, and what of it decided the prices.
    assert.match(readFileSync(bundledPrices(name)!, "utf8"), /^# .*Fitted\s.*?VT\d/s);
  }
});

test("the README lists each, and each target runs at prices that are there", () => {
  const page = readFileSync("workloads/prices/README.md", "utf8");
  for (const name of bundledPriceNames()) assert.ok(page.includes(`| \`${name}\` |`), name);
  const named = TARGETS.flatMap(({ claims }) =>
    claims.flatMap(({ runs }) => runs.map(({ prices }) => prices)),
  );
  for (const prices of new Set(named))
    assert.ok(prices === undefined || SETS.find(String(prices)) !== undefined);
});

test("a file is fitted to calibrations only: its first lines name no row that is a prediction", () => {
  const predictions = TARGETS.flatMap(({ claims }) =>
    claims.filter(({ basis }) => basis === "prediction").map(({ id }) => id),
  );
  for (const name of bundledPriceNames()) {
    const head = readFileSync(bundledPrices(name)!, "utf8").split("\nname:")[0]!;
    for (const id of predictions) assert.not.match(head, new RegExp(`${id.replace(".", "\\.")}\\b`), name);
  }
});

test("each boots a guest of its platform at its prices, and help names it", async () => {
  const { stdout } = await unaccepted(["help", "prices"]);
  for (const name of bundledPriceNames()) {
    const { platform, prices } = SETS.find(name)!;
    const settings = [`platform=${platform}`, "memory=512MiB", "policy=lazy", `prices=${name}`];
    const [{ scenario, workload }] = (await loadScenarios("boot", settings)) as [ScenarioToRun];
    const run = runScenario(scenario, workload, { check: false });
    assert.equal([run.prices, run.outcome], [name, "ready"]);
    for (const [price, { value }] of Object.entries(prices)) {
      const charged = run.eventPrices[price.replace(/Ns$/, "")];
      assert.ok(charged === undefined || charged === value, `${name}: ${price}`);
    }
    assert.match(stdout, name);
  }
});

test("the library's door to files has them by name and by path", () => {
  const [name] = bundledPriceNames();
  assert.equal(loadPrices(name!), SETS.find(name!));
  assert.equal(loadPrices(bundledPrices(name!)!), SETS.find(name!));
  assert.throws(
    () => loadPrices("tdx-7.0-gnrr"),
    (error: unknown) => error instanceof UsageError && error.message.endsWith("did you mean tdx-7.0-gnr?"),
  );
});

test("the shell completes their names", async () => {
  const { stdout } = await unaccepted(["completion", "fish"]);
  for (const name of bundledPriceNames()) assert.match(stdout, name);
});

test.run();
