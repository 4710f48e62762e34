import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { EvidenceError } from "../../src/verify/recording-files.js";
import { readSnapshot } from "../../src/verify/snapshot.js";

const test = suite("study: snapshots of recordings");

const TEXT = gunzipSync(
  readFileSync("workloads/recorded/linux-6.12.107-lazy-1c1g-all-hungry4k/boot.snapB.gz"),
).toString();

function errorOf(text: string): string {
  try {
    readSnapshot(text);
  } catch (error) {
    if (error instanceof EvidenceError) return error.message;
    throw error;
  }
  throw new Error("no error");
}

test("a zone says once which of its blocks are unaccepted, also that none are", () => {
  assert.is(readSnapshot(TEXT).zones.length, 2);
  const lines = TEXT.split("\n");
  const at = lines.indexOf("unaccepted:");
  assert.match(errorOf(lines.toSpliced(at, 1).join("\n")), "unaccepted blocks in front of the CPUs");
  assert.match(errorOf(lines.toSpliced(at, 0, lines[at]!).join("\n")), "unaccepted blocks once");
});

test.run();
