// Takes 1 s.
import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { COMMANDS } from "../../src/cli/commands.js";
import { importsFrom } from "../imports.js";
import { onlyLine, unaccepted, withFiles } from "./program.js";

const test = suite("cli: usage");

/** The one line on stderr of a program that must end with exit code 2 and print nothing else. */
async function complaintAbout(...argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await unaccepted(argv);
  assert.is(code, 2, `${argv.join(" ")}: ${stderr}`);
  assert.is(stdout, "");
  return onlyLine(stderr);
}

test("no command: what to begin with, which is no result", async () => {
  const { code, stdout, stderr } = await unaccepted([]);
  assert.is(code, 2);
  assert.is(stdout, "");
  assert.is(stderr.match(/^ {2}unaccepted \w+/gm)?.length, 3);
  assert.ok(stderr.split("\n").length < 12, stderr);
  assert.not.match(stderr, /expected|unknown/);
});

test("an unknown command, with what was meant", async () => {
  assert.is(
    await complaintAbout("comapre", "boot.yaml"),
    "unaccepted: unknown command comapre, did you mean compare?",
  );
  assert.is(await complaintAbout("xyzzy"), "unaccepted: unknown command xyzzy");
});

test("a flag before the command", async () => {
  assert.match(await complaintAbout("--quiet", "run", "boot.yaml"), "expected a command first");
});

test("an unknown flag, with what was meant", async () => {
  assert.is(
    await complaintAbout("run", "boot.yaml", "--polcy", "lazy"),
    "unaccepted: run has no --polcy, did you mean --policy?",
  );
  assert.is(
    await complaintAbout("run", "boot.yaml", "--polcy=lazy"),
    await complaintAbout("run", "b", "--polcy", "x"),
  );
});

test("a flag of other commands, with what this one has instead", async () => {
  const complaints = [
    [
      ["verify", "--memory", "4GiB"],
      "verify has no --memory; it has --format, --json, --jobs, --help, --version",
    ],
    [["plot", "--json"], "plot has no --json; it has --output, --picture, --theme, --help, --version"],
    [
      ["plot", "a.json", "--json"],
      "plot has no --json; it has --output, --picture, --theme, --help, --version",
    ],
    [["matrix", "--policy", "lazy"], "matrix has no --policy; it has --"],
    [["trackers", "--policy=lazy"], "trackers has no --policy; it has --"],
    [["validate", "--kernel", "6.6"], "validate has no --kernel; it has --"],
    [["trace", "info", "a", "--policy", "lazy"], "trace info has no --policy; it has "],
    [["trace", "info", "a", "--josn"], "trace info has no --josn, did you mean --json?"],
    [["merge", "a", "-x", "--out", "b"], "merge has no -x; it has --out, "],
  ] as const;
  for (const [argv, words] of complaints) {
    assert.ok((await complaintAbout(...argv)).startsWith(`unaccepted: ${words}`), argv.join(" "));
  }
});

test("a command without its file", async () => {
  for (const command of ["run", "compare", "largest", "tune"]) {
    assert.is(await complaintAbout(command), "unaccepted: expected a scenario file");
  }
  assert.is(await complaintAbout("sweep"), "unaccepted: expected a study file");
  assert.is(await complaintAbout("merge"), "unaccepted: expected a directory that sweep --out wrote");
  assert.match(await complaintAbout("plot"), "unaccepted: expected a result file");
  assert.is(
    await complaintAbout("plot", "a.json"),
    "unaccepted: expected -o, the file to write: NAME.svg or NAME.png",
  );
});

test("more files than run takes", async () => {
  assert.is(await complaintAbout("run", "a.yaml", "b.yaml"), "unaccepted: unexpected argument b.yaml");
});

test("a flag without its value", async () => {
  assert.is(
    await complaintAbout("run", "boot.yaml", "--memory"),
    "unaccepted: expected a value after --memory",
  );
});

test("a flag given twice", async () => {
  assert.is(
    await complaintAbout("run", "boot.yaml", "--memory", "4GiB", "--memory", "8GiB"),
    "unaccepted: --memory was given twice; several values are one list, --memory 4GiB,8GiB",
  );
  assert.is(
    await complaintAbout("run", "boot.yaml", "--out", "a", "--out", "b"),
    "unaccepted: --out was given twice",
  );
});

test("an unknown format, and two formats at once", async () => {
  assert.is(
    await complaintAbout("run", "boot.yaml", "--format", "xml"),
    "unaccepted: --format xml: expected one of table, json, jsonl, csv, md",
  );
  assert.is(
    await complaintAbout("run", "boot.yaml", "--json", "--format", "csv"),
    "unaccepted: --json and --format exclude each other",
  );
});

