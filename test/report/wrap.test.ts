import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { REPORT_WIDTH, wrapText } from "../../src/report/table.js";

const test = suite("report: wrap");

const word = fc.stringMatching(/^[a-z]{1,30}$/);

test("no line is too long, and no word is lost", () => {
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 60 }), (words) => {
      const lines = wrapText(words.join(" "));
      assert.ok(lines.every((line) => line.length <= REPORT_WIDTH));
      assert.equal(lines.join(" ").split(/\s+/), words);
    }),
  );
});

test("later lines are indented by two more than the first", () => {
  const lines = wrapText(`  ${"word ".repeat(40)}`);
  assert.ok(lines.length > 1);
  assert.match(lines[0]!, /^ {2}word/);
  for (const line of lines.slice(1)) assert.match(line, /^ {4}word/);
});

test("a line takes all the words that fit", () => {
  assert.equal(wrapText(`${"x".repeat(REPORT_WIDTH - 2)} y`).length, 1);
  assert.equal(wrapText(`${"x".repeat(REPORT_WIDTH - 2)} yz`).length, 2);
});

test("a word longer than a line stays whole", () => {
  const long = "x".repeat(REPORT_WIDTH + 10);
  assert.equal(wrapText(`a ${long} b`), ["a", `  ${long}`, "  b"]);
});

test.run();
