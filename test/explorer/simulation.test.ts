// Takes 30 s.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Answer, Answered, DroppedFile } from "../../src/explorer/protocol.js";
import {
  type BaseScenario,
  type Settings,
  settingsToCommand,
  settingsToYaml,
} from "../../src/explorer/settings.js";
import type { Simulation } from "../../src/explorer/simulation.js";
import { formatJson, formatUncertainty } from "../../src/index.js";
import { runScenario } from "../../src/study/run-scenario.js";
import { unaccepted, withFiles } from "../cli/program.js";
import { catalogue, simulation } from "./catalogue.js";

const test = suite("explorer: simulation");

const BOOT: BaseScenario = { name: "boot", text: catalogue().boot, isBundled: true };

async function asked(own: Simulation, settings: Settings, file?: DroppedFile): Promise<Answered> {
  const answer = await own.answer({ id: 1, side: "a", settings, wants: {}, ...(file && { file }) });
  if ("error" in answer) throw new Error(answer.error);
  return answer;
}

function refusal(answer: Answer): string {
  return "error" in answer ? answer.error : "no error";
}

/** What the command line prints as JSON. */
async function printed(words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await unaccepted([...words, "--json", "--quiet"], { runScenario });
  assert.equal([code, stderr], [0, ""], words.join(" "));
  return stdout;
}

