// Takes 1 s.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { onlyLine, unaccepted } from "./program.js";

const test = suite("cli: bundled scenarios");

/** The program in an empty directory, as after the package was installed there. */
async function elsewhere<T>(use: (directory: string) => Promise<T>): Promise<T> {
  const before = process.cwd();
  const directory = mkdtempSync(join(tmpdir(), "unaccepted-elsewhere-"));
  process.chdir(directory);
  try {
    return await use(directory);
  } finally {
    process.chdir(before);
    rmSync(directory, { recursive: true, force: true });
  }
}

const SHORT = ["--platform", "tdx", "--memory", "4GiB", "--policy", "lazy", "--json"];

interface Rows {
  readonly rows: readonly { readonly scenario: string; readonly workload: string }[];
}

test("a scenario is found by its name", async () => {
  await elsewhere(async () => {
    const { code, stdout } = await unaccepted(["compare", "boot", ...SHORT]);
    assert.is(code, 0);
    assert.is((JSON.parse(stdout) as Rows).rows[0]!.scenario, "boot");
  });
});

test("a misspelt name, with what was meant", async () => {
  await elsewhere(async () => {
    const { code, stderr } = await unaccepted(["run", "bot"]);
    assert.is(code, 2);
    assert.is(onlyLine(stderr), "unaccepted: bot: no such file or directory, did you mean boot?");
    const study = await unaccepted(["sweep", "shrt", "--out", "out"]);
    assert.is(study.code, 2);
    assert.match(onlyLine(study.stderr), "shrt: no such file or directory, did you mean short?");
  });
});

test("a file of that name goes before", async () => {
  await elsewhere(async () => {
    writeFileSync("boot", "name: mine\n");
    const { code, stderr } = await unaccepted(["run", "boot"]);
    assert.is(code, 2);
    assert.match(onlyLine(stderr), /^unaccepted: boot:1:1: /);
  });
});

test("a scenario file names a bundled workload, or one beside itself that goes before", async () => {
  await elsewhere(async (directory) => {
    const named = (workload: string): string =>
      `name: own\nworkload: ${workload}\nplatform: tdx\npolicy: lazy\nmemory: 4GiB\n`;
    writeFileSync("own.yaml", named("linux-6.12.95-1c4g"));
    const { code, stdout } = await unaccepted(["run", "own.yaml", "--json"]);
    assert.is(code, 0);
    assert.is((JSON.parse(stdout) as Rows).rows[0]!.workload, "linux-6.12.95-1c4g");

    writeFileSync(join(directory, "linux-6.12.95-1c4g"), "no trace\n");
    const own = await unaccepted(["run", "own.yaml", "--json"]);
    assert.is(own.code, 2);
    assert.match(onlyLine(own.stderr), join(directory, "linux-6.12.95-1c4g").slice(directory.length + 1));
  });
});

test.run();
