// Takes 1 s.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { STANDARD_BOOT } from "../../src/cli/bundled.js";
import { WorkloadLoader } from "../../src/cli/load-recording.js";
import { Progress } from "../../src/cli/progress.js";
import { readText } from "../../src/cli/read-trace.js";
import { GENERATORS } from "../../src/workload/generators/index.js";
import { onlyLine, unaccepted } from "./program.js";

const test = suite("cli: trace");

const TRACEFS = "test/golden/traces/live-6.18.tracefs.txt";
const BOOT = "test/golden/traces/boot-6.12.tracefs.txt";
const PERF = "test/golden/traces/live-6.18.perf-6.1.txt";
const CHAINS = "test/golden/traces/live-6.18.perf-6.1-call-chains.txt";

async function inDirectory(
  use: (path: (name: string) => string, names: () => string[]) => Promise<void>,
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "unaccepted-trace-"));
  try {
    await use(
      (name) => join(directory, name),
      () => readdirSync(directory).sort(),
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The one line on stderr of a program that must end with exit code 2 and print nothing else. */
async function complaintAbout(...argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await unaccepted(argv);
  assert.is(code, 2, `${argv.join(" ")}: ${stderr}`);
  assert.is(stdout, "");
  return onlyLine(stderr).replace(/^unaccepted: /, "");
}

/** A zstd frame of one block that is not compressed (RFC 8878, 3.1.1). */
function zstdOf(bytes: Uint8Array): Buffer {
  const header = 1 + bytes.length * 8;
  return Buffer.concat([
    Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58, header & 0xff, (header >> 8) & 0xff, header >> 16]),
    bytes,
  ]);
}

/** The lines of a trace that tell of events, without what no trace of ours keeps. */
function eventsOf(text: string): string[] {
  return text
    .split("\n")
    .filter((line) => line.includes("mm_page_"))
    .map((line) => line.replace(/page=\S+/, "").replace(/\] \S{5} /, "] "))
    .map((line) => line.replace(/gfp_flags=(\S+)/, (_, flags: string) => flags.split("|").sort().join()));
}

test("import, info and export of a trace of the kernel", async () => {
  await inDirectory(async (path, names) => {
    const imported = await unaccepted([
      "trace",
      "import",
      BOOT,
      "-o",
      path("a.trace"),
      "--kernel",
      "6.12.95",
    ]);
    assert.is(imported.code, 0);
    assert.is(imported.stdout, "");
    assert.match(
      imported.stderr,
      /a\.trace: 56 events, 3 allocations, 0 frees\n {2}allocations not freed within the trace: 3\n$/,
    );
    assert.equal(names(), ["a.trace"]);

    const info = await unaccepted(["trace", "info", path("a.trace")]);
    assert.is(info.code, 0);
    assert.is(info.stderr, "");
    assert.match(info.stdout, "compact, from tracefs, Linux 6.12.95, 56 events in");

    const exported = await unaccepted(["trace", "export", path("a.trace")]);
    assert.is(exported.code, 0);
    assert.equal(eventsOf(exported.stdout), eventsOf(readFileSync(BOOT, "utf8")));

    await unaccepted(["trace", "export", path("a.trace"), "-o", path("a.txt"), "--quiet"]);
    assert.is(readFileSync(path("a.txt"), "utf8"), exported.stdout);
    await unaccepted([
      "trace",
      "import",
      path("a.txt"),
      "-o",
      path("b.trace"),
      "--kernel",
      "6.12.95",
      "--quiet",
    ]);
    const [a, b] = ["a.trace", "b.trace"].map((name) => readFileSync(path(name)));
    // All but the origin and the flags' texts are the same bytes.
    assert.equal(a!.subarray(0, a!.indexOf("META")), b!.subarray(0, b!.indexOf("META")));
  });
});

test("a packed trace is read whatever its name, as the same events", async () => {
  await inDirectory(async (path) => {
    const text = readFileSync(TRACEFS);
    writeFileSync(path("a.txt.gz"), gzipSync(text));
    writeFileSync(path("b"), gzipSync(text));
    writeFileSync(path("c.txt.zst"), zstdOf(text));
    const expected = JSON.parse((await unaccepted(["trace", "info", TRACEFS, "--json"])).stdout).summary;
    for (const name of ["a.txt.gz", "b", "c.txt.zst"]) {
      const { stdout } = await unaccepted(["trace", "info", path(name), "--json"]);
      assert.equal(JSON.parse(stdout).summary, expected, name);
    }
  });
});

