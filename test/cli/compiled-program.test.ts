import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CompiledProgram, compiledDirectories } from "../../src/cli/compiled-program.js";
import type { World } from "../../src/cli/io.js";

const test = suite("the compiled program");

/** A program that answers with the number in it, and has functions that only a call compiles. */
function scriptOf(code: number, more = ""): string {
  return `function answer() { return ${code}; }\nexports.runCommand = async () => answer();\n${more}`;
}

/** Where a script is, and what is compiled of it. */
class Place {
  readonly directory: string = mkdtempSync(join(tmpdir(), "unaccepted-compiled-"));
  readonly script: string = join(this.directory, "program.cjs");
  readonly own: string = join(this.directory, "compiled");
  readonly users: string = join(this.directory, "home/cache");

  /** @returns what the program answered */
  async run(command = "run", cpuMs = 100, codeBytes = 1000): Promise<number> {
    const meters = { cpuMs: () => cpuMs, codeBytes: () => codeBytes };
    const compiled = new CompiledProgram(this.script, [this.own, this.users], meters);
    const code = await compiled.load(command).runCommand(command, [], {} as World);
    compiled.keep();
    return code;
  }

  files(directory = this.own): readonly string[] {
    return readdirSync(directory).map((name) => join(directory, name));
  }
}

async function inPlace(use: (place: Place) => Promise<void>): Promise<void> {
  const place = new Place();
  try {
    await use(place);
  } finally {
    rmSync(place.directory, { recursive: true });
  }
}

test("a command leaves a file of what it compiled, which the next one leaves as it is", async () => {
  await inPlace(async (place) => {
    writeFileSync(place.script, scriptOf(3));
    assert.is(await place.run("trace import"), 3);
    const [file, ...others] = place.files();
    assert.equal(others, []);
    assert.match(file!, /\/trace-import-v[\d.]+-\w+\.bin$/);
    const before = readFileSync(file!);
    assert.is(await place.run("trace import"), 3);
    assert.ok(before.equals(readFileSync(file!)));
    assert.is(await place.run("run"), 3);
    assert.is(place.files().length, 2);
  });
});

test("modules are imported for the script, also where it was compiled before", async () => {
  await inPlace(async (place) => {
    const answer = "(await importModule('data:text/javascript,export default 3')).default";
    writeFileSync(place.script, `exports.runCommand = async () => ${answer};`);
    for (const _again of [1, 2]) assert.is(await place.run(), 3);
  });
});

test("what is compiled of another script of the same length is not used", async () => {
  await inPlace(async (place) => {
    for (const code of [3, 4, 5]) {
      writeFileSync(place.script, scriptOf(code));
      assert.is(await place.run(), code);
    }
  });
});

test("a file that is damaged, cut short or of something else is not used, and made again", async () => {
  await inPlace(async (place) => {
    writeFileSync(place.script, scriptOf(3));
    await place.run();
    const [file] = place.files();
    const whole = readFileSync(file!);
    const at = (offset: number): Buffer => {
      const bytes = Buffer.from(whole);
      bytes[offset]! ^= 1;
      return bytes;
    };
    const wrong = [
      at(whole.length - 1),
      at(100),
      at(0),
      at(8),
      at(12),
      at(16),
      whole.subarray(0, 500),
      Buffer.alloc(0),
    ];
    for (const bytes of wrong) {
      writeFileSync(file!, bytes);
      assert.is(await place.run(), 3);
      assert.not.ok(bytes.equals(readFileSync(file!)), "made again");
    }
  });
});

test("what V8 itself refuses is made again", async () => {
  await inPlace(async (place) => {
    writeFileSync(place.script, scriptOf(3));
    await place.run();
    const [file] = place.files();
    // Of another script, under the name and the words of one that this process has not seen.
    const other = Buffer.from(scriptOf(3, "// longer"));
    writeFileSync(place.script, other);
    const forged = readFileSync(file!);
    forged.writeUInt32LE(crc32(other), 0);
    forged.writeUInt32LE(other.length, 4);
    writeFileSync(file!, forged);
    assert.is(await place.run(), 3);
    assert.not.ok(forged.equals(readFileSync(file!)));
  });
});

