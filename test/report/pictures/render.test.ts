// Takes 1 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { rasterParts } from "../../../src/cli/raster-parts.js";
import { overhead } from "../../../src/report/pictures/overhead.js";
import { renderPng } from "../../../src/report/pictures/png.js";
import { renderSvg, titled } from "../../../src/report/pictures/render.js";
import { COLOURS, inkOn, THEMES } from "../../../src/report/pictures/theme.js";
import { GiB } from "../../../src/units.js";
import { rowWith } from "../../results/rows.js";
import { drawn, rowsResult } from "./results.js";

const test = suite("report: pictures as files");

const picture = drawn(overhead, rowsResult(rowWith(), rowWith({ policy: "eager", overheadBytes: 60 * GiB })));

test("a picture says to screen readers what is to be seen", async () => {
  const svg = await renderSvg({ ...picture, title: 'A "title"', description: "1 < 2." }, COLOURS.light);
  assert.match(svg, /^<svg role="img" aria-label="A &quot;title&quot;. 1 &lt; 2." [^>]*viewBox=/);
  assert.match(svg, "><title>A &quot;title&quot;</title><desc>1 &lt; 2.</desc>");
  assert.ok(svg.endsWith("</svg>\n"));
});

test("its title and its caveats stand in a file of its own", async () => {
  const svg = await renderSvg(titled({ ...picture, caveats: ["Two runs are left out."] }), COLOURS.light);
  assert.match(svg, `>${picture.title}</text>`);
  assert.match(svg, ">Two runs are left out.</");
});

test("the same picture gives the same bytes, in both formats", async () => {
  const draw = async (): Promise<string> => renderSvg(picture, COLOURS.dark);
  const svg = await draw();
  assert.is(await draw(), svg);
  const png = await renderPng(svg, rasterParts());
  assert.ok(Buffer.from(png).equals(await renderPng(svg, rasterParts())));
});

test("a PNG of twice the size, with text", async () => {
  const svg = await renderSvg(picture, COLOURS.light);
  const [, width, height] = /width="(\d+)" height="(\d+)"/.exec(svg)!;
  const png = Buffer.from(await renderPng(svg, rasterParts()));
  assert.is(png.subarray(0, 8).toString("latin1"), "\x89PNG\r\n\x1a\n");
  assert.equal([png.readUInt32BE(16), png.readUInt32BE(20)], [2 * Number(width), 2 * Number(height)]);
  const mute = await renderPng(svg.replaceAll(/<text[^>]*>[^<]*<\/text>/g, ""), rasterParts());
  assert.ok(png.length > 1.1 * mute.length, "text is drawn");
});

test("each theme has its own background", async () => {
  for (const theme of THEMES) {
    assert.match(await renderSvg(picture, COLOURS[theme]), `fill="${COLOURS[theme].background}"`);
  }
});

test("what names say is text and never markup, nor what XML does not have", async () => {
  const odd = drawn(overhead, rowsResult(rowWith({ policy: '<script>"&\u0007' }), rowWith()));
  const svg = await renderSvg(titled(odd), COLOURS.light);
  assert.not.match(svg, "<script");
  assert.match(svg, "&lt;script&gt;");
  assert.not.match(svg, "\u0007");
});

test("text on a mark is in the colour that stands out from it", () => {
  const { light, dark } = COLOURS;
  assert.equal([inkOn("#0072b2", light), inkOn("#56b4e9", light)], [light.background, light.text]);
  assert.equal([inkOn("#143d2f", dark), inkOn("#ff8f4a", dark)], [dark.text, dark.background]);
});

test.run();
