import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  EDK2_CHANGES,
  edk2Build,
  edk2VersionOf,
  NEWEST_EDK2,
  peiHeapProblem,
} from "../../src/firmware/edk2.js";
import { GiB, MiB } from "../../src/units.js";

const test = suite("firmware: edk2");

test("a version is a stable tag between the first and the last that are known, also as YAML reads it", () => {
  assert.is(edk2VersionOf("2025.02"), "2025.02");
  assert.is(edk2VersionOf(2022.11), "2022.11");
  for (const value of ["2022.05", "2026.11", "2025.03", "2025.2", "202502", "latest", 2025]) {
    assert.is(edk2VersionOf(value), undefined, String(value));
  }
});

test("changes are in the order of their tags, and tags are versions", () => {
  const tags = EDK2_CHANGES.map(({ since }) => since);
  assert.equal(tags, tags.toSorted());
  for (const tag of tags) assert.is(edk2VersionOf(tag), tag);
  assert.is(tags.at(-1), NEWEST_EDK2);
});

test("the page about scenarios has every change", () => {
  const page = readFileSync(new URL("../../workloads/README.md", import.meta.url), "utf8");
  const rows = EDK2_CHANGES.map(({ since, what, commit }) =>
    `| ${since} | ${what} | ${commit} |`.replace("|  |", "| |"),
  );
  assert.ok(page.includes(rows.join("\n")));
});

test("a tag between two changes has the rules of the earlier one", () => {
  assert.equal(edk2Build("2025.05").rules, edk2Build("2025.02").rules);
  assert.not.equal(edk2Build("2025.08").rules, edk2Build("2025.05").rules);
});

test("a change is there from its tag on", () => {
  const since = (rule: keyof ReturnType<typeof edk2Build>["rules"], value: unknown): string =>
    ["2022.08", ...EDK2_CHANGES.map((change) => change.since)].find(
      (tag) => edk2Build(tag).rules[rule] === value,
    )!;
  assert.is(since("tdxLeavesMemory", true), "2022.11");
  assert.is(since("tdxAcceptsOn", "all-cpus"), "2023.02");
  assert.is(since("snpLeavesMemory", true), "2023.02");
  assert.is(since("ccBlobInPool", true), "2023.05");
  assert.is(since("tdxAcceptsTail", true), "2025.11");
  assert.is(since("evicts", true), "2025.11");
  assert.is(since("countsUnaccepted", true), "2025.11");
  assert.is(since("s3InConfidential", false), "2026.02");
  assert.is(since("binsLeak", false), "2026.02");
  assert.is(since("lowMemory", "first-block"), "2026.05");
  assert.is(edk2Build("2026.08").rules.lowMemory, "all-blocks");
});

test("only 2026.05 takes the first block for all of memory, and only one below the DXE volume's end kills it", () => {
  const blocks = [
    { start: 0, end: 8 * MiB },
    { start: 8 * MiB + 64 * 1024, end: 2 * GiB },
  ];
  assert.match(peiHeapProblem(edk2Build("2026.05"), blocks)!, /first 8 MiB/);
  assert.is(peiHeapProblem(edk2Build("2026.05"), [{ start: 0, end: 2 * GiB }]), undefined);
  assert.is(peiHeapProblem(edk2Build("2026.05", "inteltdx"), blocks), undefined);
  assert.is(peiHeapProblem(edk2Build("2026.02"), blocks), undefined);
  assert.is(peiHeapProblem(edk2Build("2026.08"), blocks), undefined);
});

test.run();
