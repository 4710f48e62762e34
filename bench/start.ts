/** What commands take that simulate nothing, and a whole run, beyond Node's own start. */

import { beyondNodeMs, childCpuSkip, type Measure, PROGRAM } from "./measure.js";

export function measures(): readonly Measure[] {
  const skip = childCpuSkip();
  const row = (name: string, words: readonly string[], limit: number, code = 0): Measure => ({
    name: `start/${name}`,
    goal: `at most ${limit} ms of CPU beyond node -e 0`,
    unit: "ms",
    limit,
    better: "less",
    peer: `a process: unaccepted ${words.join(" ")}`,
    sample: () => beyondNodeMs([PROGRAM, ...words], code),
    rounds: 11,
    ...(skip === undefined ? {} : { skip }),
  });
  return [
    row("version", ["--version"], 35),
    row("help", ["--help"], 35),
    row("run-help", ["run", "--help"], 35),
    row("usage-error", ["run", "--no-such-flag"], 35, 2),
    row("wrong-value", ["run", "boot", "--memory", "nonsense"], 35, 2),
    // The scenario makes several runs, which is said when it is checked and its recording open.
    row("before-simulation", ["run", "boot"], 150, 2),
  ];
}
