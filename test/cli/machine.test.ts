// Takes 15 s.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parseScenario } from "../../src/scenario/load.js";
import { GiB } from "../../src/units.js";
import { golden } from "../machine/golden.js";
import { unaccepted } from "./program.js";

const test = suite("cli: machine");

const directory = mkdtempSync(join(tmpdir(), "unaccepted-"));
const path = (name: string): string => join(directory, name);
function file(name: string, content: string | Uint8Array): string {
  writeFileSync(path(name), content);
  return path(name);
}
test.after(() => rmSync(directory, { recursive: true }));

const EXCERPT = golden("tdx-q35-excerpt.txt");

test("import prints a scenario that makes one run of the machine", async () => {
  const { code, stdout, stderr } = await unaccepted(["machine", "import", file("a.txt", EXCERPT)]);
  assert.is(code, 0);
  const [scenario, ...more] = parseScenario(stdout, "a.yaml");
  assert.is(more.length, 0);
  const { platform, memoryBytes, vcpus, kernel, policy } = scenario!;
  assert.equal([platform.kind, memoryBytes, vcpus, kernel, policy], ["tdx", 6 * GiB, 2, "6.6.0", "lazy"]);
  assert.match(stderr, "assumed: policy lazy: what Linux does without accept_memory=eager\n");
  assert.match(stderr, "not in the scenario: ");
});

