// Takes 2 s.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { RunScenario } from "../../src/cli/io.js";
import { fakeRun, onlyLine, unaccepted, withFiles } from "./program.js";

const test = suite("cli: commands");

/** What JSON output has in it, as far as these tests look. */
interface Document {
  readonly rows: readonly {
    readonly policy: string;
    readonly platform: string;
    readonly memoryBytes: number;
    readonly vcpus: number;
    readonly bootRatio: number | null;
    readonly settings: Record<string, unknown>;
  }[];
}

function rowsOf(stdout: string): Document["rows"] {
  return (JSON.parse(stdout) as Document).rows;
}

test("compare prints a table of all runs", async () => {
  await withFiles(async ({ scenario }) => {
    const { code, stdout, stderr } = await unaccepted(["compare", scenario]);
    assert.is(code, 0);
    assert.is(stderr, "2 runs to make\n");
    assert.match(
      stdout,
      /^lazy is ready 3 times earlier than eager[\s\S]*\n\nscenario boot, Linux 7.3, 1 vCPU, workload tiny\n/,
    );
    assert.match(stdout, /\ntdx, 4 GiB\nlazy \* +4 s +3.00x .*\neager +12 s +1.00x /);
  });
});

test("every format prints the same rows", async () => {
  await withFiles(async ({ scenario }) => {
    const outputs = new Map<string, string>();
    for (const format of ["json", "jsonl", "csv", "md"]) {
      const { code, stdout } = await unaccepted(["compare", scenario, "--format", format]);
      assert.is(code, 0);
      outputs.set(format, stdout);
    }
    assert.equal(
      rowsOf(outputs.get("json")!).map(({ bootRatio }) => bootRatio),
      [1, 3],
    );
    assert.is(outputs.get("jsonl")!.trimEnd().split("\n").length, 2);
    assert.match(outputs.get("csv")!, /^scenario,platform,.*\r\nboot,tdx,eager,.*\r\nboot,tdx,lazy,.*\r\n$/);
    assert.match(outputs.get("md")!, /^lazy is [^\n]*\n\n\| platform \|/);
    assert.is((await unaccepted(["compare", scenario, "--json"])).stdout, outputs.get("json"));
  });
});

test("--workload takes bundled names, files from here, and generators", async () => {
  await withFiles(async ({ scenario }) => {
    const boot = "linux-7.3.4-debian-1c4g";
    const names = `${boot},workloads/recorded/${boot}/recording.yaml,generate:idle`;
    const { stdout } = await unaccepted(["compare", scenario, "--workload", names, "--json"]);
    assert.equal(
      [
        ...new Set(
          (JSON.parse(stdout) as { rows: { workload: string }[] }).rows.map(({ workload }) => workload),
        ),
      ],
      // The standard boot stands below what is no boot; what runs is decided by the simulator.
      [boot],
    );
    const missing = await unaccepted(["compare", scenario, "--workload", "nowhere"]);
    assert.is(missing.code, 2);
    assert.match(onlyLine(missing.stderr), /nowhere: no such file or directory$/);
    const misspelt = await unaccepted(["compare", scenario, "--workload", "linux-6.12.95-1c4"]);
    assert.is(misspelt.code, 2);
    assert.is(
      onlyLine(misspelt.stderr),
      "unaccepted: --workload linux-6.12.95-1c4: no such file, did you mean linux-6.12.95-1c4g?",
    );
    const drain = await unaccepted(["compare", scenario, "--workload", "generate:drain"]);
    assert.match(onlyLine(drain.stderr), "drain is not a workload: set drain.workers");
    const unknown = await unaccepted(["compare", scenario, "--workload", "generate:hea"]);
    assert.match(onlyLine(unknown.stderr), /--workload generate:hea: workload: .*did you mean heap\?/);
  });
});

test("flags replace what the file says, and lists make a cross product", async () => {
  await withFiles(async ({ scenario }) => {
    const flags = "--platform tdx,snp --policy lazy --memory 1GiB,2G --vcpus 3 --set seed=[1,2] --json".split(
      " ",
    );
    const rows = rowsOf((await unaccepted(["compare", scenario, ...flags])).stdout);
    assert.is(rows.length, 8);
    assert.equal(new Set(rows.map(({ platform }) => platform)), new Set(["tdx", "snp"]));
    assert.equal(new Set(rows.map(({ memoryBytes }) => memoryBytes)), new Set([2 ** 30, 2 ** 31]));
    assert.equal(new Set(rows.map(({ policy }) => policy)), new Set(["lazy"]));
    assert.equal(new Set(rows.map(({ vcpus }) => vcpus)), new Set([3]));
    assert.equal(new Set(rows.map(({ settings }) => settings.seed)), new Set([1, 2]));
  });
});

