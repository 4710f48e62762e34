import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parseJson } from "../../src/machine/json-text.js";
import { flagOf, textOf, wholeOf, within } from "../../src/machine/placed-value.js";

const test = suite("machine: JSON with places");

test("values have the place where they begin", () => {
  const root = parseJson('{\n  "a": {"b": [1, true]},\n  "c": null\n}');
  const list = within(root, "a", "b")!;
  assert.equal([list.line, list.column, list.is], [2, 14, "list"]);
  assert.equal(
    list.items.map(({ scalar, line, column }) => [scalar, line, column]),
    [
      [1, 2, 15],
      [true, 2, 18],
    ],
  );
  assert.is(within(root, "c"), undefined);
  assert.is(within(root, "a", "x", "y"), undefined);
});

test("what is no JSON is refused at its place", () => {
  for (const [text, place] of [
    ['{"a": }', "1:7"],
    ['{"a": 1', "1:8"],
    ['{\n"a": tru}', "2:6"],
    ['{"a": 1, "a": 2}', "1:10"],
    ['{"a": &x 1, "b": *x}', "1:18"],
    ["", "1:1"],
  ] as const)
    assert.throws(() => parseJson(text), new RegExp(`^${place}: expected JSON, found `), text);
});

test("a name without a value is refused", () => {
  assert.throws(() => parseJson('{"a": 1,\n "b"}'), /^2:2: expected a value of b, found nothing$/);
});

test("values of another kind are refused", () => {
  const { members } = parseJson('{"n": 1.5, "t": "x", "o": {}}');
  assert.throws(
    () => wholeOf(members.get("n")!, "n", 0),
    /^1:7: expected a whole number of at least 0 for n, found 1.5$/,
  );
  assert.throws(() => flagOf(members.get("t"), "t"), /^1:17: expected true or false for t, found "x"$/);
  assert.throws(() => textOf(members.get("o")!, "o"), /^1:27: expected a text for o, found an object$/);
  assert.is(flagOf(undefined, "q"), false);
});

test("a text nested thousands deep is refused", () => {
  assert.throws(
    () => parseJson(`${"[".repeat(20_000)}${"]".repeat(20_000)}`),
    /^1:\d+: expected JSON nested at most 500 deep, found a deeper one$/,
  );
});

test.run();
