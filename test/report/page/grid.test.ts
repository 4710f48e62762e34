import { suite } from "uvu";
import * as assert from "uvu/assert";
import { gridOf, plainGrid, tableHtml } from "../../../src/report/page/grid.js";
import { left, right } from "../../../src/report/table.js";
import { tagsOf } from "./results.js";

const test = suite("report: tables of pages");

const COLUMNS = [
  left<string>("name", (row) => row),
  left<string>("what", (row) => `${row}!`),
  right<string>("size", (row) => String(row.length)),
];

test("a table says what it is, and what its heads are of", () => {
  const groups = [
    { title: "first", rows: ["a", "bb"], below: [{ text: "  more", role: "failure" as const }] },
  ];
  const { text } = tableHtml(gridOf({ columns: COLUMNS, groups }), "Words", "a.json");
  assert.is(
    text,
    '<div class="scroll" role="region" tabindex="0" aria-label="Table: Words"><table class="l2"><caption>Words</caption>' +
      '<thead><tr><th scope="col">name</th><th scope="col">what</th><th scope="col">size</th></tr></thead>' +
      '<tbody><tr class="title"><th scope="rowgroup" colspan="3">first</th></tr>' +
      '<tr><th scope="row">a</th><td>a!</td><td>1</td></tr><tr><th scope="row">bb</th><td>bb!</td><td>2</td></tr>' +
      '<tr class="failure"><td colspan="3">more</td></tr></tbody></table></div>',
  );
});

test("a row that failed, and what stands below it", () => {
  const { text } = tableHtml(
    gridOf({
      columns: COLUMNS,
      groups: [{ rows: ["a", "b"] }],
      roleOf: (row) => (row === "b" ? "failure" : undefined),
      belowRow: (row) => (row === "b" ? [{ text: "why" }] : []),
    }),
    "Words",
    "a.json",
  );
  assert.match(
    text,
    '<tr class="failure"><th scope="row">b</th><td>b!</td><td>1</td></tr><tr class="more"><td colspan="3">why</td></tr>',
  );
});

test("a long table ends, across its groups, and says where the rest is", () => {
  const rows = Array.from({ length: 7 }, (_none, at) => `row ${at}`);
  const grid = gridOf({ columns: COLUMNS, groups: [{ rows: rows.slice(0, 4) }, { rows: rows.slice(4) }] });
  const shown = (most: number): string[] =>
    tagsOf(tableHtml(grid, "Rows", "a.json", most).text)
      .filter(({ attributes }) => attributes.scope === "row")
      .map(({ text }) => text);
  assert.equal(shown(5), rows.slice(0, 5));
  assert.equal(shown(4), rows.slice(0, 4));
  assert.equal(shown(7), rows);
  assert.match(tableHtml(grid, "Rows", "a.json", 5).text, "The first 5 of 7 rows; a.json has them all.");
  assert.not.match(tableHtml(grid, "Rows", "a.json", 7).text, "The first");
});

test("sentences have some width, and many columns small letters on paper", () => {
  const columns = [
    { head: "n", align: "left" as const },
    ...Array.from({ length: 10 }, () => ({ head: "x", align: "right" as const })),
    { head: "why", align: "left" as const },
  ];
  const cells = [
    "a",
    ...Array.from({ length: 10 }, () => "1"),
    "a sentence that is longer than forty-eight characters",
  ];
  const { text } = tableHtml(plainGrid({ columns, rows: [cells] }), "Words", "a.json");
  assert.match(text, '<table class="many l12 w12">');
});

test("a table of a picture without heads has none", () => {
  const { text } = tableHtml(
    gridOf({ columns: [left<string>("", (row) => row)], groups: [{ rows: ["a"] }] }),
    "W",
    "a",
  );
  assert.not.match(text, "<thead>");
});

test.run();
