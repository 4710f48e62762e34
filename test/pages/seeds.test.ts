// Takes 14 s.
import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { seedsPage, showSeeds } from "./seeds-page.js";
import { select } from "./select.js";

const test = suite("pages: seeds");

const seeds = await showSeeds();
const all = seeds.flatMap(({ statements }) => statements);

test("every statement of the seeds comes out as it was worked out", () => {
  for (const { says, value, found, expected, holds } of all) {
    assert.ok(holds, `${says} (${value}): expected ${JSON.stringify(expected)}, found ${found}`);
  }
});

test("the five texts are there, and hardly anything is left out", () => {
  assert.equal(
    seeds.map(({ id }) => id),
    ["000", "001", "002", "003", "004"],
  );
  assert.ok(all.length >= 90);
  assert.ok(seeds.flatMap(({ notSimulated }) => notSimulated).length <= 5);
  const told = all.map(({ run, value, says }) => `${run} ${value} ${says}`);
  assert.is(new Set(told).size, all.length);
});

test("results/seeds.md is what npm run -s seeds prints", () => {
  assert.is(readFileSync("results/seeds.md", "utf8"), seedsPage(seeds));
});

test("a value is found by number, by what its entry says, and in sums", () => {
  const json = {
    rows: [
      { a: 6, settings: { "x.y": "on" } },
      { a: 4, settings: { "x.y": "off" } },
    ],
  };
  assert.is(select(json, "rows[1].a"), 4);
  assert.is(select(json, "rows[x.y=on].a"), 6);
  assert.is(select(json, "rows[x.y=on].a - rows[a=4].a"), 2);
  assert.is(select(json, "rows[0].a / rows[1].a"), 1.5);
  assert.throws(() => select(json, "rows[x.y=none].a"), /0 entries/);
  assert.throws(() => select(json, "rows[2].a"), /nothing at/);
  assert.throws(() => select(json, "rows[0].b"), /nothing at b/);
});

test.run();
