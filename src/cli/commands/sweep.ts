/** `unaccepted sweep STUDY --out DIR`: every run of a study, on all cores, or a part of it. */

import { availableParallelism } from "node:os";
import type { Argv } from "yargs";
import { parseScenario } from "../../scenario/load.js";
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
import { STANDARD_BOOT } from "../bundled-traces.js";
import type { CliContext } from "../context.js";
import { workloadOf } from "../load.js";
import { WorkloadLoader } from "../load-recording.js";
import { examples, type ParsedArguments } from "../options.js";
import { print } from "../print.js";
import { startProgress } from "../progress.js";
import { readJob, type SweepJob, stampOf } from "../sweep/job.js";
import { mergeParts } from "../sweep/merge-parts.js";
import { Parts } from "../sweep/parts.js";
import { runOnPool } from "../sweep/pool.js";
import { shared } from "../sweep/share.js";
import { UsageError } from "../usage-error.js";

const WHOLE: Shard = { index: 0, of: 1 };

/** For yargs. */
export const sweepCommand = {
  command: "sweep <study>",
  describe: "every run of a study, on all cores or as one part of several; goes on where it was stopped",

  builder(yargs: Argv): Argv {
    return yargs
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
          "unaccepted sweep workloads/studies/sweep.yaml --out sweep-results",
          "unaccepted sweep workloads/studies/sweep.yaml --out sweep-results --shard 3/20",
          "unaccepted sweep workloads/studies/sweep.yaml --out sweep-results --shard 0/20 --missing",
        ),
      );
  },

  /** @returns the exit code: 1 with --missing if something is */
  async run(argv: ParsedArguments, { io }: CliContext): Promise<number> {
    const job = readJob(String(argv.study));
    const shard = shardOf(argv.shard);
    const jobs = jobsOf(argv.jobs);
    const recordings = checkPoints(job);
    const stamp = stampOf(job, recordings);
    const chunks = chunkCount(stamp.points);
    const parts = new Parts(String(argv.out));
    parts.open(stamp);
    if (argv.missing === true) {
      const missing = missingShards(shard.of, chunks, (chunk) => parts.has(chunk));
      if (missing.length > 0) print(io.stdout, `${missing.join(",")}\n`);
      return missing.length === 0 ? 0 : 1;
    }
    const todo = chunksOf(shard, chunks).filter((chunk) => !parts.has(chunk));
    await runAll(job, parts, todo, recordings, jobs, argv.quiet === true, io);
    const isWhole = missingShards(1, chunks, (chunk) => parts.has(chunk)).length === 0;
    const paths = isWhole ? await mergeParts(stamp, [parts], parts.directory) : [];
    if (argv.quiet !== true) {
      const done = isWhole ? `wrote ${paths.join(", ")}` : `shard ${shard.index}/${shard.of} is done`;
      print(io.stderr, `${done}\n`);
    }
    return 0;
  },
};

async function runAll(
  job: SweepJob,
  { directory }: Parts,
  chunks: readonly number[],
  recordings: ReadonlyMap<string, RecordedRequests>,
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
    const data = { job, directory, recordings };
    const onDone = (): void => {
      done += CHUNK_POINTS;
      progress?.update(done);
    };
    await runOnPool(chunks, data, jobs, onDone, interrupted);
  } finally {
    progress?.stop();
  }
}

/**
 * Looks at every value of the study, so that mistakes show before the work.
 *
 * @returns the recordings that they replay, to be shared by all threads
 */
function checkPoints({ study, scenarioPath, scenarioText }: SweepJob): ReadonlyMap<string, RecordedRequests> {
  const loader = new WorkloadLoader();
  for (const point of pointsToCheck(study)) {
    for (const scenario of parseScenario(scenarioText, scenarioPath, assignmentsOf(study, point))) {
      if (isGenerated(scenario.workload)) loader.load(STANDARD_BOOT);
      else workloadOf(scenario, scenarioPath, loader);
    }
  }
  return new Map(Array.from(loader.recordings, ([path, recording]) => [path, shared(recording)]));
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