test("an assignment that is none", async () => {
  assert.match(await complaintAbout("run", "boot.yaml", "--set", "memory"), /^unaccepted: --set memory: /);
});

test("help names both commands, and each command its flags and examples", async () => {
  const { code, stdout, stderr } = await unaccepted(["--help"]);
  assert.is(code, 0);
  assert.is(stderr, "");
  for (const command of ["\n  run [SCENARIO] ", "\n  compare SCENARIO... "]) {
    assert.match(stdout, command);
  }
  for (const command of ["run", "compare"]) {
    for (const flag of ["--help", "-h"]) {
      const help = await unaccepted([command, flag]);
      assert.is(help.code, 0);
      assert.match(help.stdout, "--memory");
      assert.match(help.stdout, `unaccepted ${command} boot`);
    }
  }
});

test("help of every command fits into its terminal, its examples too, which stay what they are", async () => {
  const commands = COMMANDS.flatMap((command) => ("actions" in command ? command.actions : [command]));
  for (const [width, env] of [
    [80, {}],
    [76, { COLUMNS: "76" }],
    [100, { COLUMNS: "250" }],
  ] as const) {
    for (const { name, examples } of [{ name: "", examples: [] }, ...commands]) {
      const { stdout } = await unaccepted([...name.split(" ").filter(Boolean), "--help"], { env });
      assert.equal(
        stdout.split("\n").filter((line) => line.length > width),
        [],
        name,
      );
      const joined = stdout.replaceAll(/ \\\n +/g, " ");
      for (const example of examples) assert.ok(joined.includes(`\n  ${example}\n`), example);
    }
  }
});

test("the language of the user changes nothing", async () => {
  const before = process.env.LC_ALL;
  process.env.LC_ALL = "de_DE.UTF-8";
  try {
    assert.is(await complaintAbout("run"), "unaccepted: expected a scenario file");
  } finally {
    if (before === undefined) delete process.env.LC_ALL;
    else process.env.LC_ALL = before;
  }
});

test("the version is that of the package", async () => {
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  for (const argv of [["--version"], ["-V"], ["run", "-V"]]) {
    assert.equal(await unaccepted(argv), { code: 0, stdout: `${version}\n`, stderr: "" });
  }
});

test("a switch takes no value, and a flag that follows is none", async () => {
  assert.is(await complaintAbout("run", "boot", "--json=yes"), "unaccepted: expected no value after --json");
  assert.is(
    await complaintAbout("run", "boot", "--memory", "--json"),
    "unaccepted: expected a value after --memory",
  );
  assert.match(await complaintAbout("run", "boot", "--seed", "-1"), /^unaccepted: --seed -1: /);
  assert.is(await complaintAbout("plot", "a", "-o"), "unaccepted: expected a value after --output");
});

test("names of every object are no flags and no commands", async () => {
  assert.is(await complaintAbout("constructor"), "unaccepted: unknown command constructor");
  assert.match(await complaintAbout("run", "--constructor"), "run has no --constructor");
  assert.match(await complaintAbout("run", "--__proto__=1"), "run has no --__proto__");
});

test("what is asked of the program itself loads no command and no package", () => {
  const loaded = importsFrom("src/cli/main.ts", "values");
  assert.ok(loaded.has("src/cli/commands.ts"));
  const isOwn = (file: string): boolean => /^src\/cli\/[\w-]+\.ts$/.test(file);
  assert.equal([...loaded.keys()].filter((file) => !isOwn(file)).sort(), [
    "src/nearest-name.ts",
    "src/printable.ts",
    "src/report/cells.ts",
    "src/report/paint.ts",
    "src/results/results-error.ts",
    "src/scenario/error.ts",
    "src/scenario/typed.ts",
    "src/units.ts",
    "src/workload-files/workload-error.ts",
    "src/workload/trace-error.ts",
  ]);
  assert.equal(
    [...loaded.values()].flat().filter((specifier) => !specifier.startsWith("node:")),
    [],
  );
});

test("flags are checked before any file is written", async () => {
  await withFiles(async ({ directory, scenario }) => {
    const line = await complaintAbout("compare", scenario, "--policy", "lasy", "--out", `${directory}/out`);
    assert.match(line, "did you mean lazy?");
    assert.throws(() => readFileSync(`${directory}/out/boot.json`));
  });
});

test.run();
