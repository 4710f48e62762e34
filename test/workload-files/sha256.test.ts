import { createHash } from "node:crypto";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { sha256 } from "../../src/workload-files/sha256.js";

const test = suite("workload-files: sha256");

test("digests the examples of NIST", () => {
  const text = (one: string): Uint8Array => new TextEncoder().encode(one);
  assert.is(sha256(text("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  assert.is(
    sha256(text("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  );
});

test("digests any length as Node does, also a part of a larger buffer", () => {
  const all = Uint8Array.from({ length: 400 }, (_value, at) => (at * 167 + 13) % 256);
  for (let length = 0; length < 300; length++) {
    const bytes = all.subarray(100, 100 + length);
    assert.is(sha256(bytes), createHash("sha256").update(bytes).digest("hex"), `${length} bytes`);
  }
});

test.run();
