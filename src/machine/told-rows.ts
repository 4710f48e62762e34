/** What depends on prices and on what a guest does, beside the same of a run: told, and not held. */

import type { Scenario } from "../scenario/scenario.js";
import type { GuestRun } from "../study/run-scenario.js";
import { KiB, PAGE_SIZE } from "../units.js";
import type { ProcFields } from "../verify/proc-fields.js";
import type { CheckRow } from "./check-row.js";
import type { Evidence } from "./evidence.js";
import { sumKib } from "./structural-rows.js";

export function toldRows({ log, meminfo, vmstat }: Evidence, { guest }: GuestRun): CheckRow[] {
  const rows: CheckRow[] = [];
  const tell = (
    what: string,
    place: string,
    unit: CheckRow["unit"],
    logged: number,
    simulated: number,
  ): unknown =>
    rows.push({
      what,
      place,
      unit,
      logged,
      simulated,
      difference: logged - simulated,
      causes: [],
      verdict: "told",
    });
  const unaccepted = guest.kernel?.allocator.zones.reduce((sum, zone) => sum + zone.unacceptedPages, 0) ?? 0;
  const unacceptedRow = (
    file: { file: string; content: ProcFields } | undefined,
    field: string,
    unit: "KiB" | "pages",
  ): void => {
    const at = file?.content.get(field);
    if (file === undefined || at === undefined) return;
    const simulated = unit === "KiB" ? (unaccepted * PAGE_SIZE) / KiB : unaccepted;
    tell(`${field} at the end`, `${file.file}:${at.line}`, unit, Number.parseInt(at.value, 10), simulated);
  };
  unacceptedRow(meminfo, "Unaccepted", "KiB");
  unacceptedRow(vmstat, "nr_unaccepted", "pages");
  if (log === undefined) return rows;
  const { phases } = guest.guest.clock;
  const ms = (names: readonly string[]): number =>
    Math.round(phases.filter(({ name }) => names.includes(name)).reduce((sum, { ns }) => sum + ns, 0) / 1e6);
  const deferred = log.content.deferredMs.toSorted((a, b) => b.value - a.value)[0];
  if (deferred !== undefined)
    tell("deferred init", `${log.file}:${deferred.line}`, "ms", deferred.value, ms(["deferred init"]));
  const { init } = log.content;
  if (init !== undefined && guest.ready !== undefined) {
    const kernel = phases.map(({ name }) => name).filter((name) => !BEFORE_KERNEL.includes(name));
    if (Number.isFinite(init.value))
      tell(
        "kernel's start to init",
        `${log.file}:${init.line}`,
        "ms",
        Math.round(init.value * 1000),
        ms(kernel),
      );
  }
  return rows;
}

/** Phases that a kernel's clock does not see. */
const BEFORE_KERNEL: readonly string[] = ["launch", "firmware", "exit boot services"];

/** From so many CPUs on, ticks of a TD that get lost make its time stamps lie (a report of 2026). */
const MANY_VCPUS = 16;

export function notesOf(
  { log, meminfo, zoneinfo }: Evidence,
  { vcpus, platform }: Scenario,
  { ended }: GuestRun,
): string[] {
  const freed = sumKib(log?.content.freed ?? []);
  return [
    ...(ended === undefined ? [] : [`The run ended early: ${ended.message}.`]),
    ...((meminfo ?? zoneinfo) !== undefined && freed > 0
      ? [
          `Managed pages and MemTotal: of the simulated kernel, and ${freed} KiB that the log says it freed of itself.`,
        ]
      : []),
    ...(log?.content.deferredMs.length || log?.content.init
      ? [
          platform.kind === "tdx" && vcpus >= MANY_VCPUS
            ? `Times: stamps of a log cannot be trusted in a TD with ${vcpus} vCPUs, which loses ticks; take them from the host.`
            : "Times are told, not held: they depend on prices, and on what the recorded boot does that the run replays.",
        ]
      : []),
  ];
}
