import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { wrapText } from "../../src/report/table.js";

const test = suite("report: wrap");

const word = fc.stringMatching(/^[a-z]{1,30}$/);
const width = fc.integer({ min: 40, max: 200 });

test("no line is too long, and no word is lost", () => {
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 60 }), width, (words, most) => {
      const lines = wrapText(words.join(" "), { width: most });
      assert.ok(lines.every((line) => line.length <= most));
      assert.equal(lines.join(" ").split(/\s+/), words);
    }),
  );
});

test("later lines are indented by two more than the first", () => {
  const lines = wrapText(`  ${"word ".repeat(40)}`, { width: 80 });
  assert.ok(lines.length > 1);
  assert.match(lines[0]!, /^ {2}word/);
  for (const line of lines.slice(1)) assert.match(line, /^ {4}word/);
});

test("a line takes all the words that fit", () => {
  assert.equal(wrapText(`${"x".repeat(48)} y`, { width: 50 }).length, 1);
  assert.equal(wrapText(`${"x".repeat(48)} yz`, { width: 50 }).length, 2);
});

test("a word longer than a line stays whole", () => {
  const long = "x".repeat(60);
  assert.equal(wrapText(`a ${long} b`, { width: 50 }), ["a", `  ${long}`, "  b"]);
});

test("a number keeps its unit, and words that begin like one do not", () => {
  assert.equal(wrapText("takes about 3.64 GiB of it", { width: 17 }), ["takes about", "  3.64 GiB of it"]);
  assert.equal(wrapText("takes about 100 % of it", { width: 15 }), ["takes about", "  100 % of it"]);
  assert.equal(wrapText("more than 12 stalls in it", { width: 12 }), ["more than 12", "  stalls in", "  it"]);
});

test.run();
