// Takes 19 s.
import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parquetReadObjects } from "hyparquet";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { onlyLine, simulating as unaccepted } from "./program.js";

const test = suite("cli: sweep and merge");

const FILES = ["runs.jsonl", "runs.csv", "runs.parquet"];

/** 66 points of real boots, in five chunks. */
const STUDY = `name: tiny
scenario: ${resolve("workloads/boot.yaml")}
axes:
  platform.kind: [tdx]
  policy: [lazy, eager]
  memory: [1GiB, 2GiB, 4GiB]
  vcpus: [1]
samples:
  count: 11
  seed: 3
  ranges:
    firmware.preAcceptLimit: { low: 256MiB, high: 4GiB, log: true }
`;

async function withStudy(use: (study: string, directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "unaccepted-sweep-"));
  try {
    const study = join(directory, "tiny.yaml");
    writeFileSync(study, STUDY);
    await use(study, directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function contentOf(directory: string): string[] {
  return FILES.map((name) => readFileSync(join(directory, name)).toString("base64"));
}

/** What one process makes of the study, undisturbed. */
let whole = "";
test.before(async () => {
  whole = mkdtempSync(join(tmpdir(), "unaccepted-whole-"));
  const study = join(whole, "tiny.yaml");
  writeFileSync(study, STUDY);
  const { code, stderr } = await unaccepted(["sweep", study, "--out", whole, "--jobs", "1"]);
  assert.is(code, 0);
  assert.match(stderr, /^66 runs to make\nwrote .*runs\.jsonl, .*runs\.csv, .*runs\.parquet\n$/);
});
test.after(() => rmSync(whole, { recursive: true, force: true }));

test("shards on several machines give the bytes of one process", async () => {
  await withStudy(async (study, directory) => {
    const [a, b, merged] = ["a", "b", "merged"].map((name) => join(directory, name)) as [
      string,
      string,
      string,
    ];
    const shard = (index: number, out: string, jobs: number) =>
      unaccepted(["sweep", study, "--out", out, "--shard", `${index}/3`, "--jobs", `${jobs}`]);
    assert.match((await shard(0, a, 2)).stderr, /^\d+ runs to make\nshard 0\/3 is done\n$/);
    await shard(2, b, 1);
    const missing = await unaccepted(["sweep", study, "--out", a, "--shard", "0/3", "--missing"]);
    assert.equal([missing.code, missing.stdout], [1, "1,2\n"]);
    const early = await unaccepted(["merge", a, b, "--out", merged]);
    assert.is(early.code, 2);
    assert.match(
      onlyLine(early.stderr),
      /tiny: 2 of 5 chunks are missing, the first of them 1; sweep --missing .*: 1\/3$/,
    );
    assert.not(existsSync(merged));
    await shard(1, b, 1);
    const done = await unaccepted(["merge", a, b, "--out", merged]);
    assert.is(done.code, 0);
    assert.equal(contentOf(merged), contentOf(whole));
  });
});

test("every run has its line, its id, and its place in all three files", async () => {
  const records = readFileSync(join(whole, "runs.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.is(records.length, 66);
  assert.equal(
    records.map(({ point }) => point),
    Array.from({ length: 66 }, (_value, at) => at),
  );
  assert.is(new Set(records.map(({ id }) => id)).size, 66);
  const [header, ...rows] = readFileSync(join(whole, "runs.csv"), "utf8").trim().split("\r\n");
  assert.is(rows.length, 66);
  const column = header!.split(",").indexOf("bootTimeNs");
  assert.equal(
    rows.map((row) => Number(row.split(",")[column])),
    records.map(({ bootTimeNs }) => bootTimeNs),
  );
  const parquet = readFileSync(join(whole, "runs.parquet"));
  const file = parquet.buffer.slice(parquet.byteOffset, parquet.byteOffset + parquet.byteLength);
  const objects = await parquetReadObjects({ file: file as ArrayBuffer });
  assert.equal(
    objects.map((row) => [row.id, row.bootTimeNs, row["settings.memory"]]),
    records.map(({ id, bootTimeNs, settings }) => [
      id,
      bootTimeNs,
      (settings as Record<string, unknown>).memory,
    ]),
  );
});

/** The program as a process of its own, which can be killed. */
function start(...argv: string[]): ChildProcess {
  return spawn(process.execPath, ["--import", "tsx", "src/cli/main.ts", ...argv], { stdio: "ignore" });
}

test("killed in the middle, again and again, it goes on and loses and repeats nothing", async () => {
  await withStudy(async (study, directory) => {
    const killed = join(directory, "killed");
    const partsNow = (): number =>
      existsSync(join(killed, "parts"))
        ? readdirSync(join(killed, "parts")).filter((name) => name.endsWith(".jsonl")).length
        : 0;
    for (const until of [1, 3]) {
      const child = start("sweep", study, "--out", killed, "--jobs", "1", "--quiet");
      const ended = new Promise((done) => child.once("exit", done));
      for (let waitedMs = 0; partsNow() < until && waitedMs < 60_000; waitedMs += 5) await sleep(5);
      child.kill("SIGKILL");
      await ended;
      assert.not(existsSync(join(killed, "runs.jsonl")));
    }
    // What a write that was cut short leaves behind.
    writeFileSync(join(killed, "parts", "000004.jsonl.1.tmp"), '{"point":');
    assert.is((await unaccepted(["sweep", study, "--out", killed, "--jobs", "1", "--quiet"])).code, 0);
    assert.equal(contentOf(killed), contentOf(whole));
    assert.equal(
      readdirSync(join(killed, "parts")).filter((name) => name.endsWith(".tmp")),
      [],
    );
  });
});

test("parts and a stamp that are damaged are said, and done again", async () => {
  await withStudy(async (study, directory) => {
    const damaged = join(directory, "damaged");
    cpSync(whole, damaged, { recursive: true });
    const part = (chunk: number): string => join(damaged, "parts", `00000${chunk}.jsonl`);
    writeFileSync(join(damaged, "sweep.json"), "null");
    writeFileSync(part(1), "");
    writeFileSync(part(2), readFileSync(part(2), "utf8").split("\n").slice(0, 9).join("\n"));
    cpSync(part(0), part(3));
    const missing = await unaccepted(["sweep", study, "--out", damaged, "--shard", "0/5", "--missing"]);
    assert.is(missing.stdout, "1,2,3\n");
    assert.match(missing.stderr, /000001\.jsonl: .* found an empty file; missing, as 2 more\n$/);
    writeFileSync(join(damaged, "sweep.json"), "");
    const { code, stderr } = await unaccepted(["sweep", study, "--out", damaged, "--jobs", "1"]);
    assert.is(code, 0);
    const [stamp, parts, runs, wrote, end] = stderr.split("\n");
    assert.match(stamp!, /sweep\.json: was damaged; written again$/);
    assert.match(parts!, /000001\.jsonl: .* found an empty file; done again, as 2 more$/);
    assert.match(runs!, /^\d+ runs to make$/);
    assert.match(wrote!, /^wrote /);
    assert.is(end, "");
    assert.equal(contentOf(damaged), contentOf(whole));
  });
});

test("any number of sweeps, shards or not, share a directory at the same time", async () => {
  await withStudy(async (study, directory) => {
    const sharedOut = join(directory, "shared");
    // All in one process: every one has the same id, as in pods.
    const ended = await Promise.all(
      [[], ["--shard", "0/2"], ["--shard", "1/2"]].map((flags) =>
        unaccepted(["sweep", study, "--out", sharedOut, "--jobs", "1", "--quiet", ...flags]),
      ),
    );
    assert.equal(
      ended,
      [0, 0, 0].map((code) => ({ code, stdout: "", stderr: "" })),
    );
    assert.equal(contentOf(sharedOut), contentOf(whole));
    assert.equal(readdirSync(sharedOut).sort(), ["parts", ...FILES, "sweep.json"].sort());
    assert.is(readdirSync(join(sharedOut, "parts")).length, 5);
  });
});

test("a directory of another study, or none, is refused", async () => {
  await withStudy(async (study, directory) => {
    const out = join(directory, "out");
    assert.is((await unaccepted(["sweep", study, "--out", out, "--shard", "4/5", "--quiet"])).code, 0);
    writeFileSync(study, STUDY.replace("seed: 3", "seed: 4"));
    const other = await unaccepted(["sweep", study, "--out", out]);
    assert.is(other.code, 2);
    assert.match(onlyLine(other.stderr), /out: has results of another study, scenario or version \(tiny, /);
    const none = await unaccepted(["merge", directory, "--out", out]);
    assert.match(onlyLine(none.stderr), /has no results of a sweep \(sweep\.json\)$/);
  });
});

test("mistakes show before anything is run", async () => {
  await withStudy(async (study, directory) => {
    const out = join(directory, "out");
    for (const [text, complaint] of [
      [
        STUDY.replace("[lazy, eager]", "[lazy, eagr]"),
        /axes\.policy eagr: policy: expected one of .*eager\?$/,
      ],
      [STUDY.replace("samples:", "smples:"), /tiny\.yaml:8:1: smples: unknown key, did you mean samples\?/],
      [STUDY.replace("boot.yaml", "bot.yaml"), /bot\.yaml: no such file/],
    ] as const) {
      writeFileSync(study, text);
      const { code, stderr } = await unaccepted(["sweep", study, "--out", out]);
      assert.is(code, 2);
      assert.match(onlyLine(stderr), complaint);
      assert.not(existsSync(out));
    }
    writeFileSync(study, STUDY);
    for (const [flags, complaint] of [
      [["--shard", "3/3"], /--shard 3\/3: expected i\/n with i from 0 to n-1/],
      [["--jobs", "0"], /--jobs 0: expected a whole number from 1 to 1024/],
    ] as const) {
      const { code, stderr } = await unaccepted(["sweep", study, "--out", out, ...flags]);
      assert.is(code, 2);
      assert.match(onlyLine(stderr), complaint);
    }
  });
});

test("what does not fit only together is one line, too, when a worker meets it", async () => {
  await withStudy(async (study, directory) => {
    // The first of each axis fits; tdvf on snp does not.
    const axes = "  platform.kind: [tdx, snp]\n  firmware.preset: [auto, tdvf]\n";
    writeFileSync(study, STUDY.replace("  platform.kind: [tdx]\n", axes));
    const { code, stderr } = await unaccepted(["sweep", study, "--out", join(directory, "out")]);
    assert.is(code, 2);
    assert.match(
      stderr,
      /^264 runs to make\nunaccepted: .*firmware tdvf does not start a guest on platform snp.*\n$/,
    );
  });
});

test("an interruption ends it between two chunks, and leaves what is done", async () => {
  await withStudy(async (study, directory) => {
    const interruption = new AbortController();
    const out = join(directory, "out");
    const ended = unaccepted(["sweep", study, "--out", out], { interrupted: interruption.signal });
    interruption.abort();
    const { code, stderr } = await ended;
    assert.is(code, 130);
    assert.match(
      stderr,
      /interrupted with \d+ of \d+ points done, which are kept; the same command goes on from/,
    );
    assert.not(existsSync(join(out, "runs.jsonl")));
  });
});

test.run();
