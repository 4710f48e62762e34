import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { RecordingFiles } from "../../src/verify/recording-files.js";
import { recordingHolds } from "../../src/verify/result.js";
import { verifyRecording } from "../../src/verify/verify.js";

const test = suite("verify: a directory of memblock sequences");

const DIRECTORY = new URL("../../workloads/memblock/", import.meta.url);
const NAMES = ["memblock-vectors.json", "memblock-vectors-numa.json"];

function filesWith(change: (text: string) => string): RecordingFiles {
  return {
    name: "memblock",
    list: () => NAMES,
    read: (name) => {
      const text = gunzipSync(readFileSync(new URL(`${name}.gz`, DIRECTORY))).toString();
      return new TextEncoder().encode(change(text));
    },
  };
}

test("every returned value and every final region", () => {
  const recording = verifyRecording(filesWith((text) => text));
  assert.is(recording.memblock!.equal, recording.memblock!.compared);
  assert.ok(recording.memblock!.compared > 6000);
  assert.ok(recordingHolds(recording));
});

test("one returned address that is another", () => {
  const recording = verifyRecording(
    filesWith((text) => text.replace(/("alloc_range"[^\]]*,")([1-9a-f][0-9a-f]*)("\])/, "$11$3")),
  );
  assert.is(recording.memblock!.compared - recording.memblock!.equal, 2);
  assert.match(recording.memblock!.firstDivergence!.context, "alloc_range");
});

test("a file that is no list of sequences", () => {
  assert.throws(
    () => verifyRecording(filesWith(() => "{}")),
    (error: Error) =>
      error.message === "memblock/memblock-vectors-numa.json: expected a list called sequences",
  );
});

test.run();
