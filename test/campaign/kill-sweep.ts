/**
 * A sweep killed at random moments, and resumed, against an undisturbed one.
 *
 *     npx tsx test/campaign/kill-sweep.ts [kills] [study]
 *
 * Kills with SIGKILL (10 times if not said), at moments spread over the time that the undisturbed sweep
 * took; then lets it end, and compares every result file byte for byte. Exit 1 at a difference.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const kills = Number(process.argv[2] ?? 10);
const study = process.argv[3] ?? "workloads/studies/sweep.yaml";
const directory = mkdtempSync(join(tmpdir(), "unaccepted-kill-"));

/** Runs the sweep; kills it after a time, unless it ends before. */
async function sweep(out: string, killAfterMs?: number): Promise<{ ms: number; killed: boolean }> {
  const begin = performance.now();
  const child = spawn(
    process.execPath,
    ["dist/cli/main.js", "sweep", study, "--out", join(directory, out), "--quiet"],
    { stdio: "inherit" },
  );
  const ended = new Promise<NodeJS.Signals | null>((done) =>
    child.once("exit", (_code, signal) => done(signal)),
  );
  const timer = new AbortController();
  if (killAfterMs !== undefined) {
    void sleep(killAfterMs, undefined, { signal: timer.signal }).then(
      () => child.kill("SIGKILL"),
      () => {},
    );
  }
  const killed = (await ended) === "SIGKILL";
  timer.abort();
  return { ms: performance.now() - begin, killed };
}

const { ms } = await sweep("whole");
console.log(`undisturbed: ${(ms / 1000).toFixed(1)} s`);
let done = 0;
while (done < kills) {
  // Early kills hit the start, later ones the work that is left.
  const { ms: livedMs, killed } = await sweep("killed", (Math.random() * ms) / 4);
  if (!killed) {
    // It came to its end: begin anew.
    rmSync(join(directory, "killed"), { recursive: true });
    continue;
  }
  done++;
  console.log(`kill ${done} after ${(livedMs / 1000).toFixed(2)} s`);
}
await sweep("killed");
let different = 0;
for (const name of ["runs.jsonl", "runs.csv", "runs.parquet"]) {
  const equal = readFileSync(join(directory, "whole", name)).equals(
    readFileSync(join(directory, "killed", name)),
  );
  console.log(`${name}: ${equal ? "the same bytes" : "DIFFERENT"}`);
  if (!equal) different++;
}
rmSync(directory, { recursive: true });
process.exitCode = different === 0 ? 0 : 1;
