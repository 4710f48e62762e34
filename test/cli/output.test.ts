import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { OutputFile, writeWhole } from "../../src/cli/output-file.js";
import { endAtStdoutError } from "../../src/cli/stdout-error.js";
import { UsageError } from "../../src/cli/usage-error.js";
import { unaccepted, withFiles } from "./program.js";

const test = suite("cli: output");

async function inDirectory(use: (directory: string) => void | Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "unaccepted-output-"));
  try {
    await use(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

test("a file is there when it is finished, and not before", async () => {
  await inDirectory((directory) => {
    const path = join(directory, "x");
    writeFileSync(path, "old");
    const file = new OutputFile(path);
    file.write(Buffer.from("new"));
    assert.is(readFileSync(path, "utf8"), "old");
    file.finish();
    assert.is(readFileSync(path, "utf8"), "new");
    assert.equal(readdirSync(directory), ["x"]);
  });
});

test("a symbolic link stays one, and what it points to is replaced", async () => {
  await inDirectory((directory) => {
    mkdirSync(join(directory, "far"));
    writeFileSync(join(directory, "far/target"), "old");
    symlinkSync("far/target", join(directory, "link"));
    symlinkSync("link", join(directory, "link2"));
    writeWhole(join(directory, "link2"), "new");
    assert.ok(lstatSync(join(directory, "link")).isSymbolicLink());
    assert.ok(lstatSync(join(directory, "link2")).isSymbolicLink());
    assert.is(readFileSync(join(directory, "far/target"), "utf8"), "new");
    assert.equal(readdirSync(join(directory, "far")), ["target"]);
    assert.equal(readdirSync(directory).sort(), ["far", "link", "link2"]);
  });
});

test("a symbolic link to nothing yet stays one, and a loop of them is an error", async () => {
  await inDirectory((directory) => {
    symlinkSync("later", join(directory, "link"));
    writeWhole(join(directory, "link"), "new");
    assert.ok(lstatSync(join(directory, "link")).isSymbolicLink());
    assert.is(readFileSync(join(directory, "later"), "utf8"), "new");
    symlinkSync("b", join(directory, "a"));
    symlinkSync("a", join(directory, "b"));
    assert.throws(
      () => writeWhole(join(directory, "a"), "new"),
      (error: unknown) => error instanceof UsageError && /cannot write: /.test(error.message),
    );
  });
});

test("a FIFO stays one, and its reader gets the bytes", async () => {
  await inDirectory(async (directory) => {
    const path = join(directory, "fifo");
    assert.is(spawnSync("mkfifo", [path]).status, 0);
    const reader = spawn("cat", [path], { stdio: ["ignore", "pipe", "inherit"] });
    let read = "";
    reader.stdout.on("data", (chunk: Buffer) => {
      read += chunk.toString();
    });
    writeWhole(path, "through the pipe");
    await once(reader, "close");
    assert.is(read, "through the pipe");
    assert.ok(lstatSync(path).isFIFO());
    assert.equal(readdirSync(directory), ["fifo"]);
  });
});

test("a directory cannot be written, and nothing is left beside it", async () => {
  await inDirectory((directory) => {
    mkdirSync(join(directory, "x"));
    assert.throws(() => writeWhole(join(directory, "x"), "new"), "x: cannot write: ");
    assert.equal(readdirSync(directory), ["x"]);
  });
});

test("--out follows the links that stand where its files go", async () => {
  await withFiles(async ({ directory, scenario }) => {
    mkdirSync(join(directory, "out"));
    symlinkSync("../kept.json", join(directory, "out/boot.json"));
    assert.is((await unaccepted(["compare", scenario, "--out", join(directory, "out"), "--quiet"])).code, 0);
    assert.ok(lstatSync(join(directory, "out/boot.json")).isSymbolicLink());
    assert.match(readFileSync(join(directory, "kept.json"), "utf8"), /"schemaVersion"/);
  });
});

/** How the program ends whose stdout fails with an error. */
async function endedBy(error: NodeJS.ErrnoException): Promise<{ codes: number[]; stderr: string }> {
  const codes: number[] = [];
  let text = "";
  const stdout = new Writable({ write: (_chunk, _encoding, done) => done(error) });
  const stderr = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      text += chunk.toString();
      done();
    },
  });
  endAtStdoutError({ stdout, stderr }, (code) => codes.push(code));
  stdout.write("results");
  await new Promise((resolve) => stdout.once("close", resolve));
  return { codes, stderr: text };
}

test("stdout on a full disk: one line, exit 1", async () => {
  const error = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
  assert.equal(await endedBy(error), {
    codes: [1],
    stderr: "unaccepted: stdout: cannot write: no space left on device\n",
  });
});

test("a reader of stdout that has seen enough: silence, exit 0", async () => {
  const error = Object.assign(new Error("write EPIPE"), { code: "EPIPE" });
  assert.equal(await endedBy(error), { codes: [0], stderr: "" });
});

test.run();
