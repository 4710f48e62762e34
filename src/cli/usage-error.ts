import { ResultsError } from "../results/results-error.js";
import { ScenarioError } from "../scenario/error.js";
import { TraceError } from "../workload/trace-error.js";
import { WorkloadError } from "../workload-files/workload-error.js";

/** An error the user can fix: a flag, a path, a file. One line, exit code 2. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "UsageError";
  }
}

export function isUserError(error: unknown): error is Error {
  return [UsageError, ScenarioError, TraceError, WorkloadError, ResultsError].some(
    (kind) => error instanceof kind,
  );
}

/**
 * The operating system's error about a path, in its words: `no such file or directory`.
 * Node wraps them as `ENOENT: no such file or directory, open 'x'`.
 */
export function systemErrorText(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return /^[A-Z0-9]+: ([^,]+)/.exec(message)?.[1] ?? message;
}
