// Takes 3 s.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { THEMES } from "../../src/report/pictures/theme.js";
import { parseRows } from "../../src/results/read.js";
import { runScenario } from "../../src/study/run-scenario.js";
import { unaccepted } from "../cli/program.js";
import { drawnPicture, PAGE_PICTURES, pathOf, STRATEGIES } from "./pictures.js";

const test = suite("pages: pictures");

for (const picture of PAGE_PICTURES) {
  for (const theme of THEMES) {
    const path = pathOf(picture, theme);
    test(`${path} is what its results give, byte for byte`, async () => {
      assert.ok(existsSync(path), "npm run -s pictures writes it");
      assert.ok(readFileSync(path, "utf8") === (await drawnPicture(picture, theme)), "npm run -s pictures");
    });
  }
}

test("no other picture lies among the results", () => {
  const found = readdirSync("results", { recursive: true, encoding: "utf8" })
    .filter((path) => /\.(svg|png)$/.test(path))
    .map((path) => join("results", path));
  const known = PAGE_PICTURES.flatMap((picture) => THEMES.map((theme) => pathOf(picture, theme)));
  assert.equal(found.toSorted(), known.toSorted());
});

test("the strategies still take the time that their picture shows", async () => {
  const { rows } = parseRows(readFileSync(STRATEGIES, "utf8"), STRATEGIES);
  const argv = [
    "compare",
    "workloads/strategies.yaml",
    "--platform",
    "tdx",
    "--memory",
    "4GiB",
    "--policy",
    "lazy",
  ];
  const { stdout } = await unaccepted([...argv, "--format", "jsonl"], { runScenario });
  const [now] = parseRows(stdout, "now").rows;
  const then = rows.find(
    ({ platform, memoryBytes, policy }) =>
      platform === "tdx" && memoryBytes === now!.memoryBytes && policy === "lazy",
  );
  assert.is(now!.totalTimeNs, then!.totalTimeNs, "npm run -s pictures -- --simulate");
});

test.run();
