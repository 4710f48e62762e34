import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type LinePoint, togetherSentences } from "../../../src/report/pictures/together.js";

const test = suite("report: lines of pictures that lie on each other");

function line(panel: string, policy: string, ...values: readonly number[]): LinePoint[] {
  return values.map((value, at) => ({ panel, policy, at, value }));
}

test("lines that part somewhere are not on each other", () => {
  assert.equal(togetherSentences([...line("a", "lazy", 1, 1), ...line("a", "eager", 1, 2)]), []);
  assert.equal(togetherSentences([...line("a", "lazy", 1), ...line("b", "eager", 1)]), []);
});

test("those that are within 4 % of each other everywhere are named, with their panels", () => {
  const near = [...line("a", "lazy", 10, 20), ...line("a", "background", 10.3, 19.5)];
  const apart = [...line("b", "lazy", 1), ...line("b", "background", 2)];
  assert.equal(togetherSentences(near), [
    "Lines on each other, as they differ by less than 4 %: lazy, background.",
  ]);
  assert.equal(togetherSentences([...near, ...apart]), [
    "Lines on each other, as they differ by less than 4 %: lazy, background (a).",
  ]);
});

test("a line is near each of its group, not only near one of them", () => {
  const points = [...line("a", "x", 100), ...line("a", "y", 103), ...line("a", "z", 106)];
  assert.equal(togetherSentences(points), ["Lines on each other, as they differ by less than 4 %: x, y."]);
});

test.run();
