// Takes 1 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  COLOURS,
  numericCurve,
  type PlotTuning,
  paretoSpec,
  renderSvg,
  THEMES,
  tuneSpec,
} from "../../src/report/plot.js";
import { GiB, MiB } from "../../src/units.js";
import { rowWith } from "../results/rows.js";

const test = suite("report: pictures");

const rows = [
  rowWith({ paretoOptimal: true }),
  rowWith({ policy: "eager", bootTimeNs: 21e9, overheadBytes: 60 * GiB }),
  rowWith({ policy: "failed", outcome: "oom" }),
  rowWith({ platform: "snp", memoryBytes: 4 * GiB, paretoOptimal: true }),
];

const tuning: PlotTuning = {
  platform: "tdx",
  memoryBytes: 4 * GiB,
  objective: "bootTime",
  curves: [
    {
      knob: "policy",
      unit: "name",
      best: "lazy",
      points: [{ value: "lazy", loss: 0 }],
      flat: null,
    },
    {
      knob: "firmware.preAcceptLimit",
      unit: "bytes",
      best: 256 * MiB,
      points: [
        { value: 128 * MiB, loss: null },
        { value: 256 * MiB, loss: 0 },
        { value: 512 * MiB, loss: 0.015 },
        { value: 4 * GiB, loss: 0.3 },
      ],
      flat: { low: 256 * MiB, high: 512 * MiB, within: 0.02 },
    },
  ],
};

/** How often a path of a mark was drawn with a description that begins so. */
function marks(svg: string, label: RegExp): number {
  return svg.match(new RegExp(label, "g"))?.length ?? 0;
}

test("a point for each policy that got ready, a panel for each platform and size", async () => {
  const svg = await renderSvg(paretoSpec(rows, COLOURS.light), "light");
  assert.match(svg, /^<svg [^>]*viewBox=/);
  assert.ok(svg.endsWith("</svg>\n"));
  for (const word of [">tdx<", ">snp<", ">4 GiB<", ">64 GiB<", ">eager<", ">lazy<"]) assert.match(svg, word);
  assert.not.match(svg, ">failed<");
  assert.is(marks(svg, /aria-roledescription="point"/), 3);
});

test("the same rows give the same bytes", async () => {
  const draw = (): Promise<string> => renderSvg(paretoSpec(rows, COLOURS.dark), "dark");
  assert.is(await draw(), await draw());
});

test("each theme has its own background", async () => {
  for (const theme of THEMES) {
    const svg = await renderSvg(paretoSpec(rows, COLOURS[theme]), theme);
    assert.match(svg, `fill="${COLOURS[theme].background}"`);
  }
});

test("what names say is text and never markup", async () => {
  const odd = [rowWith({ policy: '<script>"&' })];
  const svg = await renderSvg(paretoSpec(odd, COLOURS.light), "light");
  assert.not.match(svg, "<script");
  assert.match(svg, "&lt;script&gt;");
});

test("a tuning: the first knob of numbers, without what did not get ready", async () => {
  assert.is(numericCurve(tuning)!.knob, "firmware.preAcceptLimit");
  const spec = tuneSpec([tuning], COLOURS.light) as { data: { values: { value: number }[] } };
  assert.equal(
    spec.data.values.map(({ value }) => value / MiB),
    [256, 512, 4096],
  );
  const svg = await renderSvg(spec, "light");
  assert.match(svg, "Shaded: less than 2 % worse than the best");
  assert.match(svg, ">256 MiB<");
});

test("a guest for which nothing got ready has nothing to draw", () => {
  const curve = { ...tuning.curves[1]!, points: [{ value: 1, loss: null }] };
  assert.is(numericCurve({ ...tuning, curves: [curve] }), undefined);
});

test.run();
