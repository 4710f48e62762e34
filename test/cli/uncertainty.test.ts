import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { RunScenario } from "../../src/cli/io.js";
import { PLATFORMS } from "../../src/coco/platforms.js";
import { fakeRun, onlyLine, unaccepted, withFiles } from "./program.js";

const test = suite("cli: compare --uncertainty");

/** Boot time of eager rises with one parameter, so that it falls behind lazy at its high end only. */
const sensitive: RunScenario = (scenario, loaded, options) => {
  const ns = scenario.platform.parameters.tdcallNs ?? PLATFORMS.tdx.parameters.tdcallNs!.value;
  const bootTimeNs = scenario.policy === "eager" ? ns * 1e7 : 1.2e10;
  return { ...fakeRun(scenario, loaded, options), bootTimeNs };
};

test("shows ranges, what moves them, and which order of policies does not survive", async () => {
  await withFiles(async ({ scenario }) => {
    const { code, stdout } = await unaccepted(["compare", scenario, "--uncertainty"], {
      runScenario: sensitive,
    });
    assert.is(code, 0);
    assert.match(stdout, /\neager +8 s +3 s +15 s +tdcallNs /);
    assert.match(stdout, /\nlazy +12 s +12 s +12 s +- /);
    assert.match(stdout, /\n {2}eager before lazy: not with tdcallNs high, all high\n/);
  });
});

test("as JSON, with the policies by name", async () => {
  await withFiles(async ({ scenario }) => {
    const { stdout } = await unaccepted(["compare", scenario, "--uncertainty", "--json"], {
      runScenario: sensitive,
    });
    const { rows, orders } = JSON.parse(stdout);
    assert.equal(rows[0].uncertainty.bootTimeNs, {
      low: 3e9,
      default: 8e9,
      high: 15e9,
      movedMostBy: { parameter: "tdcallNs", low: 3e9, high: 15e9 },
    });
    assert.is(rows[0].uncertainty.failed, 0);
    assert.is(orders.length, 1);
    const { faster, slower, survives, platform } = orders[0];
    assert.equal([faster, slower, survives, platform], ["eager", "lazy", false, "tdx"]);
  });
});

test("formats and files without a place for ranges are refused", async () => {
  await withFiles(async ({ scenario }) => {
    for (const [flags, complaint] of [
      [["--format", "csv"], /--format csv: with --uncertainty expected table or json$/],
      [["--out", "x"], /--out: not with --uncertainty/],
    ] as const) {
      const { code, stderr } = await unaccepted(["compare", scenario, "--uncertainty", ...flags]);
      assert.is(code, 2);
      assert.match(onlyLine(stderr), complaint);
    }
  });
});

test("help says which formats there are", async () => {
  for (const command of ["run", "compare"]) {
    const { stdout } = await unaccepted([command, "--help"]);
    const words = stdout.replaceAll(/\s+/g, " ");
    assert.match(words, /--uncertainty also run [^[]*as table or json, without --out/);
  }
});

test("an interruption ends it between two runs", async () => {
  await withFiles(async ({ scenario }) => {
    const interruption = new AbortController();
    const { code, stdout } = await unaccepted(["compare", scenario, "--uncertainty"], {
      interrupted: interruption.signal,
      runScenario: (...run) => {
        if (run[0].platform.parameters.tdcallNs !== undefined) interruption.abort();
        return fakeRun(...run);
      },
    });
    assert.equal([code, stdout], [130, ""]);
  });
});

test.run();
