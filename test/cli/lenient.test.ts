// Takes 1 s.
/** What is left out of a trace, and what no run can replay, is said wherever the trace is used. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { runScenario } from "../../src/study/run-scenario.js";
import { onlyLine, unaccepted, withoutCount } from "./program.js";

const test = suite("cli: lenient");

const MADE_UP = "test/golden/made-up";
const CUT = `${MADE_UP}/last-line-cut.txt`;
const WIDE = `${MADE_UP}/order-13.txt`;
const MACHINE = ["--platform", "tdx", "--policy", "lazy", "--memory", "1GiB", "--vcpus", "1"];

async function inDirectory(use: (path: (name: string) => string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "unaccepted-lenient-"));
  try {
    await use((name) => join(directory, name));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const replay = (command: string, trace: string, ...more: string[]): ReturnType<typeof unaccepted> =>
  unaccepted([command, "workloads/boot.yaml", "--workload", trace, ...MACHINE, ...more]);

test("a line that cannot be read is an error that says how to go on", async () => {
  for (const argv of [
    ["trace", "info", CUT],
    ["trace", "export", CUT],
    ["trace", "import", CUT, "-o", join(tmpdir(), "never.trace")],
    ["run", "workloads/boot.yaml", "--workload", CUT, ...MACHINE],
    ["compare", "workloads/boot.yaml", "--workload", CUT, ...MACHINE],
    ["largest", "workloads/boot.yaml", "--workload", CUT, "--deadline", "60s", "--platform", "tdx"],
  ]) {
    const { code, stderr } = await unaccepted(argv);
    assert.is(code, 2, argv.join(" "));
    assert.match(
      onlyLine(stderr),
      /last-line-cut\.txt:2:38: expected a time in seconds .*; --lenient leaves such lines out; the trace is truncated in line 2, its last$/,
    );
  }
});

test("--lenient goes on behind it, and says how many and the first", async () => {
  const said = /lines that could not be read, left out: 1, first \S*last-line-cut\.txt:2:38: expected a time/;
  const info = await unaccepted(["trace", "info", CUT, "--lenient"]);
  assert.is(info.code, 0);
  assert.match(info.stdout.replaceAll(/\n */g, " "), said);
  const json = JSON.parse((await unaccepted(["trace", "info", CUT, "--lenient", "--json"])).stdout);
  assert.equal([json.summary.pairing.allocations, json.counts.unreadLines], [1, 1]);
  assert.match(json.details.firstUnread, /:2:38: expected a time/);
  const exported = await unaccepted(["trace", "export", CUT, "--lenient"]);
  assert.match(exported.stderr, said);
  assert.is(exported.stdout.match(/mm_page_alloc/g)!.length, 1);
  await inDirectory(async (path) => {
    const imported = await unaccepted(["trace", "import", CUT, "--lenient", "-o", path("x.trace"), "--json"]);
    const report = JSON.parse(imported.stdout);
    assert.equal([report.allocations, report.unreadLines], [1, 1]);
    assert.match(report.firstUnread, /:2:38: expected a time/);
    const words = await unaccepted(["trace", "import", CUT, "--lenient", "-o", path("x.trace")]);
    assert.match(words.stderr.replaceAll(/\n */g, " "), said);
    // What was left out stays known, though not the line itself.
    const again = await unaccepted(["trace", "info", path("x.trace")]);
    assert.match(again.stdout, "lines that could not be read, left out: 1\n");
  });
});

test("lines in the middle are left out too, and a trace of which none can be read is refused", async () => {
  await inDirectory(async (path) => {
    const golden = readFileSync("test/golden/traces/live-6.18.tracefs.txt", "utf8");
    const lines = golden.split("\n");
    const broken = lines.map((line, at) => (at === 20 || at === 30 ? line.replace("pfn=", "pfm=") : line));
    writeFileSync(path("broken.txt"), broken.join("\n"));
    const { stdout } = await unaccepted(["trace", "info", path("broken.txt"), "--lenient", "--json"]);
    const { summary, counts, details } = JSON.parse(stdout);
    assert.equal([summary.events, counts.unreadLines], [58, 2]);
    assert.match(details.firstUnread, /broken\.txt:21:\d+: expected pfn=/);
    writeFileSync(path("no.txt"), "name: x\nname: y\n");
    assert.is((await unaccepted(["trace", "info", path("no.txt"), "--lenient"])).code, 2);
  });
});

