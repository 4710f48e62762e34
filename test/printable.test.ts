import { suite } from "uvu";
import * as assert from "uvu/assert";
import { printable, printableAll, printableLines } from "../src/printable.js";

const test = suite("printable text");

test("what steers a terminal becomes an escape, the rest stays", () => {
  assert.is(
    printable("\u001b[31mred\u0007\r\n\t\0\u007f\u009b"),
    "\\u001b[31mred\\u0007\\u000d\\u000a\\u0009\\u0000\\u007f\\u009b",
  );
  assert.is(printable("a\u202eb\u2028c\u2066d"), "a\\u202eb\\u2028c\\u2066d");
  assert.is(printable("прога naïve“x” 日本 \u{1f600} \\u001b"), "прога naïve“x” 日本 \u{1f600} \\u001b");
});

test("every text of plain data", () => {
  const bytes = new Uint8Array(2);
  const data = {
    name: "a\u0007",
    list: ["\u001b", 1, null, { deep: "\n" }],
    bytes,
    map: new Map([["\u0007", 1]]),
  };
  const clean = printableAll(data);
  assert.equal(clean.name, "a\\u0007");
  assert.equal(clean.list, ["\\u001b", 1, null, { deep: "\\u000a" }]);
  assert.is(clean.bytes, bytes);
  assert.is(clean.map, data.map);
});

test("lines keep their ends, and JSON its meaning", () => {
  assert.is(printableLines("a\r\nb\tc\rd\n", false), "a\r\nb\tc\\u000dd\n");
  const data = { text: "\u007f\u009b\u202e\u001b" };
  const json = printableLines(JSON.stringify(data, undefined, 2), false);
  assert.not.match(json, /[\u007f-\u009f\u202e]/);
  assert.equal(JSON.parse(json), data);
});

test("colours stay where they are wanted, and nothing else that begins with an escape", () => {
  const text = "\u001b[1mtitle\u001b[22m \u001b]0;x\u0007 \u001b[2J";
  assert.is(printableLines(text, true), "\u001b[1mtitle\u001b[22m \\u001b]0;x\\u0007 \\u001b[2J");
  assert.is(printableLines("\u001b[1m", false), "\\u001b[1m");
});

test.run();
