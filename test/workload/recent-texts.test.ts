import { suite } from "uvu";
import * as assert from "uvu/assert";
import { LONGEST_RECENT_BYTES, RecentTexts } from "../../src/workload/recent-texts.js";

const test = suite("workload: recent texts");

/** A line with room behind it, and its bytes before the newline. */
function line(text: string | Uint8Array): { bytes: Uint8Array; view: DataView; end: number } {
  const content = typeof text === "string" ? new TextEncoder().encode(text) : text;
  const bytes = new Uint8Array(content.length + 2 + LONGEST_RECENT_BYTES);
  bytes.set(content, 1);
  bytes[content.length + 1] = 0x0a;
  return { bytes, view: new DataView(bytes.buffer), end: content.length + 1 };
}

function kept(slots: number, ...texts: readonly (string | Uint8Array)[]): RecentTexts {
  const recent = new RecentTexts(slots);
  for (const [index, text] of texts.entries()) {
    const { view, end } = line(text);
    recent.keep(view, 1, end, index);
  }
  return recent;
}

/** The number of a line, or -1. */
function found(recent: RecentTexts, text: string | Uint8Array): number {
  const { bytes, view } = line(text);
  const slot = recent.slotOfLine(bytes, view, 1);
  return slot < 0 ? -1 : recent.number(slot);
}

test("texts are told apart by each of their bytes, and by their length", () => {
  const text = "GFP_HIGHUSER_MOVABLE|__GFP_COMP";
  const recent = kept(4, text);
  assert.is(found(recent, text), 0);
  for (let at = 0; at < text.length; at++) {
    for (const bit of [1, 2, 0x40, 0x80]) {
      const other = new TextEncoder().encode(text);
      other[at]! ^= bit;
      assert.is(found(recent, other), -1, `bit ${bit} of byte ${at}`);
    }
    if (at >= 8) assert.is(found(recent, text.slice(0, at)), -1, `${at} bytes`);
  }
  assert.is(found(recent, `${text}|`), -1);
});

test("those that came last are known, in any order", () => {
  const texts = ["GFP_KERNEL", "GFP_NOWAIT", "GFP_ATOMIC|__GFP_ZERO", "GFP_HIGHUSER", "GFP_NOFS"];
  const recent = kept(4, ...texts);
  assert.equal(
    texts.map((text) => found(recent, text)),
    [-1, 1, 2, 3, 4],
  );
  assert.equal(
    texts.toReversed().map((text) => found(recent, text)),
    [4, 3, 2, 1, -1],
  );
});

test("a text that doubles cannot compare, or too short or too long for them, is not kept", () => {
  const zeros = new Uint8Array(8);
  const signedZero = Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0x80]);
  const notANumber = new Uint8Array(8).fill(0xff);
  const long = "x".repeat(LONGEST_RECENT_BYTES);
  const recent = kept(8, zeros, signedZero, notANumber, "sevenby", `${long}x`, "é-123456", long, "eight-by");
  for (const text of [zeros, signedZero, notANumber, "sevenby", `${long}x`, "é-123456", ""])
    assert.is(found(recent, text), -1);
  assert.is(found(recent, long), 6);
  assert.is(found(recent, "eight-by"), 7);
});

test("a slot of one's own, whatever follows the text", () => {
  const recent = new RecentTexts(2);
  const { view, end } = line("bash-1234 [");
  assert.not.ok(recent.standsAt(1, view, 1));
  recent.keepIn(1, view, 1, end - 1, 42);
  assert.ok(recent.standsAt(1, view, 1));
  assert.not.ok(recent.standsAt(0, view, 1));
  assert.equal([recent.length(1), recent.number(1)], [10, 42]);
  assert.not.ok(recent.standsAt(1, line("bash-1235 [").view, 1));
});

test.run();
