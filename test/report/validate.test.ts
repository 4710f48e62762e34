import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  formatValidation,
  formatValidationCsv,
  formatValidationJson,
  formatValidationJsonl,
  formatValidationMarkdown,
} from "../../src/report/validate.js";
import type { ValidatedClaim, ValidatedTarget } from "../../src/validate/validate.js";
import { paintWith, wide } from "./paint.js";

const test = suite("report: validate");

function claimWith(changes: Partial<ValidatedClaim>): ValidatedClaim {
  return {
    id: "VT1.a",
    what: "drain 8 GiB",
    conditions: "1 vCPU [4 KiB]",
    source: "a script",
    published: 24,
    simulated: 22.2568,
    unit: "s",
    tolerance: "±20 %",
    holds: true,
    basis: "prediction",
    ...changes,
  };
}

const TARGETS: readonly ValidatedTarget[] = [
  {
    id: "VT1",
    title: "Drains",
    claims: [
      claimWith({}),
      claimWith({ id: "VT1.b", basis: "calibration", note: "chosen so" }),
      claimWith({ id: "VT1.c" }),
    ],
  },
  {
    id: "VT2",
    title: "Boots",
    claims: [
      claimWith({ id: "VT2.a", published: [575, 680], simulated: 1234.5678, holds: false }),
      claimWith({ id: "VT2.b", simulated: null, holds: false, unit: "", note: "oom: a | b" }),
    ],
  },
];

test("the table groups rows by target, with conditions, sources and notes below", () => {
  assert.is(
    formatValidation(TARGETS, wide),
    `3 of 5 rows hold, 1 of 2 targets hold; 4 of the rows are predictions.

id     what            published  simulated  tolerance  holds  basis
──────────────────────────────────────────────────────────────────────────
VT1  Drains
VT1.a  drain 8 GiB          24 s    22.26 s  ±20 %      yes    prediction
VT1.b  drain 8 GiB          24 s    22.26 s  ±20 %      yes    calibration
VT1.c  drain 8 GiB          24 s    22.26 s  ±20 %      yes    prediction
  VT1.a to VT1.c: 1 vCPU [4 KiB]. a script
  VT1.b: chosen so

VT2  Boots
VT2.a  drain 8 GiB  575 to 680 s     1235 s  ±20 %      NO     prediction
VT2.b  drain 8 GiB            24          -  ±20 %      NO     prediction
  VT2.a, VT2.b: 1 vCPU [4 KiB]. a script
  VT2.b: oom: a | b

[ ]: not published, assumed here. calibration: something was chosen to fit this number, or what is behind it.
`,
  );
});

test("only rows that do not hold are painted as failures", () => {
  const painted = formatValidation(
    TARGETS,
    paintWith((role, text) => (role === "failure" ? `<${text}>` : text)),
  );
  assert.equal(painted.match(/<[^>]*>/g), ["<NO>", "<NO>"]);
});

test("JSON: one entry for each row, with the contract's fields", () => {
  const { schemaVersion, targets } = JSON.parse(formatValidationJson(TARGETS));
  assert.is(schemaVersion, 2);
  assert.equal(
    targets.map(({ id }: { id: string }) => id),
    ["VT1.a", "VT1.b", "VT1.c", "VT2.a", "VT2.b"],
  );
  assert.equal(targets[0], claimWith({}));
  assert.is(targets[4].simulated, null);
});

test("JSON lines hold the same", () => {
  const lines = formatValidationJsonl(TARGETS).trimEnd().split("\n");
  assert.equal(
    lines.map((line) => JSON.parse(line)),
    TARGETS.flatMap(({ claims }) => claims).map((claim) => ({ schemaVersion: 2, ...claim })),
  );
});

test("CSV: a range is two columns, and what is missing is empty", () => {
  const lines = formatValidationCsv(TARGETS).split("\r\n");
  assert.is(lines.length, 7);
  assert.match(lines[0]!, /^id,what,publishedLow,publishedHigh,simulated,unit,tolerance,holds,basis,/);
  assert.match(lines[4]!, /^VT2\.a,drain 8 GiB,575,680,1234\.5678,s,±20 %,false,prediction,/);
  assert.match(lines[5]!, /^VT2\.b,drain 8 GiB,24,24,,,±20 %,false,/);
});

test("Markdown: failures stand out, and bars do not end cells", () => {
  const text = formatValidationMarkdown(TARGETS);
  assert.ok(text.startsWith("3 of 5 rows hold, 1 of 2 targets hold"));
  assert.match(text, "\n\n| id | what | published | simulated | tolerance | holds | basis |\n");
  assert.match(text, "| VT2.a | drain 8 GiB | 575 to 680 s | 1235 s | ±20 % | **no** | prediction |");
  assert.match(text, "- VT2.b: oom: a \\| b\n");
});

test.run();
