/** What threads of the pool do: each kind of work is a function of plain data, so that it does not matter which one does it. */

import type { RunResult } from "../../results/row.js";
import type { Scenario } from "../../scenario/scenario.js";
import type { SizeCell } from "../../study/size-matrix.js";
import type { TrackerComparison } from "../../study/trackers.js";
import type { VerifiedRecording } from "../../verify/result.js";
import type { PolicyFile, RunScenario } from "../io.js";
import type { LoaderOptions } from "../load-recording.js";
import type { SweepData } from "../sweep/job.js";

/** A scenario, or a variant of one, on what it replays. */
export interface GuestTask {
  readonly scenario: Scenario;
  /** Path of a recording; undefined for what a generator makes of the scenario. */
  readonly workload: string | undefined;
}

export interface RunTask extends GuestTask {
  readonly options: Parameters<RunScenario>[2];
}

/** The kinds of work: what all tasks of one have in common, what is to be done, and the answer. */
interface Kinds {
  /** A run of a scenario. */
  readonly run: { data: LoaderOptions; task: RunTask; answer: RunResult };
  /** A cell of the matrix of sizes. */
  readonly size: { data: LoaderOptions; task: GuestTask; answer: SizeCell };
  /** A boot through every way to remember what is accepted. */
  readonly trackers: { data: LoaderOptions; task: GuestTask; answer: TrackerComparison };
  /** A chunk of a sweep, by its number; its runs are in their file then. */
  readonly chunk: { data: SweepData; task: number; answer: undefined };
  /** The directory of a recording. */
  readonly verify: { data: undefined; task: string; answer: VerifiedRecording };
}

export type Kind = keyof Kinds;
export type DataOf<Name extends Kind> = Kinds[Name]["data"];
export type TaskOf<Name extends Kind> = Kinds[Name]["task"];
export type AnswerOf<Name extends Kind> = Kinds[Name]["answer"];

export type Ask<Name extends Kind> = (task: TaskOf<Name>) => Promise<AnswerOf<Name>>;

/** Answers tasks. */
export type Doing<Name extends Kind> = (task: TaskOf<Name>) => AnswerOf<Name> | Promise<AnswerOf<Name>>;

/** Given to every thread once; columns of traces are shared. */
export interface WorkerData<Name extends Kind = Kind> {
  readonly kind: Name;
  readonly data: DataOf<Name>;
  /** Whose policies are to be there. */
  readonly policyFiles: readonly PolicyFile[];
}

/** Between threads an error loses its class: one that the user can put right comes as its line. */
export type Outcome<Answer> = { readonly answer: Answer } | { readonly mistake: string };
