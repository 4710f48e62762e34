// Takes 5 s.
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { policies } from "../../src/policy/policies.js";
import { runScenario } from "../../src/study/run-scenario.js";
import { onlyLine, simulating, unaccepted } from "./program.js";

const test = suite("cli: policies of one's own");

const EXAMPLE = "./workloads/policies/low-water.mjs";
const SHA256 = createHash("sha256").update(readFileSync(EXAMPLE)).digest("hex");

/** What the program says of a file, without its path. */
async function errorOf(code: string, ...more: string[]): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), "unaccepted-policy-"));
  try {
    const file = join(directory, "mine.mjs");
    writeFileSync(file, code);
    const ended = await unaccepted(
      ["run", "boot", "--policy", file, "--platform", "tdx", "--memory", "4GiB", ...more],
      { runScenario },
    );
    assert.is(ended.code, 2, ended.stderr);
    assert.is(ended.stdout, "");
    return onlyLine(ended.stderr.replace(/^1 run to make\n/, "")).replace(`unaccepted: ${file}`, "FILE");
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** A policy that is right but for some fields. */
function policy(fields: Readonly<Record<string, string>> = {}): string {
  const all = {
    name: '"mine"',
    summary: '"x"',
    since: '"y"',
    parameters: "{}",
    behaviour: "() => ({})",
    ...fields,
  };
  return `export default { ${Object.entries(all)
    .map(([key, value]) => `${key}: ${value}`)
    .join()} };`;
}

test("the example runs beside the program's own", async () => {
  const words = ["compare", "boot", "--policy", `lazy,${EXAMPLE}`, "--platform", "tdx", "--memory", "4GiB"];
  const { code, stdout } = await unaccepted([...words, "--json"], { runScenario });
  assert.is(code, 0);
  const { rows } = JSON.parse(stdout) as { rows: Record<string, unknown>[] };
  assert.equal(
    rows.map(({ policy: name, policySha256, outcome }) => [name, policySha256, outcome]),
    [
      ["lazy", undefined, "ready"],
      ["low-water", SHA256, "ready"],
    ],
  );
  assert.not(policies().names.includes("low-water"));
});

test("its parameters are set as any other's, and its thread does what it says", async () => {
  const heap = ["--workload", "generate:heap?size=1GiB", "--platform", "tdx", "--memory", "4GiB", "--json"];
  const words = [
    "compare",
    "boot",
    "--policy",
    `lazy,${EXAMPLE}`,
    "--set",
    "strategy.high=[512MiB, 3GiB]",
    ...heap,
  ];
  const { stdout } = await unaccepted(words, { runScenario });
  const { rows } = JSON.parse(stdout) as {
    rows: { waits: { workload: { count: number } }; settings: object; acceptedBytes: number }[];
  };
  const [lazy, ...own] = rows;
  assert.is(own.length, 2);
  for (const row of own)
    assert.ok(row.waits.workload.count < lazy!.waits.workload.count, `${row.waits.workload.count} waits`);
});

test("it can be the baseline, and is in the list", async () => {
  const { stdout } = await unaccepted(["run", "--list-policies", "--policy", EXAMPLE]);
  assert.match(stdout, "\nlow-water\n  lazy, and a kernel thread");
  assert.match(stdout, "  strategy.low=128MiB: free accepted memory that wakes the thread\n");
  const words = ["compare", "boot", "--platform", "tdx", "--memory", "4GiB", "--policy", `lazy,${EXAMPLE}`];
  const { code } = await unaccepted([
    ...words,
    "--baseline",
    EXAMPLE,
    "--fail-on",
    "bootTimeNs<0.1*baseline",
  ]);
  assert.is(code, 0);
});

test("neither a scenario nor --set loads one", async () => {
  const line =
    "policy: expected the name of a policy, as a file of one is code and loaded only by --policy FILE";
  const { code, stderr } = await unaccepted(["run", "boot", "--set", `policy=${EXAMPLE}`]);
  assert.is(code, 2);
  assert.is(onlyLine(stderr), `unaccepted: --set policy=${EXAMPLE}: ${line}, found "${EXAMPLE}"`);
  const directory = mkdtempSync(join(tmpdir(), "unaccepted-policy-"));
  const scenario = join(directory, "mine.yaml");
  writeFileSync(scenario, `name: x\nworkload: boot\nplatform: tdx\nmemory: 1GiB\npolicy: [lazy, mine.js]\n`);
  const inFile = await unaccepted(["compare", scenario]);
  rmSync(directory, { recursive: true });
  assert.is(
    onlyLine(inFile.stderr),
    `unaccepted: ${scenario}:5:16: ${line.replace("policy", "policy[1]")}, found "mine.js"`,
  );
});

test("a file that makes no policy is one line", async () => {
  const { stderr } = await unaccepted(["run", "boot", "--policy", "./nowhere.mjs"]);
  assert.is(stderr, "unaccepted: ./nowhere.mjs: no such file or directory\n");
  const bad: readonly (readonly [code: string, line: string])[] = [
    [
      "const a = 1;\n\nexport default {{ };\n",
      "FILE: cannot be loaded: SyntaxError: Unexpected token '{'; node --check shows where",
    ],
    ["throw new Error('no');", "FILE: cannot be loaded: Error: no"],
    ["export const mine = 1;", "FILE: expected a default export, which is the policy; found none"],
    ["export default 3;", "FILE: expected a mapping, found 3"],
    [policy({ since: "3" }), "FILE: since: expected text, found 3"],
    [policy({ name: '"lazy"' }), 'FILE: name: expected one that no policy has, found "lazy"'],
    [policy({ name: '"Mine"' }), 'FILE: name: expected a name such as low-water, found "Mine"'],
    [policy({ isUsual: "true" }), "FILE: isUsual: unknown key"],
    [policy({ behavior: "1" }), "FILE: behavior: unknown key, did you mean behaviour?"],
    [policy({ behaviour: "7" }), "FILE: behaviour: expected a function, found 7"],
    [policy({ behaviour: "() => 7" }), "FILE: behaviour: expected a mapping, found 7"],
    [
      policy({ behaviour: "() => { nothing(); }" }),
      "FILE: behaviour: ReferenceError: nothing is not defined",
    ],
    [policy({ behaviour: "() => ({ lazy: true })" }), "FILE: behaviour.lazy: unknown key"],
    [
      policy({ behaviour: "() => ({ acceptAtOnceBytes: 4096 })" }),
      "FILE: behaviour.acceptAtOnceBytes: expected bytes, a power of two from 4 MiB to 1 GiB, found 4096",
    ],
    [
      policy({ behaviour: "(_, { onFirstTouch }) => ({ ...onFirstTouch(4096), kernelAcceptsAll: true })" }),
      "FILE: behaviour.touch: expected no kernelAcceptsAll beside it, found a mapping",
    ],
    [
      policy({ parameters: '{ a: { is: "sise", what: "x", default: 1 } }' }),
      'FILE: parameters.a.is: expected one of size, count, flag, time, found "sise"',
    ],
    [
      policy({ parameters: '{ a: { is: "size", what: "x", min: "4MB", default: "4MiB" } }' }),
      'FILE: parameters.a.min: expected a size such as 4MiB, found "4MB"',
    ],
    [
      policy({ parameters: '{ a: { is: "count", what: "x", min: 1, max: 4, default: 5 } }' }),
      "FILE: parameters.a.default: expected a value within the bounds, found 5",
    ],
    [
      policy({ parameters: '{ threads: { is: "flag", what: "x", default: true } }' }),
      "FILE: parameters.threads.is: expected count, as other policies have it, found flag",
    ],
  ];
  for (const [code, line] of bad) assert.is(await errorOf(code), line, code);
});

test("it imports no other file, so that its digest is of all that ran", async () => {
  const line = await errorOf(`import "./other.mjs";\n${policy()}`);
  assert.match(line, /^FILE: cannot be loaded: .*\.\/other\.mjs/);
});

test("what a run gets from it is looked at", async () => {
  const threads = "{ threads: 1, bytesPerSecond: 1e9, idleOnly: false, wantedPages: () => () => undefined }";
  assert.is(
    await errorOf(
      policy({ behaviour: `(_, { byThreads }) => byThreads(${threads})` }),
      "--workload",
      "generate:heap?size=16MiB",
    ),
    "FILE: behaviour.threads.wantedPages: expected a number of pages for a zone, found undefined",
  );
  assert.is(
    await errorOf(
      policy({ behaviour: `(_, { byThreads }) => byThreads({ ...${threads}, nice: 20 })` }),
      "--workload",
      "generate:heap?size=16MiB",
    ),
    "FILE: behaviour.threads.nice: expected a whole number from -20 to 19, or idle, found 20",
  );
});

test("a sweep's workers load it, and its digest is in stamp and rows", async () => {
  const directory = mkdtempSync(join(tmpdir(), "unaccepted-policy-"));
  try {
    const study = join(directory, "s.yaml");
    const axes = "axes: { platform.kind: [tdx], policy: [low-water], memory: [1GiB], vcpus: [1] }\n";
    writeFileSync(study, `name: s\nscenario: ${resolve("workloads/boot.yaml")}\n${axes}`);
    const out = join(directory, "out");
    const words = ["sweep", study, "--out", out, "--jobs", "1"];
    assert.match((await unaccepted(words)).stderr, "policy: expected one of eager, lazy");
    assert.match(
      (await unaccepted([...words, "--policy", "lazy"])).stderr,
      "--policy: expected files such as",
    );
    const { code, stderr } = await simulating([...words, "--policy", EXAMPLE]);
    assert.is(code, 0, stderr);
    const row = JSON.parse(readFileSync(join(out, "runs.jsonl"), "utf8").split("\n")[0]!) as Record<
      string,
      unknown
    >;
    assert.equal([row.policy, row.policySha256], ["low-water", SHA256]);
    const stamp = JSON.parse(readFileSync(join(out, "sweep.json"), "utf8")) as {
      inputs: Record<string, string>;
    };
    assert.match(stamp.inputs.policies!, /^[0-9a-f]{64}$/);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test.run();
