import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Column, left, right, tableLines, tableText } from "../../src/report/table.js";
import { paintWith } from "./paint.js";

const test = suite("report: table");

type Row = readonly string[];

/** Columns of texts and numbers in turn, with heads `A0`, `B1`, ... */
function columnsOf(
  count: number,
  rankOf: (at: number) => number | undefined = () => undefined,
): Column<Row>[] {
  return Array.from({ length: count }, (_value, at) => {
    const make = at % 2 === 0 ? left<Row> : right<Row>;
    return make(`${String.fromCharCode(65 + at)}${at}`, (row) => row[at]!, rankOf(at));
  });
}

function linesOf(columns: readonly Column<Row>[], rows: readonly Row[], width: number): string[] {
  const cells = rows.map((row) => columns.map(({ cell }) => cell(row)));
  return tableLines(columns, cells, { width });
}

const cell = fc.array(fc.stringMatching(/^[a-z0-9]{1,9}$/), { minLength: 1, maxLength: 5 });
const tables = fc
  .integer({ min: 2, max: 9 })
  .chain((count) =>
    fc.array(fc.array(cell, { minLength: count, maxLength: count }), { minLength: 1, maxLength: 6 }),
  );

test("no line is wider than its place, no shown cell loses a character, and what is not shown is named", () => {
  fc.assert(
    fc.property(tables, fc.integer({ min: 40, max: 160 }), (cells, width) => {
      const columns = columnsOf(cells[0]!.length);
      // Numbers are one word.
      const rows = cells.map((row) => row.map((words, at) => (at % 2 === 0 ? words.join(" ") : words[0]!)));
      const lines = linesOf(columns, rows, width);
      assert.ok(lines.every((line) => line.length <= width));
      const all = lines.join("\n");
      const [table, leftOut = ""] = all.split("Left out to fit");
      for (const [at, { head }] of columns.entries()) {
        const isShown = new RegExp(`\\b${head}\\b`).test(table!);
        assert.is(new RegExp(`\\b${head}\\b`).test(leftOut), !isShown);
        const own = rows.map((row) => row[at]!).join(" ");
        if (isShown) for (const word of own.split(" ")) assert.ok(table!.includes(word), word);
      }
    }),
  );
});

test("where there is room nothing is left out and each row is one line", () => {
  const lines = linesOf(columnsOf(3), [["a name of words", "12", "x"]], 40);
  assert.equal(lines, ["A0               B1  C2", "───────────────────────", "a name of words  12  x"]);
});

const WIDE: Row = ["lazy", "1234567890", "text", "1234567890", "text", "1234567890"];

test("the last columns go first, and the sentence says how wide is enough for all", () => {
  const narrow = linesOf(columnsOf(6), [WIDE], 40);
  assert.equal(narrow.slice(0, 1), ["A0            B1  C2            D3  E4"]);
  const told = /F5; (\d+) fit all/.exec(narrow.join(" ").replaceAll(/ +/g, " "));
  const enough = Number(told![1]);
  assert.match(linesOf(columnsOf(6), [WIDE], enough).join(" "), "F5");
  assert.not.match(linesOf(columnsOf(6), [WIDE], enough).join(" "), "Left out");
  assert.match(linesOf(columnsOf(6), [WIDE], enough - 1).join(" "), "Left out");
});

test("columns of one rank go together, those of the highest first, and the first column stays", () => {
  const ranks = [9, 1, 8, 8, 2, 3];
  const [heads] = linesOf(
    columnsOf(6, (at) => ranks[at]),
    [WIDE],
    44,
  );
  assert.is(heads, "A0            B1  E4            F5");
});

test("the name and a number stay where there is no room for more", () => {
  const lines = linesOf(columnsOf(3), [["x".repeat(30), "1".repeat(20), "words"]], 40);
  assert.match(lines[0]!, /^A0 +B1$/);
  assert.ok(lines.every((line) => line.length <= 40));
  assert.is(lines.join("").match(/x/g)?.length, 30);
});

test("a head of several words takes several lines before any column goes", () => {
  const columns: Column<Row>[] = [left("name", ([name]) => name!), right("wait of many", () => "12 ms")];
  assert.equal(linesOf(columns, [["x".repeat(30)]], 40), [
    `${" ".repeat(32)}wait of`,
    `name${" ".repeat(31)}many`,
    "─".repeat(39),
    `${"x".repeat(30)}    12 ms`,
  ]);
});

test("a long name takes several lines, which do not look like rows", () => {
  const columns = columnsOf(2);
  assert.equal(linesOf(columns, [["background threads=2 nice=19 rate=256MiB", "12345"]], 40).slice(2), [
    "background threads=2 nice=19  12345",
    "  rate=256MiB",
  ]);
  const path = `workloads/recorded/${"x".repeat(10)}-${"y".repeat(30)}`;
  const lines = linesOf(columns, [[path, "12345"]], 40).slice(2);
  assert.equal(lines, ["workloads/recorded/xxxxxxxxxx-    12345", `  ${"y".repeat(30)}`]);
});

test("a list without heads leaves nothing out", () => {
  const columns = columnsOf(3).map((column) => ({ ...column, head: "" }));
  const words = "word ".repeat(12).trim();
  const lines = linesOf(columns, [["name", "1", words]], 40);
  assert.is(lines.join(" ").match(/word/g)?.length, 12);
  assert.ok(lines.every((line) => line.length <= 40));
  assert.match(lines[1]!, /^ {9}word/);
});

test("characters that take two columns of a terminal leave what stands beside them in line", () => {
  const lines = tableLines(
    [
      { head: "name", align: "left" },
      { head: "n", align: "right" },
    ],
    [
      ["ab", "1"],
      ["日本", "22"],
    ],
    { width: 80 },
  );
  assert.equal(lines, ["name   n", "────────", "ab     1", "日本  22"]);
});

test("a style that goes on in the next line of its cell does not reach the cell beside it", () => {
  const [bold, plain] = ["\u001b[1m", "\u001b[22m"];
  const lines = tableLines(
    [
      { head: "", align: "left" },
      { head: "", align: "left", isWhole: true },
    ],
    [[`${bold}somewhat longer than that${plain}`, "x"]],
    { width: 20 },
  );
  assert.equal(lines, [`${bold}somewhat longer${plain}  x`, `${bold}  than that${plain}`]);
});

test("paint goes around every line of a row, and titles and notes are as wide as the table may be", () => {
  const words = "word ".repeat(12).trim();
  const text = tableText<Row>(
    {
      title: words,
      columns: columnsOf(2),
      groups: [{ title: words, rows: [[words, "1"]] }],
      roleOf: () => "failure",
      notes: [words],
    },
    paintWith((role, part) => `<${role} ${part}>`, 40),
  );
  assert.ok(text.split("\n").every((line) => line.replace(/<\w+ (.*)>/, "$1").length <= 40));
  assert.is(text.match(/<title/g)?.length, 4);
  assert.is(text.match(/<failure/g)?.length, 2);
  assert.is(text.match(/<note/g)?.length, 2);
});

test.run();
