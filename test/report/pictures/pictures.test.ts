// Takes 4 s.
import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parseDocument, type ResultDocument } from "../../../src/report/pictures/documents.js";
import { PICTURES, picturesOf } from "../../../src/report/pictures/pictures.js";
import { renderSvg, titled } from "../../../src/report/pictures/render.js";
import { COLOURS } from "../../../src/report/pictures/theme.js";
import { rowWith } from "../../results/rows.js";
import { rowsResult, tunedWith, tuneResult } from "./results.js";

const test = suite("report: the pictures there are");

function read(path: string): ResultDocument {
  return parseDocument(readFileSync(path, "utf8"), path);
}

const boot = read("results/boot.json");
const tunings = ["results/tune/tdx.json", "results/tune/snp.json"].map(read);

test("each has a name of its own and a line for help", () => {
  assert.is(new Set(PICTURES.map(({ name }) => name)).size, PICTURES.length);
  for (const { what } of PICTURES) assert.ok(what.length > 20 && !what.includes("\n") && !what.endsWith("."));
});

test("the first is the most fitting for what a command prints", () => {
  assert.is(picturesOf([boot], COLOURS.light)[0]!.picture.name, "times");
  assert.is(picturesOf(tunings, COLOURS.light)[0]!.picture.name, "tuning");
});

test("each refuses what it cannot draw with a reason that ends without a full stop", () => {
  const rows = rowsResult(rowWith({ outcome: "oom" }));
  for (const results of [[], [rows], [tuneResult(tunedWith({ curves: [] }))]]) {
    for (const { name, draw } of PICTURES.map((picture) => ({
      name: picture.name,
      draw: picture.draw.bind(picture),
    }))) {
      const why = draw(results, COLOURS.light);
      assert.ok(typeof why === "string" && !why.endsWith(".") && !why.includes("\n"), name);
    }
  }
});

/** Texts of a document's own, each with markup in it. */
function withMarkup(document: ResultDocument): ResultDocument {
  const text = JSON.stringify(document).replaceAll(
    /"(lazy|linux-7.3.4-debian-1c4g|firmware)"/g,
    '"<script>$1</script>"',
  );
  return JSON.parse(text) as ResultDocument;
}

for (const [what, results] of [
  ["boots", [boot]],
  ["tunings", tunings],
] as const) {
  test(`${what}: every picture is drawn without a complaint, tells what it shows, and escapes what it is told`, async () => {
    const complaints: unknown[] = [];
    const { warn } = console;
    console.warn = (...words) => void complaints.push(words);
    try {
      for (const { picture, drawn } of picturesOf(results.map(withMarkup), COLOURS.dark)) {
        const svg = await renderSvg(titled(drawn), COLOURS.dark);
        assert.not.match(svg, /<script/, picture.name);
        assert.not.match(svg, /NaN|undefined|\[object/, picture.name);
        assert.match(svg, /^<svg role="img" aria-label="[^"]{40,}"/);
        assert.ok(drawn.table.rows.length > 0);
        for (const cells of drawn.table.rows)
          assert.is(cells.length, drawn.table.columns.length, picture.name);
      }
    } finally {
      console.warn = warn;
    }
    assert.equal(complaints, []);
  });
}

test("a policy has the same colour in every picture of the same results", () => {
  const odd = rowsResult(
    rowWith({ policy: "failed", outcome: "oom" }),
    rowWith({ policy: "eager", memoryBytes: 2 ** 30 }),
    rowWith({ policy: "lazy" }),
  );
  let scalesSeen = 0;
  for (const { drawn, picture } of picturesOf([odd], COLOURS.light)) {
    const scales = JSON.stringify(drawn.spec).matchAll(
      /"field":"policy","type":"nominal","title":null,"legend":[^[]*?"scale":(\{"domain":\[[^\]]*\],"range":\["#[^\]]*\]\})/g,
    );
    for (const [, scale] of scales) {
      const { domain, range } = JSON.parse(scale!) as { domain: string[]; range: string[] };
      scalesSeen++;
      for (const [at, policy] of domain.entries()) {
        assert.is(range[at], COLOURS.light.series[["failed", "eager", "lazy"].indexOf(policy)], picture.name);
      }
    }
  }
  assert.ok(scalesSeen >= 3, String(scalesSeen));
});

test.run();
