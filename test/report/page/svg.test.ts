import { suite } from "uvu";
import * as assert from "uvu/assert";
import { inBothThemes, PictureColours } from "../../../src/report/page/svg.js";

const test = suite("report: pictures in both themes");

function svg(fill: string, inner = ""): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" class="marks" width="10" height="5"><rect fill="${fill}"/>${inner}</svg>\n`;
}

test("a colour that differs becomes one of the page, each pair once", () => {
  const colours = new PictureColours();
  const first = inBothThemes(svg("#ffffff"), svg("rgb(1, 2, 3)"), "a", colours);
  assert.is(first, '<svg width="10" height="5"><rect fill="var(--p0)"/></svg>');
  assert.match(inBothThemes(svg("#ffffff"), svg("rgb(1, 2, 3)"), "b", colours), 'fill="var(--p0)"');
  assert.match(inBothThemes(svg("#ffffff"), svg("#000"), "c", colours), 'fill="var(--p1)"');
  assert.match(inBothThemes(svg("#777"), svg("#777"), "d", colours), 'fill="#777"');
  assert.is(colours.declarations("light"), "--p0:#ffffff;--p1:#ffffff;");
  assert.is(colours.declarations("dark"), "--p0:rgb(1,2,3);--p1:#000;");
});

test("ids are those of the picture, wherever the renderer began to count", () => {
  const clipped = (id: string): string =>
    svg("#777", `<clipPath id="${id}"/><g clip-path="url(#${id})"/><use xlink:href="#${id}"/>`);
  const text = inBothThemes(clipped("clip3"), clipped("clip7"), "r1-times", new PictureColours());
  assert.match(text, '<clipPath id="r1-times-0"/><g clip-path="url(#r1-times-0)"/><use href="#r1-times-0"/>');
});

test("places are told to a hundredth, and text as it is", () => {
  const inner =
    '<text transform="translate(1.23456,7)" x="0.5" font-family="system-ui">x="1.23456" class="a"</text>';
  const text = inBothThemes(svg("#777", inner), svg("#777", inner), "a", new PictureColours());
  assert.match(text, '<text transform="translate(1.23,7)" x="0.5">x="1.23456" class="a"</text>');
});

test("drawings that differ in more are both there", () => {
  const text = inBothThemes(svg("#fff"), svg("#000", "<path id='x'/>"), "a", new PictureColours());
  assert.is(
    text,
    '<div class="by-day"><svg width="10" height="5"><rect fill="#fff"/></svg></div>' +
      '<div class="by-night"><svg width="10" height="5"><rect fill="#000"/><path id=\'x\'/></svg></div>',
  );
});

test("a wide picture is scrolled rather than made illegible", () => {
  const wide = svg("#777").replace('width="10"', 'width="800"');
  assert.match(inBothThemes(wide, wide, "a", new PictureColours()), /^<svg class="wide" width="800"/);
});

test.run();
