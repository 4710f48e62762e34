/**
 * What a user gets to read when an input file or a flag is wrong: one line for
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
  /** What is wrong, without place and path: `expected true or false, found 3`. */
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
