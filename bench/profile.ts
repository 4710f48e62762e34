/**
 * Where the time of boots goes, by room: `node --import tsx bench/profile.ts [KEY=VALUE...]` boots the standard guest again
 * and again with such settings and prints the share of each room of `src` in the samples of V8's profiler. Of what the
 * compiler has put into its callers, the time is the callers'.
 */

import { Session } from "node:inspector/promises";
import { loadScenarios } from "../src/cli/load.js";
import { parseAssignment } from "../src/scenario/set.js";
import { runScenario } from "../src/study/run-scenario.js";

const RUNS = 100;
const WARM_UP = 20;

const settings = ["memory=16GiB", "platform=tdx", "policy=lazy", ...process.argv.slice(2)];
const [{ scenario, recording }] = loadScenarios(["boot"], settings.map(parseAssignment)) as [
  ReturnType<typeof loadScenarios>[number],
];

function boots(count: number): void {
  for (let run = 0; run < count; run++) runScenario(scenario, recording, { check: false });
}

boots(WARM_UP);
const session = new Session();
session.connect();
await session.post("Profiler.enable");
await session.post("Profiler.setSamplingInterval", { interval: 200 });
await session.post("Profiler.start");
boots(RUNS);
const { profile } = await session.post("Profiler.stop");
session.disconnect();

const room = new Map(
  profile.nodes.map(({ id, callFrame: { functionName, url } }) => {
    const own = /\/src\/([^/]+)(?:\/|\.ts)/.exec(url)?.[1];
    return [id, own ?? (functionName.startsWith("(") ? functionName : "other code")];
  }),
);
const shares = new Map<string, number>();
for (const id of profile.samples ?? []) shares.set(room.get(id)!, (shares.get(room.get(id)!) ?? 0) + 1);
const total = profile.samples?.length ?? 1;
process.stdout.write("| room | share |\n|---|---|\n");
for (const [name, samples] of [...shares].sort((a, b) => b[1] - a[1])) {
  const percent = (100 * samples) / total;
  if (percent >= 1) process.stdout.write(`| ${name} | ${percent.toFixed(0)} % |\n`);
}
