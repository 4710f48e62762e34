import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Key } from "../../src/fields/keys.js";
import { policies } from "../../src/policy/policies.js";
import { parseScenario } from "../../src/scenario/load.js";
import { README, withSection } from "./readme-section.js";
import { keys, reference } from "./reference.js";

const test = suite("pages: reference");

const all = keys();

test("workloads/README.md has what npm run -s reference writes", () => {
  assert.is(readFileSync(README, "utf8"), withSection(reference()));
});

test("every key has a value, a default and a meaning", () => {
  for (const { path, value, default: byDefault, what } of all) {
    assert.ok(value.length > 0 && byDefault.length > 0 && what.length > 5, path);
  }
});

test("a key that is set to its default changes nothing", () => {
  const tried = all.filter(isTried);
  assert.ok(tried.length > 30);
  for (const { path, default: value } of tried) {
    const [group, ...inner] = path.split(".");
    const optional = ["hotplug", "drain", "attack", "kexec"].includes(group!) ? { [group!]: {} } : {};
    const set = inner.reduceRight<unknown>((below, key) => ({ [key]: below }), parsed(value));
    assert.equal(scenarioOf({ ...optional, [group!]: set }), scenarioOf(optional), path);
  }
});

test("tables name every policy, firmware and price", () => {
  const text = reference();
  for (const name of [...policies().names, "td-shim", "ovmf-snp-no-protocol", "tdcallNs", "pvalidate2mNs"]) {
    assert.ok(text.includes(`\n| \`${name}\` |`), name);
  }
});

/** Defaults in words, and what lies in lists or needs one, are not tried. */
function isTried({ path, default: value }: Key): boolean {
  return (
    !/^host\.(tdxModule|rmp)|^handOver|PRICE$/.test(path) &&
    /^\S+$/.test(value) &&
    !["required", "none"].includes(value)
  );
}

/** A default as a file would have it: text, a number, or true and false. */
function parsed(value: string): unknown {
  return /^(\d+|true|false|"")$/.test(value) ? JSON.parse(value) : value;
}

function scenarioOf(more: object): unknown {
  const document = { name: "x", workload: "boot", platform: "tdx", memory: "4GiB", ...more };
  return parseScenario(JSON.stringify(document), "test");
}

test.run();
