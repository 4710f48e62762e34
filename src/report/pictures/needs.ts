/** Why results lack a picture because they are not of the kind that it shows. */

const BEGINNING = "it needs a result of ";

/** @param commands that print what the picture shows */
export function needsResultOf(...commands: readonly string[]): string {
  const [last, ...before] = commands.toReversed();
  return BEGINNING + (before.length === 0 ? last! : `${before.toReversed().join(", ")} or ${last}`);
}

/** Whether a picture is for results of other commands, and not for want of something in these. */
export function isForOthers(reason: string): boolean {
  return reason.startsWith(BEGINNING);
}
