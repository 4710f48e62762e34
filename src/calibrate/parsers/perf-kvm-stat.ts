/**
 * Text of `perf kvm stat report` (tools/perf/builtin-kvm.c: print_result): a line for each reason of an exit with its
 * share of samples and of time, least and greatest time, mean, and how far the mean may be off.
 */

import { CalibrateError, found } from "../error.js";

export interface ExitTimes {
  readonly samples: number;
  /** From the exit until the CPU enters the guest again, as the host sees it. */
  readonly meanNs: number;
  /** One standard error of the mean. */
  readonly errorNs: number;
}

const HEAD = /^\s*VM-EXIT\s+Samples\s+Samples%\s+Time%\s+Min Time\s+Max Time\s+Avg time\s*$/;
const LINE =
  /^\s*(\S.*?)\s+(\d+)\s+[\d.]+%\s+[\d.]+%\s+[\d.]+us\s+[\d.]+us\s+([\d.]+)us \( \+-\s*([\d.]+|-?nan)% \)\s*$/;
const END = /^\s*Total Samples:/;

/** @throws CalibrateError for text without the head of such a report, and for a line of it that is none */
export function parsePerfKvmStat(text: string, file: string): ReadonlyMap<string, ExitTimes> {
  const lines = text.split("\n");
  const head = lines.findIndex((line) => HEAD.test(line));
  if (head < 0) {
    throw new CalibrateError(
      file,
      1,
      1,
      "a report of perf kvm stat, with VM-EXIT ... Avg time",
      found(lines[0]!.trim()),
    );
  }
  const exits = new Map<string, ExitTimes>();
  for (let at = head + 1; at < lines.length && !END.test(lines[at]!); at++) {
    const line = lines[at]!;
    if (line.trim() === "") continue;
    const match = LINE.exec(line);
    if (match === null)
      throw new CalibrateError(file, at + 1, 1, "a reason of an exit with its times", found(line.trim()));
    const [, reason, samples, mean, percent] = match;
    const meanNs = Number(mean) * 1000;
    // One sample has no deviation; perf prints what 0 / 0 is.
    const share = percent!.endsWith("nan") ? 0 : Number(percent) / 100;
    exits.set(reason!, { samples: Number(samples), meanNs, errorNs: meanNs * share });
  }
  return exits;
}
