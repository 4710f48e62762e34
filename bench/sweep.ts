/** Many short runs: what a sweep and a comparison cost beside the simulation, and how two threads share them. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { childCpuMs, childCpuSkip, cpuMs, type Measure, PROGRAM } from "./measure.js";

/** The built program: what is compiled on the way takes twice as long. */
const built = async <T>(path: string): Promise<T> =>
  (await import(new URL(`../dist/${path}`, import.meta.url).href)) as T;
const { WorkloadLoader } =
  await built<typeof import("../src/cli/load-recording.js")>("cli/load-recording.js");
const { chunksOfJob, readJob } = await built<typeof import("../src/cli/sweep/job.js")>("cli/sweep/job.js");
const { CHUNK_POINTS } = await built<typeof import("../src/study/sweep/chunks.js")>("study/sweep/chunks.js");
const { runScenario } = await built<typeof import("../src/study/run-scenario.js")>("study/run-scenario.js");

const STUDY = "workloads/studies/short.yaml";
/** Chunks of the study that a sample runs. */
const CHUNKS = 60;
/** Points of the comparison, of two platforms and two policies each. */
const LIMITS = 250;
const CORES: number = availableParallelism();
const ONE_CORE: string | undefined = CORES < 2 ? "one core here" : childCpuSkip();

export function measures(): readonly Measure[] {
  const runChunk = chunksOfJob(readJob(STUDY, []).job);
  const loader = new WorkloadLoader();
  let result: ReturnType<typeof runScenario> | undefined;
  return [
    {
      name: "sweep/beside",
      goal: "at most 1 ms a run beside the simulation",
      unit: "ms",
      limit: 1,
      better: "less",
      peer: "what a run takes that does not simulate: its scenario, checked, its id and its line of results",
      sample: () => {
        const begin = cpuMs();
        for (let chunk = 0; chunk < CHUNKS; chunk++) {
          // The result of one run stands for those of all: what is left is all but the simulation.
          runChunk(chunk, loader, (...given) => (result ??= runScenario(...given)));
        }
        return (cpuMs() - begin) / (CHUNKS * CHUNK_POINTS);
      },
    },
    {
      name: "compare/threads",
      goal: "1000 runs at least 1.8 times faster on two threads",
      unit: "ratio",
      limit: 1.8,
      better: "more",
      peer: "wall time of the same command with --jobs 1; of a machine that does nothing else",
      rounds: 6,
      sample: () => comparison(1).wallMs / comparison(2).wallMs,
      ...(ONE_CORE === undefined ? {} : { skip: ONE_CORE }),
    },
    {
      name: "compare/threads-cpu",
      goal: "threads cost at most 10 % of CPU time",
      unit: "ratio",
      limit: 1.1,
      better: "less",
      peer: "CPU time of the same command with --jobs 1; threads load and compile the program once each",
      rounds: 6,
      sample: () => comparison(2).cpuMs / comparison(1).cpuMs,
      ...(ONE_CORE === undefined ? {} : { skip: ONE_CORE }),
    },
    {
      name: "compare/cores",
      goal: "at least 85 % of two cores",
      unit: "ratio",
      limit: 0.85,
      better: "more",
      peer: "two cores for the time of the command; of a machine that does nothing else",
      rounds: 6,
      sample: () => {
        const { cpuMs: spent, wallMs } = comparison(2);
        return spent / wallMs / 2;
      },
      ...(ONE_CORE === undefined ? {} : { skip: ONE_CORE }),
    },
  ];
}

/** Compares 1000 runs in a process of its own, as whoever asks for them does. @throws Error where that fails */
function comparison(jobs: number): { readonly cpuMs: number; readonly wallMs: number } {
  const directory = mkdtempSync(join(tmpdir(), "unaccepted-bench-"));
  try {
    const scenario = join(directory, "thousand.yaml");
    const limits = Array.from({ length: LIMITS }, (_value, at) => `${256 + 4 * at}MiB`);
    writeFileSync(
      scenario,
      `name: thousand
workload: ${resolve("workloads/recorded/linux-7.3.4-debian-1c4g/recording.yaml")}
platform: [tdx, snp]
policy: [lazy, eager]
memory: 2GiB
vcpus: 1
kernel: "7.3"
firmware: { preAcceptLimit: [${limits.join(", ")}] }
`,
    );
    const begin = performance.now();
    const words = ["compare", scenario, "--json", "--quiet", "--jobs", `${jobs}`];
    const spentMs = childCpuMs([process.execPath, PROGRAM, ...words]);
    return { cpuMs: spentMs, wallMs: performance.now() - begin };
  } finally {
    rmSync(directory, { recursive: true });
  }
}
