/** How well prices of made-up machines are recovered from their readings. */

import { calibrate } from "../../src/calibrate/calibrate.js";
import { scoreCurves } from "../../src/calibrate/predict.js";
import { type MadeUpMachine, madeUpMachine, SimulatedKit, simulate } from "./simulated-kit.js";

/** A price, or a sum of prices that cannot be told apart, beside its true value; nanoseconds. */
export interface Recovered {
  readonly name: string;
  readonly seed: number;
  readonly truthNs: number;
  readonly lowNs: number;
  readonly highNs: number;
  /** Whether readings tell it by itself, or only a sum that it is a part of. */
  readonly isIdentified: boolean;
}

export interface Recovery {
  readonly machine: MadeUpMachine;
  readonly recovered: readonly Recovered[];
  readonly refused: readonly string[];
  /** Error of the predicted curve, RMS, as a share. */
  readonly rms: number | undefined;
}

export function recover(seed: number): Recovery {
  const machine = madeUpMachine(seed);
  const calibration = calibrate(new SimulatedKit(machine).files());
  const recovered = calibration.prices.flatMap(({ parameter, lowNs, highNs, ridge }): Recovered[] => {
    const truthNs = machine.prices[parameter]!;
    const own = { name: parameter, seed, truthNs, lowNs, highNs };
    if (ridge === undefined) return [{ ...own, isIdentified: true }];
    const names = [parameter, ...ridge.kept.map((one) => one.parameter)];
    const kept = ridge.kept.reduce((sum, one) => sum + one.times * machine.prices[one.parameter]!, 0);
    const all = { name: names.join("+"), seed, truthNs: truthNs + kept, isIdentified: true };
    return [
      { ...own, isIdentified: false },
      { ...all, lowNs: ridge.lowNs, highNs: ridge.highNs },
    ];
  });
  const [score] = scoreCurves(calibration, "boot", (scenario) => simulate(scenario, true));
  const refused = calibration.refused.map(({ parameter, because }) => `${parameter}: ${because}`);
  return { machine, recovered, refused, rms: score?.rms };
}

export function isInside({ truthNs, lowNs, highNs }: Recovered): boolean {
  return truthNs >= lowNs && truthNs <= highNs;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)]!;
}

/** For each price by name: how wide its interval usually is, how often it was told, and how often it holds the truth. */
export function summaryOf(
  all: readonly Recovered[],
): ReadonlyMap<string, { readonly told: number; readonly inside: number; readonly width: number }> {
  const names = [...new Set(all.map(({ name }) => name))].sort();
  return new Map(
    names.map((name) => {
      const own = all.filter((one) => one.name === name);
      const width = median(own.map(({ lowNs, highNs }) => highNs / lowNs));
      return [name, { told: own.length, inside: own.filter(isInside).length, width }];
    }),
  );
}
