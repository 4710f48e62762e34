/** `unaccepted sweep STUDY --out DIR`: every run of a study, on all cores, or a part of it. */

import { availableParallelism } from "node:os";
import type { Argv } from "yargs";
import { parseScenario, scenarioOutlook } from "../../scenario/load.js";
import { remarksBefore } from "../../study/remarks.js";
import {
  CHUNK_POINTS,
  chunkCount,
  chunksOf,
  missingShards,
  parseShard,
  type Shard,
} from "../../study/sweep/chunks.js";
import { assignmentsOf, pointsToCheck } from "../../study/sweep/points.js";
import type { RecordedRequests } from "../../workload/after-boot.js";
import { isGenerated } from "../../workload/generators/index.js";
import { studyPath } from "../bundled-scenarios.js";
import { STANDARD_BOOT } from "../bundled-traces.js";
import type { CliContext } from "../context.js";
import { workloadOf } from "../load.js";
import { WorkloadLoader } from "../load-recording.js";
import { examples, type ParsedArguments } from "../options.js";
import { addPlanOptions, announce, goesAhead, type Plan } from "../plan.js";
import { print } from "../print.js";
import { startProgress } from "../progress.js";
import { readJob, type SweepJob } from "../sweep/job.js";
import { mergeParts } from "../sweep/merge-parts.js";
import { DamagedPart } from "../sweep/part-file.js";
import { Parts } from "../sweep/parts.js";
import { runOnPool } from "../sweep/pool.js";
import { shared } from "../sweep/share.js";
import { stampOf } from "../sweep/stamp.js";
import type { WorkerData } from "../sweep/worker.js";
import { UsageError } from "../usage-error.js";

const WHOLE: Shard = { index: 0, of: 1 };

/** For yargs. */
export const sweepCommand = {
  command: "sweep <study>",
  takes: "a study file",
  describe: "every run of a study, on all cores or as one part of several; goes on where it was stopped",

  builder(yargs: Argv): Argv {
    return addPlanOptions(yargs)
      .positional("study", { type: "string", describe: "study file (YAML): a scenario, axes and samples" })
      .option("out", {
        type: "string",
        requiresArg: true,
        demandOption: "expected --out, the directory for results",
        describe: "directory for the results; one that has some of this study goes on from there",
      })
      .option("jobs", { type: "string", requiresArg: true, describe: "worker threads; one for each core" })
      .option("shard", {
        type: "string",
        requiresArg: true,
        describe: "only part i of n, from 0/n to n-1/n; merge puts the parts together",
      })
      .option("missing", {
        type: "boolean",
        describe: "run nothing: print the shards that are not done, by commas; with --shard i/n of n",
      })
      .option("quiet", { type: "boolean", describe: "nothing on stderr" })
      .epilogue(
        examples(
          "unaccepted sweep sweep --out sweep-results",
          "unaccepted sweep sweep --out sweep-results --shard 3/20",
          "unaccepted sweep sweep --out sweep-results --shard 0/20 --missing",
        ),
      );
  },

  /** @returns the exit code: 1 with --missing if something is */
  async run(argv: ParsedArguments, context: CliContext): Promise<number> {
    const { io } = context;
    const { job, repeats } = readJob(studyPath(String(argv.study)));
    const shard = shardOf(argv.shard);
    const jobs = jobsOf(argv.jobs);
    const { recordings, remarks } = checkPoints(job);
    if (argv.quiet !== true) for (const line of remarks) print(io.stderr, `${line}\n`);
    const stamp = stampOf(job, recordings);
    const chunks = chunkCount(stamp.points);
    const parts = new Parts(String(argv.out));
    const remark = (text: string | undefined): void => {
      if (text !== undefined && argv.quiet !== true) print(io.stderr, `${text}\n`);
    };
    // The shard of a sweep, and one that goes on, were agreed to when it began.
    const isAgreed = argv.shard !== undefined || argv.missing === true || parts.isBegun;
    const plan = { ...planOf(job, stamp.points, context), isAgreed };
    if (!(await goesAhead(plan, argv, context))) return 0;
    if (repeats > 0) {
      remark(
        repeats === 1
          ? "1 value of an axis says the same as another, and counts once"
          : `${repeats} values of axes say the same as others, and count once`,
      );
    }
    remark(await parts.open(stamp));
    const damaged: DamagedPart[] = [];
    const isDone = (chunk: number): boolean => {
      const state = parts.check(stamp, chunk);
      if (state instanceof DamagedPart) damaged.push(state);
      return state === true;
    };
    if (argv.missing === true) {
      const missing = missingShards(shard.of, chunks, isDone);
      remark(damageText(damaged, "missing"));
      if (missing.length > 0) print(io.stdout, `${missing.join(",")}\n`);
      return missing.length === 0 ? 0 : 1;
    }
    const todo = chunksOf(shard, chunks).filter((chunk) => !isDone(chunk));
    remark(damageText(damaged, "done again"));
    const [stray] = parts.strays(stamp);
    if (stray !== undefined) remark(`${stray}: no chunk of ${stamp.study}, left out`);
    if (argv.quiet !== true) {
      const left = Math.min(stamp.points, todo.length * CHUNK_POINTS);
      announce({ runs: Math.ceil((plan.runs / stamp.points) * left) }, io);
    }
    const data = { job, stamp, shard, directory: parts.directory, recordings };
    await runAll(data, todo, jobs, argv.quiet === true, io);
    const isWhole = parts.areThere(chunks);
    const paths = isWhole ? await mergeParts(stamp, [parts], parts.directory, io.interrupted) : [];
    remark(isWhole ? `wrote ${paths.join(", ")}` : `shard ${shard.index}/${shard.of} is done`);
    return 0;
  },
};

