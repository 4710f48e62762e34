import { suite } from "uvu";
import * as assert from "uvu/assert";
import { runCommand } from "../../../src/report/page/reproduce.js";
import { GiB, KiB, MiB } from "../../../src/units.js";
import { rowWith } from "../../results/rows.js";
import { AROUND } from "./results.js";

const test = suite("report: command lines");

test("a run of a bundled scenario, with all that its row knows", () => {
  const settings = {
    "host.pageSizeBytes": 4 * KiB,
    "platform.parameters.tdcallNs": 900,
    "strategy.rateBytes": 256 * MiB,
    "firmware.preAcceptLimitBytes": "all",
    seed: 7,
  };
  assert.equal(runCommand(rowWith({ memoryBytes: 3 * GiB + 5 * MiB, settings }), AROUND), {
    command:
      "unaccepted run boot --platform tdx --policy lazy --vcpus 8 --kernel 6.12 --workload idle --memory 3077MiB " +
      "--set host.pageSize=4KiB --set platform.tdcallNs=900ns --set strategy.rate=256MiB --set firmware.preAcceptLimit=all --set seed=7",
  });
});

test("what the program does not come with has a name of its own, or no command", () => {
  const row = rowWith({ scenario: "my guest" });
  const found = runCommand(row, AROUND) as { readonly command: string };
  assert.match(found.command, /^unaccepted run 'my guest\.yaml' --platform tdx /);
  for (const [changes, why] of [
    [{ workload: "mine" }, "the workload mine does not come with the program"],
    [{ prices: "mine" }, "the prices mine do not come with the program"],
    [{ policySha256: "00" }, "the policy lazy is a file"],
    [{ settings: { memoryMap: "2 entries (2)" } }, "of memoryMap results say only that it has 2 entries (2)"],
  ] as const) {
    const { why: own } = runCommand(rowWith(changes), AROUND) as { readonly why: string };
    assert.ok(own.startsWith(why), own);
  }
});

test("a generated workload needs no file, and its name is quoted", () => {
  const { command } = runCommand(rowWith({ workload: "generate:heap?size=1GiB&a=b" }), AROUND) as {
    readonly command: string;
  };
  assert.match(command, "--workload 'generate:heap?size=1GiB&a=b'");
});

test.run();
