/**
 * Errors about input files and flags, as users read them: one line for
 * each mistake, with the place to go to.
 */

/** Where a mistake was written: a position in a file (both from 1), or a flag of the command line. */
export type IssuePlace =
  | { readonly file: string; readonly line: number; readonly column: number }
  | { readonly flag: string };

/** One mistake. */
export interface ScenarioIssue {
  readonly place: IssuePlace;
  /** The value meant, as users write it: `platform.tdcallNs`, `memory[1]`; empty for the whole file. */
  readonly path: string;
  /** The fault, without place and path: `expected true or false, found 3`. */
  readonly message: string;
}

/** Prints an issue on one line: `boot.yaml:4:9: memory: expected ...` or `--set seed=x: seed: expected ...`. */
export function formatIssue(issue: ScenarioIssue): string {
  const { place, path, message } = issue;
  const where = "flag" in place ? place.flag : `${place.file}:${place.line}:${place.column}`;
  return path === "" ? `${where}: ${message}` : `${where}: ${path}: ${message}`;
}

/**
 * A scenario, recording or flag that cannot be used as it was written. `message`
 * is the line of the first issue; `issues` has all of them in the order of the file,
 * flags last.
 */
export class ScenarioError extends Error {
  readonly issues: readonly ScenarioIssue[];

  /** @param issues at least one */
  constructor(issues: readonly ScenarioIssue[]) {
    const first = issues[0];
    if (first === undefined) throw new Error("scenario: an error without an issue");
    super(formatIssue(first));
    this.name = "ScenarioError";
    this.issues = issues;
  }
}

/** What an error that the user can put right says, on one line. */
export function errorLine(error: Error): string {
  const more =
    error instanceof ScenarioError && error.issues.length > 1 ? ` (and ${error.issues.length - 1} more)` : "";
  return `${error.message.replaceAll(/\s*\n\s*/g, " ")}${more}`;
}

/** Keys and list indices that lead from the root of a document to one value. */
export type DocumentPath = readonly (string | number)[];

/**
 * Writes a path as users do: `platform.tdcallNs`, `memory[1]`; empty for the root. Keys that are no
 * plain word are quoted, so that the path stays on one line.
 */
export function formatPath(path: DocumentPath): string {
  let text = "";
  for (const segment of path) {
    if (typeof segment === "number") {
      text += `[${segment}]`;
    } else {
      const key = /^[\w-]+$/.test(segment) ? segment : JSON.stringify(segment);
      text += text === "" ? key : `.${key}`;
    }
  }
  return text;
}

/** A mapping: an object that is neither null nor a list. */
export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value at a path, or undefined where the document ends before. Only own keys count. */
export function valueAt(root: unknown, path: DocumentPath): unknown {
  let value = root;
  for (const segment of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, segment)) return undefined;
    value = (value as Record<string | number, unknown>)[segment];
  }
  return value;
}

export function startsWith(path: DocumentPath, prefix: DocumentPath): boolean {
  return prefix.every((segment, index) => path[index] === segment);
}
