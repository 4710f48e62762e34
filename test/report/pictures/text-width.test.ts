import { suite } from "uvu";
import * as assert from "uvu/assert";
import { linesOf, textWidth } from "../../../src/report/pictures/text-width.js";

const test = suite("report: how wide text is in pictures");

test("widths of the font's own table", () => {
  // 0.28 em for i, 0.97 for m.
  assert.is(textWidth("im", 100), 28 + 97);
  assert.ok(textWidth("im", 100, true) > 125);
});

test("words in their order, a number with its unit, and no line wider than it may be", () => {
  assert.equal(linesOf("All: tdx, 64 GiB, 4 vCPUs", 50, 10), ["All: tdx,", "64 GiB,", "4 vCPUs"]);
});

test("a word that is wider than a line is parted behind a dot, or anywhere", () => {
  assert.equal(linesOf("guest firmware.preAcceptLimit", 90, 10), ["guest firmware.", "preAcceptLimit"]);
  const lines = linesOf("preAcceptLimit", 30, 10);
  assert.is(lines.join(""), "preAcceptLimit");
  assert.ok(lines.length > 1 && lines.every((line) => textWidth(line, 10) <= 30));
});

test.run();
