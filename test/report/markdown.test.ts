import { suite } from "uvu";
import * as assert from "uvu/assert";
import { formatMarkdown } from "../../src/report/rows.js";
import { rowWith } from "../results/rows.js";

const test = suite("report: markdown");

test("head, alignment and row, literally", () => {
  const lines = formatMarkdown([rowWith()]).split("\n");
  assert.match(lines[0]!, /^lazy is ready after 5.5 s /);
  assert.equal(lines.slice(2, 6), [
    "| platform | memory | vCPUs | policy | boot | ratio | overhead | waits | waited | max | assumed | host | p99 | p99.9 | accepted | touched |",
    "| :-- | --: | --: | :-- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |",
    "| tdx | 64 GiB | 8 | lazy | 5.5 s | 3.94x | 3.11 GiB | 7 | 60 ms | 21 ms | 42 % | 3.5 GiB | 20.3 ms | 20.9 ms | 3 GiB | 400 MiB |",
    "",
  ]);
});

test("columns that say the same in all rows appear only where they differ", () => {
  const [, , head] = formatMarkdown([rowWith(), rowWith({ workload: "busy", settings: { seed: 2 } })]).split(
    "\n",
  );
  assert.match(head!, /^\| workload \| settings \| platform \|/);
});

test("bars and line breaks do not break the table", () => {
  const text = formatMarkdown([rowWith({ workload: "a|b\nc" }), rowWith()]);
  assert.match(text, "| a\\|b c | tdx |");
  // A backslash in front of a bar would take the one that is put there for its own.
  const backslashes = formatMarkdown([rowWith({ workload: "C:\\|\n\\" }), rowWith()]);
  assert.ok(backslashes.includes("| C:\\\\\\| \\\\ | tdx |"), backslashes);
});

test("a star marks the best row and stands for itself", () => {
  const text = formatMarkdown([rowWith({ paretoOptimal: true })]);
  assert.match(text, "| lazy * |");
  assert.match(text, "\n- *: no other policy");
});

test("a failed run is marked, and explained below the table", () => {
  const text = formatMarkdown([rowWith({ outcome: "oom", reason: "no page", bootRatio: null })]);
  assert.match(text, "| lazy | **oom** | - |");
  assert.match(text, "\n- **lazy** on tdx, 64 GiB, 8 vCPUs: oom after 5.5 s: no page\n");
});

test.run();
