/**
 * Finds a good setting with few runs: a coarse lattice over the whole grid first, then, by
 * successive halving, half the stride, half the candidates and twice the seeds, until the best
 * setting has been compared with its neighbours on the fine grid.
 */

import { STEPS_PER_DOUBLING } from "./knob.js";
import type { Judge } from "./measurement.js";
import type { Setting, Trial, Trials } from "./trials.js";

/** Candidates that are refined first, of those of the lattice. */
const FIRST_CANDIDATES = 4;
/** Never fewer, for the objective may have more than one valley. */
const FEWEST_CANDIDATES = 2;
/** The lattice may take this share of a budget. */
const LATTICE_SHARE = 0.5;

/**
 * Measures the lattice: of every ordered knob one value for each doubling, or fewer where that
 * would be too many settings, with both ends; of a knob of names all values.
 *
 * @param settings most settings that the budget allows
 * @returns the stride of the lattice
 */
export async function measureLattice(trials: Trials, settings: number): Promise<number> {
  const longest = Math.max(...trials.knobs.map(({ values }) => values.length));
  let stride = STEPS_PER_DOUBLING;
  while (stride < longest && latticeSize(trials, stride) > settings * LATTICE_SHARE) stride *= 2;
  const coarse = lattice(trials, stride);
  trials.expect(coarse, 1);
  for (const setting of coarse) await trials.measure(setting, 1);
  return stride;
}

/** Refines round the best of the lattice until its neighbours on the grid are worse, or the runs are spent. */
export async function refine(trials: Trials, judge: Judge, latticeStride: number): Promise<void> {
  let candidates = FIRST_CANDIDATES;
  let seeds = 1;
  for (let stride = latticeStride; stride > 1; ) {
    stride = Math.max(1, Math.floor(stride / 2));
    seeds = Math.min(trials.seeds, seeds * 2);
    const settings = judge
      .rank(trials.all())
      .slice(0, candidates)
      .flatMap(({ setting }) => [setting, ...neighbours(trials, setting, stride)]);
    trials.expect(settings, seeds);
    for (const setting of settings) await trials.measure(setting, seeds);
    candidates = Math.max(FEWEST_CANDIDATES, Math.floor(candidates / 2));
  }
  await climb(trials, judge);
}

/** Spends what is left of the budget on neighbours of the front, coarse strides first. */
export async function refineFront(
  trials: Trials,
  frontOf: () => readonly Trial[],
  latticeStride: number,
): Promise<void> {
  for (let stride = latticeStride; stride >= 1; stride = Math.floor(stride / 2)) {
    const settings = frontOf().flatMap(({ setting }) => [setting, ...neighbours(trials, setting, stride)]);
    if (!(await measuredAll(trials, settings))) return;
  }
}

/** Goes on from the best setting as long as a neighbour is better, all with all seeds. */
async function climb(trials: Trials, judge: Judge): Promise<void> {
  let best: Trial | undefined;
  for (;;) {
    const leader = judge.rank(trials.all())[0];
    if (leader === undefined || leader.setting === best?.setting) return;
    best = leader;
    if (!(await measuredAll(trials, [leader.setting, ...neighbours(trials, leader.setting, 1)]))) return;
  }
}

/** Measures with all seeds, up to the first for which the budget does not suffice. @returns whether it did for all */
async function measuredAll(trials: Trials, settings: readonly Setting[]): Promise<boolean> {
  trials.expect(settings, trials.seeds);
  for (const setting of settings) {
    if ((await trials.measure(setting, trials.seeds)) === undefined) return false;
  }
  return true;
}

function latticeSize(trials: Trials, stride: number): number {
  return axes(trials, stride).reduce((size, positions) => size * positions.length, 1);
}

/** Positions of each knob's values on the lattice: the ends and every stride between them. */
function axes(trials: Trials, stride: number): number[][] {
  return trials.knobs.map(({ unit, values: { length: count } }) => {
    const step = unit === "name" ? 1 : stride;
    const positions = Array.from({ length: Math.ceil(count / step) }, (_none, index) => index * step);
    return positions.at(-1) === count - 1 ? positions : [...positions, count - 1];
  });
}

function lattice(trials: Trials, stride: number): Setting[] {
  return axes(trials, stride).reduce<number[][]>(
    (settings, positions) => settings.flatMap((setting) => positions.map((at) => [...setting, at])),
    [[]],
  );
}

/** The settings that differ in one knob by a stride; of a knob of names, by its value. */
function neighbours(trials: Trials, setting: Setting, stride: number): Setting[] {
  return trials.knobs.flatMap(({ unit, values }, knob) => {
    const here = setting[knob]!;
    const others =
      unit === "name"
        ? values.map((_value, at) => at).filter((at) => at !== here)
        : [here - stride, here + stride].filter((at) => at >= 0 && at < values.length);
    return others.map((at) => setting.with(knob, at));
  });
}