test("info as JSON says what perf kmem stat would", async () => {
  const { stdout } = await unaccepted(["trace", "info", PERF, "--json"]);
  const { schemaVersion, formats, summary, counts } = JSON.parse(stdout);
  assert.equal([schemaVersion, formats], [2, ["perf script"]]);
  const lines = readFileSync(PERF, "utf8").trim().split("\n");
  const allocs = lines.filter((line) => line.includes("mm_page_alloc:"));
  const pages = allocs.reduce((sum, line) => sum + 2 ** Number(/order=(\d+)/.exec(line)![1]), 0);
  assert.is(summary.pairing.allocations, allocs.length);
  assert.is(summary.allocatedPages, pages);
  assert.is(summary.kinds.free, lines.length - allocs.length);
  assert.is(summary.orders[0][1], allocs.filter((line) => line.includes("order=0 migratetype=1")).length);
  assert.equal(summary.cpus, [{ cpu: 1, allocations: allocs.length, frees: lines.length - allocs.length }]);
  const flags = new Map<string, number>();
  for (const line of allocs) {
    const text = /gfp_flags=(\S+)/.exec(line)![1]!;
    flags.set(text.split("|").sort().join(), (flags.get(text.split("|").sort().join()) ?? 0) + 1);
  }
  assert.equal(
    new Map(
      summary.gfp.map((row: { flags: string; allocations: number }) => [
        row.flags.split("|").sort().join(),
        row.allocations,
      ]),
    ),
    flags,
  );
  assert.is(counts.lostEvents, 0);
});

test("info takes the name of a bundled trace", async () => {
  const infoOf = async (name: string): Promise<Record<string, unknown>> =>
    JSON.parse((await unaccepted(["trace", "info", name, "--json"])).stdout) as Record<string, unknown>;
  const path = "workloads/recorded/linux-6.12.95-1c4g/boot.trace.gz";
  const byName = await infoOf("linux-6.12.95-1c4g");
  assert.equal({ ...byName, files: [path] }, await infoOf(path));
});

test("info names the callers of a trace with call chains", async () => {
  const { stdout } = await unaccepted(["trace", "info", CHAINS]);
  assert.match(stdout, "Allocations by caller");
  assert.match(stdout, "__pmd_alloc");
});

test("info fits into 110 columns", async () => {
  for (const file of [TRACEFS, BOOT, PERF, CHAINS, "workloads/recorded/linux-6.12.95-1c4g/boot.trace.gz"]) {
    const { stdout } = await unaccepted(["trace", "info", file]);
    assert.equal(
      stdout.split("\n").filter((line) => line.length > 110),
      [],
    );
  }
});

test("parts of a trace become one, and must come in the order of time", async () => {
  await inDirectory(async (path) => {
    const lines = readFileSync(TRACEFS, "utf8").split("\n");
    writeFileSync(path("1.txt"), `${lines.slice(0, 40).join("\n")}\n`);
    writeFileSync(path("2.txt"), lines.slice(40).join("\n"));
    const whole = await unaccepted(["trace", "export", TRACEFS]);
    assert.is((await unaccepted(["trace", "export", path("1.txt"), path("2.txt")])).stdout, whole.stdout);
    const complaint = await complaintAbout("trace", "import", path("2.txt"), path("1.txt"), "-o", path("x"));
    assert.match(
      complaint,
      /1\.txt: begins before .*2\.txt ends; give the parts of a trace in the order of time$/,
    );
  });
});

test("what is wrong with a trace is one line, exit 2, and no file", async () => {
  await inDirectory(async (path, names) => {
    const text = readFileSync(TRACEFS);
    const packed = gzipSync(text);
    await unaccepted(["trace", "import", TRACEFS, "-o", path("good.trace"), "--quiet"]);
    const good = readFileSync(path("good.trace"));
    const changed = Buffer.from(good);
    changed[300]! ^= 1;
    const changedPacked = Buffer.from(packed);
    changedPacked[packed.length - 8]! ^= 1;
    const bad: readonly (readonly [name: string, bytes: Uint8Array, expected: RegExp])[] = [
      [
        "cut.txt",
        text.subarray(0, 2000),
        /^\S*cut\.txt:\d+:\d+: expected .*; the trace is truncated in line \d+, its last$/,
      ],
      ["empty", new Uint8Array(0), /^\S*empty: byte 0: expected a trace, found an empty file$/],
      ["empty.gz", gzipSync(""), /^\S*empty\.gz: byte 0: expected a trace, found an empty file$/],
      [
        "zeros.llfree",
        readFileSync("test/golden/llfree/two-cpus.llfree").fill(0, 4096),
        /^\S*zeros\.llfree: byte 4096: expected an entry of a CPU, found none in the file$/,
      ],
      [
        "cut.gz",
        packed.subarray(0, 500),
        /^\S*cut\.gz: byte 500: expected the rest of a gzip file, found its end; the file is truncated$/,
      ],
      [
        "changed.gz",
        changedPacked,
        /^\S*changed\.gz: byte \d+: expected whole gzip data, found damage .* \(incorrect data check\)$/,
      ],
      [
        "cut.zst",
        zstdOf(text).subarray(0, 500),
        /^\S*cut\.zst: byte 500: expected the rest of a zstd file, found its end; the file is truncated$/,
      ],
      ["cut.trace", good.subarray(0, 500), /^\S*cut\.trace: byte 500: expected .*; the trace is truncated$/],
      [
        "changed.trace",
        changed,
        /^\S*changed\.trace: byte \d+: expected a block that its checksum fits, found another checksum; the file is damaged$/,
      ],
      [
        "x.yaml",
        Buffer.from("name: x\n"),
        /^\S*x\.yaml:1:1: expected a line of tracefs, perf script or trace-cmd report, found "name: x"$/,
      ],
      [
        "perf.data",
        Buffer.from("PERFILE2xxxxxxxxxxxx"),
        /^\S*perf\.data: byte 0: expected a trace, found perf\.data: print it with/,
      ],
    ];
    for (const [name, bytes, expected] of bad) {
      writeFileSync(path(name), bytes);
      assert.match(await complaintAbout("trace", "import", path(name), "-o", path("out.trace")), expected);
      assert.match(await complaintAbout("trace", "info", path(name)), expected);
    }
    assert.not.ok(names().some((name) => name.startsWith("out.trace")));
  });
});