/** Words of a command without quotes. */
function wordsOf(command: string): string[] {
  assert.not.match(command, /["\\$]/);
  return command.replaceAll("'", "").split(" ").slice(1);
}

const SETTINGS: readonly Settings[] = [
  { set: {} },
  { platform: "snp", policy: "eager", memory: "4GiB", vcpus: "2", set: {} },
  { prices: "tdx-7.0-gnr", memory: "2GiB", kernel: "6.12", set: { "firmware.preAcceptLimit": "1GiB" } },
  { platform: "none", memory: "1GiB", workload: "linux-6.12.107-debian-1c2g", kernel: "6.18", set: {} },
  {
    policy: "background",
    memory: "8GiB",
    vcpus: "4",
    workload: "generate:heap?size=64MiB",
    set: { "strategy.rate": "256MiB", "platform.tdcallNs": "2us", "host.pageSize": "2MiB", seed: "7" },
  },
];

for (const settings of SETTINGS) {
  const command = settingsToCommand(settings, BOOT);
  test(`prints the numbers of its command and of its file: ${command}`, async () => {
    const own = formatJson([(await asked(simulation(), settings)).row]);
    assert.is(own, await printed(wordsOf(command)));
    await withFiles(async ({ directory }) => {
      const file = join(directory, "own.yaml");
      writeFileSync(file, settingsToYaml(settings, BOOT));
      assert.is(await printed(["run", file]), own);
    });
  });
}

test("reads a trace once, however often what is asked changes", async () => {
  const reads: string[] = [];
  const own = simulation(reads);
  const memory = "1GiB";
  await asked(own, { memory, set: {} });
  await asked(own, { memory, vcpus: "2", kernel: "6.18", set: { "firmware.preAcceptLimit": "512MiB" } });
  await asked(own, { memory, workload: "generate:heap?size=8MiB", set: {} });
  assert.equal(reads, ["linux-7.3.4-debian-1c4g", "linux-7.3.4-debian-2c4g"]);
});

test("tells what else is wanted, and the same row", async () => {
  const own = simulation();
  const wants = { timeline: true, map: true, state: 3, ranges: true };
  const settings: Settings = { memory: "1GiB", set: {} };
  const answer = await own.answer({ id: 3, side: "b", settings, wants });
  if ("error" in answer) throw new Error(answer.error);
  assert.equal([answer.id, answer.side], [3, "b"]);
  assert.is(formatJson([answer.row]), formatJson([(await asked(own, settings)).row]));
  assert.ok(answer.timeline!.cpus[0]!.length > 0);
  assert.equal([answer.map!.kind, answer.map!.run.memoryBytes], ["memory map", 2 ** 30]);
  assert.equal([answer.state!.n, answer.state!.atNs >= answer.map!.accepts[2]!.atNs], [3, true]);
  assert.ok(answer.tookMs > 0);
  const { stdout } = await unaccepted([...wordsOf(settingsToCommand(settings, BOOT)), "--uncertainty"], {
    runScenario,
  });
  assert.is(formatUncertainty(answer.ranges!), stdout);
});

test("refuses a state after more accepts than there are", async () => {
  const wants = { state: 1e6 };
  const answer = await simulation().answer({
    id: 1,
    side: "a",
    settings: { memory: "1GiB", set: {} },
    wants,
  });
  assert.match(refusal(answer), /^no accept 1000000: expected 0 to \d+, the accepts of this run$/);
});

test("a scenario that was dropped goes before boot, with its own values", async () => {
  const text =
    "name: mine\nworkload: linux-6.12.107-debian-1c2g\nplatform: snp\npolicy: eager\nmemory: 2GiB\n";
  const file: DroppedFile = { name: "mine.yaml", bytes: new TextEncoder().encode(text) };
  const { row } = await asked(simulation(), { vcpus: "2", set: {} }, file);
  await withFiles(async ({ directory }) => {
    writeFileSync(join(directory, "mine.yaml"), text);
    assert.is(formatJson([row]), await printed(["run", join(directory, "mine.yaml"), "--vcpus", "2"]));
  });
});

test("a trace that was dropped is replayed, packed or not, after a boot if it shows none", async () => {
  const packed = readFileSync("workloads/recorded/linux-7.3.4-debian-1c4g-heap/run.trace.gz");
  const name = `<script>alert("1,2")</script>.trace.gz`;
  const { row } = await asked(simulation(), { memory: "2GiB", set: {} }, { name, bytes: packed });
  await withFiles(async ({ directory }) => {
    const path = join(directory, "own.trace.gz");
    writeFileSync(path, packed);
    const rows = await printed(wordsOf(settingsToCommand({ memory: "2GiB", workload: path, set: {} }, BOOT)));
    assert.is(formatJson([{ ...row, workload: "own" }]), rows);
  });
});

const REFUSED: readonly (readonly [settings: Settings, line: string])[] = [
  [
    { memory: "16", set: {} },
    '--memory 16: memory: expected a memory size from 256MiB to 4PiB in whole MiB, found "16"',
  ],
  [
    { platform: "tdy", set: {} },
    '--platform tdy: platform.kind: expected one of tdx, snp, none, found "tdy", did you mean tdx?',
  ],
  [
    { workload: "linux-7.3.4-debian-1c4", set: {} },
    "--workload linux-7.3.4-debian-1c4: no workload that the page has, did you mean linux-7.3.4-debian-1c4g?",
  ],
  [
    { platform: "tdx,snp", set: {} },
    "boot.yaml: makes 2 runs, and the page shows one; choose one of each value",
  ],
  [{ set: { "no key": "1" } }, "--set no key=1: expected path.to.key=value"],
  [
    { kernel: "<b>\n", set: {} },
    '--kernel <b> : kernel: expected a Linux release from 6.5 on, as uname -r prints it, found "<b>"',
  ],
];

for (const [settings, line] of REFUSED) {
  test(`says in the command line's words what is wrong: ${JSON.stringify(settings)}`, async () => {
    const answer = await simulation().answer({ id: 1, side: "a", settings, wants: {} });
    const own = refusal(answer);
    assert.is(own, line);
  });
}

const DAMAGED: readonly (readonly [file: DroppedFile, line: RegExp])[] = [
  [{ name: "a.yaml", bytes: new TextEncoder().encode("memory: [") }, /^a\.yaml:1:10: /],
  [{ name: "b.trace", bytes: new TextEncoder().encode("<script>") }, /^\.\/b\.trace:/],
  [{ name: "c.gz", bytes: gzipSync("text").subarray(0, 12) }, /^\.\/c\.gz:.*truncated$/],
];

for (const [file, line] of DAMAGED) {
  test(`refuses a file that is not what it should be: ${file.name}`, async () => {
    const answer = await simulation().answer({ id: 1, side: "a", settings: { set: {} }, file, wants: {} });
    assert.match(refusal(answer), line);
  });
}

test.run();
