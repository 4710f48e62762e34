/** `unaccepted sweep STUDY --out DIR`: every run of a study, on all cores, or a part of it. */

import type { PriceSet } from "../../coco/price-set.js";
import { parseScenario, scenarioOutlook } from "../../scenario/load.js";
import { inOrder } from "../../study/in-order.js";
import { remarksBefore } from "../../study/remarks.js";
import {
  CHUNK_POINTS,
  chunkCount,
  chunksOf,
  missingShards,
  parseShard,
  type Shard,
} from "../../study/sweep/chunks.js";
import { pointsToCheck } from "../../study/sweep/points.js";
import type { RecordedRequests } from "../../workload/after-boot.js";
import { isGenerated } from "../../workload/generators/index.js";
import type { RunCommand } from "../arguments.js";
import { STANDARD_BOOT, studyPath } from "../bundled.js";
import { type CliContext, Interrupted, print } from "../io.js";
import { workloadOf } from "../load.js";
import { WorkloadLoader } from "../load-recording.js";
import { jobsOf, typedFlags } from "../options.js";
import { shared } from "../pool/shared.js";
import { threadsFor, withThreads } from "../pool/threads.js";
import { priceSetsFor } from "../price-sets.js";
import { announce, goesAhead, type Making, type Plan, progressOf } from "../runs.js";
import { remarkOn } from "../simulate.js";
import { chunksWith } from "../sweep/chunk-work.js";
import { assignmentsAt, readJob, type SweepData, type SweepJob, stampOf } from "../sweep/job.js";
import { mergeParts } from "../sweep/merge-parts.js";
import { DamagedPart, Parts } from "../sweep/parts.js";
import { UsageError } from "../usage-error.js";

/** @returns the exit code: 1 with --missing if something is */
export const run: RunCommand = async (argv, context) => {
  const { io, policyFiles } = context;
  const names = (argv.one("policy") ?? "").split(",").filter((name) => name !== "").length;
  if (names > policyFiles.length) {
    throw new UsageError("--policy: expected files such as ./mine.mjs; the study says which policies run");
  }
  const { job, repeats } = readJob(studyPath(argv.files[0]!), policyFiles, typedFlags(argv, ["prices"]));
  const shard = shardOf(argv.one("shard"));
  const jobs = jobsOf(argv);
  const { recordings, prices, remarks } = checkPoints(job);
  const isQuiet = argv.has("quiet");
  const remark = remarkOn(context, isQuiet);
  for (const line of remarks) remark(line);
  const stamp = stampOf(job, recordings, prices);
  const chunks = chunkCount(stamp.points);
  const parts = new Parts(argv.one("out")!);
  // The shard of a sweep, and one that goes on, were agreed to when it began.
  const isAgreed = argv.has("shard") || argv.has("missing") || parts.isBegun;
  const isPriced = prices.some((set) => set !== undefined);
  const plan = { ...planOf(job, stamp.points, context), isSearch: isPriced, isAgreed };
  if (!(await goesAhead(plan, argv, context))) return 0;
  if (repeats > 0) {
    remark(
      repeats === 1
        ? "1 value of an axis says the same as another, and counts once"
        : `${repeats} values of axes say the same as others, and count once`,
    );
  }
  const mended = await parts.open(stamp);
  if (mended !== undefined) remark(mended);
  const damaged: DamagedPart[] = [];
  const isDone = (chunk: number): boolean => {
    const state = parts.check(stamp, chunk);
    if (state instanceof DamagedPart) damaged.push(state);
    return state === true;
  };
  const tellDamage = (consequence: string): void => {
    const [first, ...others] = damaged;
    if (first === undefined) return;
    remark(`${first.message}; ${consequence}${others.length === 0 ? "" : `, as ${others.length} more`}`);
  };
  if (argv.has("missing")) {
    const missing = missingShards(shard.of, chunks, isDone);
    tellDamage("missing");
    if (missing.length > 0) print(io.stdout, `${missing.join(",")}\n`);
    return missing.length === 0 ? 0 : 1;
  }
  const todo = chunksOf(shard, chunks).filter((chunk) => !isDone(chunk));
  tellDamage("done again");
  const [stray] = parts.strays(stamp);
  if (stray !== undefined) remark(`${stray}: no chunk of ${stamp.study}, left out`);
  if (!isQuiet) {
    const left = Math.min(stamp.points, todo.length * CHUNK_POINTS);
    announce({ ...plan, runs: Math.ceil((plan.runs / stamp.points) * left) }, io.stderr);
  }
  const data = { job, stamp, shard, directory: parts.directory, recordings };
  await runAll(data, todo, { jobs, quiet: isQuiet }, context);
  const isWhole = parts.areThere(chunks);
  const paths = isWhole ? await mergeParts(stamp, [parts], parts.directory, io.interrupted) : [];
  remark(isWhole ? `wrote ${paths.join(", ")}` : `shard ${shard.index}/${shard.of} is done`);
  return 0;
};