test("a run says what it left out or changed of a trace, on stderr and in its row", async () => {
  for (const command of ["run", "compare"]) {
    const { code, stdout, stderr } = await replay(command, CUT, "--lenient", "--json");
    assert.is(code, 0, stderr);
    assert.match(withoutCount(stderr), /^last-line-cut: lines that could not be read, left out: 1, first /);
    assert.not.ok(stdout.includes("undefined"));
    const quiet = await replay(command, CUT, "--lenient", "--json", "--quiet");
    assert.is(quiet.stderr, "");
  }
  const { stdout, stderr } = await unaccepted(
    ["run", "workloads/boot.yaml", "--workload", WIDE, ...MACHINE, "--json"],
    { runScenario },
  );
  assert.match(stderr, /^order-13: events above order 10, .* requests are made in parts of order 10: 1\n$/);
  const [row] = JSON.parse(stdout).rows;
  assert.equal([row.outcome, row.remarks.length], ["ready", 1]);
  assert.match(row.remarks[0], "order-13: events above order 10");
  const plain = await unaccepted(["run", "workloads/boot.yaml", ...MACHINE, "--json"]);
  assert.is(plain.stderr, "");
});

test("a trace of a machine that was up for 120 days says from where its times count, and is exported as it was", async () => {
  await inDirectory(async (path) => {
    const line = readFileSync(CUT, "utf8").split("\n")[0]!.replace(" 345.192833:", " 10368000.192833:");
    writeFileSync(path("up.txt"), `${line}\n`);
    const remark = "times are counted from second 10,281,600 of the trace's clock";
    const { stdout, stderr } = await replay("compare", path("up.txt"), "--json");
    assert.match(stderr, `up: ${remark}`);
    assert.is(JSON.parse(stdout).rows[0].outcome, "ready");
    const imported = await unaccepted(["trace", "import", path("up.txt"), "-o", path("up.trace")]);
    assert.match(imported.stderr, remark);
    const info = JSON.parse((await unaccepted(["trace", "info", path("up.trace"), "--json"])).stdout);
    assert.equal([info.summary.firstNs, info.details.originSeconds], [86_400_192_833_000, 10_281_600]);
    const exported = await unaccepted(["trace", "export", path("up.trace")]);
    assert.match(exported.stdout, " 10368000.192833: mm_page_alloc:");
    assert.is(exported.stderr.includes("second"), false);
  });
});

test("what asks for nothing is refused by every run, with what it holds and how to record", async () => {
  const cases: readonly (readonly [file: string, holds: string])[] = [
    ["extfrag-only.txt", "1 mm_page_alloc_extfrag"],
    ["kmalloc-only.txt", "1 kmalloc"],
    ["null-page-alone.txt", "1 mm_page_alloc that found no page"],
  ];
  for (const [file, holds] of cases) {
    const path = `${MADE_UP}/${file}`;
    for (const argv of [
      ["run", "workloads/boot.yaml", ...MACHINE],
      ["compare", "workloads/boot.yaml", ...MACHINE],
      ["largest", "workloads/boot.yaml", "--platform", "tdx", "--deadline", "60s"],
    ]) {
      const { code, stdout, stderr } = await unaccepted([...argv, "--workload", path]);
      assert.equal([code, stdout], [2, ""], argv.join(" "));
      assert.match(
        onlyLine(stderr),
        `${file}: it asks for no memory, holding ${holds}; record mm_page_alloc`,
      );
      assert.match(stderr, "perf record -e kmem:mm_page_alloc");
    }
    const info = await unaccepted(["trace", "info", path]);
    assert.is(info.code, 0);
    assert.match(
      info.stdout.replaceAll(/\n */g, " "),
      `no run can replay it: it asks for no memory, holding ${holds}`,
    );
    const json = JSON.parse((await unaccepted(["trace", "info", path, "--json"])).stdout);
    assert.match(json.unusable, holds);
    await inDirectory(async (out) => {
      const words = await unaccepted(["trace", "import", path, "-o", out("a")]);
      assert.match(words.stderr.replaceAll(/\n */g, " "), `it asks for no memory, holding ${holds}`);
      const report = JSON.parse(
        (await unaccepted(["trace", "import", path, "-o", out("b"), "--json"])).stdout,
      );
      assert.is(report.unusable, json.unusable);
    });
  }
  await inDirectory(async (path) => {
    const line = readFileSync(CUT, "utf8").split("\n")[0]!;
    writeFileSync(
      path("frees.txt"),
      `${line.replace(/mm_page_alloc(.*) migratetype.*/, "mm_page_free$1")}\n`,
    );
    writeFileSync(path("none.txt"), "# tracer: nop\n#\n");
    assert.match((await replay("compare", path("frees.txt"))).stderr, "holding 1 mm_page_free; record");
    assert.match((await replay("compare", path("none.txt"))).stderr, "holding no events; record");
    writeFileSync(
      path("arm.txt"),
      `${line}\n${readFileSync(`${MADE_UP}/extfrag-only.txt`, "utf8").replace("pageblock_order=9", "pageblock_order=13")}`,
    );
    assert.match((await replay("compare", path("arm.txt"))).stderr, "its kernel has pages of another size");
  });
});

test.run();
