import { ScenarioError } from "../scenario/error.js";
import { TraceError } from "../workload/trace-error.js";

/** Something the caller of the program can put right: a flag, a path, a file. One line, exit code 2. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "UsageError";
  }
}

/** Whether the caller can put an error right, so that its message is all they need. */
export function isUserError(error: unknown): error is Error {
  return error instanceof UsageError || error instanceof ScenarioError || error instanceof TraceError;
}

/**
 * What the operating system had against a path, in its words: `no such file or directory`.
 * Node wraps them as `ENOENT: no such file or directory, open 'x'`.
 */
export function systemErrorText(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return /^[A-Z0-9]+: ([^,]+)/.exec(message)?.[1] ?? message;
}
