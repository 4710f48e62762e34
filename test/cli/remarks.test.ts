// Takes 1 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { RunScenario } from "../../src/cli/io.js";
import { fakeRun, unaccepted, withFiles, withoutCount } from "./program.js";

const test = suite("cli: remarks");

const LINE = "ignored: foo=1";
const remarking: RunScenario = (scenario, loaded, options) => ({
  ...fakeRun(scenario, loaded, options),
  remarks: [LINE],
});

test("compare says on stderr what there is to say about its runs, each line once, but for --quiet", async () => {
  await withFiles(async ({ scenario }) => {
    for (const more of [[], ["--json"], ["--format", "csv"]]) {
      const { code, stderr } = await unaccepted(["compare", scenario, ...more], { runScenario: remarking });
      assert.equal([code, withoutCount(stderr)], [0, `${LINE}\n`], more.join(" "));
    }
    const quiet = await unaccepted(["compare", scenario, "--quiet"], { runScenario: remarking });
    assert.is(quiet.stderr, "");
  });
});

test("a remark that is not about all runs says which it is about", async () => {
  await withFiles(async ({ scenario }) => {
    const runScenario: RunScenario = (scenario, loaded, options) =>
      (scenario.policy === "lazy" ? remarking : fakeRun)(scenario, loaded, options);
    const { stderr } = await unaccepted(["compare", scenario], { runScenario });
    assert.is(withoutCount(stderr), `${LINE} (lazy on tdx, 4 GiB, 1 vCPU)\n`);
  });
});

test("JSON and CSV have remarks where there are any", async () => {
  await withFiles(async ({ scenario }) => {
    const printed = async (format: string, runScenario: RunScenario): Promise<string> =>
      (await unaccepted(["compare", scenario, "--format", format], { runScenario })).stdout;
    const { rows } = JSON.parse(await printed("json", remarking)) as { rows: { remarks: string[] }[] };
    assert.equal(
      rows.map(({ remarks }) => remarks),
      [[LINE], [LINE]],
    );
    assert.match(await printed("csv", remarking), /,remarks,.*\r\n.*,ignored: foo=1,/);
    for (const format of ["json", "csv"]) assert.not.match(await printed(format, fakeRun), "remarks");
  });
});

test("run tells them in its text, or on stderr beside other formats", async () => {
  await withFiles(async ({ scenario }) => {
    const run = ["run", scenario, "--policy", "lazy"];
    const text = await unaccepted(run, { runScenario: remarking });
    assert.match(text.stdout, `\n${LINE}\n`);
    assert.is(text.stderr, "");
    assert.is((await unaccepted([...run, "--json"], { runScenario: remarking })).stderr, `${LINE}\n`);
  });
});

test("largest and tune say them too", async () => {
  await withFiles(async ({ scenario }) => {
    for (const argv of [
      ["largest", scenario, "--deadline", "60s"],
      ["tune", scenario, "--policy", "lazy"],
    ]) {
      const { stderr } = await unaccepted(argv, { runScenario: remarking });
      assert.is(withoutCount(stderr), `${LINE}\n`, argv[0]);
      const { stdout } = await unaccepted([...argv, "--json"], { runScenario: remarking });
      assert.match(stdout, new RegExp(`"remarks": \\[\\s*"${LINE}"\\s*\\]`), argv[0]);
    }
  });
});

test("a word is refused with its place and its reason", async () => {
  await withFiles(async ({ scenario }) => {
    const refused = async (line: string): Promise<string> => {
      const { code, stdout, stderr } = await unaccepted([
        "run",
        scenario,
        "--set",
        `guest.commandLine=${line}`,
      ]);
      assert.equal([code, stdout], [2, ""]);
      return stderr;
    };
    assert.match(await refused("numa=fake=2"), "expected no numa=fake=2, since the nodes");
    assert.match(await refused("hugepagesz=4M"), "expected 2M or 1G after hugepagesz=, not hugepagesz=4M");
    assert.match(await refused("crashkernel=lots"), "after crashkernel=, not crashkernel=lots");
    assert.match(await refused("movable_node"), "expected no movable_node, since");
  });
});

test.run();
