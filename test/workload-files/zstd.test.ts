// Takes 1 s.
import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { TraceError } from "../../src/workload/trace-error.js";
import { isZstd, loadZstd, ZstdReader } from "../../src/workload-files/zstd.js";

await loadZstd();
const test = suite("workload-files: zstd");

/** What `zstd -19 --zstd=wlog=17 < lines.txt` (1.5) made of `lines()`: three blocks and a checksum, no content size. */
const PACKED = Buffer.from(
  "KLUv/QQ4lA8A5qhNFLAXCh0IRoTFSlLOllLKlJLU2cnFTQBGAEYADq1Sp9LXbdloYJE4FJ5mSQZD0chdRnidPpf/fs/Hg8vksfi2" +
    "azocWqVOpa/bstHAInEoPM2SDIaiGZHfbklBbCAAQIEFILCYgQGDA4Nlo4FF4lB4miUZDEUjdxnhdfpc/vs9Hw8uk8fi267pcGiV" +
    "OpW+bstGA4vEofA0SzIYikbuMsLr9Ln893s+Hlwmj8W3XdMRNEsyGIpG7jLC6/S5/Pd7Ph5cJo/Ft13T4dAqdSp93ZaNBhaJQ+Fp" +
    "lmQwFI3cZYTX6XP57/d8PLhMHotvu6bDoVXqVPq6DYKZ7PM6LjaTfV7HxWayz+u42Ez2eR0Xm8k+r+NiM9nndYyRu4yRfV7HxWay" +
    "z+u42Ez2eR0Xm8k+r+NiM9nndYxR+IFlqBHg9PbPAVckqcMaElAwCEAInr79//8OSea3iaR5Vo0n/vtmzrlZYCivpen7Aw1SEEEW" +
    "zEAgC/6AE3RBXpNcZ9YcgYcbWFCCLHCwQBD8ASfogryGOc2uGYGHM7CgBFngsEAQ/AFP0AV5DXGeTTMCDzewoAS5wGGBIPgDTtAF" +
    "8RryHFtnBB5uYEEJsoDDAkHwB5ygC/Ka5Di3xgg83MCCEjQQAaeAfRO/zfOnv5vzTX+b7fygAFEVVAAAAAEA/f9f6LkGAkUAAAAB" +
    "AOETHQAB7gmf2A==",
  "base64",
);

function lines(): string {
  let text = "";
  for (let line = 0; text.length < 300_000; line++) text += `event ${line % 50} of page ${line % 7}\n`;
  return text;
}

function unpack(bytes: Uint8Array, chunkBytes = bytes.length): string {
  const pieces: Uint8Array[] = [];
  const reader = new ZstdReader("x.zst");
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    for (const piece of reader.feed(bytes.subarray(at, at + chunkBytes))) pieces.push(piece.slice());
  }
  reader.end();
  return Buffer.concat(pieces).toString();
}

/** The message about bytes that must not be unpacked. */
function complaint(bytes: Uint8Array): string {
  try {
    unpack(bytes);
  } catch (error) {
    assert.instance(error, TraceError);
    return (error as TraceError).message;
  }
  throw new Error("no complaint");
}

const MAGIC = [0x28, 0xb5, 0x2f, 0xfd];
/** RFC 8878, 3.1.1.2: bit 0 is set in the last block, bits 1 and 2 are its type, the rest its size. */
function blockHeader(size: number, type: "raw" | "rle", isLast: boolean): number[] {
  const value = size * 8 + (type === "rle" ? 2 : 0) + (isLast ? 1 : 0);
  return [value & 0xff, (value >> 8) & 0xff, value >> 16];
}

/** "abc" in a raw block and ten times "x" in an RLE block, with XXH64's low bits if wanted. */
function frame(checksum: readonly number[]): Buffer {
  return Buffer.from([
    ...MAGIC,
    checksum.length > 0 ? 4 : 0,
    0x58,
    ...blockHeader(3, "raw", false),
    ...Buffer.from("abc"),
    ...blockHeader(10, "rle", true),
    0x78,
    ...checksum,
  ]);
}

/** `printf abcxxxxxxxxxx | xxhsum -H64` ends with these, here the low byte first. */
const CHECKSUM = [0x71, 0x73, 0x72, 0x43];
const SKIPPABLE = Buffer.from([0x53, 0x2a, 0x4d, 0x18, 5, 0, 0, 0, 1, 2, 3, 4, 5]);

test("a frame of several blocks, whole and in pieces of any size", () => {
  assert.ok(unpack(PACKED) === lines());
  for (const chunkBytes of [1, 2, 3, 7, 100]) assert.ok(unpack(PACKED, chunkBytes) === lines());
});

test("frames one after another, with a checksum and without, and what may be skipped", () => {
  const bytes = Buffer.concat([SKIPPABLE, frame(CHECKSUM), frame([]), SKIPPABLE, frame(CHECKSUM)]);
  for (const chunkBytes of [bytes.length, 1, 5, 11])
    assert.is(unpack(bytes, chunkBytes), "abcxxxxxxxxxx".repeat(3));
});

