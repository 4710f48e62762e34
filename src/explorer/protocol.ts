/** What the page and the worker that simulates say to each other. */

import type { CompareRow, MemoryMapFile, MemoryState, Timeline, Uncertainty } from "../index.js";
import type { Settings } from "./settings.js";

export type Side = "a" | "b";

/**
 * A file that the user gave to the page: a scenario, if its name ends in `.yaml` or `.yml`, or else a trace of any
 * format that the command line reads. The same object for the same file.
 */
export interface DroppedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export function isScenarioFile({ name }: DroppedFile): boolean {
  return /\.ya?ml$/i.test(name);
}

/** A question: what a run with these settings says. */
export interface Ask {
  /** Rises with each question. */
  readonly id: number;
  readonly side: Side;
  readonly settings: Settings;
  /** A scenario takes the place of `boot`, with its own values where settings have none; a trace that of the workload. */
  readonly file?: DroppedFile;
  readonly wants: Wants;
}

/** One that has no number yet. */
export type Question = Omit<Ask, "id">;

/** What an answer is to have besides the row. */
export interface Wants {
  /** What happened when. */
  readonly timeline?: boolean;
  /** Which memory was what and when. */
  readonly map?: boolean;
  /** What memory looks like after so many accepts, for which it is simulated again up to there. */
  readonly state?: number;
  /** How far times depend on what is assumed, which takes many runs. */
  readonly ranges?: boolean;
}

export interface Answered {
  readonly id: number;
  readonly side: Side;
  /** As `unaccepted run --json` prints it. */
  readonly row: CompareRow;
  readonly timeline?: Timeline;
  readonly map?: MemoryMapFile;
  readonly state?: MemoryState;
  readonly ranges?: Uncertainty;
  /** Of the worker, from question to answer; milliseconds. */
  readonly tookMs: number;
}

export interface Refused {
  readonly id: number;
  readonly side: Side;
  /** One line. */
  readonly error: string;
}

export type Answer = Answered | Refused;

/** What comes with the program, for the worker to know by name. */
export interface Catalogue {
  /** Text of the scenario that settings are written over: `workloads/boot.yaml`. */
  readonly boot: string;
  /** Files of `workloads/prices`, by name. */
  readonly prices: Readonly<Record<string, string>>;
  /** Files of `workloads/recorded` that describe workloads, by name, with the size of their trace. */
  readonly workloads: Readonly<Record<string, BundledWorkload>>;
}

export interface BundledWorkload {
  /** Text of `recording.yaml`. */
  readonly description: string;
  /** Name of the trace next to it. */
  readonly trace: string;
  /** Of the trace as stored. */
  readonly sizeBytes: number;
}

/** A dropped file as the worker knows it; its bytes go there once. */
export interface KnownFile extends DroppedFile {
  readonly id: number;
}

/** To the worker. */
export type ToWorker =
  | { readonly kind: "catalogue"; readonly catalogue: Catalogue }
  | { readonly kind: "file"; readonly file: KnownFile }
  | { readonly kind: "ask"; readonly ask: Omit<Ask, "file">; readonly fileId: number | undefined }
  | { readonly kind: "trace"; readonly workload: string; readonly bytes: Uint8Array }
  | { readonly kind: "no trace"; readonly workload: string; readonly error: string };

/** From the worker. */
export type FromWorker =
  | { readonly kind: "answer"; readonly answer: Answer }
  /** Asks for the trace of a bundled workload. */
  | { readonly kind: "wanted"; readonly workload: string };
