// Takes 1 s.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { formatJsonl } from "../../src/results/formats.js";
import { rowWith } from "../results/rows.js";
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
      ['{"schemaVersion":2}', /rows\.json: expected the JSON of run, compare, .* found none$/],
      ["3", /rows\.json:1:1: expected an object, found 3$/],
      [
        '{"schemaVersion":2,"rows":[{"outcome":"oom"}]}',
        /rows\.json:1:\d+: rows\[0\]\.scenario: expected a text/,
      ],
      [
        JSON.stringify({ schemaVersion: 2, rows: [{ ...rowWith(), outcome: "oom" }] }),
        /rows\.json: nothing to draw: no run in it got ready without a problem$/,
      ],
    ] as const) {
      writeFileSync(results, content);
      const { code, stderr } = await unaccepted(["plot", results, "-o", picture]);
      assert.is(code, 2);
      assert.match(onlyLine(stderr), complaint);
      assert.not(existsSync(picture));
    }
    for (const [argv, complaint] of [
      [["plot", join(directory, "none.json"), "-o", picture], /none\.json: no such file/],
      [["plot", scenario], /expected -o, the file to write: NAME\.svg or NAME\.png/],
      [["plot", scenario, "-o", "a.pdf"], /-o a\.pdf: expected a name that ends in \.svg or \.png/],
      [
        ["plot", "results/boot.json", "-o", picture, "--picture", "overhed"],
        /--picture overhed: expected one of .*did you mean overhead\?$/,
      ],
      [
        ["plot", "results/boot.json", "-o", picture, "--picture", "tuning"],
        /--picture tuning: results\/boot\.json: it needs a result of tune; it has .*overhead/,
      ],
      [
        ["plot", "results/boot.json", "results/tune/tdx.json", "-o", picture],
        /^unaccepted: results\/tune\/tdx\.json: has no part in the picture times: it needs .*; plot it by itself, or use report$/,
      ],
      [["plot", scenario, "-o", picture, "--theme", "blue"], /--theme blue: expected light or dark/],
    ] as const) {
      const { code, stderr } = await unaccepted([...argv]);
      assert.is(code, 2);
      assert.match(onlyLine(stderr), complaint);
    }
  });
});

test("the ending says what is written", async () => {
  await withFiles(async ({ directory }) => {
    const [svg, png] = [join(directory, "a.svg"), join(directory, "a.PNG")];
    for (const path of [svg, png]) await unaccepted(["plot", "results/boot.json", "-o", path]);
    assert.match(readFileSync(svg, "utf8"), /^<svg /);
    assert.is(readFileSync(png).subarray(1, 4).toString(), "PNG");
  });
});

test("a directory that sweep wrote is drawn from its rows", async () => {
  await withFiles(async ({ directory }) => {
    const picture = join(directory, "a.svg");
    const none = await unaccepted(["plot", directory, "-o", picture]);
    assert.match(onlyLine(none.stderr), /expected a file of results, or a directory with runs\.jsonl/);
    writeFileSync(join(directory, "runs.jsonl"), formatJsonl([rowWith({ policy: "of a sweep" })]));
    assert.is((await unaccepted(["plot", directory, "-o", picture])).code, 0);
    assert.match(readFileSync(picture, "utf8"), ">of a sweep<");
  });
});

test.run();
