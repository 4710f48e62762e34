/**
 * Sweeps and merges killed at random moments, and begun again, against an undisturbed sweep.
 *
 *     npm run -s build && npx tsx test/campaign/kill-sweep.ts [kills] [study]
 *
 * Kills with SIGKILL, so many times in each part (10 if not said): a sweep that goes on; three shards that
 * work in one directory at the same time; a merge of directories. Then lets them end, compares every
 * result file byte for byte, and looks for files that were left. Exit 1 at a difference.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const kills = Number(process.argv[2] ?? 10);
const study = process.argv[3] ?? "workloads/studies/sweep.yaml";
const directory = mkdtempSync(join(tmpdir(), "unaccepted-kill-"));
const RESULTS = ["runs.jsonl", "runs.csv", "runs.parquet"];
const SHARDS = 3;

let faults = 0;
const place = (name: string): string => join(directory, name);

function fault(text: string): void {
  faults++;
  console.log(`FAULT: ${text}`);
}

/** Runs the program; kills it after a time, unless it ends before. */
async function run(argv: readonly string[], killAfterMs?: number): Promise<{ ms: number; killed: boolean }> {
  const begin = performance.now();
  const child: ChildProcess = spawn(process.execPath, ["dist/cli/main.js", ...argv, "--quiet"], {
    stdio: "inherit",
  });
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((done) =>
    child.once("exit", (code, signal) => done({ code, signal })),
  );
  const timer = new AbortController();
  if (killAfterMs !== undefined) {
    void sleep(killAfterMs, undefined, { signal: timer.signal }).then(
      () => child.kill("SIGKILL"),
      () => {},
    );
  }
  const { code, signal } = await ended;
  timer.abort();
  if (signal === null && code !== 0) fault(`${argv.join(" ")}: exit ${code}`);
  return { ms: performance.now() - begin, killed: signal === "SIGKILL" };
}

const sweep = (out: string, ...flags: string[]): string[] => ["sweep", study, "--out", place(out), ...flags];

/** Whether every result file that is there is that of the undisturbed sweep, and all are, if they must. */
function compare(out: string, mustBeThere: boolean): void {
  for (const name of RESULTS) {
    const path = join(place(out), name);
    if (!existsSync(path)) {
      if (mustBeThere) fault(`${out}/${name} is missing`);
    } else if (!readFileSync(path).equals(readFileSync(join(place("whole"), name)))) {
      fault(`${out}/${name} is different`);
    }
  }
}

/** At the end of a part: the same bytes, and no file too many. */
function conclude(part: string, out: string, killed: number): void {
  const before = faults;
  compare(out, true);
  const left = readdirSync(place(out), { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".tmp"),
  );
  if (left.length > 0) fault(`${out}: left ${left.join(", ")}`);
  console.log(
    `${part}: ${killed} kills, ${faults === before ? "the same bytes, nothing left" : "DIFFERENT"}`,
  );
}

const { ms: wholeMs } = await run(sweep("whole"));
console.log(`undisturbed: ${(wholeMs / 1000).toFixed(1)} s`);

/** A run that may be killed, begun again until it was killed often enough; anew from nothing when it ends. */
async function killOften(out: string, argv: readonly string[], spanMs: number): Promise<number> {
  let done = 0;
  while (done < kills) {
    const { killed } = await run(argv, Math.random() * spanMs);
    compare(out, false);
    if (killed) done++;
    else rmSync(place(out), { recursive: true, force: true });
  }
  return done;
}

// Early kills hit the start, later ones the work that is left.
const resumed = await killOften("resumed", sweep("resumed"), wholeMs / 4);
await run(sweep("resumed"));
conclude("resume", "resumed", resumed);

let shardKills = 0;
await Promise.all(
  Array.from({ length: SHARDS }, async (_value, shard) => {
    const argv = sweep("shards", "--shard", `${shard}/${SHARDS}`, "--jobs", "1");
    for (let kill = shard; kill < kills; ) {
      if (!(await run(argv, (Math.random() * wholeMs) / 4)).killed) continue;
      shardKills++;
      kill += SHARDS;
    }
    await run(argv);
  }),
);
conclude(`${SHARDS} shards in one directory`, "shards", shardKills);

const [even, odd] = [0, 1].map((shard) => sweep(`half-${shard}`, "--shard", `${shard}/2`)) as [
  string[],
  string[],
];
await Promise.all([run(even), run(odd)]);
const merge = ["merge", place("half-0"), place("half-1"), "--out", place("merged")];
const { ms: mergeMs } = await run(merge);
compare("merged", true);
const mergeKills = await killOften("merged", merge, mergeMs);
await run(merge);
conclude("merge", "merged", mergeKills);

rmSync(directory, { recursive: true });
process.exitCode = faults === 0 ? 0 : 1;
