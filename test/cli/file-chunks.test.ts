import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { fileChunks } from "../../src/cli/input-file.js";

const test = suite("cli: files in pieces");

test("every byte of a file of any length, in pieces that are full but for the last", () => {
  const directory = mkdtempSync(join(tmpdir(), "unaccepted-chunks-"));
  try {
    const path = join(directory, "file");
    for (const length of [0, 1, 2 ** 20 - 1, 2 ** 20, 2 ** 21 + 3]) {
      const bytes = Buffer.alloc(length, "0123456789abcdef!");
      writeFileSync(path, bytes);
      const pieces = Array.from(fileChunks(path), (piece) => piece.slice());
      assert.ok(Buffer.concat(pieces).equals(bytes), `${length} bytes`);
      assert.ok(pieces.slice(0, -1).every((piece) => piece.length === 2 ** 20));
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("a file that cannot be read is named", () => {
  assert.throws(
    () => [...fileChunks("/nowhere/x.trace")],
    /^\/nowhere\/x\.trace: no such file or directory$/,
  );
  assert.throws(() => [...fileChunks(tmpdir())], /: illegal operation on a directory$/);
});

test.run();