test("a process that compiled much more leaves another file", async () => {
  await inPlace(async (place) => {
    writeFileSync(place.script, scriptOf(3));
    await place.run();
    const left = (): Buffer => readFileSync(place.files()[0]!);
    const before = left();
    await place.run("run", 150, 2000);
    assert.ok(left().equals(before), "for little more work nobody counts");
    await place.run("run", 200, 1200);
    assert.ok(left().equals(before), "it has compiled little more");
    await place.run("run", 200, 1250);
    assert.not.ok(left().equals(before));
  });
});

test("a user without a home has the directory beside the script, and one that the environment names", () => {
  const noHome = (): string => {
    throw new Error("uv_os_homedir returned ENOENT");
  };
  const [beside, ...others] = compiledDirectories({}, noHome);
  assert.match(beside!, /compiled\/$/);
  assert.equal(others, []);
  assert.equal(compiledDirectories({ XDG_CACHE_HOME: "/caches" }, noHome), [beside, "/caches/unaccepted"]);
  assert.equal(
    compiledDirectories({}, () => "/home/me"),
    [beside, "/home/me/.cache/unaccepted"],
  );
});

test("where nothing can be written beside the script, users have it; where nothing at all, the program runs", async () => {
  await inPlace(async (place) => {
    writeFileSync(place.script, scriptOf(3));
    // A file where the directory would be: also who may do everything cannot write in it.
    writeFileSync(place.own, "");
    assert.is(await place.run(), 3);
    assert.is(place.files(place.users).length, 1);
    const [file] = place.files(place.users);
    const before = readFileSync(file!);
    assert.is(await place.run(), 3);
    assert.ok(before.equals(readFileSync(file!)));
    rmSync(place.users, { recursive: true });
    writeFileSync(place.users, "");
    assert.is(await place.run(), 3);
    rmSync(place.own);
    mkdirSync(place.own);
    chmodSync(place.own, 0o500);
    assert.is(await place.run(), 3);
    chmodSync(place.own, 0o700);
  });
});

test("a file that others may write, that is a link or that is somebody else's is not used", async () => {
  await inPlace(async (place) => {
    writeFileSync(place.script, scriptOf(3));
    await place.run();
    const [file] = place.files();
    const { ino } = statSync(file!);
    const isUsed = async (): Promise<boolean> => {
      const before = statSync(file!).ino;
      assert.is(await place.run(), 3);
      return statSync(file!).ino === before;
    };
    assert.ok(await isUsed());
    assert.is(statSync(file!).ino, ino);
    chmodSync(file!, 0o620);
    assert.not.ok(await isUsed(), "the group's");
    chmodSync(file!, 0o602);
    assert.not.ok(await isUsed(), "everybody's");
    chmodSync(file!, 0o602);
    chmodSync(place.script, 0o666);
    assert.ok(await isUsed(), "everybody's, as the script");
    const elsewhere = join(place.directory, "elsewhere");
    renameSync(file!, elsewhere);
    symlinkSync(elsewhere, file!);
    assert.not.ok(await isUsed(), "a link");
    rmSync(file!);
    execFileSync("mkfifo", [file!]);
    assert.not.ok(await isUsed(), "a pipe, for whose other end nobody waits");
    if (process.geteuid?.() !== 0) return;
    chownSync(file!, 12345, 12345);
    assert.not.ok(await isUsed(), "another user's");
    chownSync(file!, 12345, 12345);
    chownSync(place.script, 12345, 12345);
    assert.ok(await isUsed(), "of who can change the script");
  });
});

test("what somebody has linked to where a file begins is not written to", async () => {
  await inPlace(async (place) => {
    writeFileSync(place.script, scriptOf(3));
    await place.run();
    const name = place.files()[0]!.slice(place.own.length + 1);
    rmSync(join(place.own, name));
    const valued = join(place.directory, "valued");
    writeFileSync(valued, "valued");
    symlinkSync(valued, join(place.own, `.${name}-${process.pid}-0`));
    assert.is(await place.run(), 3);
    assert.is(readFileSync(valued, "utf8"), "valued");
    assert.equal(place.files(), [], "the link is gone");
    assert.equal(place.files(place.users), [join(place.users, name)]);
  });
});

test("users without a home have files beside the script alone", () => {
  const home = process.env.HOME;
  try {
    for (const path of ["", "here"]) {
      process.env.HOME = path;
      assert.is(compiledDirectories({}).length, 1, `HOME=${path}`);
      assert.is(compiledDirectories({ XDG_CACHE_HOME: "/cache" })[1], "/cache/unaccepted");
    }
  } finally {
    process.env.HOME = home;
  }
});

test.run();
