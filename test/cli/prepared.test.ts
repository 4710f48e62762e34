// Takes 2 s.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { sha256 } from "../../src/cli/input-file.js";
import { WorkloadLoader } from "../../src/cli/load-recording.js";
import { preparedFor } from "../../src/cli/prepared.js";
import type { RecordedRequests } from "../../src/workload/after-boot.js";
import { prepared, preparedRequests } from "../../src/workload-files/prepared.js";

const test = suite("cli: prepared recordings");

const PATH = "workloads/recorded/linux-6.19.14-debian-1c2g/recording.yaml";
const DESCRIPTION = readFileSync(PATH, "utf8");
const DIGEST = sha256(DESCRIPTION);
const PARSED: RecordedRequests = new WorkloadLoader().recording(PATH);

/** All of it, in the order of its keys, with every bit of its columns: what digests of sweeps are taken of. */
function whole(recorded: RecordedRequests | undefined): string {
  return JSON.stringify(recorded, (_key, part: unknown) =>
    ArrayBuffer.isView(part)
      ? [part.constructor.name, sha256(new Uint8Array(part.buffer, part.byteOffset, part.byteLength))]
      : part,
  );
}

test("what is prepared is what was parsed, to the last bit and in the same order", () => {
  assert.ok(PARSED.requests.count > 1000);
  assert.is(whole(preparedRequests(prepared(PARSED, DIGEST), DIGEST)), whole(PARSED));
});

test("remarks are kept", () => {
  const remarked = { ...PARSED, remarks: ["4 events were lost"] };
  assert.is(whole(preparedRequests(prepared(remarked, DIGEST), DIGEST)), whole(remarked));
});

test("columns are whole wherever the bytes lie in memory", () => {
  const bytes = prepared(PARSED, DIGEST);
  const larger = new Uint8Array(bytes.length + 8);
  larger.set(bytes, 3);
  assert.is(whole(preparedRequests(larger.subarray(3, 3 + bytes.length), DIGEST)), whole(PARSED));
});

test("a file is taken by what the description says, and only if it is whole", () => {
  const path = mkdtempSync(join(tmpdir(), "unaccepted-prepared-"));
  const directory = pathToFileURL(`${path}/`);
  try {
    assert.is(preparedFor(DESCRIPTION, directory), undefined, "none");
    const file = join(path, `${DIGEST}.gz`);
    const packed = gzipSync(prepared(PARSED, DIGEST));
    writeFileSync(file, packed);
    assert.is(whole(preparedFor(DESCRIPTION, directory)), whole(PARSED));
    assert.is(preparedFor(`${DESCRIPTION}\n`, directory), undefined, "another description");
    writeFileSync(file, gzipSync(prepared(PARSED, sha256("another"))));
    assert.is(preparedFor(DESCRIPTION, directory), undefined, "what was made of another description");
    for (const at of [0, 20, packed.length >> 1, packed.length - 5]) {
      const damaged = Buffer.from(packed);
      damaged[at]! ^= 0x20;
      writeFileSync(file, damaged);
      assert.is(preparedFor(DESCRIPTION, directory), undefined, `byte ${at}`);
    }
    writeFileSync(file, packed.subarray(0, packed.length - 100));
    assert.is(preparedFor(DESCRIPTION, directory), undefined, "cut short");
  } finally {
    rmSync(path, { recursive: true });
  }
});

test.run();