test("flags and files that are missing or too many", async () => {
  assert.match(await complaintAbout("trace"), "expected import, info, export, generate, list after trace");
  assert.is(await complaintAbout("trace", "imprt"), "unknown action imprt of trace, did you mean import?");
  assert.is(await complaintAbout("trace", "import", "-o", "x"), "expected a trace file, or - for stdin");
  assert.is(await complaintAbout("trace", "import", TRACEFS), "expected the file to write after -o");
  assert.is(await complaintAbout("trace", "info", "/nowhere/x"), "/nowhere/x: no such file or directory");
  assert.match(
    await complaintAbout("trace", "import", TRACEFS, "-o", "/nowhere/x"),
    "/nowhere/x: cannot write: no such file",
  );
  assert.is(await complaintAbout("trace", "info", "-", "-"), "stdin can be read only once");
  assert.is(await complaintAbout("trace", "info", "test"), "test: illegal operation on a directory");
});

test("what a generator makes can be read again", async () => {
  await inDirectory(async (path, names) => {
    const out = path("heap.trace");
    const set = ["--set", "size=16MiB", "--set", "pages=small", "--vcpus", "2"];
    const { code, stdout, stderr } = await unaccepted(["trace", "generate", "heap", ...set, "-o", out]);
    assert.is(code, 0, stderr);
    assert.is(stdout, "");
    assert.match(stderr, /heap\.trace: \d+ events of heap, 4 GiB\n$/);
    const info = await unaccepted(["trace", "info", out, "--json"]);
    const { summary } = JSON.parse(info.stdout);
    // The heap, and the page tables for it.
    assert.ok(summary.kinds.alloc >= 4096 && summary.kinds.alloc < 4200, info.stdout);
    assert.equal(names(), ["heap.trace"]);
  });
});

test("the same seed generates the same bytes, another one others", async () => {
  await inDirectory(async (path) => {
    const bytes: Buffer[] = [];
    for (const seed of ["7", "7", "8"]) {
      const out = path("fragmentation.trace");
      const set = ["--set", "size=8MiB", "--set", "operations=5000", "--seed", seed, "--quiet"];
      const run = await unaccepted(["trace", "generate", "fragmentation", ...set, "-o", out]);
      assert.is(run.stderr, "");
      bytes.push(readFileSync(out));
    }
    assert.ok(bytes[0]!.equals(bytes[1]!));
    assert.not.ok(bytes[0]!.equals(bytes[2]!));
  });
});

test("what no generator makes is one line, exit 2, and no file", async () => {
  await inDirectory(async (path, names) => {
    const out = ["-o", path("x.trace")];
    assert.match(
      await complaintAbout("trace", "generate", "hea", ...out),
      /expected one of boot, heap.*mean heap\?$/,
    );
    assert.match(await complaintAbout("trace", "generate", ...out), /expected the name of a generator/);
    assert.match(await complaintAbout("trace", "generate", "heap"), /expected the file to write after -o/);
    assert.match(
      await complaintAbout("trace", "generate", "heap", "--set", "siz=1", ...out),
      /siz: unknown parameter, did you mean size\?/,
    );
    assert.match(
      await complaintAbout("trace", "generate", "heap", "--set", "size", ...out),
      /--set size: expected key=value/,
    );
    assert.match(
      await complaintAbout("trace", "generate", "heap", "--memory", "4GB", ...out),
      /--memory 4GB: expected/,
    );
    assert.match(
      await complaintAbout("trace", "generate", "heap", "--vcpus", "0", ...out),
      /--vcpus 0: expected/,
    );
    assert.equal(names(), []);
  });
});

