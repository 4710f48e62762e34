// Takes 5 s.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { withFiles } from "./program.js";

const test = suite("cli: Ctrl-C");

test("ends a run in the middle, says what is done, and leaves no file", async () => {
  await withFiles(async ({ directory, scenario }) => {
    const out = join(directory, "out");
    const long = ["--memory", "1TiB", "--workload", "generate:heap?size=900GiB"];
    const argv = ["--import", "tsx", "src/cli/main.ts", "compare", scenario, "--out", out, ...long];
    const program = spawn(process.execPath, argv);
    let stderr = "";
    for await (const piece of program.stderr.setEncoding("utf8")) {
      if (stderr === "") await setTimeout(500).then(() => program.kill("SIGINT"));
      stderr += piece as string;
    }
    const begin = performance.now();
    const [code] = program.exitCode === null ? await once(program, "exit") : [program.exitCode];
    assert.is(code, 130, stderr);
    assert.match(
      stderr,
      "2 runs to make\nunaccepted: interrupted with 0 of 2 runs done; nothing was written, the same command begins again\n",
    );
    assert.not.ok(existsSync(join(out, "boot.json")));
    assert.ok(performance.now() - begin < 2000);
  });
});

test.run();
