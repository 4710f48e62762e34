/**
 * Damages recordings for as long as one likes and looks how `verify` takes it:
 * `node --import tsx test/campaign/fuzz-verify.ts [--count 100000] [--seed 1] [--state FILE]`.
 * With a state file it goes on where it was. Ends with one line; exits 1 if there was a crash, a hang or damage
 * that must show and did not, each with a line that repeats it.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { fuzzedRecordings } from "../verify/fuzzed-recordings.js";
import { faultOf, mutationOf } from "../verify/mutations.js";

const SLOWEST_MS = 20_000;
const SAVE_EVERY = 200;

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "100000" },
    seed: { type: "string", default: "1" },
    state: { type: "string" },
  },
});
const count = Number(values.count);
const firstSeed = Number(values.seed);
if (!Number.isSafeInteger(count) || count < 1 || !Number.isSafeInteger(firstSeed) || firstSeed < 0) {
  console.error("--count takes a whole number from 1, --seed one from 0");
  process.exit(2);
}

let seed = firstSeed;
let faults = 0;
let slowestMs = 0;
if (values.state !== undefined && existsSync(values.state)) {
  ({ seed, faults, slowestMs } = JSON.parse(readFileSync(values.state, "utf8")));
}
const save = (): void => {
  if (values.state !== undefined) writeFileSync(values.state, JSON.stringify({ seed, faults, slowestMs }));
};

const recordings = fuzzedRecordings();
for (const end = firstSeed + count; seed < end; seed++) {
  if (seed % SAVE_EVERY === 0) save();
  const recording = recordings[seed % recordings.length]!;
  const mutation = mutationOf(recording, seed);
  const begin = performance.now();
  const tookMs = (): number => performance.now() - begin;
  const fault =
    faultOf(mutation, recording.name) ?? (tookMs() > SLOWEST_MS ? `took ${tookMs()} ms` : undefined);
  slowestMs = Math.max(slowestMs, tookMs());
  if (fault === undefined) continue;
  faults++;
  console.log(`${recording.name}/${mutation.what}: ${fault}`);
  console.log(`repeat: node --import tsx test/campaign/fuzz-verify.ts --seed ${seed} --count 1`);
}
save();
console.log(
  `${faults} faults in ${seed - firstSeed} damaged recordings, the slowest took ${slowestMs.toFixed(0)} ms`,
);
if (faults > 0) process.exitCode = 1;
