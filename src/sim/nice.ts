/** Weight of each nice level, from -20 to 19 (kernel/sched/core.c: sched_prio_to_weight, 6.17). */
const WEIGHTS: readonly number[] = [
  88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916, 9548, 7620, 6100, 4904, 3906, 3121,
  2501, 1991, 1586, 1277, 1024, 820, 655, 526, 423, 335, 272, 215, 172, 137, 110, 87, 70, 56, 45, 36, 29, 23,
  18, 15,
];

/** Weight of class SCHED_IDLE (kernel/sched/sched.h: WEIGHT_IDLEPRIO, 6.17). */
const IDLE_WEIGHT = 3;

/** A nice level, -20 to 19, or class SCHED_IDLE, which is nicer than any. */
export type Nice = number | "idle";

/** Tasks that run on one CPU share it by weight. @throws Error for a level that there is not */
export function niceWeight(nice: Nice): number {
  const weight = nice === "idle" ? IDLE_WEIGHT : WEIGHTS[nice + 20];
  if (weight === undefined) throw new Error(`sim: ${nice} is not a nice level.`);
  return weight;
}