test("--set may come more than once, and its value may hold an equals sign", async () => {
  await withFiles(async ({ scenario }) => {
    const sets = ["--set", "memory=1GiB", "--set", "vcpus=2", "--set", "description=a=b"];
    const rows = rowsOf((await unaccepted(["compare", scenario, ...sets, "--json"])).stdout);
    assert.equal(
      rows.map(({ memoryBytes, vcpus }) => [memoryBytes, vcpus]),
      [
        [2 ** 30, 2],
        [2 ** 30, 2],
      ],
    );
  });
});

test("compare takes several files, and each only once", async () => {
  await withFiles(async ({ directory, scenario }) => {
    const other = join(directory, "other.yaml");
    writeFileSync(other, readFileSync(scenario, "utf8").replace("[eager, lazy]", "firmware-delegated"));
    const { stdout } = await unaccepted(["compare", scenario, other, scenario, "--json"]);
    assert.equal(
      rowsOf(stdout).map(({ policy, bootRatio }) => [policy, bootRatio]),
      [
        ["eager", 1],
        ["lazy", 3],
        ["firmware-delegated", 0.5],
      ],
    );
  });
});

test("run prints a summary of the one run", async () => {
  await withFiles(async ({ scenario }) => {
    const { code, stdout } = await unaccepted(["run", scenario, "--policy", "lazy"]);
    assert.is(code, 0);
    assert.match(
      stdout,
      /^lazy is ready after 4 s [\s\S]*\n\nboot: lazy on tdx, 4 GiB, 1 vCPU, Linux 7.3, workload tiny\nStartup: /,
    );
  });
});

test("run prints rows where a program asks for them", async () => {
  await withFiles(async ({ scenario }) => {
    const { stdout } = await unaccepted(["run", scenario, "--policy", "lazy", "--json"]);
    assert.equal(
      rowsOf(stdout).map(({ policy, bootRatio }) => [policy, bootRatio]),
      [["lazy", null]],
    );
  });
});

test("run refuses several runs and says which lists make them", async () => {
  await withFiles(async ({ scenario }) => {
    const { code, stdout, stderr } = await unaccepted([
      "run",
      scenario,
      "--memory",
      "1GiB,2GiB",
      "--platform",
      "tdx,snp",
    ]);
    assert.is(code, 2);
    assert.is(stdout, "");
    const line = onlyLine(stderr);
    assert.match(line, "makes 8 runs");
    assert.match(line, "policy (eager, lazy)");
    assert.match(line, "memory (1 GiB, 2 GiB)");
    assert.match(line, "platform (tdx, snp)");
    assert.not.match(line, "vcpus");
  });
});

test("--check reaches the simulator, and only if given", async () => {
  await withFiles(async ({ scenario }) => {
    const seen: boolean[] = [];
    const runScenario: RunScenario = (one, recording, options) => {
      seen.push(options.check);
      return fakeRun(one, recording, options);
    };
    await unaccepted(["run", scenario, "--policy", "lazy"], { runScenario });
    await unaccepted(["run", scenario, "--policy", "lazy", "--check"], { runScenario });
    assert.equal(seen, [false, true]);
  });
});

test("a run that fails ends with exit code 1, and its row is printed all the same", async () => {
  await withFiles(async ({ scenario }) => {
    const runScenario: RunScenario = (one, recording, options) => ({
      ...fakeRun(one, recording, options),
      ...(one.policy === "lazy" ? { outcome: "oom", reason: "no page of order 3" } : {}),
    });
    const { code, stdout, stderr } = await unaccepted(["compare", scenario], { runScenario });
    assert.is(code, 1);
    assert.is(stderr, "2 runs to make\n");
    assert.match(stdout, "oom after 4 s: no page of order 3");
  });
});

test("a bug ends with exit code 1 and its stack, and prints no rows", async () => {
  await withFiles(async ({ scenario }) => {
    const runScenario: RunScenario = () => {
      throw new Error("page-alloc: a page is on two lists");
    };
    const { code, stdout, stderr } = await unaccepted(["compare", scenario], { runScenario });
    assert.is(code, 1);
    assert.is(stdout, "");
    assert.match(stderr, /^2 runs to make\nunaccepted: Error: page-alloc: a page is on two lists\n +at /);
  });
});

test("--out writes the rows, whole, as JSON and CSV, and says so", async () => {
  await withFiles(async ({ directory, scenario }) => {
    const out = join(directory, "new/results");
    const { code, stdout, stderr } = await unaccepted(["compare", scenario, "--out", out]);
    assert.is(code, 0);
    assert.match(stdout, /\nlazy /);
    assert.is(stderr, `2 runs to make\nwrote ${join(out, "boot.json")}, ${join(out, "boot.csv")}\n`);
    assert.equal(readdirSync(out).sort(), ["boot.csv", "boot.json"]);
    for (const [format, name] of [
      ["json", "boot.json"],
      ["csv", "boot.csv"],
    ] as const) {
      const printed = (await unaccepted(["compare", scenario, "--format", format])).stdout;
      assert.is(readFileSync(join(out, name), "utf8"), printed);
    }
  });
});

