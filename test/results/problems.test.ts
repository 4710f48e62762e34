// Takes 1 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { HotplugResult } from "../../src/after/hotplug/result.js";
import type { KexecResult } from "../../src/after/kexec/result.js";
import { formatMarkdown, formatTable } from "../../src/report/rows.js";
import { formatRunSummary } from "../../src/report/run-summary.js";
import { formatCsv, rowRecord } from "../../src/results/formats.js";
import { hasFailed, isSound, problemsOf } from "../../src/results/problems.js";
import type { RunResult } from "../../src/results/row.js";
import { compare } from "../../src/study/compare.js";
import { measurementOf, meets } from "../../src/study/tune/measurement.js";
import { GiB } from "../../src/units.js";
import { runBoot } from "../guest/run-boot.js";
import { resultWith, rowWith, scenarioWith } from "./rows.js";

const test = suite("results: problems of a run");

const FAILED_HOTPLUG: HotplugResult = {
  acceptance: "assumed",
  outcome: "failed",
  reason: "struct pages take 192 MiB, of which the guest had 185 MiB",
  blockBytes: 0,
  addedBytes: 0,
  memmapBytes: 0,
  acceptedOnlineBytes: 0,
  unacceptedBytes: 0,
  timeNs: 0,
};
const HOTPLUG_TEXT = `hot-plug failed: ${FAILED_HOTPLUG.reason}`;
const UNFINISHED_KEXEC: KexecResult = {
  kind: "kexec",
  table: "lost",
  done: false,
  timeNs: 0,
  segmentBytes: 0,
  unacceptedSegmentBytes: 0,
  unsharedBytes: 0,
};
const lossy: Pick<RunResult, "lostBytes"> = { lostBytes: 62 * GiB };
const hitBy = (warnings: number, integrityViolations: number): Pick<RunResult, "attack"> => ({
  attack: { pages: 5, warnings, integrityViolations },
});

const REFUSING_HOST: Partial<RunResult> = {
  tdxModule: {
    pamtBytes: 0,
    tdmrs: [],
    removed: [],
    hotplug: [{ start: 0, end: GiB, accepted: false, reason: "outside convertible memory." }],
  } as unknown as NonNullable<RunResult["tdxModule"]>,
};

test("each kind has its sentence, and says whether the run failed", () => {
  for (const [changes, text, fails] of [
    [lossy, "lost memory: the kernel never gets 62 GiB of 64 GiB", false],
    [{ hotplug: FAILED_HOTPLUG }, HOTPLUG_TEXT, true],
    [{ hotplug: { ...FAILED_HOTPLUG, outcome: "refused", reason: "No." } }, "hot-plug refused: No", true],
    [REFUSING_HOST, "the host leaves memory offline: outside convertible memory", true],
    [{ kexec: UNFINISHED_KEXEC }, "kexec failed, with its table lost", true],
    [hitBy(0, 5), "attack: the guest has lost what was in 5 pages and does not know", false],
    [hitBy(1, 0), "attack: the guest has lost what was in 1 page, and warns", false],
  ] as const) {
    const run = resultWith(changes as Partial<RunResult>);
    assert.equal(
      problemsOf(run).map((problem) => [problem.text, problem.fails]),
      [[text, fails]],
    );
    assert.is(isSound(run), false);
    assert.is(hasFailed(run), fails);
  }
});

test("a run that is ready and lacks nothing has none, and one that is not has failed", () => {
  const fine = resultWith({ hotplug: { ...FAILED_HOTPLUG, outcome: "online" }, ...hitBy(0, 0) });
  assert.equal(problemsOf(fine), []);
  assert.ok(isSound(fine) && !hasFailed(fine));
  const ended = resultWith({ outcome: "oom" });
  assert.ok(!isSound(ended) && hasFailed(ended));
});

test("every form of a row tells them", () => {
  const row = rowWith({ hotplug: FAILED_HOTPLUG, ...lossy });
  const texts = ["lost memory: the kernel never gets 62 GiB of 64 GiB", HOTPLUG_TEXT];
  assert.equal(
    rowRecord(row).problems?.map(({ what, text }) => [what, text]),
    [
      ["memory", texts[0]],
      ["hot-plug", texts[1]],
    ],
  );
  for (const text of texts) {
    for (const form of [formatTable([row]), formatRunSummary(row), formatMarkdown([row])]) {
      assert.ok(form.includes(text), form);
    }
  }
  assert.match(formatCsv([row]), /,outcome,problems,/);
  for (const text of texts) assert.ok(formatCsv([row]).includes(`""text"":""${text}""`));
  assert.not.match(formatCsv([rowWith()]), /problem/);
});

test("a 64 GiB guest of which the kernel sees 2 GiB is not marked as best, and stands behind", async () => {
  const scenarios = (["eager", "lazy", "background"] as const).map((policy) => scenarioWith({ policy }));
  const runs: Readonly<Record<string, Partial<RunResult>>> = {
    eager: { bootTimeNs: 50e9 },
    lazy: { bootTimeNs: 10e9 },
    background: { bootTimeNs: 4e9, overheadBytes: 0, ...lossy },
  };
  const rows = await compare(scenarios, ({ policy }) => resultWith({ policy, ...runs[policy] }));
  assert.equal(
    rows.map(({ paretoOptimal }) => paretoOptimal),
    [false, true, null],
  );
  const lines = formatTable(rows).split("\n");
  const at = (start: string): number => lines.findIndex((line) => line.startsWith(start));
  assert.ok(at("lazy *") < at("eager") && at("eager") < at("background "));
});

test("tune takes no such setting", () => {
  const measured = measurementOf([resultWith(lossy)], []);
  assert.is(measured.outcome, "ready");
  assert.not(meets(measured));
  assert.ok(meets(measurementOf([resultWith()], [])));
});

test("memory that a boot loader drops is a problem of the run", () => {
  const run = runBoot("platform=tdx", "policy=lazy", "memory=4GiB", "guest.bootLoader=unaware");
  assert.equal(
    problemsOf(run).map(({ text }) => text),
    ["lost memory: the kernel never gets 2 GiB of 4 GiB"],
  );
});

test("12 GiB cannot be plugged into a guest of 256 MiB, and the run has failed", () => {
  const run = runBoot("platform=none", "policy=eager", "memory=256MiB", "hotplug.memory=12GiB");
  assert.is(run.outcome, "ready");
  assert.match(
    problemsOf(run)[0]!.text,
    /^hot-plug failed: struct pages take 192 MiB, of which the guest had /,
  );
  assert.ok(hasFailed(run));
});

test.run();
