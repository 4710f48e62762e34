// Takes 20 s.
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  compare,
  formatCsv,
  formatJson,
  parseScenario,
  repeatsOf,
  runScenario,
  type Scenario,
  WorkloadError,
  Workloads,
  withSeed,
} from "../../src/index.js";
import { loadScenarios, loadWorkload } from "../../src/node.js";
import { Choices } from "../campaign/random-scenario.js";
import { unaccepted } from "../cli/program.js";

const test = suite("workload-files: the library and the command line");

/** A trace of a machine that was up when it began, as its owner has it: without a description. */
const IMPORTED = `# tracer: nop
#
CPU:0 [LOST 5 EVENTS]
${Array.from({ length: 300 }, (_value, at) => {
  const event = `mm_page_alloc: page=00000000cda9d0a2 pfn=0x${(0x104300 + at).toString(16)} order=0 migratetype=0 gfp_flags=GFP_KERNEL`;
  return `  sh-7  [00${at % 3}] .....  ${(7 + at / 1e4).toFixed(6)}: ${event}\n`;
}).join("")}`;

/** `workloads` as the package has it, with files of the user's beside it. */
async function withFiles(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "unaccepted-library-"));
  try {
    symlinkSync(resolve("workloads/recorded"), join(directory, "recorded"));
    writeFileSync(join(directory, "imported.txt"), IMPORTED);
    await use(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The library as in a browser: it is given bytes by path. */
function workloadsIn(directory: string): Workloads {
  return new Workloads(async (path) => new Uint8Array(readFileSync(join(directory, path))));
}

const WORKLOADS: readonly string[] = [
  "recorded/linux-7.3.4-debian-1c4g/recording.yaml",
  "recorded/linux-6.12.95-1c4g/recording.yaml",
  "recorded/linux-6.12.95-2c4g/recording.yaml",
  "imported.txt",
  "generate:boot",
  "generate:idle?duration=1s",
  "'generate:heap?size=96MiB&threads=3'",
  "generate:fork",
];

/** A valid scenario file of a small guest. */
function scenarioText(choices: Choices, workload: string): string {
  const [vcpus, platform] = [choices.pick([1, 2, 7, 64, 300]), choices.pick(["tdx", "snp", "none"])];
  const host =
    platform === "none" ? "" : `host: { pageSize: 2MiB, contiguity: ${choices.pick([0, 0.5, 1])} }`;
  return [
    `name: random\nworkload: ${workload}\nvcpus: ${vcpus}`,
    `platform: ${platform}\n${host}`,
    `policy: [lazy, ${choices.pick(["eager", "background", "firmware-delegated", "page-flag"])}]`,
    `memory: ${choices.pick(["1GiB", "1500MiB", "4GiB"])}`,
    `kernel: "${choices.pick(["6.12", "6.18", "7.3"])}"`,
    `seed: ${choices.whole(0, 2 ** 32 - 1)}\n`,
  ].join("\n");
}

/** The message of what a promise is rejected with. */
async function messageOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "no error",
    (error: unknown) => (error as Error).message,
  );
}

test("the library's rows are the command line's, byte for byte", async () => {
  await withFiles(async (directory) => {
    const workloads = workloadsIn(directory);
    const paths: string[] = [];
    const all: Scenario[] = [];
    for (const [number, workload] of [...WORKLOADS, ...WORKLOADS].entries()) {
      const [path, text] = [
        join(directory, `${number}.yaml`),
        scenarioText(new Choices(20261130, number), workload),
      ];
      writeFileSync(path, text);
      paths.push(path);
      all.push(...parseScenario(text, path));
    }
    const rows = await compare(all, async (scenario) =>
      runScenario(scenario, await workloads.of(scenario), { check: false, overTime: true }),
    );
    const printed = await unaccepted(["compare", ...paths, "--json", "--quiet"], { runScenario });
    assert.is(printed.stderr, "");
    assert.ok(printed.stdout === formatJson(rows), "JSON differs");
    assert.ok(all.some(({ vcpus }) => vcpus === 300) && rows.some(({ remarks }) => remarks !== undefined));
  });
});

test("under Node: scenarios of the package by name, with assignments", async () => {
  const runs = await loadScenarios("boot", ["memory=1GiB", "vcpus=8", "platform=tdx"]);
  const workloads = new Map(runs.map(({ scenario, workload }) => [scenario, workload]));
  const rows = await compare([...workloads.keys()], (scenario) =>
    runScenario(scenario, workloads.get(scenario)!, { check: false }),
  );
  const argv = ["compare", "boot", "--memory", "1GiB", "--vcpus", "8", "--platform", "tdx", "--quiet"];
  const { stdout } = await unaccepted([...argv, "--format", "csv"], { runScenario });
  assert.is(formatCsv(rows), stdout);
});

