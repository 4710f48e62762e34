// Takes 1 s.
import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { unaccepted } from "./program.js";

const test = suite("cli: verify");

const RECORDED = fileURLToPath(new URL("../../workloads/recorded/", import.meta.url));
const RECORDING = join(RECORDED, "linux-6.12.107-lazy-1c2g-all");

test("a recording that agrees: a table, exit 0", async () => {
  const { code, stdout, stderr } = await unaccepted(["verify", RECORDING]);
  assert.is(code, 0);
  assert.ok(stdout.startsWith("Nothing differs: "));
  assert.match(stdout, /\nlinux-6\.12\.107-lazy-1c2g-all\n/);
  assert.match(stdout, /\nfork +snapshot +12,843 +100 %/);
  assert.is(stderr, "");
});

test("--json: one document with the contract's fields", async () => {
  const { stdout } = await unaccepted(["verify", RECORDING, "--json"]);
  const { schemaVersion, recordings } = JSON.parse(stdout);
  assert.is(schemaVersion, 2);
  assert.is(recordings[0].name, "linux-6.12.107-lazy-1c2g-all");
  assert.equal(recordings[0].memblock, { compared: 101, equal: 101 });
  const boot = recordings[0].runs[0];
  assert.equal([boot.name, boot.start], ["boot", "e820"]);
  assert.equal(boot.accepts, { recorded: 62, exactInOrder: 62 });
  assert.equal(Object.keys(boot.finalLists), ["compared", "equal"]);
});

test("--format md: the document of results/", async () => {
  const { code, stdout } = await unaccepted(["verify", RECORDING, "--format", "md"]);
  assert.is(code, 0);
  assert.ok(stdout.startsWith("# Fidelity\n"));
});

test("a recording that disagrees: exit 1, and where", async () => {
  const directory = mkdtempSync(join(tmpdir(), "unaccepted-"));
  cpSync(RECORDING, directory, { recursive: true, filter: (path) => !path.includes("wl-") });
  try {
    rmSync(join(directory, "boot.meminfo.gz"));
    writeFileSync(join(directory, "boot.meminfo"), "MemTotal:        1 kB\n");
    const snapshot = join(directory, "boot.snapB.gz");
    const { gunzipSync, gzipSync } = await import("node:zlib");
    const text = gunzipSync(readFileSync(snapshot)).toString();
    writeFileSync(snapshot, gzipSync(text.replace(/^(pl i=0: )(\w+) (\w+)/m, "$1$3 $2")));
    const { code, stdout } = await unaccepted(["verify", directory]);
    assert.is(code, 1);
    assert.match(stdout, /^Differences in 1 of 1 recording, 1 in what must be the same\.\n/);
    assert.match(stdout.replaceAll(/\s+/g, " "), /final lists first differ at event \d+/);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

/** A copy of a recording in which something else is in the place of a file. */
async function withInstead(
  name: string,
  put: (path: string) => void,
): Promise<{ code: number; stderr: string }> {
  const directory = mkdtempSync(join(tmpdir(), "unaccepted-"));
  cpSync(RECORDING, directory, { recursive: true, filter: (path) => !path.includes("wl-") });
  try {
    rmSync(join(directory, `${name}.gz`));
    put(join(directory, name));
    const { code, stderr } = await unaccepted(["verify", directory]);
    return { code, stderr: stderr.replaceAll(`${directory}/`, "") };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test("what is no file, cannot be unpacked or has no end: one line, exit 2", async () => {
  const fifo = (path: string): void => void execFileSync("mkfifo", [path]);
  for (const [name, put, message] of [
    ["boot.lablog", (path: string) => mkdirSync(path), "boot.lablog: illegal operation on a directory"],
    ["boot.dmesg", fifo, "boot.dmesg: expected a file, found a FIFO"],
    [
      "boot.vmstat",
      (path: string) => symlinkSync("/dev/zero", path),
      "boot.vmstat: expected a file, found a device",
    ],
    ["boot.snapB", (path: string) => symlinkSync("boot.snapB", path), "boot.snapB: too many symbolic links"],
    ["boot.meminfo", (path: string) => writeFileSync(`${path}.gz`, "none"), "boot.meminfo.gz: byte "],
    [
      "boot.zoneinfo",
      (path: string) => {
        writeFileSync(path, "");
        writeFileSync(`${path}.gz`, "");
      },
      "boot.zoneinfo: expected one file of this name, found boot.zoneinfo.gz too",
    ],
    [
      "boot.buddyinfo",
      (path: string) => {
        writeFileSync(path, "");
        truncateSync(path, 2 ** 33);
      },
      "boot.buddyinfo: expected a file of at most 268435456 bytes, found 8589934592",
    ],
  ] as const) {
    const { code, stderr } = await withInstead(name, put);
    assert.is(code, 2, name);
    assert.is(stderr.trimEnd().split("\n").length, 1, stderr);
    assert.match(stderr, message);
  }
});

test("the trace that a description names must be the one it describes", async () => {
  const directory = mkdtempSync(join(tmpdir(), "unaccepted-"));
  cpSync(join(RECORDED, "linux-6.12.107-debian-1c2g"), directory, { recursive: true });
  try {
    writeFileSync(join(directory, "boot.trace.gz"), "");
    const { code, stderr } = await unaccepted(["verify", directory]);
    assert.is(code, 2);
    assert.match(stderr, "boot.trace.gz: truncated, damaged or another file");
    rmSync(join(directory, "boot.trace.gz"));
    const missing = await unaccepted(["verify", directory]);
    assert.is(missing.code, 2);
    assert.match(missing.stderr, "boot.trace.gz: no such file or directory");
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("no directory, one that is none, one without a recording, an unknown format: one line, exit 2", async () => {
  for (const [argv, message] of [
    [["verify"], "expected the directory of a recording"],
    [["verify", "/nowhere"], "/nowhere: cannot read this directory: no such file or directory"],
    [["verify", fileURLToPath(new URL(".", import.meta.url))], "no boot.lablog"],
    [["verify", RECORDING, "--format", "csv"], "--format csv: expected one of table, json, md"],
  ] as const) {
    const { code, stdout, stderr } = await unaccepted(argv);
    assert.is(code, 2);
    assert.is(stdout, "");
    assert.match(stderr, message);
    assert.is(stderr.trimEnd().split("\n").length, 1);
  }
});

test.run();
