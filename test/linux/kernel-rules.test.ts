import { readdirSync } from "node:fs";
import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CHANGES, FIRST_RULES, type RulesDelta } from "../../src/linux/changes.js";
import {
  changesIn,
  kernelName,
  kernelRelease,
  kernelRules,
  knownReleases,
  knowsUnacceptedMemory,
  releasesThatDiffer,
} from "../../src/linux/kernel-rules.js";
import { compareReleases, parseReleaseName } from "../../src/linux/release-name.js";
import type { KernelRules } from "../../src/linux/rules.js";

const test = suite("linux: rules of a release");

test("whose rules a name stands for", () => {
  for (const [name, rulesOf] of [
    ["6.5", "6.5"],
    ["6.5-rc1", "6.5"],
    ["6.5.9", "6.5.9"],
    ["6.6-rc2", "6.6-rc2"],
    ["6.6-rc5", "6.6-rc3"],
    ["6.6", "6.6"],
    ["6.6.4", "6.6"],
    ["6.6.35", "6.6.5"],
    ["6.6.140", "6.6.128"],
    ["6.8", "6.8"],
    ["6.8.0-1028-intel", "6.8"],
    ["6.8.12", "6.8.10"],
    ["6.9", "6.9"],
    ["6.10", "6.9"],
    ["6.11", "6.11"],
    ["6.12-rc3", "6.12-rc1"],
    ["6.12.0", "6.12.0"],
    ["6.12.0-55.el10.x86_64", "6.12.0"],
    ["6.12.5", "6.12.0"],
    ["6.12.60", "6.12.29"],
    ["6.12", "6.12.77"],
    ["6.12.107+deb13-amd64", "6.12.77"],
    ["6.13", "6.13"],
    ["6.14-rc7", "6.14-rc1"],
    ["6.14.0-1009-intel", "6.14"],
    ["6.14.7", "6.14.7"],
    ["6.15", "6.15"],
    ["6.18.0", "6.18.0"],
    ["6.18.15+deb13-cloud-amd64", "6.18.14"],
    ["6.18", "6.18.17"],
    ["7.0-rc2", "7.0-rc1"],
    ["7.2.12", "7.2"],
    ["7.3", "7.3"],
    ["7.3.4+deb13-cloud-amd64", "7.3"],
    ["12.0", "7.3"],
  ] as const) {
    assert.is(kernelRelease(name).rulesOf, rulesOf, name);
  }
});

test("6.12 and 6.18 alone are their stable series, every other bare name a first tag", () => {
  assert.equal(kernelRules("6.12"), kernelRules("6.12.107"));
  assert.not.equal(kernelRules("6.12"), kernelRules("6.12.0"));
  assert.equal(kernelRules("6.18"), kernelRules("6.18.44"));
  assert.not.equal(kernelRules("6.18"), kernelRules("6.18.0"));
  for (const name of ["6.5", "6.6", "6.8", "6.11", "6.13", "6.14", "6.15"]) {
    assert.equal(kernelRules(name), kernelRules(`${name}.0`));
  }
});

test("a remark wherever the rules are those of another release, or held against no recording", () => {
  for (const name of ["6.12", "6.12.0", "6.16", "6.18", "7.3"]) {
    assert.is(kernelRelease(name).remark, undefined, name);
  }
  for (const name of ["6.5", "6.6", "6.15", "6.6.128"]) {
    assert.is(kernelRelease(name).remark, `Linux ${name} is by rule, not recorded`);
  }
  assert.is(
    kernelRelease("6.10.3").remark,
    "Linux 6.10.3 has the rules of 6.9, the last that changed them; it is by rule, not recorded",
  );
  assert.match(
    kernelRelease("12.0").remark!,
    /^Linux 12\.0 has the rules of .*, the newest that was reviewed/,
  );
  assert.is(
    kernelRelease("6.8.0-1028-intel").remark,
    "Linux 6.8.0-1028-intel has the rules of 6.8, the last that changed them; it counts as the release it was " +
      "built from, whatever its builder changed; it is by rule, not recorded",
  );
});

test("a series counts as recorded where a directory of workloads/recorded is of it", () => {
  const names = readdirSync("workloads/recorded").flatMap(
    (name) => /^linux-(\d+\.\d+)\./.exec(name)?.[1] ?? [],
  );
  const recorded = new Set(names);
  for (const name of ["6.5", ...CHANGES.map(({ landed }) => landed)]) {
    const series = /^\d+\.\d+/.exec(name)![0];
    assert.is(kernelRelease(series).recorded !== undefined, recorded.has(series), series);
  }
});

test("what knows of unaccepted memory", () => {
  for (const name of ["6.5-rc1", "6.5", "6.10", "7.0", "10.0"]) assert.ok(knowsUnacceptedMemory(name), name);
  for (const name of ["6.4.16", "6.5-rc0", "6.1", "5.15.0-91-generic", "2.6.32", "six"]) {
    assert.not(knowsUnacceptedMemory(name), name);
    assert.throws(() => kernelRules(name), "is not a release from 6.5 on");
  }
});

