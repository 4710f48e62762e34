import { suite } from "uvu";
import * as assert from "uvu/assert";
import { COLOURS } from "../../../src/report/pictures/theme.js";
import { tuning } from "../../../src/report/pictures/tuning.js";
import { MiB } from "../../../src/units.js";
import { drawn, tunedWith, tuneResult, valuesOf } from "./results.js";

const test = suite("report: the picture of a tuning");

test("the first knob of numbers, without what did not get ready", () => {
  const picture = drawn(tuning, tuneResult(tunedWith()));
  assert.equal(
    valuesOf(picture).map(({ value, percent }) => [Number(value) / MiB, percent]),
    [
      [256, 0],
      [512, 1.5],
      [4096, 30],
    ],
  );
  assert.match(picture.description, "Best (large dot): 256 MiB. Shaded: less than 2 % worse.");
  assert.equal(picture.table.rows[0], ["tdx", "128 MiB", "not ready"]);
});

test("a guest for which nothing got ready has nothing to draw", () => {
  const curve = { ...tunedWith().curves[1]!, points: [{ value: 1, loss: null }] };
  const found = tuning.draw([tuneResult(tunedWith({ curves: [curve] }))], COLOURS.light);
  assert.is(found, "no knob in it has numbers for values and got ready");
});

test.run();
