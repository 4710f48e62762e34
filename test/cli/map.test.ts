import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { runScenario } from "../../src/study/run-scenario.js";
import { onlyLine, unaccepted, withFiles } from "./program.js";

const test = suite("cli: --map and --state");

const GUEST = ["--platform", "tdx", "--policy", "lazy", "--memory", "3GiB"];

test("a map is JSON with what the file's description has, also beside JSON on stdout", async () => {
  await withFiles(async ({ scenario, directory }) => {
    const path = join(directory, "map.json");
    const { code, stdout, stderr } = await unaccepted(["run", scenario, ...GUEST, "--json", "--map", path], {
      runScenario,
    });
    assert.is(code, 0);
    assert.is(onlyLine(stderr), `wrote ${path}`);
    const map = JSON.parse(readFileSync(path, "utf8"));
    const [row] = JSON.parse(stdout).rows;
    assert.is(map.kind, "memory map");
    assert.is(map.name, "tdx lazy 3 GiB");
    assert.is(map.run.memoryBytes, row.memoryBytes);
    assert.is(map.run.outcome, row.outcome);
    assert.ok(map.areas.length > 0);
  });
});

test("a map is refused in a line before the run where it cannot be", async () => {
  await withFiles(async ({ scenario }) => {
    const never = (): never => {
      throw new Error("ran");
    };
    for (const [words, complaint] of [
      [["--map", "map.svg"], /--map map\.svg: expected a name that ends in \.json$/],
      [["--map", "none/map.json"], /none\/map\.json: cannot write: /],
      [["--map", "map.json", "--uncertainty"], /--map: not with --uncertainty$/],
      [["--state", "-1"], /--state -1: expected a whole number from 0$/],
      [["--state", "3", "--map", "map.json"], /--state: not with --map$/],
      [["--state", "3", "--format", "csv"], /csv/],
    ] as const) {
      const { code, stderr } = await unaccepted(["run", scenario, ...GUEST, ...words], {
        runScenario: never,
      });
      assert.is(code, 2, words.join(" "));
      assert.match(onlyLine(stderr), complaint);
    }
    assert.not(existsSync("map.json"));
  });
});

test("a state is printed as text and as JSON with the same numbers", async () => {
  await withFiles(async ({ scenario }) => {
    const argv = ["run", scenario, ...GUEST, "--state", "20"];
    const text = await unaccepted(argv);
    const json = await unaccepted([...argv, "--json"]);
    assert.is(text.code, 0);
    const { state } = JSON.parse(json.stdout);
    assert.is(state.n, 20);
    assert.match(text.stdout, /^memory after accept 20/);
    const [[start, end]] = state.bitmap;
    assert.ok(text.stdout.includes(`0x${start.toString(16)} to 0x${end.toString(16)}`));
    for (const line of text.stdout.split("\n")) assert.ok(line.length <= 80, line);
  });
});

test("a state after an accept that there is not is refused with how many there are", async () => {
  await withFiles(async ({ scenario }) => {
    const { code, stdout, stderr } = await unaccepted(["run", scenario, ...GUEST, "--state", "999999"]);
    assert.is(code, 2);
    assert.is(stdout, "");
    assert.match(onlyLine(stderr), /--state 999999: expected 0 to \d+, the accepts of this run$/);
  });
});

test.run();