/**
 * A point makes several runs where the scenario file has lists. All points make as many as the first, but for those
 * whose prices are of another platform; with prices these are then the most there can be.
 */
function planOf(job: SweepJob, points: number, { runScenario }: CliContext): Plan {
  const { study, scenarioPath, scenarioText } = job;
  const sets = priceSetsFor(scenarioPath);
  const [some] = pointsToCheck(study)
    .map((point) => scenarioOutlook(scenarioText, scenarioPath, assignmentsAt(job, point), sets))
    .filter(({ first }) => first !== undefined);
  if (some?.first === undefined)
    throw new UsageError(`${scenarioPath}: no prices are of the platform of a run`);
  const { count, first } = some;
  const workload = workloadOf(first, scenarioPath, new WorkloadLoader());
  return {
    command: "sweep",
    runs: points * count,
    one: () => runScenario(first, workload, { check: false }),
  };
}

async function runAll(
  data: SweepData,
  chunks: readonly number[],
  { jobs, quiet }: Pick<Making, "jobs" | "quiet">,
  context: CliContext,
): Promise<void> {
  const { io, runScenario } = context;
  if (chunks.length === 0) return;
  const total = chunks.length * CHUNK_POINTS;
  const progress = quiet ? undefined : progressOf({ what: "points", total }, io);
  const threads = Math.min(threadsFor(context, jobs, total), chunks.length);
  let done = 0;
  try {
    await withThreads(chunksWith(data, runScenario), threads, context, (make) =>
      inOrder(
        chunks.map(async (chunk) => {
          await make(chunk);
          done += CHUNK_POINTS;
          progress?.add(CHUNK_POINTS);
        }),
      ),
    );
  } catch (error) {
    // A worker that was stopped leaves what it was writing.
    new Parts(data.directory).clean();
    if (!io.interrupted.aborted) throw error;
    throw new Interrupted(
      `with ${done} of ${total} points done, which are kept; the same command goes on from there`,
    );
  } finally {
    progress?.stop();
  }
}

/**
 * Looks at every value of the study, so that mistakes show before the work.
 *
 * @returns the recordings that they replay, to be shared by all threads, the prices of their machines, and what the runs will have to say
 */
function checkPoints(job: SweepJob): {
  readonly recordings: ReadonlyMap<string, RecordedRequests>;
  /** Those of its runs, in the order of these; undefined for a platform's own. */
  readonly prices: readonly (PriceSet | undefined)[];
  readonly remarks: ReadonlySet<string>;
} {
  const { study, scenarioPath, scenarioText } = job;
  const loader = new WorkloadLoader();
  const sets = priceSetsFor(scenarioPath);
  const prices = new Set<PriceSet | undefined>();
  const remarks = new Set<string>();
  for (const point of pointsToCheck(study)) {
    for (const scenario of parseScenario(scenarioText, scenarioPath, assignmentsAt(job, point), sets)) {
      prices.add(scenario.prices);
      const isMade = isGenerated(scenario.workload);
      const workload = isMade ? loader.load(STANDARD_BOOT) : workloadOf(scenario, scenarioPath, loader);
      for (const remark of remarksBefore(scenario, workload)) remarks.add(remark);
    }
  }
  const recordings = Array.from(loader.recordings, ([path, recording]) => [path, shared(recording)] as const);
  return { recordings: new Map(recordings), prices: [...prices], remarks };
}

function shardOf(value: string | undefined): Shard {
  if (value === undefined) return { index: 0, of: 1 };
  const shard = parseShard(value);
  if (shard === undefined) throw new UsageError(`--shard ${value}: expected i/n with i from 0 to n-1`);
  return shard;
}
