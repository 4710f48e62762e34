// Takes 1 s.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import fs, {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { RunScenario } from "../../src/cli/io.js";
import { exitOnStdoutError } from "../../src/cli/io.js";
import {
  finishTogether,
  makeDirectory,
  OutputFile,
  writeTogether,
  writeWhole,
} from "../../src/cli/output-file.js";
import { UsageError } from "../../src/cli/usage-error.js";
import { fakeRun, onlyLine, unaccepted, withFiles } from "./program.js";
import { stampWith, writeSweep } from "./sweep-files.js";

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
    finishTogether([file]);
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

test("a file with the longest name there is", async () => {
  await inDirectory((directory) => {
    const path = join(directory, "x".repeat(255));
    writeWhole(path, "new");
    assert.is(readFileSync(path, "utf8"), "new");
    assert.throws(() => new OutputFile(`${path}x`), /cannot write: name too long$/);
    assert.equal(readdirSync(directory), ["x".repeat(255)]);
  });
});

test("the bytes are on the disk before the name is, and the name before the program goes on", async () => {
  await inDirectory((directory) => {
    const calls: string[] = [];
    const { fsyncSync, renameSync } = fs;
    fs.fsyncSync = (descriptor) => {
      calls.push(fs.fstatSync(descriptor).isDirectory() ? "sync directory" : "sync file");
      fsyncSync(descriptor);
    };
    fs.renameSync = (from, to) => {
      calls.push("rename");
      renameSync(from, to);
    };
    syncBuiltinESMExports();
    try {
      writeWhole(join(directory, "x"), "new");
    } finally {
      Object.assign(fs, { fsyncSync, renameSync });
      syncBuiltinESMExports();
    }
    assert.equal(calls, ["sync file", "rename", "sync directory"]);
  });
});

test("of several files, all are replaced or none", async () => {
  await inDirectory((directory) => {
    const [a, b] = [join(directory, "a"), join(directory, "missing/b")];
    writeFileSync(a, "old");
    assert.throws(
      () =>
        writeTogether([
          { path: a, text: "new" },
          { path: b, text: "new" },
        ]),
      /missing\/b: cannot write: no such file or directory$/,
    );
    assert.is(readFileSync(a, "utf8"), "old");
    assert.equal(readdirSync(directory), ["a"]);
  });
});

test("two files that are written at once do not meet", async () => {
  await inDirectory((directory) => {
    const path = join(directory, "x");
    const [first, second] = [new OutputFile(path), new OutputFile(path)];
    first.write(Buffer.from("first"));
    second.write(Buffer.from("second"));
    finishTogether([second]);
    assert.is(readFileSync(path, "utf8"), "second");
    finishTogether([first]);
    assert.is(readFileSync(path, "utf8"), "first");
    assert.equal(readdirSync(directory), ["x"]);
  });
});

test("of two files for an empty place, the first has it", async () => {
  await inDirectory((directory) => {
    const path = join(directory, "x");
    const placed = ["first", "second"].map((text) => {
      const file = new OutputFile(path);
      file.write(Buffer.from(text));
      file.seal();
      return file;
    });
    assert.equal(
      placed.map((file) => file.placeFirst()),
      [true, false],
    );
    for (const file of placed) file.discard();
    assert.is(readFileSync(path, "utf8"), "first");
    assert.equal(readdirSync(directory), ["x"]);
  });
});

test("what is no place for results is refused in one line, before the work", async () => {
  await withFiles(async ({ directory, scenario }) => {
    let runs = 0;
    const runScenario: RunScenario = (...given) => {
      runs++;
      return fakeRun(...given);
    };
    const refused = async (argv: readonly string[], complaint: RegExp): Promise<void> => {
      const { code, stdout, stderr } = await unaccepted(argv, { runScenario });
      assert.equal([code, stdout], [2, ""]);
      assert.match(onlyLine(stderr), complaint);
    };
    const file = join(directory, "file");
    writeFileSync(file, "mine");
    symlinkSync("/proc/self", join(directory, "link"));
    const places = [
      ["/proc/x", /^unaccepted: \/proc\/x: cannot write: \/proc is the kernel's/],
      ["/sys/fs/cgroup/x", /cannot write: \/sys is the kernel's/],
      ["/dev/x", /cannot write: \/dev is the kernel's/],
      ["/dev/shm/../x", /cannot write: \/dev is the kernel's/],
      [join(directory, "link/x"), /link\/x: cannot write: \/proc is the kernel's/],
      ["", /expected a value after --out(put)?$/],
      [join(directory, "x".repeat(300)), /name too long$/],
      [join(file, "x"), /not a directory$/],
    ] as const;
    const study = join(directory, "study.yaml");
    writeFileSync(study, "name: s\nscenario: boot.yaml\naxes: {}\n");
    writeSweep(join(directory, "sweep"), stampWith(1));
    for (const [place, complaint] of places) {
      await refused(["compare", scenario, "--out", place], complaint);
      await refused(["sweep", study, "--out", place], complaint);
      await refused(["merge", join(directory, "sweep"), "--out", place], complaint);
      await refused(["trace", "generate", "heap", "-o", place], complaint);
    }
    await refused(["compare", scenario, "--out", file], /file: cannot make this directory: not a directory$/);
    await refused(
      ["trace", "generate", "heap", "-o", join(directory, "x/")],
      /cannot write: no such directory$/,
    );
    assert.is(runs, 0);
    assert.is(readFileSync(file, "utf8"), "mine");
    assert.equal(readdirSync(directory).sort(), ["boot.yaml", "file", "link", "study.yaml", "sweep", "tiny"]);
  });
});

test("/dev/shm and /dev/null are places", async () => {
  await inDirectory(() => {
    writeWhole("/dev/null", "x");
    assert.ok(lstatSync("/dev/null").isCharacterDevice());
    const directory = mkdtempSync("/dev/shm/unaccepted-");
    try {
      makeDirectory(join(directory, "a/b"));
      writeWhole(join(directory, "a/b/x"), "x");
    } finally {
      rmSync(directory, { recursive: true });
    }
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
  exitOnStdoutError({ stdout, stderr }, (code) => codes.push(code));
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
