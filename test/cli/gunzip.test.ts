import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { gunzipped, gunzippedTrace } from "../../src/cli/gunzip.js";
import { gunzipWhole } from "../../src/workload-files/gzip.js";

const test = suite("cli: gunzip by Node");

const MAX = 1000;

function wholeOrUndefined(bytes: Uint8Array): Uint8Array | undefined {
  try {
    return gunzipWhole("x", bytes, MAX);
  } catch {
    return undefined;
  }
}

test("what it unpacks is what our reader unpacks, and what our reader refuses it leaves to it", () => {
  const member = fc.uint8Array({ maxLength: 300 }).map((bytes) => new Uint8Array(gzipSync(bytes)));
  const damage = fc.option(fc.record({ at: fc.nat(), xor: fc.integer({ min: 1, max: 255 }) }));
  fc.assert(
    fc.property(
      fc.array(member, { minLength: 1, maxLength: 3 }),
      fc.uint8Array({ maxLength: 3 }),
      fc.nat({ max: 30 }),
      damage,
      (members, behind, missing, change) => {
        const whole = Buffer.concat([...members, behind]);
        const bytes = new Uint8Array(whole.subarray(0, whole.length - (missing > 20 ? missing - 20 : 0)));
        if (change !== null && bytes.length > 0) bytes[change.at % bytes.length]! ^= change.xor;
        const own = gunzipped(bytes, MAX);
        if (own !== undefined) assert.equal(new Uint8Array(own), wholeOrUndefined(bytes));
      },
    ),
    { numRuns: 2000 },
  );
});

test("whole members are unpacked, and nothing else is", () => {
  const [a, b] = [gzipSync("abc"), gzipSync("def")];
  assert.is(Buffer.from(gunzipped(Buffer.concat([a, b]), MAX)!).toString(), "abcdef");
  for (const [what, bytes] of Object.entries({
    "not packed": Buffer.from("abc"),
    "cut short": a.subarray(0, a.length - 1),
    "zeros behind": Buffer.concat([a, Buffer.alloc(4)]),
    "more behind": Buffer.concat([a, Buffer.from("x")]),
    "more behind zeros": Buffer.concat([a, Buffer.alloc(4), Buffer.from("x")]),
    "too much": gzipSync(Buffer.alloc(MAX + 1)),
  }))
    assert.is(gunzipped(bytes, MAX), undefined, what);
  assert.is(gunzipped(gzipSync(Buffer.alloc(MAX)), MAX)?.length, MAX);
});

test("a trace that is packed twice is not unpacked here, so that it is not unpacked twice", () => {
  assert.is(gunzippedTrace(gzipSync(gzipSync("abc")), MAX), undefined);
  assert.is(gunzippedTrace(gzipSync(Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0])), MAX), undefined);
  assert.is(Buffer.from(gunzippedTrace(gzipSync("abc"), MAX)!).toString(), "abc");
});

test.run();