test("every value has a comment above it, in lines that fit a page", async () => {
  const { stdout } = await unaccepted(["machine", "import", file("a.txt", EXCERPT), "--quiet"]);
  const lines = stdout.split("\n");
  for (const [at, line] of lines.entries()) {
    if (/^ *\w+: \S/.test(line)) assert.match(lines[at - 1]!, /^ *# /, line);
  }
  const page = stdout.replaceAll(directory, "");
  for (const line of page.split("\n")) assert.ok(line.length <= 80, line);
  assert.match(stdout.replaceAll(/\n *# +/g, " "), /a\.txt:2: Linux version 6\.6\.0 /);
});

test("a file with texts of two kinds is read as one of them, and says so", async () => {
  const both = file("both.txt", `qemu-system-x86_64 -m 6G -smp 2 -machine q35\n${EXCERPT}`);
  const { code, stderr } = await unaccepted(["machine", "import", both]);
  assert.is(code, 0);
  assert.match(
    stderr,
    "both.txt:1: read as guest-dmesg, and has words of qemu as well: give a command line of QEMU",
  );
});

test("-o writes the file, and says what to do with it; gzip and several files are read", async () => {
  const log = file("a.txt.gz", gzipSync(EXCERPT));
  const nproc = file("nproc", "2\n");
  const { code, stdout, stderr } = await unaccepted([
    "machine",
    "import",
    log,
    nproc,
    "-o",
    path("out.yaml"),
  ]);
  assert.equal([code, stdout], [0, ""]);
  assert.match(stderr, `wrote ${path("out.yaml")}; try unaccepted run`);
  const text = readFileSync(path("out.yaml"), "utf8");
  assert.is(parseScenario(text, "out.yaml")[0]!.name, "out");
  assert.match(text, /# .*a\.txt\.gz:10: smpboot: Allowing 2/);
  assert.match(text.replaceAll(/\n *# +/g, " "), /nproc:1: 2 derived: the CPUs/);
});

test("files of two machines contradict each other, both lines named", async () => {
  const { code, stderr } = await unaccepted(["machine", "import", file("a.txt", EXCERPT), file("n", "64\n")]);
  assert.is(code, 2);
  assert.match(
    stderr,
    /vcpus: \S+a\.txt:10 says 2 \("smpboot: Allowing 2 CPUs, 0 hotplug CPUs"\), \S+n:1 says 64/,
  );
});

test("a text of no known kind, a damaged one, and none at all: one line and 2", async () => {
  for (const [content, expected] of [
    ["hello\n", /expected a text that shows a machine \(.*guest-dmesg, /],
    ["", /expected a text that shows a machine/],
    ["BIOS-e820: [mem 0xffff000000000000-0xffff000000000fff] usable\n", /b\.txt:1:12: expected a range/],
    ["Linux version 6.8.0\n", /expected a text that says how much memory/],
  ] as const) {
    const { code, stdout, stderr } = await unaccepted(["machine", "import", file("b.txt", content)]);
    assert.equal([code, stdout], [2, ""]);
    assert.match(stderr, expected);
    assert.is(stderr.trimEnd().split("\n").length, 1, stderr);
  }
});

test("check: 0 where the run explains the log, 1 where not, and the same as JSON", async () => {
  const log = file("gcp.txt", golden("tdx-gcp.txt"));
  await unaccepted(["machine", "import", log, "-o", path("gcp.yaml"), "--quiet"]);
  const good = await unaccepted(["machine", "check", path("gcp.yaml"), "--against", log]);
  assert.equal([good.code, good.stderr], [0, ""]);
  assert.match(good.stdout, /^The run explains the log: /);
  for (const line of good.stdout.replaceAll(directory, "").split("\n")) assert.ok(line.length <= 80, line);
  const set = ["--set", "guest.commandLine=swiotlb=65536"];
  const other = await unaccepted(["machine", "check", path("gcp.yaml"), "--against", log, "--json", ...set]);
  const { holds, rows } = JSON.parse(other.stdout) as {
    holds: boolean;
    rows: { what: string; difference?: number }[];
  };
  assert.ok(holds);
  assert.is(rows.find(({ what }) => what === "SWIOTLB")!.difference, 896 * 1024);
  const wrong = ["--set", "memory=12GiB"];
  const bad = await unaccepted(["machine", "check", path("gcp.yaml"), "--against", log, "--json", ...wrong]);
  assert.equal([bad.code, JSON.parse(bad.stdout).holds], [1, false]);
});

test("check: what it cannot compare is one line and 2", async () => {
  const log = file("a.txt", EXCERPT);
  await unaccepted(["machine", "import", log, "-o", path("a.yaml"), "--quiet"]);
  for (const [argv, expected] of [
    [["a.yaml"], /expected --against/],
    [["a.yaml", "--against", log, "--against", log], /expected one log, found .*a\.txt too/],
    [["a.yaml", "--against", file("x", "hello")], /expected a boot log, or meminfo/],
    [["a.yaml", "--against", log, "--set", "vcpus=[1, 2]"], /makes 2 runs, and a log is of one/],
    [["a.yaml", "--against", path("none.txt")], /none\.txt: no such file/],
  ] as const) {
    const [scenario, ...rest] = argv;
    const { code, stdout, stderr } = await unaccepted(["machine", "check", path(scenario), ...rest]);
    assert.equal([code, stdout], [2, ""], stderr);
    assert.match(stderr, expected);
    assert.is(stderr.trimEnd().split("\n").length, 1);
  }
});

test("bytes at random, cut and huge: a scenario or one line, never a stack", async () => {
  const damage = fc.record({
    at: fc.nat({ max: EXCERPT.length }),
    bytes: fc.uint8Array({ maxLength: 12 }),
    drop: fc.nat({ max: 200 }),
    digits: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(damage, async ({ at, bytes, drop, digits }) => {
      const middle = digits ? "9".repeat(bytes.length * 30) : Buffer.from(bytes).toString("latin1");
      const text = EXCERPT.slice(0, at) + middle + EXCERPT.slice(at + drop);
      const { code, stdout, stderr } = await unaccepted(["machine", "import", file("c.txt", text)]);
      if (code === 0) assert.is(parseScenario(stdout, "c.yaml").length, 1);
      else assert.ok(code === 2 && stderr.trimEnd().split("\n").length === 1, stderr);
    }),
    { numRuns: 25 },
  );
});

test.run();
