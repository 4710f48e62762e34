// Takes 1 s.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { writeWhole } from "../../src/cli/output-file.js";
import { Parts } from "../../src/cli/sweep/parts.js";
import { UsageError } from "../../src/cli/usage-error.js";
import { KiB } from "../../src/units.js";
import { onlyLine, unaccepted, withFiles } from "./program.js";
import { runsOf, stampWith, writeSweep } from "./sweep-files.js";

const test = suite("cli: full disks");

const DISK_BYTES = 116 * KiB;
/** What else is on the disk, from nothing to nearly all of it: it gets full at another place each time. */
const FILLINGS = [0, 32, 48, 64, 80, 92, 100].map((kib) => kib * KiB);

/** Mounts a small file system; undefined if that is done, else why it cannot be. */
function mountSmallDisk(directory: string): string | undefined {
  if (process.platform !== "linux") return `${process.platform} has no tmpfs`;
  const options = ["-t", "tmpfs", "-o", `size=${DISK_BYTES}`, "tmpfs", directory];
  const { status, stderr, error } = spawnSync("mount", options, { encoding: "utf8" });
  return status === 0 ? undefined : (error?.message ?? stderr.trim().split("\n")[0]);
}

async function withSmallDisk(use: (disk: string, directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "unaccepted-disk-"));
  const disk = join(directory, "disk");
  mkdirSync(disk);
  const reason = mountSmallDisk(disk);
  try {
    if (reason !== undefined) throw new Error(reason);
    await use(disk, directory);
  } finally {
    if (reason === undefined) spawnSync("umount", [disk]);
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Every file of a directory with what is in it. */
function contentsOf(directory: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(directory)
      .sort()
      .map((name) => [name, readFileSync(join(directory, name), "latin1")]),
  );
}

function namesIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" }).sort();
}

/**
 * Runs a command on a disk that is filled more and more: it either replaces all files, or says so in
 * one line and changes nothing.
 */
async function neverHalf(disk: string, names: readonly string[], argv: readonly string[]): Promise<void> {
  const codes = new Set<number>();
  for (const filling of FILLINGS) {
    for (const name of names) writeFileSync(join(disk, name), "older\n");
    writeFileSync(join(disk, "filling"), Buffer.alloc(filling));
    const before = contentsOf(disk);
    const { code, stderr } = await unaccepted(argv);
    codes.add(code);
    const after = contentsOf(disk);
    assert.equal(Object.keys(after), Object.keys(before));
    if (code === 0) {
      for (const name of names) assert.is.not(after[name], "older\n");
    } else {
      assert.is(code, 2);
      assert.match(onlyLine(stderr), /cannot write: no space left on device$/);
      assert.equal(after, before);
    }
  }
  assert.equal(codes, new Set([0, 2]), "one filling leaves room, and one does not");
}

const probe = mkdtempSync(join(tmpdir(), "unaccepted-disk-"));
const reason = mountSmallDisk(probe);
if (reason === undefined) spawnSync("umount", [probe]);
else console.log(`skipped: full disks need a tmpfs of their own, which cannot be mounted here: ${reason}`);
rmSync(probe, { recursive: true });

function onSmallDisk(name: string, run: () => Promise<void>): void {
  if (reason === undefined) test(name, run);
  else test.skip(name, run);
}

onSmallDisk("merge replaces all results, or none", async () => {
  await withSmallDisk(async (disk, directory) => {
    writeSweep(directory, stampWith(30));
    const names = ["runs.jsonl", "runs.csv", "runs.parquet"];
    await neverHalf(disk, names, ["merge", directory, "--out", disk, "--quiet"]);
  });
});

onSmallDisk("compare replaces all results, or none", async () => {
  await withSmallDisk(async (disk) => {
    await withFiles(async ({ scenario }) => {
      const argv = ["compare", scenario, "--out", disk, "--quiet", "--memory", "1GiB,2GiB,3GiB,4GiB"];
      await neverHalf(disk, ["boot.json", "boot.csv"], argv);
    });
  });
});

onSmallDisk("a trace and its text replace an older file, or do not", async () => {
  await withSmallDisk(async (disk, directory) => {
    const [binary, text] = [join(directory, "binary.trace"), join(directory, "text.trace")];
    const to = ["-o", join(disk, "x"), "--quiet"];
    const generate = ["trace", "generate", "heap", "--quiet", "--set"];
    // About 30 KiB in the compact format, and about 45 KiB as text.
    const small = [...generate, "size=40MiB", "--set", "pages=small"];
    assert.is((await unaccepted([...small, "-o", binary])).code, 0);
    assert.is((await unaccepted([...generate, "size=256MiB", "-o", text])).code, 0);
    await neverHalf(disk, ["x"], [...small, ...to]);
    await neverHalf(disk, ["x"], ["trace", "import", binary, ...to]);
    await neverHalf(disk, ["x"], ["trace", "export", text, ...to]);
  });
});

onSmallDisk("a part that does not fit is not there, and the one before it is", async () => {
  await withSmallDisk(async (disk) => {
    const stamp = stampWith(3);
    const parts = new Parts(disk);
    await parts.open(stamp);
    await parts.write(stamp, 0, { index: 0, of: 1 }, runsOf(stamp, 0));
    const before = namesIn(disk);
    const large = runsOf(stamp, 1).repeat(200);
    for (const chunk of [0, 1]) {
      try {
        await parts.write(stamp, chunk, { index: 0, of: 1 }, large);
        assert.unreachable();
      } catch (error) {
        assert.instance(error, UsageError);
        assert.match((error as Error).message, /cannot write: no space left on device$/);
      }
    }
    assert.is(parts.read(stamp, 0)!.text, runsOf(stamp, 0));
    assert.equal(namesIn(disk), before);
    assert.throws(() => writeWhole(join(disk, "picture.svg"), "x".repeat(DISK_BYTES)), /no space left/);
    assert.equal(namesIn(disk), before);
  });
});

test.run();
