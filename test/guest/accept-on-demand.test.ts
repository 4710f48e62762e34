import { suite } from "uvu";
import * as assert from "uvu/assert";
import { STANDARD_BOOT } from "../../src/cli/bundled.js";
import { parseScenario } from "../../src/scenario/load.js";
import { runScenario } from "../../src/study/run-scenario.js";
import { GiB, MiB } from "../../src/units.js";
import { LOADER } from "../loader.js";

const test = suite("guest: firmware that accepts on demand");

const loaded = LOADER.load(STANDARD_BOOT);

test("16 MiB are too few for a kernel, unless the firmware accepts more for it", () => {
  for (const platform of ["tdx", "snp"]) {
    const [without, onDemand, usual] = parseScenario(
      JSON.stringify({ name: "few", workload: "boot", platform, memory: "4GiB", kernel: "6.12" }),
      "few",
      [],
    )
      .flatMap((scenario) => [
        { ...scenario, firmware: { ...scenario.firmware, preAcceptLimitBytes: 16 * MiB } },
        {
          ...scenario,
          firmware: { ...scenario.firmware, preAcceptLimitBytes: 16 * MiB, acceptOnDemand: true },
        },
        scenario,
      ])
      .map((scenario) => runScenario(scenario, loaded, { check: true }));
    assert.is(without!.outcome, "oom");
    assert.is(onDemand!.outcome, "ready");
    assert.ok(onDemand!.memory.acceptedBy.firmware < 256 * MiB);
    // The firmware keeps some for its runtime services.
    assert.ok(onDemand!.memory.visibleBytes > 4 * GiB - 6 * MiB);
    assert.ok(onDemand!.bootTimeNs < usual!.bootTimeNs);
  }
});

test.run();
