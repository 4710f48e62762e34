// Takes 1 s.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { OutputFile } from "../../src/cli/output-file.js";
import { stampText } from "../../src/cli/sweep/job.js";
import { again, cleanTemporary, DamagedPart, openPart, Parts, sealPart } from "../../src/cli/sweep/parts.js";
import { chunkCount } from "../../src/study/sweep/chunks.js";
import { onlyLine, unaccepted } from "./program.js";
import { partPath, runsOf, stampWith, writeSweep } from "./sweep-files.js";

const test = suite("cli: parts of a sweep");

/** Of three chunks: 33 points. */
const STAMP = stampWith(3);
const ONE_LINE = /^unaccepted: .*\n$/;

async function inDirectory(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "unaccepted-parts-"));
  try {
    await use(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

test("whatever is changed in a part shows", () => {
  const text = runsOf(STAMP, 1);
  const whole = sealPart(STAMP.sha256, 1, "0/2", text);
  assert.is(openPart("x", whole, STAMP.sha256, 1).text, text);
  const length = whole.length;
  fc.assert(
    fc.property(
      fc.nat({ max: length - 1 }),
      fc.nat({ max: length }),
      fc.string({ unit: "binary-ascii", maxLength: 3 }),
      (start, removed, put) => {
        const damaged = whole.slice(0, start) + put + whole.slice(Math.min(length, start + removed));
        if (damaged === whole) return;
        try {
          // Blanks between the words of the first line say nothing.
          assert.is(openPart("x", damaged, STAMP.sha256, 1).text, text);
          assert.ok(start < whole.indexOf("\n"));
        } catch (error) {
          assert.instance(error, DamagedPart);
        }
      },
    ),
    { numRuns: 500 },
  );
});

test("merge names the part that is damaged, in one line, and writes nothing", async () => {
  await inDirectory(async (directory) => {
    const out = join(directory, "out");
    const path = partPath(directory, 1);
    const foreign = stampWith(3, 2).sha256;
    const lines = sealPart(STAMP.sha256, 1, "0/1", runsOf(STAMP, 1)).split("\n");
    for (const [content, complaint] of [
      ["", "found an empty file"],
      [`${lines.slice(0, 9).join("\n")}\n`, "found it damaged or cut short"],
      [`${lines[0]}\n`, "found it damaged or cut short"],
      [lines.slice(1).join("\n"), "found no checksum in its first line"],
      [lines.join("\n").slice(0, -30), "found it damaged or cut short"],
      [lines.join("\n").replace('"runs":16', '"runs":15'), "found it damaged or cut short"],
      [sealPart(STAMP.sha256, 2, "0/1", runsOf(STAMP, 2)), "found a copy of chunk 2"],
      [sealPart(foreign, 1, "0/1", runsOf(STAMP, 1)), "found a part of another sweep"],
      ["\u0000\u0001{", "found something else in its first line"],
      ["null\n", "found something else in its first line"],
      ["[]\n", "found no checksum in its first line"],
    ] as const) {
      writeSweep(directory, STAMP);
      writeFileSync(path, content);
      const { code, stderr } = await unaccepted(["merge", directory, "--out", out]);
      assert.is(code, 2);
      assert.match(stderr, ONE_LINE);
      assert.ok(stderr.includes(`${path}: expected the runs of chunk 1`), stderr);
      assert.ok(stderr.includes(complaint), stderr);
      assert.not(existsSync(out));
    }
  });
});

test("merge names a stamp that is damaged", async () => {
  await inDirectory(async (directory) => {
    const text = stampText(STAMP);
    for (const content of [
      "",
      "null",
      "{}",
      "[]",
      text.slice(0, -20),
      text.replace('"points": 33', '"points": 17'),
      text.replace('"points": 33', '"points": "33"'),
      text.replace("made-up", "other"),
      text.replace(STAMP.sha256, stampWith(3, 2).sha256),
    ]) {
      writeSweep(directory, STAMP);
      writeFileSync(join(directory, "sweep.json"), content);
      const { code, stderr } = await unaccepted(["merge", directory, "--out", join(directory, "out")]);
      assert.is(code, 2);
      assert.match(stderr, ONE_LINE);
      assert.ok(stderr.includes(`${directory}/sweep.json: expected the JSON that sweep wrote there`), stderr);
    }
  });
});

test("merge takes the same part twice, and refuses another one, and what is no part", async () => {
  await inDirectory(async (directory) => {
    const [a, b, out] = ["a", "b", "out"].map((name) => join(directory, name)) as [string, string, string];
    const merge = () => unaccepted(["merge", b, a, "--out", out, "--quiet"]);
    writeSweep(a, STAMP, { chunks: [0, 1], shard: "0/2" });
    writeSweep(b, STAMP, { chunks: [1, 2], shard: "1/2" });
    assert.is((await merge()).code, 0);
    const runs = readFileSync(join(out, "runs.jsonl"), "utf8");
    assert.is(runs, [0, 1, 2].map((chunk) => runsOf(STAMP, chunk)).join(""));
    writeFileSync(
      partPath(b, 1),
      sealPart(STAMP.sha256, 1, "0/2", runsOf(STAMP, 1).replace("run 20", "run x")),
    );
    assert.ok(
      onlyLine((await merge()).stderr).includes(`${partPath(a, 1)}: expected the runs of ${partPath(b, 1)}`),
    );
    writeSweep(b, STAMP, { chunks: [1, 2, 77] });
    assert.ok(onlyLine((await merge()).stderr).includes(`${partPath(b, 77)}: expected a chunk of made-up`));
    rmSync(partPath(b, 77));
    writeSweep(b, stampWith(3, 2));
    assert.match(
      onlyLine((await merge()).stderr),
      /a: has results of another sweep than .*b \(what differs: study\)$/,
    );
    assert.is(readFileSync(join(out, "runs.jsonl"), "utf8"), runs);
  });
});

test("merge names the shards that are missing", async () => {
  await inDirectory(async (directory) => {
    const merge = async (): Promise<string> =>
      onlyLine((await unaccepted(["merge", directory, "--out", join(directory, "out")])).stderr);
    const stamp = stampWith(30);
    writeSweep(directory, stamp, { chunks: [1, 4, 7], shard: "1/3" });
    assert.match(
      await merge(),
      /27 of 30 chunks are missing, the first of them 0; sweep --missing .*: 0\/3, 1\/3, 2\/3$/,
    );
    writeSweep(directory, stamp, { chunks: [0, 3, 6, 9, 12, 15, 18, 21, 24, 27], shard: "0/3" });
    writeSweep(directory, stamp, { chunks: [1, 4, 7, 10, 13, 16, 19, 22, 25, 28], shard: "1/3" });
    assert.match(
      await merge(),
      /10 of 30 chunks are missing, the first of them 2; sweep --missing .*: 2\/3$/,
    );
    // Cut once into three and once into five: nobody knows who has to run again.
    writeSweep(directory, stamp, { chunks: [2], shard: "2/5" });
    assert.match(
      await merge(),
      /9 of 30 chunks are missing, the first of them 5; sweep --missing .* run again$/,
    );
  });
});

test("a file whose temporary one was taken away is written again, and leaves none", async () => {
  await inDirectory(async (directory) => {
    const path = join(directory, "runs.csv");
    let tries = 0;
    await again(() => {
      const file = new OutputFile(path);
      file.write(Buffer.from("whole"));
      file.seal();
      if (++tries === 1) cleanTemporary(directory);
      file.place();
    });
    assert.is(tries, 2);
    assert.is(readFileSync(path, "utf8"), "whole");
    assert.equal(readdirSync(directory), ["runs.csv"]);
  });
});

test("the first chunk behind a sweep's last is no chunk of it, nor is what has no chunk's name", async () => {
  await inDirectory(async (directory) => {
    const strays = (): string[] => new Parts(directory).strays(STAMP).map((path) => basename(path));
    const chunks = chunkCount(STAMP.points);
    writeSweep(directory, STAMP);
    assert.equal(strays(), []);
    for (const chunk of [chunks, chunks + 7]) writeFileSync(partPath(directory, chunk), "x");
    writeFileSync(join(directory, "parts", "1.jsonl"), "x");
    writeFileSync(join(directory, "parts", "notes.txt"), "x");
    assert.equal(strays(), [
      basename(partPath(directory, chunks)),
      basename(partPath(directory, chunks + 7)),
      "1.jsonl",
    ]);
    const merged = await unaccepted(["merge", directory, "--out", directory]);
    assert.is(merged.code, 2);
    assert.match(merged.stderr, /00000\d\.jsonl: expected a chunk of made-up, found no such chunk/);
  });
});

test("a sweep and a merge clean up what killed ones left, and nothing else", async () => {
  await inDirectory(async (directory) => {
    const leftovers = ["runs.csv.0123456789abcdef.tmp", "sweep.json.77.tmp", "parts/000002.jsonl.ab12.tmp"];
    writeSweep(directory, STAMP);
    for (const name of [...leftovers, "mine.tmp", "runs.csv.old.tmp", "boot.csv.0123456789abcdef.tmp"])
      writeFileSync(join(directory, name), "x");
    // Not in a directory that is another sweep's.
    await new Parts(directory).open(stampWith(3, 2)).catch(() => {});
    assert.ok(leftovers.every((name) => existsSync(join(directory, name))));
    await new Parts(directory).open(STAMP);
    const left = readdirSync(directory, { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith(".tmp"),
    );
    assert.equal(left.sort(), ["boot.csv.0123456789abcdef.tmp", "mine.tmp", "runs.csv.old.tmp"]);
    writeFileSync(join(directory, leftovers[0]!), "x");
    assert.is((await unaccepted(["merge", directory, "--out", directory, "--quiet"])).code, 0);
    assert.not(existsSync(join(directory, leftovers[0]!)));
  });
});

test("a merge that is interrupted in the middle leaves nothing", async () => {
  await inDirectory(async (directory) => {
    const out = join(directory, "out");
    writeSweep(directory, stampWith(20));
    const interruption = new AbortController();
    const ended = unaccepted(["merge", directory, "--out", out], { interrupted: interruption.signal });
    while (!existsSync(out) || readdirSync(out).length === 0) await setImmediate();
    interruption.abort();
    assert.equal(await ended, { code: 130, stdout: "", stderr: "unaccepted: interrupted\n" });
    assert.equal(readdirSync(out), []);
  });
});

test("of two sweeps that begin in a directory at once, one has it", async () => {
  await inDirectory(async (directory) => {
    const [a, b] = [stampWith(3, 1), stampWith(3, 2)];
    const opened = await Promise.allSettled([a, b, a, b].map((stamp) => new Parts(directory).open(stamp)));
    assert.equal(
      opened.map(({ status }) => status),
      ["fulfilled", "rejected", "fulfilled", "rejected"],
    );
    assert.equal(new Parts(directory).stamp(), a);
  });
});

test("parts without a stamp are not overwritten by another sweep", async () => {
  await inDirectory(async (directory) => {
    for (const stamp of [undefined, "null"]) {
      writeSweep(directory, stampWith(3, 2));
      if (stamp === undefined) rmSync(join(directory, "sweep.json"));
      else writeFileSync(join(directory, "sweep.json"), stamp);
      try {
        await new Parts(directory).open(STAMP);
        assert.unreachable();
      } catch (error) {
        assert.match(
          (error as Error).message,
          /sweep\.json: missing or damaged, and .*000000\.jsonl: .*another sweep/,
        );
      }
    }
  });
});

test.run();