test("a file is zstd by its frame or by any of the 16 marks of what may be skipped", () => {
  assert.ok(isZstd(Uint8Array.from(MAGIC)));
  for (let mark = 0x50; mark < 0x60; mark++)
    assert.ok(isZstd(Uint8Array.of(mark, 0x2a, 0x4d, 0x18)), String(mark));
  for (const mark of [0x4f, 0x60]) assert.not.ok(isZstd(Uint8Array.of(mark, 0x2a, 0x4d, 0x18)), String(mark));
  assert.not.ok(isZstd(Uint8Array.from(MAGIC.slice(0, 3))));
});

test("a bit that flips changes nothing, or is found", () => {
  const whole = lines();
  let found = 0;
  for (let bit = 0; bit < PACKED.length * 8; bit += 23) {
    const damaged = Buffer.from(PACKED);
    damaged[Math.floor(bit / 8)]! ^= 1 << (bit % 8);
    let text: string;
    try {
      text = unpack(damaged);
    } catch (error) {
      assert.instance(error, TraceError);
      found++;
      continue;
    }
    assert.ok(text === whole, `bit ${bit} changed the text`);
  }
  assert.ok(found > PACKED.length / 4);
});

test("a wrong checksum, with its place, in the second frame, too", () => {
  const wrong = [CHECKSUM[0]! ^ 1, ...CHECKSUM.slice(1)];
  const place = frame([]).length;
  const complaintAt = (offset: number): string =>
    `x.zst: byte ${offset}: expected the checksum of what was unpacked, found another one; the file is damaged`;
  assert.is(complaint(frame(wrong)), complaintAt(place));
  const both = Buffer.concat([frame(CHECKSUM), frame(wrong)]);
  assert.is(complaint(both), complaintAt(2 * place + 4));
});

test("a file that is cut short anywhere, with the place", () => {
  const bytes = Buffer.concat([frame(CHECKSUM), SKIPPABLE]);
  const boundary = frame(CHECKSUM).length;
  for (let length = 1; length < bytes.length; length++) {
    if (length === boundary) continue;
    assert.is(
      complaint(bytes.subarray(0, length)),
      `x.zst: byte ${length}: expected the rest of a zstd file, found its end; the file is truncated`,
    );
  }
});

test("what follows a frame and is none", () => {
  assert.match(
    complaint(Buffer.concat([frame([]), Buffer.from("more")])),
    /^x\.zst: byte \d+: expected (a zstd frame|the rest)/,
  );
  assert.match(
    complaint(Buffer.concat([frame([]), Buffer.from("more of it")])),
    `x.zst: byte ${frame([]).length}: expected a zstd frame, found something else`,
  );
});

test("a frame that holds more or less than it says", () => {
  // Single segment, content size of one byte: 4 for 3, and 2 for 3.
  for (const size of [4, 2]) {
    const bytes = [...MAGIC, 0x20, size, ...blockHeader(3, "raw", true), ...Buffer.from("abc")];
    assert.match(
      complaint(Buffer.from(bytes)),
      /^x\.zst: byte \d+: expected whole zstd data, found damage here/,
    );
  }
});

test("a dictionary, a huge window and a huge block are refused", () => {
  const rest = [...blockHeader(3, "raw", true), ...Buffer.from("abc")];
  assert.match(
    complaint(Buffer.from([...MAGIC, 1, 0x58, 7, ...rest])),
    "expected a frame without a dictionary, found one that needs a dictionary",
  );
  assert.match(
    complaint(Buffer.from([...MAGIC, 0, 0xf8, ...rest])),
    "expected a window of at most 134217728 bytes, found a larger one",
  );
  const block = blockHeader(2 ** 17 + 1, "rle", true);
  assert.match(complaint(Buffer.from([...MAGIC, 0, 0x58, ...block, 0x78])), "expected whole zstd data");
});

test("what zstd itself refuses is refused", () => {
  const bytes = readFileSync("test/golden/made-up/zstd-refuses.zst");
  assert.is(complaint(bytes), "x.zst: byte 9: expected whole zstd data, found damage here (zstd error 20)");
});

test("gigabytes of zeros take no memory, and only as long as they are", () => {
  const block = Buffer.from([...blockHeader(2 ** 17, "rle", false), 0]);
  const reader = new ZstdReader("x.zst");
  let unpackedBytes = 0;
  const before = process.memoryUsage.rss();
  const start = Buffer.from([...MAGIC, 0, 0x58]);
  for (const bytes of [
    start,
    Buffer.concat(Array(4096).fill(block)),
    Buffer.from(blockHeader(0, "raw", true)),
  ]) {
    for (const piece of reader.feed(bytes)) unpackedBytes += piece.length;
  }
  reader.end();
  assert.is(unpackedBytes, 2 ** 29);
  assert.ok(process.memoryUsage.rss() - before < 2 ** 26);
});

test.run();
