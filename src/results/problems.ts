/** Problems of a run that the outcome of its boot does not tell. The one place that decides them. */

import { formatBytes } from "../units.js";
import type { RunResult } from "./row.js";

/** A problem, in a guest that may be ready all the same. */
export interface Problem {
  readonly what: "memory" | "hot-plug" | "kexec" | "host" | "attack";
  /** A sentence without its full stop: `hot-plug failed: ...`. */
  readonly text: string;
  /** Whether the run did not do what its scenario asks for; otherwise it did, and pays for it. */
  readonly fails: boolean;
}

/** All problems besides the outcome, in the order in which they happened. */
export function problemsOf(
  run: Pick<RunResult, "lostBytes" | "memoryBytes" | "hotplug" | "kexec" | "tdxModule" | "attack">,
): Problem[] {
  const { tdxModule, lostBytes, memoryBytes, attack, hotplug, kexec } = run;
  const problems: Problem[] = [];
  const add = (what: Problem["what"], fails: boolean, text: string): void =>
    void problems.push({ what, text, fails });
  for (const { removed, reason = "" } of tdxModule?.removed ?? []) {
    if (!removed) add("host", true, `the host keeps memory online: ${withoutStop(reason)}`);
  }
  for (const { accepted, reason = "" } of tdxModule?.hotplug ?? []) {
    if (!accepted) add("host", true, `the host leaves memory offline: ${withoutStop(reason)}`);
  }
  if (lostBytes > 0) {
    const lost = `${formatBytes(lostBytes)} of ${formatBytes(memoryBytes)}`;
    add("memory", false, `lost memory: the kernel never gets ${lost}`);
  }
  const { warnings = 0, integrityViolations = 0 } = attack ?? {};
  const pages = (count: number): string => `${count} page${count === 1 ? "" : "s"}`;
  if (integrityViolations > 0) {
    const text = `attack: the guest has lost what was in ${pages(integrityViolations)} and does not know`;
    add("attack", false, text);
  }
  if (warnings > 0) {
    add("attack", false, `attack: the guest has lost what was in ${pages(warnings)}, and warns`);
  }
  if (hotplug !== undefined && hotplug.outcome !== "online") {
    add("hot-plug", true, `hot-plug ${hotplug.outcome}: ${withoutStop(hotplug.reason ?? "")}`);
  }
  if (kexec?.done === false) add("kexec", true, `${kexec.kind} failed, with its table ${kexec.table}`);
  return problems;
}

/** Whether a run may be called the best of several: it got ready, without problems. */
export function isSound(run: RunResult): boolean {
  return run.outcome === "ready" && problemsOf(run).length === 0;
}

/** Whether a run makes the exit code 1. */
export function hasFailed(run: RunResult): boolean {
  return run.outcome !== "ready" || problemsOf(run).some(({ fails }) => fails);
}

function withoutStop(sentence: string): string {
  return sentence.replace(/\.$/, "");
}
