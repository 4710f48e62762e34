// Takes 4 s.
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { suite } from "uvu";
import * as assert from "uvu/assert";

const test = suite("build");

/** Stands for the compiler: notes that it ran, waits for the others, and copies the source. */
const COMPILER = `#!/bin/sh
echo built >> builds
sleep 0.3
mkdir -p "$4/cli"
cp src/main.js "$4/main.js"
touch "$4/cli/main.js" "$4/cli/main.js.map"
echo told by the compiler
exit $(cat exit-code)
`;

/** Stands for the bundler: writes its words where the result goes. */
const BUNDLER = `#!/bin/sh
for word; do case "$word" in
  --outdir=*) directory="\${word#--outdir=}";;
  --metafile=*) parts="\${word#--metafile=}";;
  *=src/*) name="\${word%%=*}";;
esac; done
mkdir -p "$directory"
cp parts.json "$parts"
echo "$@" > "$directory/$name.js"
exit $(cat bundler-exit-code)
`;

/** Stands for what bundles the command line. */
const COMMAND_LINE_BUNDLER = `
import { copyFileSync, writeFileSync } from "node:fs";
const [, , directory] = process.argv;
for (const [name, file] of [["main", "main.js"], ["program", "program.cjs"]]) {
  writeFileSync(directory + "/cli/" + file, name);
  copyFileSync("parts.json", directory + "/" + name + ".parts.json");
}
`;

/** A package with one source and `builds`, what the compiler has noted. */
class Package {
  readonly directory: string = mkdtempSync(join(tmpdir(), "unaccepted-build-"));

  constructor() {
    mkdirSync(join(this.directory, "src"));
    mkdirSync(join(this.directory, "bin"));
    for (const name of ["build.js", "bundled-licenses.js", "prepare-recordings.js"]) {
      cpSync(join(".ci", name), join(this.directory, ".ci", name));
    }
    for (const name of ["package.json", "package-lock.json", "tsconfig.json"])
      this.write(name, '{ "type": "module" }');
    this.write(".ci/bundle-command-line.js", COMMAND_LINE_BUNDLER);
    this.write("builds", "");
    this.write("exit-code", "0");
    this.write("bundler-exit-code", "0");
    const inputs = {
      "node_modules/@a/b/c.js": { bytesInOutput: 1 },
      "node_modules/d/e.js": { bytesInOutput: 0 },
    };
    this.write("parts.json", JSON.stringify({ outputs: { "page.js": { inputs } } }));
    this.write("LICENSE", "ours");
    mkdirSync(join(this.directory, "node_modules/@a/b"), { recursive: true });
    this.write("node_modules/@a/b/LICENSE.md", "theirs\n");
    mkdirSync(join(this.directory, "src/explorer/page"), { recursive: true });
    this.write("src/explorer/page/index.html", "<main>");
    writeFileSync(join(this.directory, "bin/tsc"), COMPILER, { mode: 0o755 });
    writeFileSync(join(this.directory, "bin/esbuild"), BUNDLER, { mode: 0o755 });
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.directory, name), text);
  }

  read(name: string): string {
    return readFileSync(join(this.directory, name), "utf8");
  }

  get builds(): number {
    return this.read("builds").split("\n").length - 1;
  }

  build(): Promise<{ stdout: string; stderr: string }> {
    const env = { ...process.env, PATH: `${join(this.directory, "bin")}${delimiter}${process.env.PATH}` };
    return promisify(execFile)(process.execPath, [".ci/build.js"], { cwd: this.directory, env });
  }
}

async function inPackage(use: (own: Package) => Promise<void>): Promise<void> {
  const own = new Package();
  try {
    await use(own);
    assert.equal(
      readdirSync(own.directory).filter((name) => name.startsWith(".dist")),
      [],
      "nothing is left beside dist",
    );
  } finally {
    rmSync(own.directory, { recursive: true });
  }
}

/** Times of files are kept in steps. */
const LATER_MS = 20;

test("a build is made where there is none, where a source is newer, and not otherwise", async () => {
  await inPackage(async (own) => {
    own.write("src/main.js", "1");
    await setTimeout(LATER_MS);
    for (const _again of [1, 2]) {
      const { stdout } = await own.build();
      assert.is(stdout, "");
      assert.is(own.builds, 1);
      assert.is(own.read("dist/main.js"), "1");
    }
    own.write("src/main.js", "2");
    await setTimeout(LATER_MS);
    await own.build();
    assert.is(own.builds, 2);
    assert.is(own.read("dist/main.js"), "2");
    own.write(".ci/bundle-command-line.js", `${COMMAND_LINE_BUNDLER}\n`);
    await setTimeout(LATER_MS);
    await own.build();
    assert.is(own.builds, 3, "how it is built is a source, too");
    rmSync(join(own.directory, "src/main.js"));
    own.write("src/other.js", "3");
    await own.build().catch(() => {});
    assert.is(own.builds, 4);
  });
});

test("the page and its worker are part of the build, and it fails where they do", async () => {
  await inPackage(async (own) => {
    own.write("src/main.js", "1");
    await setTimeout(LATER_MS);
    await own.build();
    assert.is(own.read("dist/explorer/index.html"), "<main>");
    assert.match(own.read("dist/explorer/worker.js"), /worker=src\/explorer\/worker\.ts .*--minify /);
    assert.match(own.read("dist/explorer/page.js"), /page=src\/explorer\/page\/main\.tsx .*--minify /);
    assert.is(
      own.read("dist/explorer/licenses.txt"),
      `unaccepted\n\nours\n\n${"-".repeat(79)}\n\n@a/b\n\ntheirs\n`,
    );
    assert.is(own.read("dist/cli/program.cjs"), "program");
    assert.is(own.read("dist/cli/main.js"), "main");
    assert.not.ok(readdirSync(join(own.directory, "dist/cli")).includes("main.js.map"));
    assert.is(own.read("dist/cli/licenses.txt"), own.read("dist/explorer/licenses.txt"));
    assert.not.ok(readdirSync(join(own.directory, "dist")).some((name) => name.endsWith(".json")));
    own.write("src/main.js", "2");
    own.write("bundler-exit-code", "2");
    await setTimeout(LATER_MS);
    await assertFails(own);
    assert.is(own.read("dist/main.js"), "1");
  });
});

test("starts at once all find the build", async () => {
  await inPackage(async (own) => {
    own.write("src/main.js", "1");
    await setTimeout(LATER_MS);
    await Promise.all([own.build(), own.build(), own.build()]);
    assert.is(own.read("dist/main.js"), "1");
    const { builds } = own;
    await own.build();
    assert.is(own.builds, builds);
  });
});

test("the compiler's complaints are its exit code and stderr, and the build before stays", async () => {
  await inPackage(async (own) => {
    own.write("src/main.js", "1");
    await setTimeout(LATER_MS);
    await own.build();
    own.write("src/main.js", "2");
    own.write("exit-code", "2");
    await assertFails(own);
    assert.is(own.read("dist/main.js"), "1");
  });
});

async function assertFails(own: Package): Promise<void> {
  try {
    await own.build();
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    assert.equal([code, stdout, stderr], [2, "", "told by the compiler\n"]);
    return;
  }
  assert.unreachable("the build succeeded");
}

test.run();