test("repeated seeds of a generated workload are those of --repeat", async () => {
  const workload = "generate:heap?size=32MiB";
  const assignments = ["memory=1GiB", "platform=snp", "policy=lazy", `workload=${workload}`];
  const [first] = await loadScenarios("boot", assignments);
  const runs = [];
  for (const later of [0, 1, 2]) {
    const scenario = withSeed(first!.scenario, later);
    runs.push(runScenario(scenario, await loadWorkload(scenario), { check: false }));
  }
  const argv = [
    "compare",
    "boot",
    ...assignments.flatMap((one) => ["--set", one]),
    "--repeat",
    "3",
    "--json",
  ];
  const { stdout } = await unaccepted([...argv, "--quiet"], { runScenario });
  const { rows } = JSON.parse(stdout) as { readonly rows: readonly { readonly repeats: object }[] };
  assert.equal(rows[0]!.repeats, repeatsOf(runs));
});

test("a workload has the boot before it and the bring-up of CPUs, whoever reads it", async () => {
  const workloads = workloadsIn("workloads");
  const generated = { workload: "generate:fork", memoryBytes: 2 ** 30, vcpus: 2, seed: 5 };
  for (const [own, fromNode] of [
    [workloads.load("recorded/linux-7.3.4-debian-1c4g/recording.yaml"), "linux-7.3.4-debian-1c4g"],
    [workloads.of(generated), generated],
  ] as const) {
    const [a, b] = [await own, await loadWorkload(fromNode)];
    assert.ok(a.bringUp !== undefined && a.bringUp.count === b.bringUp?.count);
    assert.is(a.afterBoot?.recording.name, b.afterBoot?.recording.name);
    assert.is(a.requests.count, b.requests.count);
  }
});

test("a generated workload is made once for a machine and a seed", async () => {
  const workloads = workloadsIn("workloads");
  const made = { workload: "generate:idle?duration=1s", memoryBytes: 2 ** 30, vcpus: 2, seed: 5 };
  const own = await workloads.of(made);
  assert.ok(own === (await workloads.of({ ...made })));
  for (const other of [{ memoryBytes: 2 ** 31 }, { vcpus: 3 }, { seed: 6 }])
    assert.not.ok(own === (await workloads.of({ ...made, ...other })), JSON.stringify(other));
});

test("of generated workloads those that were asked for last are kept", async () => {
  const workloads = workloadsIn("workloads");
  const of = (seed: number): Promise<unknown> =>
    workloads.of({ workload: "generate:idle?duration=1s", memoryBytes: 2 ** 30, vcpus: 1, seed });
  const [first, second] = [await of(0), await of(1)];
  for (let seed = 2; seed < 16; seed++) await of(seed);
  assert.ok((await of(0)) === first, "the 16th, and now the latest");
  await of(16);
  assert.ok((await of(0)) === first, "still there");
  assert.not.ok((await of(1)) === second, "the one not asked for longest");
});

test("each file is read once, and one that failed can be tried again", async () => {
  const read: string[] = [];
  let fails = true;
  const workloads = new Workloads((path) => {
    read.push(path);
    if (fails) throw new Error("offline");
    return readFileSync(join("workloads", path));
  });
  const path = "recorded/linux-6.12.95-2c4g/recording.yaml";
  assert.is(await messageOf(workloads.load(path)), "offline");
  fails = false;
  const [one, other] = await Promise.all([workloads.load(path), workloads.load(path)]);
  assert.ok(one === other && one === (await workloads.load(path)));
  assert.equal(read, [path, path, "recorded/linux-6.12.95-2c4g/cpu-bring-up.trace.gz"]);
});

test("what cannot be a workload is refused in one line that names the file", async () => {
  await withFiles(async (directory) => {
    const description = readFileSync("workloads/recorded/linux-6.12.95-2c4g/recording.yaml", "utf8");
    writeFileSync(join(directory, "recording.yaml"), description);
    writeFileSync(join(directory, "cpu-bring-up.trace.gz"), "not the one described");
    writeFileSync(join(directory, "wrong.yaml"), description.replace("schemaVersion: 1", "schemaVersion: 9"));
    writeFileSync(join(directory, "empty.txt"), "# tracer: nop\n#\n");
    const workloads = workloadsIn(directory);
    assert.match(
      await messageOf(workloads.load("recording.yaml")),
      /^cpu-bring-up\.trace\.gz: truncated, damaged or another file: its sha256 begins with \w{12}, and recording\.yaml says \w{12}$/,
    );
    assert.match(await messageOf(workloads.load("wrong.yaml")), /^wrong\.yaml:\d+:\d+: schemaVersion: .*$/);
    assert.match(await messageOf(workloads.load("empty.txt")), /^empty\.txt: it asks for no memory, .*$/);
    assert.match(
      await messageOf(workloads.load("generate:heap")),
      /^generate:heap: is made for a machine; expected a call of `of`$/,
    );
    assert.instance(await workloads.load("empty.txt").catch((error: unknown) => error), WorkloadError);
  });
  assert.is(
    await messageOf(loadWorkload("linux-7.3.4-debian-1c4")),
    "linux-7.3.4-debian-1c4: no such file or directory, did you mean linux-7.3.4-debian-1c4g?",
  );
  assert.is(
    await messageOf(loadWorkload("generate:heap")),
    "generate:heap: is made for a machine; expected { workload, memoryBytes, vcpus, seed }",
  );
});

test.run();
