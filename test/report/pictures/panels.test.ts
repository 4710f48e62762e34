import { suite } from "uvu";
import * as assert from "uvu/assert";
import { phases } from "../../../src/report/pictures/phases.js";
import type { Drawn } from "../../../src/report/pictures/picture.js";
import { renderSvg } from "../../../src/report/pictures/render.js";
import { COLOURS } from "../../../src/report/pictures/theme.js";
import { times } from "../../../src/report/pictures/times.js";
import { rowWith } from "../../results/rows.js";
import { drawn, rowsResult } from "./results.js";

const test = suite("report: panels of pictures");

/** Labels of the axes of times, in the order of the drawing. */
async function ticksOf(picture: Drawn): Promise<string[]> {
  const svg = await renderSvg(picture, COLOURS.light);
  return Array.from(svg.matchAll(/role-axis-label.*?<\/g>/g), ([labels]) =>
    Array.from(labels.matchAll(/>([^<]*)<\/text>/g), ([, text]) => text!),
  )
    .flat()
    .filter((text) => text.endsWith(" s"));
}

for (const picture of [times, phases]) {
  test(`${picture.name}: the layers of a single panel have one axis of times`, async () => {
    const ticks = await ticksOf(drawn(picture, rowsResult(rowWith())));
    assert.ok(ticks.length > 1);
    assert.is(new Set(ticks).size, ticks.length, ticks.join(" "));
  });
}

test.run();
