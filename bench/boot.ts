/** A boot of 16 GiB as a page asks for one after another, its workload loaded, and beside it a loop over plain buddy lists. */

import { loadScenarios } from "../src/cli/load.js";
import { parseAssignment } from "../src/scenario/set.js";
import { runScenario } from "../src/study/run-scenario.js";
import { Recorder } from "../src/timeline/recorder.js";
import { MAX_PAGE_ORDER } from "../src/units.js";
import { type Measure, runMs } from "./measure.js";
import { PlainBuddy } from "./plain-buddy.js";

const SETTINGS = ["memory=16GiB", "platform=[tdx, snp]", "policy=[lazy, eager]", "vcpus=[1, 64]"];
const PAIRS = 200_000;

/** 200,000 pages taken out of a block of 4 MiB and given back, ten splits and ten merges each. */
function loop(): void {
  const plain = new PlainBuddy(1);
  plain.free(0, MAX_PAGE_ORDER);
  for (let pair = 0; pair < PAIRS; pair++) plain.free(plain.take(0), 0);
}

export function measures(): readonly Measure[] {
  const rows: Measure[] = [];
  const add = (name: string, run: () => unknown): void => {
    rows.push(
      {
        name: `boot-16gib/${name}`,
        goal: "under 100 ms",
        unit: "ms",
        limit: 100,
        better: "less",
        peer: "CPU time of a warm process, the workload loaded, as a page asks for it",
        sample: () => runMs(run),
      },
      {
        name: `boot-16gib/${name}-to-loop`,
        goal: "for reading",
        unit: "ratio",
        better: "less",
        peer: `${PAIRS} pages split out of a block of 4 MiB and merged again, bench/plain-buddy.ts`,
        sample: async () => (await runMs(run)) / (await runMs(loop)),
      },
    );
  };
  for (const { scenario, recording } of loadScenarios(["boot"], SETTINGS.map(parseAssignment))) {
    const { platform, policy, vcpus } = scenario;
    const name = `${platform.kind}-${policy}-${vcpus}cpu`;
    add(name, () => runScenario(scenario, recording, { check: false }));
    if (vcpus > 1) continue;
    add(`${name}-timeline`, () => {
      const recorder = new Recorder();
      runScenario(scenario, recording, { check: false, recorder });
      recorder.timeline();
    });
  }
  return rows;
}
