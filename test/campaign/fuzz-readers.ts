/**
 * Damaged traces of every format, as many as one likes; each is refused with one line, or read, and
 * then it reads the same in pieces, from our own format and from the text that we print:
 * `node --import tsx test/campaign/fuzz-readers.ts [--count 1000000] [--seed 1] [--state FILE]`.
 * With a state file it goes on where it stopped. `--only N` repeats input N; `--keep DIR` keeps what fails.
 * Exits 1 if any input failed.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { loadZstd } from "../../src/workload-files/zstd.js";
import { Choices } from "../fuzz/mutate.js";
import { checkReaders, fuzzedInput } from "../fuzz/reader-checks.js";
import { readerSeeds } from "../fuzz/reader-seeds.js";

/** Inputs between two writings of the state. */
const STEP = 1000;

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "1000000" },
    seed: { type: "string", default: "1" },
    state: { type: "string" },
    only: { type: "string" },
    keep: { type: "string" },
  },
});
const [count, seed, only] = [values.count, values.seed, values.only ?? "0"].map(Number) as [
  number,
  number,
  number,
];
if (![count, seed, only].every((value) => Number.isSafeInteger(value) && value >= 0)) {
  console.error("--count, --seed and --only take whole numbers from 0");
  process.exit(2);
}

/** How far a campaign has come. */
interface State {
  readonly seed: number;
  next: number;
  readonly outcomes: Record<string, number>;
  /** Numbers of inputs. */
  readonly failed: number[];
}

function stateOf(path: string | undefined): State {
  const fresh: State = { seed, next: 0, outcomes: {}, failed: [] };
  if (path === undefined || !existsSync(path)) return fresh;
  const state = JSON.parse(readFileSync(path, "utf8")) as State;
  if (state.seed === seed) return state;
  console.error(`${path}: is of seed ${state.seed}`);
  process.exit(2);
}

function save(state: State): void {
  if (values.state === undefined) return;
  writeFileSync(`${values.state}.tmp`, `${JSON.stringify(state)}\n`);
  renameSync(`${values.state}.tmp`, values.state);
}

await loadZstd();
const seeds = readerSeeds();

function run(input: number, state: State): void {
  const choices = new Choices(seed, input);
  const { name, bytes } = fuzzedInput(seeds, choices);
  try {
    const outcome = checkReaders(bytes, choices);
    state.outcomes[outcome] = (state.outcomes[outcome] ?? 0) + 1;
  } catch (error) {
    state.failed.push(input);
    const message = error instanceof Error ? error.message : String(error);
    console.log(`input ${input}, of ${name}: ${message.split("\n").slice(0, 3).join(" / ")}`);
    if (values.keep === undefined) return;
    mkdirSync(values.keep, { recursive: true });
    writeFileSync(join(values.keep, `${seed}-${input}.bin`), bytes);
  }
}

const state = stateOf(values.only === undefined ? values.state : undefined);
const started = performance.now();
const first = values.only === undefined ? state.next : only;
const end = values.only === undefined ? count : only + 1;
for (let input = first; input < end; input++) {
  run(input, state);
  state.next = input + 1;
  if (state.next % STEP !== 0) continue;
  save(state);
  if (process.stderr.isTTY)
    process.stderr.write(`\r${state.next} of ${count} inputs, ${state.failed.length} failed`);
}
if (values.only === undefined) save(state);
const seconds = (performance.now() - started) / 1000;
const rate = ((end - first) / seconds).toFixed(0);
const outcomes = Object.entries(state.outcomes).map(([outcome, inputs]) => `${inputs} ${outcome}`);
console.log(
  `${state.next} inputs of seed ${seed}: ${[...outcomes, `${state.failed.length} failed`].join(", ")}; ${seconds.toFixed(0)} s, ${rate} a second`,
);
process.exitCode = state.failed.length > 0 ? 1 : 0;