test("names as tags, uname and boot logs have them", () => {
  assert.is(kernelName("v6.12-rc3"), "6.12-rc3");
  assert.is(kernelName(" 6.12 "), "6.12");
  assert.is(kernelName("Linux 6.9"), "6.9");
  assert.is(
    kernelName("Linux version 6.8.0-1028-intel (buildd@x) (gcc 13, GNU ld 2.42) #35"),
    "6.8.0-1028-intel",
  );
  for (const text of ["", "v", "6", "Linux", "Linux version", "6.x", "constructor"]) {
    assert.is(kernelName(text), undefined, text);
  }
});

test("a later release of the main line has every commit of an earlier one", () => {
  const number = fc.integer({ min: 5, max: 19 });
  fc.assert(
    fc.property(number, number, (a, b) => {
      const [older, newer] = [Math.min(a, b), Math.max(a, b)].map((minor) => `6.${minor}.0`);
      const has = (name: string): string[] =>
        CHANGES.filter(
          ({ landed }) => compareReleases(parseReleaseName(name)!, parseReleaseName(landed)!) >= 0,
        ).map(({ commit }) => commit);
      assert.equal(has(newer!).slice(0, has(older!).length), has(older!));
      assert.equal(kernelRules(newer!), has(newer!).reduce(withCommit, FIRST_RULES));
    }),
  );
});

function withCommit(rules: KernelRules, commit: string): KernelRules {
  const { pageAlloc, vmalloc, acceptMemory, kexec, memblock, boot, ...own } = CHANGES.find(
    (change) => change.commit === commit,
  )!.sets;
  return {
    ...rules,
    ...own,
    pageAlloc: { ...rules.pageAlloc, ...pageAlloc },
    vmalloc: { ...rules.vmalloc, ...vmalloc },
    acceptMemory: { ...rules.acceptMemory, ...acceptMemory },
    kexec: { ...rules.kexec, ...kexec },
    memblock: { ...rules.memblock, ...memblock },
    boot: { ...rules.boot, ...boot },
  };
}

test("a point release never loses what an earlier one of its series has", () => {
  for (const { landed, backports = {} } of CHANGES) {
    for (const [series, point] of Object.entries(backports)) {
      const first = parseReleaseName(`${series}.${point}`)!;
      assert.ok(compareReleases(first, parseReleaseName(landed)!) < 0, `${series}.${point}`);
      assert.not.equal(kernelRules(`${series}.${point}`), kernelRules(`${series}.${point - 1}`));
      assert.equal(kernelRules(`${series}.999`), kernelRules(`${series}.500`));
    }
  }
});

test("the releases that a list should have, and what each of them changed", () => {
  assert.equal(releasesThatDiffer(), [
    "6.5",
    "6.6",
    "6.7",
    "6.8",
    "6.9",
    "6.11",
    "6.12.0",
    "6.12",
    "6.13",
    "6.14",
    "6.15",
    "6.16",
    "6.17",
    "6.18.0",
    "6.18",
    "6.19",
    "7.0",
    "7.1",
    "7.2",
    "7.3",
  ]);
  assert.equal(changesIn("6.12.0"), ["bulk allocations accept too", "accepts up to the promo watermark"]);
  assert.is(changesIn("6.12").length, 4);
  for (const name of releasesThatDiffer().slice(1)) assert.ok(changesIn(name).length > 0, name);
});

/** `pageAlloc.fallback`, `tableMemory`, ... of a set of rules. */
function flagsOf(rules: KernelRules | RulesDelta): string[] {
  return Object.entries(rules).flatMap(([name, value]) =>
    typeof value === "object" ? Object.keys(value).map((inner) => `${name}.${inner}`) : [name],
  );
}

test("a user is offered every release with rules of its own and every recorded series, once and by age", () => {
  const offered = knownReleases();
  for (const name of releasesThatDiffer()) assert.ok(offered.includes(name), name);
  for (const name of ["6.12", "6.19", "7.1", "7.3"]) assert.ok(offered.includes(name), name);
  assert.is(new Set(offered).size, offered.length);
  assert.equal(offered.slice(0, 3).concat(offered.slice(-2)), ["6.5", "6.6", "6.7", "7.2", "7.3"]);
});

test("every flag is set by a commit, and every commit has a test with guests that it changes", () => {
  const set = new Set(CHANGES.flatMap(({ sets }) => flagsOf(sets)));
  // Not of a release: what a policy or a scenario says instead.
  const unset = flagsOf(FIRST_RULES).filter((flag) => !set.has(flag));
  assert.equal(unset, ["pageAlloc.acceptAtOncePages", "pageAlloc.reserveBeforeWatermarksPages"]);
  const tests = readdirSync("test/regress");
  for (const { commit } of CHANGES) assert.ok(tests.includes(`${commit}.test.ts`), commit);
});

test.run();
