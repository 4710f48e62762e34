import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { PLATFORM_KINDS } from "../../src/coco/platforms.js";

const test = suite("coco: nobody else knows platforms by name");
const SRC = resolve(import.meta.dirname, "../../src");
/** Platforms are themselves here, files may name them, and texts about machines have names of others for them. */
const AT_HOME = /^(coco|scenario|machine)\//;

/** A plain guest's name is a word that others use, so for it the other side must be a platform, too. */
const NAMES = PLATFORM_KINDS.filter((kind) => kind !== "none").join("|");
const COMPARISONS: readonly RegExp[] = [
  new RegExp(`[=!]==?\\s*["'\`](${NAMES})["'\`]`),
  new RegExp(`["'\`](${NAMES})["'\`]\\s*[=!]==?`),
  new RegExp(`\\bcase\\s+["'\`](${NAMES})["'\`]`),
  new RegExp(`\\.(has|includes|startsWith|endsWith|indexOf)\\(\\s*["'\`](${NAMES})["'\`]`),
  /\bplatform(\??\.(kind|name|title|type))?\s*[=!]==?\s*["'`]/i,
  /["'`]\s*[=!]==?\s*[\w.]*\bplatform(\??\.(kind|name|title|type))?\b/i,
  /\bswitch\s*\(\s*[\w.]*\bplatform(\??\.(kind|name|title|type))?\s*\)/i,
  // One platform as against all others.
  /[=!]==?\s*(TDX|SNP|PLAIN|PLATFORMS\b)/,
  /\binstanceof\s+(Tdx|Snp|Plain)Platform\b/,
];

function comparisonIn(line: string): boolean {
  return COMPARISONS.some((comparison) => comparison.test(line));
}

test("no file outside coco, scenario and machine compares one", () => {
  const files = readdirSync(SRC, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => relative(SRC, join(SRC, file)).replaceAll("\\", "/"))
    .filter((file) => !AT_HOME.test(file));
  assert.ok(files.length > 100);
  const found = files.flatMap((file) =>
    readFileSync(join(SRC, file), "utf8")
      .split("\n")
      .flatMap((line, index) => (comparisonIn(line) ? [`${file}:${index + 1}: ${line.trim()}`] : [])),
  );
  assert.equal(found, []);
});

test("it would be found", () => {
  for (const line of [
    'if (platform.name === "tdx") charge();',
    'const copies = name === "tdx" ? 2 : 1;',
    'if (guest.platform.name !== "none") return;',
    'scenario.platform.kind !== "none"',
    'if ("snp" === kind) return;',
    'case "snp":',
    'if (platforms.has("tdx")) note();',
    'rows.some(({ platform }) => platform === "none")',
    "switch (scenario.platform.kind) {",
    "if (platform.type === TDX) return;",
    "if (platform instanceof SnpPlatform) return;",
  ]) {
    assert.ok(comparisonIn(line), line);
  }
  for (const line of ['if (text === "none") return;', 'setup({ platform: "tdx", vcpus: 1 });']) {
    assert.not(comparisonIn(line), line);
  }
});

test.run();
