import { suite } from "uvu";
import * as assert from "uvu/assert";
import { within } from "../../src/machine/placed-value.js";
import { parseToml } from "../../src/machine/toml-text.js";

const test = suite("machine: TOML with places");

test("values of tables have their place, whatever way a table is written", () => {
  const root = parseToml(`top = 1
[a.b]
x = "y" # comment
c.d = true
[a]
e = { f = [1, 2.5] }
[[l]]
g = 1979-05-27
`);
  const at = (...names: string[]) => {
    const value = within(root, ...names)!;
    return [value.scalar, value.line, value.column];
  };
  assert.equal(at("top"), [1, 1, 7]);
  assert.equal(at("a", "b", "x"), ["y", 3, 5]);
  assert.equal(at("a", "b", "c", "d"), [true, 4, 7]);
  assert.is(within(root, "a", "e", "f")!.items[1]!.scalar, 2.5);
  assert.is(within(root, "l", "g")!.is, "text");
  assert.is(within(root, "a", "z"), undefined);
});

test("what is no TOML is refused at its place", () => {
  for (const [text, place] of [
    ["a = ", "1:5"],
    ["a = 1\na = 2", "2:1"],
    ["[a\nb = 1", "2:1"],
    ["a = @DEFMEMSZ@", "1:5"],
  ] as const)
    assert.throws(() => parseToml(text), new RegExp(`^${place}: expected TOML, found `), text);
});

test("a text nested thousands deep is refused", () => {
  assert.throws(
    () => parseToml(`a = ${"[".repeat(20_000)}${"]".repeat(20_000)}`),
    /^1:\d+: expected TOML nested at most 500 deep, found a deeper one$/,
  );
});

test.run();