test("--out writes the same bytes every time", async () => {
  await withFiles(async ({ directory, scenario }) => {
    const read = (): string => readFileSync(join(directory, "out/boot.json"), "utf8");
    await unaccepted(["compare", scenario, "--out", join(directory, "out")]);
    const first = read();
    await unaccepted(["compare", scenario, "--out", join(directory, "out")]);
    assert.is(read(), first);
  });
});

test("--out has a file for each scenario, inside the directory whatever the name", async () => {
  await withFiles(async ({ directory, scenario }) => {
    const other = join(directory, "other.yaml");
    writeFileSync(other, readFileSync(scenario, "utf8").replace("name: boot", "name: ../my boot"));
    const out = join(directory, "out");
    await unaccepted(["compare", scenario, other, "--out", out]);
    assert.equal(readdirSync(out).sort(), ["-.-my-boot.csv", "-.-my-boot.json", "boot.csv", "boot.json"]);
  });
});

test("--out that cannot be made is known before the first run", async () => {
  await withFiles(async ({ scenario }) => {
    let runs = 0;
    const runScenario: RunScenario = (...args) => {
      runs++;
      return fakeRun(...args);
    };
    const { code, stderr } = await unaccepted(["compare", scenario, "--out", scenario], { runScenario });
    assert.is(code, 2);
    assert.match(onlyLine(stderr), `${scenario}: cannot make this directory`);
    assert.is(runs, 0);
  });
});

test("--quiet leaves stderr empty", async () => {
  await withFiles(async ({ directory, scenario }) => {
    const out = join(directory, "out");
    const { stderr } = await unaccepted(["compare", scenario, "--out", out, "--quiet"], { isTTY: true });
    assert.is(stderr, "");
  });
});

test("an interruption is heard before the next run: 130, no output, no file", async () => {
  await withFiles(async ({ directory, scenario }) => {
    const interruption = new AbortController();
    let runs = 0;
    const runScenario: RunScenario = (...args) => {
      runs++;
      interruption.abort();
      return fakeRun(...args);
    };
    const out = join(directory, "out");
    const world = { runScenario, interrupted: interruption.signal };
    const ended = await unaccepted(["compare", scenario, "--out", out], world);
    const stderr =
      "2 runs to make\nunaccepted: interrupted with 1 of 2 runs done; nothing was written, the same command begins again\n";
    assert.equal(ended, { code: 130, stdout: "", stderr });
    assert.is(runs, 1);
    assert.equal(readdirSync(out), []);
  });
});

test("commands that boot their own guests hear an interruption", async () => {
  const interruption = new AbortController();
  interruption.abort();
  for (const argv of [["matrix"], ["trackers"], ["verify", "workloads/memblock"]]) {
    const { code, stdout } = await unaccepted(argv, { interrupted: interruption.signal });
    assert.equal([code, stdout], [130, ""], argv[0]);
  }
});

test("an interruption in the last run is heard, too", async () => {
  await withFiles(async ({ directory, scenario }) => {
    const interruption = new AbortController();
    const runScenario: RunScenario = (...args) => {
      setImmediate(() => interruption.abort());
      return fakeRun(...args);
    };
    const out = join(directory, "out");
    const argv = ["run", scenario, "--policy", "lazy", "--out", out];
    const { code } = await unaccepted(argv, { runScenario, interrupted: interruption.signal });
    assert.is(code, 130);
    assert.not.ok(existsSync(join(out, "boot.json")));
  });
});

test("a terminal gets colour, and nothing else differs", async () => {
  await withFiles(async ({ scenario }) => {
    const plain = (await unaccepted(["compare", scenario])).stdout;
    const painted = (await unaccepted(["compare", scenario], { isTTY: true })).stdout;
    assert.match(painted, "\u001b[1mtdx, 4 GiB\u001b[22m");
    assert.is(stripVTControlCharacters(painted), plain);
  });
});

test("NO_COLOR keeps colour from a terminal", async () => {
  await withFiles(async ({ scenario }) => {
    const plain = (await unaccepted(["compare", scenario])).stdout;
    const env = { NO_COLOR: "1" };
    assert.is((await unaccepted(["compare", scenario], { isTTY: true, env })).stdout, plain);
  });
});

test("machine formats have no colour on a terminal", async () => {
  await withFiles(async ({ scenario }) => {
    const { stdout } = await unaccepted(["compare", scenario, "--json"], { isTTY: true });
    assert.not.match(stdout, "\u001b");
  });
});

test.run();
