/** What went wrong in a run that the outcome of its boot does not tell. The one place that decides it. */

import { formatBytes } from "../units.js";
import type { RunResult } from "./row.js";

/** Something that went wrong, in a guest that may be ready all the same. */
export interface Problem {
  readonly what: "memory" | "hot-plug" | "kexec" | "host" | "attack";
  /** A sentence without its full stop: `hot-plug failed: ...`. */
  readonly text: string;
  /** Whether the run did not do what its scenario asks for; otherwise it did, and pays for it. */
  readonly fails: boolean;
}

/** What problems are told from. */
type Told = Pick<RunResult, "lostBytes" | "memoryBytes" | "hotplug" | "kexec" | "tdxModule" | "attack">;

/** Everything that went wrong beside the outcome, in the order in which it happened. */
export function problemsOf(run: Told): Problem[] {
  return [...ofHost(run), ...ofMemory(run), ...ofAttack(run), ...ofHotplug(run), ...ofKexec(run)];
}

/** Whether a run may be called the best of several: it got ready, and nothing went wrong. */
export function isSound(run: RunResult): boolean {
  return run.outcome === "ready" && problemsOf(run).length === 0;
}

/** Whether a run makes the exit code 1. */
export function hasFailed(run: RunResult): boolean {
  return run.outcome !== "ready" || problemsOf(run).some(({ fails }) => fails);
}

function ofHost({ tdxModule }: Told): Problem[] {
  const offline = tdxModule?.hotplug.filter(({ accepted }) => !accepted) ?? [];
  const online = tdxModule?.removed.filter(({ removed }) => !removed) ?? [];
  return [
    ...online.map(({ reason = "" }) => `the host keeps memory online: ${withoutStop(reason)}`),
    ...offline.map(({ reason = "" }) => `the host leaves memory offline: ${withoutStop(reason)}`),
  ].map((text) => ({ what: "host", text, fails: true }));
}

function ofMemory({ lostBytes, memoryBytes }: Told): Problem[] {
  if (lostBytes === 0) return [];
  const text = `lost memory: the kernel never gets ${formatBytes(lostBytes)} of ${formatBytes(memoryBytes)}`;
  return [{ what: "memory", text, fails: false }];
}

function ofAttack({ attack }: Told): Problem[] {
  if (attack === undefined) return [];
  const { warnings, integrityViolations } = attack;
  const pages = (count: number): string => `${count} page${count === 1 ? "" : "s"}`;
  return [
    ...(integrityViolations === 0
      ? []
      : [`attack: the guest has lost what was in ${pages(integrityViolations)} and does not know`]),
    ...(warnings === 0 ? [] : [`attack: the guest has lost what was in ${pages(warnings)}, and warns`]),
  ].map((text) => ({ what: "attack", text, fails: false }));
}

function ofHotplug({ hotplug }: Told): Problem[] {
  if (hotplug === undefined || hotplug.outcome === "online") return [];
  const { outcome, reason = "" } = hotplug;
  return [{ what: "hot-plug", text: `hot-plug ${outcome}: ${withoutStop(reason)}`, fails: true }];
}

function ofKexec({ kexec }: Told): Problem[] {
  if (kexec === undefined || kexec.done) return [];
  return [{ what: "kexec", text: `${kexec.kind} failed, with its table ${kexec.table}`, fails: true }];
}

function withoutStop(sentence: string): string {
  return sentence.replace(/\.$/, "");
}