/** A point makes several runs where the scenario file has lists; all points make as many as the first. */
function planOf(
  { study, scenarioPath, scenarioText }: SweepJob,
  points: number,
  { runScenario }: CliContext,
): Plan {
  const { count, first } = scenarioOutlook(scenarioText, scenarioPath, assignmentsOf(study, 0));
  const workload = workloadOf(first, scenarioPath, new WorkloadLoader());
  return {
    command: "sweep",
    runs: points * count,
    one: () => runScenario(first, workload, { check: false }),
  };
}

/** A line that names the first part that is damaged. */
function damageText(damaged: readonly DamagedPart[], consequence: string): string | undefined {
  const [first, ...others] = damaged;
  if (first === undefined) return undefined;
  return `${first.message}; ${consequence}${others.length === 0 ? "" : `, as ${others.length} more`}`;
}

async function runAll(
  data: WorkerData,
  chunks: readonly number[],
  jobs: number,
  quiet: boolean,
  { stderr, interrupted }: CliContext["io"],
): Promise<void> {
  if (chunks.length === 0) return;
  const progress = quiet
    ? undefined
    : startProgress(stderr, chunks.length * CHUNK_POINTS, undefined, "points");
  let done = 0;
  try {
    const onDone = (): void => {
      done += CHUNK_POINTS;
      progress?.update(done);
    };
    await runOnPool(chunks, data, jobs, onDone, interrupted);
  } catch (error) {
    // A worker that was stopped leaves what it was writing.
    new Parts(data.directory).clean();
    throw error;
  } finally {
    progress?.stop();
  }
}

/**
 * Looks at every value of the study, so that mistakes show before the work.
 *
 * @returns the recordings that they replay, to be shared by all threads, and what the runs will have to say
 */
function checkPoints({ study, scenarioPath, scenarioText }: SweepJob): {
  readonly recordings: ReadonlyMap<string, RecordedRequests>;
  readonly remarks: ReadonlySet<string>;
} {
  const loader = new WorkloadLoader();
  const remarks = new Set<string>();
  for (const point of pointsToCheck(study)) {
    for (const scenario of parseScenario(scenarioText, scenarioPath, assignmentsOf(study, point))) {
      const isMade = isGenerated(scenario.workload);
      const workload = isMade ? loader.load(STANDARD_BOOT) : workloadOf(scenario, scenarioPath, loader);
      for (const remark of remarksBefore(scenario, workload)) remarks.add(remark);
    }
  }
  const recordings = Array.from(loader.recordings, ([path, recording]) => [path, shared(recording)] as const);
  return { recordings: new Map(recordings), remarks };
}

function shardOf(value: ParsedArguments[string]): Shard {
  if (value === undefined) return WHOLE;
  const shard = parseShard(String(value));
  if (shard === undefined)
    throw new UsageError(`--shard ${String(value)}: expected i/n with i from 0 to n-1`);
  return shard;
}

function jobsOf(value: ParsedArguments[string]): number {
  if (value === undefined) return availableParallelism();
  const jobs = Number(value);
  if (Number.isInteger(jobs) && jobs >= 1 && jobs <= 1024) return jobs;
  throw new UsageError(`--jobs ${String(value)}: expected a whole number from 1 to 1024`);
}
