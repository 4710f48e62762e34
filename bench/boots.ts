/** Boots of guests of any size, each a process of its own: CPU time and memory beyond Node's own. */

import { beyondNodeMs, childCpuSkip, childPeakMiB, type Measure, PROGRAM } from "./measure.js";

const SIZES = ["4GiB", "1TiB", "4PiB"];
const POLICIES: Readonly<Record<string, readonly string[]>> = {
  tdx: ["lazy", "eager", "firmware-delegated"],
  snp: ["lazy", "eager", "firmware-delegated"],
};
/** A recording of another kernel and machine, so that nothing is fast for one boot alone. */
const SECOND = "workload=recorded/linux-6.12.107-debian-1c2g/recording.yaml";

interface Boot {
  readonly name: string;
  readonly words: readonly string[];
}

function boot(name: string, settings: readonly string[]): Boot {
  return {
    name,
    words: [PROGRAM, "run", "boot", ...settings.flatMap((one) => ["--set", one]), "--quiet"],
  };
}

function boots(): Boot[] {
  return SIZES.flatMap((size) => [
    ...Object.entries(POLICIES).flatMap(([platform, policies]) =>
      policies.map((policy) =>
        // With host pages of 4 KiB the CPU of a TDX guest of 4 PiB works longer than its clock can count.
        boot(`${platform}-${policy}-${size}`, [
          `memory=${size}`,
          `platform=${platform}`,
          `policy=${policy}`,
          ...(size === "4PiB" ? ["host.pageSize=2MiB"] : []),
        ]),
      ),
    ),
    boot(`tdx-lazy-${size}-second-recording`, [`memory=${size}`, "platform=tdx", "policy=lazy", SECOND]),
    boot(`tdx-lazy-${size}-second-seed`, [`memory=${size}`, "platform=tdx", "policy=lazy", "seed=2"]),
  ]);
}

export function measures(): readonly Measure[] {
  const skip = childCpuSkip();
  const rest = { better: "less", rounds: 6, ...(skip === undefined ? {} : { skip }) } as const;
  return boots().flatMap(({ name, words }): Measure[] => [
    {
      name: `boots/${name}`,
      goal: "at most 250 ms of CPU beyond node -e 0",
      unit: "ms",
      limit: 250,
      peer: "the whole process, with reading the scenario and the recording",
      sample: () => beyondNodeMs(words),
      ...rest,
    },
    {
      name: `boots/${name}-memory`,
      goal: "at most 88 MiB above node -e 0",
      unit: "MiB",
      limit: 88,
      peer: "the largest resident set of the whole process",
      sample: () => childPeakMiB(words) - childPeakMiB(["-e", "0"]),
      ...rest,
    },
  ]);
}
