// Takes 20 s.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Job, threadsFor, withThreads } from "../../../src/cli/pool/threads.js";
import { inOrder } from "../../../src/study/in-order.js";
import { type Ended, onlyLine, simulating } from "../program.js";

const test = suite("cli: threads that share the work");

const POLICY = resolve("workloads/policies/low-water.mjs");
const SMALL = `name: small
workload: ${resolve("workloads/recorded/linux-7.3.4-debian-1c4g/recording.yaml")}
platform: [tdx, snp]
policy: lazy
memory: 1GiB
vcpus: 1
kernel: "7.3"
`;

async function withScenario(
  use: (scenario: string, directory: string) => Promise<void>,
  text = SMALL,
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "unaccepted-threads-"));
  try {
    const scenario = join(directory, "small.yaml");
    writeFileSync(scenario, text);
    await use(scenario, directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** What a command line gives on two threads, which is what it gives on one. */
async function onBoth(...argv: string[]): Promise<Ended> {
  const [one, two] = [await simulating([...argv, "--jobs", "1"]), await simulating([...argv, "--jobs", "2"])];
  // Not the whole difference of documents, which is long.
  assert.equal([two.code, two.stderr], [one.code, one.stderr], argv.join(" "));
  assert.ok(two.stdout === one.stdout, `${argv.join(" ")}: another stdout on two threads`);
  return one;
}

test("compare gives the bytes of one thread: policies of files, memory over time, generated workloads, seeds", async () => {
  await withScenario(async (scenario) => {
    const flags = ["--policy", `lazy,${POLICY}`, "--repeat", "2", "--workload", "generate:heap?size=64MiB"];
    const { code, stdout } = await onBoth("compare", scenario, "--json", "--platform", "tdx", ...flags);
    assert.is(code, 0);
    const { rows } = JSON.parse(stdout) as {
      rows: { policy: string; repeats: unknown; overTime: unknown }[];
    };
    assert.equal(
      rows.map(({ policy }) => policy),
      ["lazy", "low-water"],
    );
    assert.ok(rows.every(({ repeats, overTime }) => repeats !== undefined && overTime !== undefined));
  });
});

test("tunings, borders, matrices and trackers do not depend on threads", async () => {
  await withScenario(async (scenario) => {
    const knobs = ["--knob", "firmware.preAcceptLimit=256MiB,512MiB,1GiB", "--budget", "8"];
    await onBoth("tune", scenario, ...knobs, "--json");
    await onBoth("largest", scenario, "--deadline", "6s", "--no-uncertainty", "--json");
    await onBoth("matrix", "--sizes", "2815MiB", "--kernel", "6.12.0", "--platform", "tdx");
    await onBoth("trackers", "--memory", "4GiB,5GiB", "--json");
  });
});

test("recordings are verified in their order, and the first that cannot be is the one that is told", async () => {
  const efi = "workloads/recorded/efi-ovmf";
  await onBoth("verify", efi, "workloads/memblock", "--json");
  const { code, stderr } = await onBoth("verify", efi, "no-such-a", "no-such-b");
  assert.is(code, 2);
  assert.match(onlyLine(stderr), /no-such-a: cannot read this directory/);
});

test("what is wrong with a run is one line from a thread, too", async () => {
  await withScenario(async (scenario, directory) => {
    const policy = join(directory, "wrong.mjs");
    const wanted = "() => () => 'many'";
    writeFileSync(
      policy,
      `export default { name: "wrong", summary: "x", since: "x", parameters: {}, behaviour: () => ({ threads: ` +
        `{ threads: 1, bytesPerSecond: Infinity, idleOnly: false, wantedPages: ${wanted} } }) };`,
    );
    const { code, stderr } = await onBoth(
      "compare",
      scenario,
      "--quiet",
      "--memory",
      "8GiB",
      "--policy",
      policy,
    );
    assert.is(code, 2);
    assert.match(onlyLine(stderr), /wrong\.mjs: behaviour\.threads\.wantedPages: expected a number/);
  });
});

test("an interruption stops threads where they are, and prints nothing", async () => {
  const long = SMALL.replace("1GiB", "1TiB").replace(/workload: .*/, "workload: generate:heap?size=900GiB");
  await withScenario(async (scenario) => {
    const interruption = new AbortController();
    setTimeout(() => interruption.abort(), 1500);
    const begin = performance.now();
    const { code, stdout, stderr } = await simulating(["compare", scenario, "--jobs", "2"], {
      interrupted: interruption.signal,
    });
    assert.equal([code, stdout], [130, ""]);
    assert.match(
      stderr,
      /^2 runs to make\nunaccepted: interrupted with 0 of 2 runs done; nothing was written/,
    );
    assert.ok(performance.now() - begin < 20_000);
  }, long);
});

test("threads are no more than tasks, and none starts for few of them unless it is asked for", () => {
  const shared = { isEverywhere: true };
  assert.is(threadsFor(shared, undefined, 1), 1);
  assert.is(threadsFor(shared, undefined, 15), 1);
  assert.is(threadsFor(shared, 4, 3), 3);
  assert.is(threadsFor(shared, 1, 1000), 1);
  assert.is(threadsFor({ isEverywhere: false }, 4, 1000), 1);
});

test("one thread answers in order, and nothing after a mistake", async () => {
  const done: string[] = [];
  const job: Job<"verify"> = {
    kind: "verify",
    here: (name) => {
      if (name === "b") throw new Error("b is wrong");
      done.push(name);
      return {} as never;
    },
    data: () => undefined,
  };
  const io = { interrupted: new AbortController().signal } as never;
  try {
    await withThreads(job, 1, { io, policyFiles: [] }, (ask) => inOrder(["a", "b", "c"].map(ask)));
    assert.unreachable();
  } catch (error) {
    assert.is((error as Error).message, "b is wrong");
  }
  assert.equal(done, ["a"]);
});

test.run();
