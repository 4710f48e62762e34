/** The same events on many CPUs and on one, by requests to the page allocator. */

import { loadScenarios } from "../src/cli/load.js";
import { parseAssignment } from "../src/scenario/set.js";
import { runScenario } from "../src/study/run-scenario.js";
import { withCpuBringUp } from "../src/workload/cpu-bring-up.js";
import { type Measure, runMs } from "./measure.js";

interface Case {
  readonly name: string;
  readonly settings: readonly string[];
  /** Of the workload, on so many CPUs. */
  readonly spread: (vcpus: number) => string | undefined;
}

const CASES: readonly Case[] = [
  { name: "boot-tdx", settings: ["platform=tdx", "policy=lazy"], spread: () => undefined },
  { name: "boot-snp", settings: ["platform=snp", "policy=lazy"], spread: () => undefined },
  {
    name: "heap",
    settings: ["platform=tdx", "policy=eager"],
    spread: (vcpus) => `workload=generate:heap?size=1GiB&pages=small&threads=${vcpus}`,
  },
  {
    name: "fork",
    settings: ["platform=tdx", "policy=eager"],
    // As many live at a time on one CPU, each on the next one.
    spread: () => "workload=generate:fork?processes=4000&together=248",
  },
];

/** CPU time of a run for each request, its own and those that bring CPUs up, in microseconds. */
function runner({ settings, spread }: Case, vcpus: number): () => Promise<number> {
  const workload = spread(vcpus);
  const words = [...settings, "memory=16GiB", `vcpus=${vcpus}`];
  const [{ scenario, recording: loaded }] = loadScenarios(
    ["boot"],
    [...words, ...(workload === undefined ? [] : [workload])].map(parseAssignment),
  ) as [ReturnType<typeof loadScenarios>[number]];
  const { requests, bringUp, recording, afterBoot } = loaded;
  const booted =
    bringUp === undefined ? requests : withCpuBringUp(requests, bringUp, recording.machine.vcpus, vcpus);
  const count = booted.count + (afterBoot?.requests.count ?? 0);
  return async () => (1000 * (await runMs(() => runScenario(scenario, loaded, { check: false })))) / count;
}

export function measures(): readonly Measure[] {
  return CASES.flatMap((one) =>
    [248, 1024].map((vcpus): Measure => {
      let runs: readonly [many: () => Promise<number>, single: () => Promise<number>] | undefined;
      return {
        name: `vcpus/${one.name}-${vcpus}`,
        goal: vcpus === 248 ? "at most 2.5 times the same events on one" : "for reading",
        unit: "ratio",
        ...(vcpus === 248 ? { limit: 2.5 } : {}),
        better: "less",
        peer: "CPU time for each request of the same on one vCPU",
        sample: async () => {
          runs ??= [runner(one, vcpus), runner(one, 1)];
          return (await runs[0]()) / (await runs[1]());
        },
      };
    }),
  );
}
