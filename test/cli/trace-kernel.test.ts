import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { WorkloadLoader } from "../../src/cli/load-recording.js";
import { WorkloadError } from "../../src/workload-files/workload-error.js";
import { onlyLine, unaccepted } from "./program.js";

const test = suite("cli: the kernel of a trace");

async function inDirectory(use: (path: (name: string) => string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "unaccepted-kernel-"));
  try {
    await use((name) => join(directory, name));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** What trace-cmd prints with -R: the fields of the record. */
function rawTrace(...numbers: string[]): string {
  const events = numbers.map(
    (number, index) =>
      `  recorder-401 [003] 501.00061${index}: mm_page_alloc:        ` +
      `pfn=0x${(0x24c01 + index).toString(16)} order=0 gfp_flags=${number} migratetype=0\n`,
  );
  return `cpus=4\n${events.join("")}`;
}

interface Info {
  readonly kernel?: string;
  readonly flagsReadAs: { readonly release: string; readonly isTold: boolean; readonly idle: string[] };
  readonly summary: { readonly gfp: { readonly flags: string }[] };
}

async function infoOf(...argv: string[]): Promise<Info> {
  const { code, stdout, stderr } = await unaccepted(["trace", "info", ...argv, "--json"]);
  assert.is(code, 0, stderr);
  return JSON.parse(stdout) as Info;
}

test("numbers are those of the kernel that is named, however it is written", async () => {
  await inDirectory(async (path) => {
    writeFileSync(path("raw.txt"), rawTrace("21004480", "0x14080c0"));
    for (const kernel of ["4.13", "v4.13", "4.13.0-46-generic", "4.11.0-1009-azure"]) {
      const info = await infoOf(path("raw.txt"), "--kernel", kernel);
      assert.equal(
        info.summary.gfp.map(({ flags }) => flags),
        ["GFP_KERNEL|__GFP_ZERO"],
        kernel,
      );
      assert.is(info.kernel, kernel);
      assert.equal(info.flagsReadAs.isTold, true);
    }
  });
});

test("import says of which release the numbers are, and keeps the kernel", async () => {
  await inDirectory(async (path) => {
    writeFileSync(path("raw.txt"), rawTrace("21004480"));
    const into = ["trace", "import", path("raw.txt"), "-o", path("raw.trace")];
    const { stderr } = await unaccepted([...into, "--kernel", "4.13.0-46-generic"]);
    assert.match(stderr, /a bare number, read as those of Linux 4\.13: 1\n/);
    const info = await infoOf(path("raw.trace"));
    assert.is(info.kernel, "4.13.0-46-generic");
    assert.equal(info.flagsReadAs, { release: "4.13", isTold: true, idle: [] });
    const { code, stderr: refusal } = await unaccepted([
      "trace",
      "info",
      path("raw.trace"),
      "--kernel",
      "5.4",
    ]);
    assert.is(code, 2);
    assert.match(onlyLine(refusal), /--kernel 5\.4: numbers of flags were read when the trace was imported/);
  });
});

test("without a kernel the doubt is said", async () => {
  await inDirectory(async (path) => {
    writeFileSync(path("raw.txt"), rawTrace("0x14080c0"));
    const doubt =
      /read\s+as\s+those\s+of\s+Linux\s+6\.12,\s+though\s+releases\s+number\s+them\s+differently\s+\(--kernel/;
    assert.match((await unaccepted(["trace", "info", path("raw.txt")])).stdout, doubt);
    assert.match((await unaccepted(["trace", "export", path("raw.txt")])).stderr, doubt);
    assert.throws(
      () => new WorkloadLoader().load(path("raw.txt")),
      (error: unknown) => error instanceof WorkloadError && /trace import --kernel/.test(error.message),
    );
    await unaccepted([
      "trace",
      "import",
      path("raw.txt"),
      "-o",
      path("raw.trace"),
      "--kernel",
      "4.13",
      "--quiet",
    ]);
    assert.ok(new WorkloadLoader().load(path("raw.trace")));
  });
});

test("a trace that names its kernel is read as that", async () => {
  await inDirectory(async (path) => {
    const events = rawTrace("0x14080c0").split("\n").slice(1).join("\n");
    writeFileSync(
      path("latency.txt"),
      `# preemptirqsoff latency trace v1.1.5 on 4.13.0-46-generic\n${events}`,
    );
    const info = await infoOf(path("latency.txt"));
    assert.is(info.kernel, "4.13.0-46-generic");
    assert.is(info.summary.gfp[0]!.flags, "GFP_KERNEL|__GFP_ZERO");
    const other = await infoOf(path("latency.txt"), "--kernel", "4.18");
    assert.is(other.flagsReadAs.release, "4.18");
    const perf = await infoOf("test/golden/traces/live-6.18.perf-6.1-header.txt");
    assert.is(perf.kernel, "6.18.44");
  });
});

test("names without underscores are read, and what decides nothing is said", async () => {
  await inDirectory(async (path) => {
    const event = (flags: string, index: number): string =>
      `    sh-700   [004] ...1    12.00010${index}: mm_page_alloc: page=ffffffbd80100040 ` +
      `pfn=${262144 + index} order=0 migratetype=0 gfp_flags=${flags}\n`;
    const flags = ["GFP_ATOMIC|GFP_NOWARN|GFP_NORETRY|GFP_COMP", "GFP_USER|GFP_ZERO|GFP_NOTRACK"];
    writeFileSync(path("old.txt"), flags.map(event).join(""));
    const info = await infoOf(path("old.txt"));
    assert.equal(info.summary.gfp.map((sum) => sum.flags).sort(), [
      "GFP_ATOMIC|__GFP_NOWARN|__GFP_NORETRY|__GFP_COMP",
      "GFP_USER|__GFP_ZERO",
    ]);
    const { stdout } = await unaccepted(["trace", "info", path("old.txt")]);
    assert.match(stdout, "flags that decide nothing here: __GFP_NOTRACK");
  });
});

test("numbers of a release that was never read are refused, its names are not", async () => {
  await inDirectory(async (path) => {
    writeFileSync(path("raw.txt"), rawTrace("0xcc0"));
    for (const [kernel, release] of [
      ["5.1.16-arch1-1-ARCH", "5.1"],
      ["8.0", "8.0"],
      ["2.6.18", "2.6.18"],
    ] as const) {
      const { code, stderr } = await unaccepted(["trace", "info", path("raw.txt"), "--kernel", kernel]);
      assert.is(code, 2);
      assert.match(
        onlyLine(stderr),
        `raw.txt:2:86: expected gfp flags by name (the numbers of Linux ${release} are not known), found "0xcc0`,
      );
    }
    const named = await infoOf("test/golden/traces/live-6.18.trace-cmd.txt", "--kernel", "5.1.16");
    assert.equal(named.flagsReadAs.release, "5.1");
  });
});

test("what names no release is refused", async () => {
  const { code, stderr } = await unaccepted(["trace", "info", "none.txt", "--kernel", "linux"]);
  assert.is(code, 2);
  assert.match(onlyLine(stderr), "--kernel linux: expected a release such as 4.13, or what uname -r says");
});

test.run();
