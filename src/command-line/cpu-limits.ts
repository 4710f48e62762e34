/**
 * `maxcpus=`, `nosmp`, `nr_cpus=`, `possible_cpus=` and `nolapic` (kernel/smp.c;
 * arch/x86/kernel/cpu/topology.c: topology_apply_cmdline_limits_early, Linux 6.12).
 */
import { valuesOf, type Word, wholeNumber } from "./words.js";

export interface CpuLimits {
  /** CPUs that it has data for (nr_cpu_ids). */
  readonly possible: number;
  /** CPUs that it starts at boot. */
  readonly online: number;
}

/** @param present CPUs of the machine, 1 or more */
export function cpuLimits(words: readonly Word[], present: number): CpuLimits {
  const numbers = (name: string): number[] =>
    valuesOf(words, name).flatMap((value) => wholeNumber(value) ?? []);
  let atMost = Number.POSITIVE_INFINITY;
  for (const { name, value = "" } of words) {
    if (name === "nosmp") atMost = 0;
    if (name === "maxcpus") atMost = wholeNumber(value) ?? atMost;
  }
  const noApic = words.some(({ name }) => name === "nolapic" || name === "disableapic");
  const ids = numbers("nr_cpus").filter((count) => count > 0);
  const possibleCpus = numbers("possible_cpus").at(-1) ?? Number.POSITIVE_INFINITY;
  const possible = atMost === 0 || noApic ? 1 : Math.max(1, Math.min(present, possibleCpus, ...ids));
  return { possible, online: Math.max(1, Math.min(possible, atMost)) };
}
