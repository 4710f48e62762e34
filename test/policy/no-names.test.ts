import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { policies } from "../../src/policy/policies.js";

const test = suite("policy: nobody else knows policies by name");
const SRC = resolve(import.meta.dirname, "../../src");

const NAMES = policies().names.join("|");
/** Any literal that is the name of one and nothing else, and what looks like a choice by one. */
const QUOTED = new RegExp(`["'\`](${NAMES})["'\`]`);
const CHOICE =
  /\bpolicy(\.name)?\s*[!=]==?\s*["'`]|["'`]\s*[!=]==?\s*[\w.]*\bpolicy(\.name)?\b|\bswitch\s*\([\w.]*\bpolicy(\.name)?\s*\)/i;

/** Literals that are names of something else: a kind of record, how plugged memory is accepted, a key, who runs behind CPUs and accepts there, what a host does with plugged memory; a published guest; words of a command line. */
const OTHERS: readonly RegExp[] = [
  /^accept\/tracker\.ts: export type TrackerName = /,
  /^accept\/tracker\.ts: readonly name = "page-flag";$/,
  /^after\/hotplug\/result\.ts: of: \["assumed", "online", "sub-block", "lazy"\],$/,
  /^after\/hotplug\/hotplug\.ts: if \(this\.#plan\.acceptance === "lazy" /,
  /^guest\/boot\.ts: .*"ready" \| "background"/,
  /^guest\/boot\.ts: .*Pick<Booted, "background">/,
  /^memory-map\/(accept-origins|layers)\.ts: .*"background"/,
  /^host\/tdx-module\/hotplug\.ts: .*\bpolicy !== "refuse"/,
  /^validate\/[\w-]+\.ts: .*policy: "eager",/,
  /^machine\/kernel-words\.ts: findings\.says\("policy", /,
];

function named(line: string): boolean {
  return QUOTED.test(line) || CHOICE.test(line);
}

test("no file outside of policy has the name of one", () => {
  const files = readdirSync(SRC, { recursive: true, encoding: "utf8" })
    .map((file) => file.replaceAll("\\", "/"))
    .filter((file) => file.endsWith(".ts") && !file.startsWith("policy/"));
  assert.ok(files.length > 100);
  const found = files.flatMap((file) =>
    readFileSync(join(SRC, file), "utf8")
      .split("\n")
      .map((line) => line.trim())
      // Comments may speak of them.
      .filter((line) => !/^(\*|\/\*|\/\/)/.test(line) && named(line))
      .map((line) => `${file}: ${line}`),
  );
  const unused = OTHERS.filter((other) => !found.some((line) => other.test(line)));
  assert.equal(unused, []);
  assert.equal(
    found.filter((line) => !OTHERS.some((other) => other.test(line))),
    [],
  );
});

test("it would be found", () => {
  for (const line of [
    'if (policy === "eager") words.push("accept_memory=eager");',
    'if (!asList(policy ?? []).includes("lazy")) return [];',
    'const BASELINE = "eager";',
    'case "firmware-delegated":',
    "switch (guest.policy.name) {",
    'if ("mine" === policy.name) return;',
  ]) {
    assert.ok(named(line), line);
  }
  for (const line of ["if (policy === baseline) return;", "lazy: behaviour.kernelAcceptsAll !== true,"]) {
    assert.not(named(line), line);
  }
});

test.run();
