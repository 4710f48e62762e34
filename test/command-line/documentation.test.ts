import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { DOCUMENTED_WORDS } from "../../src/command-line/catalogue.js";

const test = suite("command-line: documentation");

test("workloads/README.md has the words of the catalogue, in its order and its words", () => {
  const text = readFileSync("workloads/README.md", "utf8");
  const section = text.slice(text.indexOf("### Kernel command line"));
  const rows = section.slice(0, section.indexOf("\n### ")).match(/^\| `.*$/gm) ?? [];
  const expected = DOCUMENTED_WORDS.map(({ word, effect }) => {
    if (effect.does === "refused") return `| \`${word}\` | refused, ${effect.why} |`;
    if (effect.does === "ignored") return `| \`${word}\` | ignored: ${effect.why} |`;
    return `| \`${word}\` | ${effect.what}${effect.without === undefined ? "" : `; ${effect.without}`} |`;
  });
  assert.equal(rows, expected);
});

test.run();
