/** Why tests were skipped: whoever skips says so here, and the run tells it at its end. */

let reason: string | undefined;

/** @param why as the end of "skipped, because" */
export function skipBecause(why: string): void {
  reason = why;
}

/** What the file that ran last said, once. */
export function takeReason(): string | undefined {
  const taken = reason;
  reason = undefined;
  return taken;
}