test("an interrupted import leaves nothing behind", async () => {
  await inDirectory(async (path, names) => {
    const interruption = new AbortController();
    setImmediate(() => interruption.abort());
    const { code, stdout } = await unaccepted(
      ["trace", "import", "workloads/recorded/linux-6.12.95-1c4g/wl-dd64.trace.gz", "-o", path("x.trace")],
      { interrupted: interruption.signal },
    );
    assert.equal([code, stdout, names()], [130, "", []]);
  });
});

test("help has examples for every action", async () => {
  for (const action of ["import", "info", "export", "generate", "list"]) {
    const { code, stdout } = await unaccepted(["trace", action, "--help"]);
    assert.is(code, 0);
    assert.match(stdout, `unaccepted trace ${action}`);
    assert.match(stdout, "Examples:");
    assert.equal(
      stdout.split("\n").filter((line) => line.length > 110),
      [],
    );
  }
});

test("the list has every recording with a trace, by a path that can be read", async () => {
  const { stdout } = await unaccepted(["trace", "list", "--json"]);
  const { traces } = JSON.parse(stdout) as { traces: { path: string; sizeBytes: number }[] };
  const boot = traces.find(({ path }) => path === "workloads/recorded/linux-6.12.95-1c4g/recording.yaml");
  assert.is(boot!.sizeBytes, readFileSync("workloads/recorded/linux-6.12.95-1c4g/boot.trace.gz").length);
  for (const { path } of traces) assert.ok(readFileSync(path).length > 0);
  const text = (await unaccepted(["trace", "list"])).stdout;
  for (const { path } of traces) assert.match(text, `${path}\n`);
  const words = text.replaceAll(/\s+/g, " ");
  for (const { name, imitates } of GENERATORS) {
    assert.match(text, `generate:${name}\n`);
    assert.match(words, `imitates: ${imitates.replaceAll(/\s+/g, " ")}`);
  }
  assert.equal(
    text.split("\n").filter((line) => line.length > 110),
    [],
  );
});

test("stdin", () => {
  const text = readFileSync(TRACEFS);
  const run = (...argv: string[]): { status: number | null; stdout: string } =>
    spawnSync(process.execPath, ["--import", "tsx", "src/cli/main.ts", ...argv], {
      input: gzipSync(text),
      encoding: "utf8",
    });
  const { status, stdout } = run("trace", "info", "-");
  assert.is(status, 0);
  assert.match(stdout, "tracefs, 60 events");
});

test("progress is shown on a terminal only, and only to those who wait", () => {
  const written: string[] = [];
  let nowMs = 0;
  const stream = (isTTY: boolean): never => ({ isTTY, write: (text: string) => written.push(text) }) as never;
  const position = { bytes: 3 * 2 ** 20, totalBytes: 2 ** 23 };
  for (const isTTY of [false, true]) {
    const progress = new Progress(stream(isTTY), () => nowMs);
    nowMs += 900;
    progress.update(() => readText("a", position, 1.5e6));
    assert.equal(written, []);
    nowMs += 200;
    progress.update(() => readText("a", position, 1.5e6));
    nowMs += 100;
    progress.update(() => readText("a", position, 1.6e6));
    progress.stop();
  }
  assert.equal(written, ["\r\u001b[Ka: 3 MiB of 8 MiB read, 1.5 M events", "\r\u001b[K"]);
});

test("a trace without a description is a workload behind the standard boot, loaded once", async () => {
  await inDirectory(async (path) => {
    await unaccepted(["trace", "import", TRACEFS, "-o", path("ls.trace"), "--kernel", "6.18.44", "--quiet"]);
    const loader = new WorkloadLoader();
    const boot = loader.load(STANDARD_BOOT);
    assert.is(boot.afterBoot, undefined);
    for (const file of [path("ls.trace"), TRACEFS]) {
      const workload = loader.load(file);
      assert.ok(workload.requests === boot.requests);
      assert.is(workload.afterBoot!.report.events, 60);
      assert.is(loader.load(file), workload);
    }
    const { recording } = loader.load(path("ls.trace")).afterBoot!;
    assert.equal([recording.name, recording.kernel, recording.machine.vcpus], ["ls", "6.18.44", 2]);
  });
});

test("a recording that begins on a machine that is up comes behind the standard boot", () => {
  const { recording, afterBoot } = new WorkloadLoader().load(
    "workloads/recorded/live-linux-6.18.44-2c24g-redis/recording.yaml",
  );
  assert.is(recording.name, "linux-7.3.4-debian-1c4g");
  assert.is(afterBoot!.recording.name, "live-linux-6.18.44-2c24g-redis");
});

test.run();
