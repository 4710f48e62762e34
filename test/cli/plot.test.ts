// Takes 1 s.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { onlyLine, unaccepted, withFiles } from "./program.js";

const test = suite("cli: plot");

test("compare's JSON becomes a picture, light or dark", async () => {
  await withFiles(async ({ scenario, directory }) => {
    const { stdout } = await unaccepted(["compare", scenario, "--json"]);
    const [results, picture] = [join(directory, "rows.json"), join(directory, "rows.svg")];
    writeFileSync(results, stdout);
    for (const [theme, background] of [
      ["light", "#ffffff"],
      ["dark", "#0d1117"],
    ] as const) {
      const { code, stderr } = await unaccepted(["plot", results, "-o", picture, "--theme", theme]);
      assert.is(code, 0);
      assert.is(onlyLine(stderr), `wrote ${picture}`);
      assert.match(readFileSync(picture, "utf8"), `fill="${background}"`);
    }
  });
});

test("what cannot be drawn is one line, and no file", async () => {
  await withFiles(async ({ scenario, directory }) => {
    const results = join(directory, "rows.json");
    const picture = join(directory, "rows.svg");
    for (const [content, complaint] of [
      ["{", /rows\.json:1:2: expected JSON: /],
      ["[]", /rows\.json:1:1: expected an object, found \[\]$/],
      ["{}", /rows\.json: expected schemaVersion 2, found none; run again what made it$/],
      ['{"schemaVersion":1,"rows":[]}', /rows\.json: expected schemaVersion 2, found 1; run again/],
      ['{"schemaVersion":2}', /rows\.json: expected the JSON of compare/],
      ["3", /rows\.json:1:1: expected an object, found 3$/],
      ['{"schemaVersion":2,"rows":[{"outcome":"oom"}]}', /rows\.json: no run in it got ready/],
      ['{"schemaVersion":2,"guests":[{"curves":[]}]}', /rows\.json: no knob in it has numbers/],
    ] as const) {
      writeFileSync(results, content);
      const { code, stderr } = await unaccepted(["plot", results, "-o", picture]);
      assert.is(code, 2);
      assert.match(onlyLine(stderr), complaint);
      assert.not(existsSync(picture));
    }
    for (const [argv, complaint] of [
      [["plot", join(directory, "none.json"), "-o", picture], /none\.json: no such file/],
      [["plot", scenario], /expected -o, the SVG file to write/],
      [["plot", scenario, "-o", picture, "--theme", "blue"], /--theme blue: expected light or dark/],
    ] as const) {
      const { code, stderr } = await unaccepted([...argv]);
      assert.is(code, 2);
      assert.match(onlyLine(stderr), complaint);
    }
  });
});

test.run();
