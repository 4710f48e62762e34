/** The world around the program, so that tests can run all of it within one process. */

import { setImmediate } from "node:timers/promises";
import { styleText } from "node:util";
import type { RunWatch } from "../memory-map/run-watch.js";
import { printableLines } from "../printable.js";
import { PAGE_WIDTH, type Paint, type Place, type TextRole } from "../report/paint.js";
import type { RunResult } from "../results/row.js";
import type { Scenario } from "../scenario/scenario.js";
import type { Recorder } from "../timeline/recorder.js";
import type { LoadedWorkload } from "../workload/after-boot.js";
import type { Ticker } from "./progress.js";
import { systemErrorText } from "./usage-error.js";

/** Exit codes, as scripts rely on them. */
export const ExitCode = {
  done: 0,
  /** A run did not get ready, or a check did not hold. */
  failed: 1,
  /** Flags or input files are wrong. */
  usage: 2,
  /** 128 + SIGINT, as shells count. */
  interrupted: 130,
} as const;

/** A stream to print to; `isTTY` is true for a terminal only, which may tell how many `columns` it has. */
export type OutputStream = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };

export interface CliIo {
  /** Results only. */
  readonly stdout: OutputStream;
  /** Errors, progress, and notes on files written. */
  readonly stderr: OutputStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Asks the user at the terminal for yes or no; absent where there is none. */
  readonly confirm?: (question: string) => Promise<boolean>;
  /** Aborted when the user wants the program to end (SIGINT). */
  readonly interrupted: AbortSignal;
  /** Does work that lets no event through, and ends it where `interrupted` is wanted. */
  readonly atWork?: <Result>(work: () => Result) => Result;
  /** Shows progress during such work; absent where stderr is no terminal. */
  readonly startTicker?: () => Ticker;
}

/**
 * With `check`, throws at a broken invariant of the machine; with `overTime`, tells memory over time;
 * with `recorder`, tells that what happens when; `watch` is told how the run goes on.
 */
export type RunScenario = (
  scenario: Scenario,
  recording: LoadedWorkload,
  options: {
    readonly check: boolean;
    readonly overTime?: boolean;
    readonly recorder?: Recorder;
    readonly watch?: RunWatch;
  },
) => RunResult;

/** The world around the program, and the stubs with which tests replace the simulator. */
export interface World {
  readonly io: CliIo;
  readonly runScenario?: RunScenario;
}

/** The file of a policy that is no part of the program. */
export interface PolicyFile {
  /** As it was typed. */
  readonly path: string;
  readonly text: string;
}

export interface CliContext {
  readonly io: CliIo;
  readonly runScenario: RunScenario;
  /** Whether `runScenario` is the one that other threads have. */
  readonly isEverywhere: boolean;
  /** Those that flags name; their policies are there. */
  readonly policyFiles: readonly PolicyFile[];
}

/** Writes no control codes but the colours of a terminal. @returns whether the stream takes more without waiting */
export function print(stream: OutputStream, text: string): boolean {
  return stream.write(printableLines(text, stream.isTTY === true));
}

const STYLES = { title: "bold", failure: "red", note: "dim" } as const satisfies Record<TextRole, string>;

/** Paints if stdout is a terminal and NO_COLOR is unset or empty (https://no-color.org). */
export function paintFor(io: CliIo): Paint {
  const isPlain = io.stdout.isTTY !== true || (io.env.NO_COLOR ?? "") !== "";
  const paint = (role: TextRole, text: string): string =>
    // The stream has been judged above; styleText would look at the one of the process.
    isPlain ? text : styleText(STYLES[role], text, { validateStream: false });
  return Object.assign(paint, placeOf(io.stdout, io));
}

/** Fewer columns hold no table. */
const LEAST_WIDTH = 40;

/**
 * What the terminal tells, or else COLUMNS (POSIX.1-2024, 8.3); PAGE_WIDTH where there is neither, so that a
 * file does not depend on the terminal that it was made in.
 */
export function placeOf({ isTTY, columns }: OutputStream, { env }: Pick<CliIo, "env">): Place {
  const told = isTTY === true && columns !== undefined && columns > 0 ? columns : Number(env.COLUMNS);
  return { width: Number.isInteger(told) && told > 0 ? Math.max(LEAST_WIDTH, told) : PAGE_WIDTH };
}

/** Ends the program with what was done until then, and how to go on. */
export class Interrupted extends Error {}

/** Between pieces of work that never wait: signals are heard only while somebody waits. @throws their reason */
export async function throwIfInterrupted(interrupted: AbortSignal): Promise<void> {
  await setImmediate();
  interrupted.throwIfAborted();
}

/**
 * Ends the program at the first error of stdout, which comes some time after the writing: in silence where a
 * reader has seen enough (`unaccepted ... | head`), with a line on stderr for others, such as a full disk.
 */
export function exitOnStdoutError(
  { stdout, stderr }: Pick<CliIo, "stdout" | "stderr">,
  exit: (code: number) => void,
): void {
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") return exit(ExitCode.done);
    print(stderr, `unaccepted: stdout: cannot write: ${systemErrorText(error)}\n`);
    exit(ExitCode.failed);
  });
}
