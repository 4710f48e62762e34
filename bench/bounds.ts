/**
 * Ratios that must hold on any machine: `npm run -s bench -- --bounds`. Each is of two loops of this process, by CPU time,
 * and its bound is several times what is measured, so that only a change of kind, such as a loop over all
 * pages or all CPUs, goes beyond it. What counts is the median of three samples, so that no single one decides.
 */

import { loadScenarios } from "../src/cli/load.js";
import { parseAssignment } from "../src/scenario/set.js";
import { runScenario } from "../src/study/run-scenario.js";
import { median } from "./harness/statistics.js";
import { cpuMs } from "./measure.js";
import { measures as coreMeasures } from "./page-alloc.js";
import { measures as replayMeasures } from "./replay.js";

interface Bound {
  readonly name: string;
  readonly atMost: number;
  /** One ratio. */
  readonly sample: () => number | Promise<number>;
}

const SAMPLES = 3;

/** Milliseconds of CPU that a run of the standard boot takes with such settings, its workload loaded. */
function runner(settings: readonly string[]): () => number {
  const words = ["platform=tdx", "policy=lazy", "memory=4GiB", ...settings];
  const [{ scenario, recording }] = loadScenarios(["boot"], words.map(parseAssignment)) as [
    ReturnType<typeof loadScenarios>[number],
  ];
  return () => {
    const begin = cpuMs();
    runScenario(scenario, recording, { check: false });
    return cpuMs() - begin;
  };
}

function ratio(name: string, atMost: number, own: readonly string[], peer: readonly string[]): Bound {
  const ownMs = runner(own);
  const peerMs = runner(peer);
  return { name, atMost, sample: () => ownMs() / peerMs() };
}

const ofFiles = [...coreMeasures(), ...replayMeasures()];

function measured(name: string, atMost: number): Bound {
  const { sample } = ofFiles.find((one) => one.name === name)!;
  return { name, atMost, sample };
}

const FORK = "workload=generate:fork?processes=";
const BOUNDS: readonly Bound[] = [
  measured("replay/dd512-to-plain", 30),
  measured("core/burst-to-plain", 15),
  measured("core/accept-order-0-to-plain", 40),
  ratio("a lazy boot of 4 PiB to one of 4 GiB", 20, ["memory=4PiB"], []),
  ratio("an eager boot of 4 PiB to one of 4 GiB", 20, ["memory=4PiB", "policy=eager"], ["policy=eager"]),
  ratio("a boot of 248 vCPUs to one of 1", 12, ["vcpus=248"], []),
  ratio("a million requests to a hundred thousand", 30, [`${FORK}11400`], [`${FORK}1140`]),
];

/** Says how each ratio lies to its bound. @returns whether all hold */
export async function boundsHold(): Promise<boolean> {
  let hold = true;
  for (const { name, atMost, sample } of BOUNDS) {
    const samples: number[] = [];
    for (let round = 0; round < SAMPLES; round++) samples.push(await sample());
    const middle = median(samples);
    const holds = middle <= atMost;
    hold &&= holds;
    process.stdout.write(
      `${holds ? "ok  " : "FAIL"} ${name}: ${middle.toFixed(1)} times, at most ${atMost}\n`,
    );
  }
  return hold;
}
