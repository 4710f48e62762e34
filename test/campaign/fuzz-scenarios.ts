/**
 * Random whole scenarios over the schema, checked all the way: no crash, no hang, no broken invariant, no
 * number that is none.
 *
 *     npx tsx test/campaign/fuzz-scenarios.ts [--count 10000] [--seed 1] [--state FILE] [--limit SECONDS]
 *
 * The same seed gives the same cases. A state file remembers how far it came, so that the same command goes
 * on from there. Each case that fails is printed as YAML, which is also a scenario file; exit 1 if one did.
 */
import { fork } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { stringify } from "yaml";
import { isMapping } from "../../src/scenario/error.js";
import { Choices, randomScenario } from "./random-scenario.js";
import { runCase, type Verdict } from "./run-case.js";

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "10000" },
    seed: { type: "string", default: "1" },
    state: { type: "string" },
    limit: { type: "string", default: "60" },
  },
});
const count = Number(values.count);
const seed = Number(values.seed);
const limitMs = Number(values.limit) * 1000;

if (process.send === undefined) await supervise();
else process.on("message", (number) => process.send!(runCase(seed, Number(number))));

/** Hands out one case after the other to a process of its own, which can be killed when a case hangs. */
async function supervise(): Promise<void> {
  const tally = { next: 0, ran: 0, refused: 0, failed: 0, ...savedState() };
  let worker = newWorker();
  for (; tally.next < count; tally.next++) {
    const verdict = await verdictOf(worker, tally.next);
    if (verdict.kind === "ran") tally.ran++;
    else if (verdict.kind === "refused") tally.refused++;
    else {
      tally.failed++;
      console.log(`# case ${tally.next} of seed ${seed}: ${verdict.why}`);
      console.log(stringify(randomScenario(new Choices(seed, tally.next))));
    }
    if (verdict.kind === "hung") {
      worker.kill("SIGKILL");
      worker = newWorker();
    }
    if (values.state !== undefined && tally.next % 20 === 19) {
      writeFileSync(values.state, JSON.stringify({ seed, ...tally, next: tally.next + 1 }));
    }
  }
  if (values.state !== undefined) writeFileSync(values.state, JSON.stringify({ seed, ...tally }));
  worker.kill();
  console.log(`${tally.next} cases: ${tally.ran} ran, ${tally.refused} refused, ${tally.failed} failed`);
  process.exitCode = tally.failed === 0 ? 0 : 1;
}

function newWorker(): ReturnType<typeof fork> {
  return fork(process.argv[1]!, process.argv.slice(2));
}

function verdictOf(worker: ReturnType<typeof fork>, number: number): Promise<Verdict> {
  return new Promise((done) => {
    const end = (verdict: Verdict): void => {
      clearTimeout(timer);
      worker.removeAllListeners();
      done(verdict);
    };
    const timer = setTimeout(
      () => end({ kind: "hung", why: `takes longer than ${limitMs / 1000} s` }),
      limitMs,
    );
    worker.on("message", (verdict) => end(verdict as Verdict));
    worker.on("exit", (code) => end({ kind: "hung", why: `the process ended with ${code}` }));
    worker.send(number);
  });
}

function savedState(): object {
  if (values.state === undefined || !existsSync(values.state)) return {};
  const state: unknown = JSON.parse(readFileSync(values.state, "utf8"));
  if (isMapping(state) && state.seed === seed) return state;
  throw new Error(`${values.state} is of another seed`);
}
