/** What only a whole run says, beside the same of a log: how it ends, and what depends on prices and requests, told and not held. */

import type { Scenario } from "../scenario/scenario.js";
import type { GuestRun } from "../study/run-scenario.js";
import { formatBytes, KiB, PAGE_SIZE } from "../units.js";
import type { ProcFields } from "../verify/proc-fields.js";
import type { CheckRow } from "./check-row.js";
import type { Evidence, InFile } from "./evidence.js";
import type { GuestLog } from "./guest-log.js";
import { sumKib } from "./structural-rows.js";

/** Rows of a run that are held, and behind them those that are not. */
export function rowsOfRun({ log, meminfo, vmstat }: Evidence, run: GuestRun): CheckRow[] {
  const pages = run.guest.kernel?.allocator.zones.reduce((sum, zone) => sum + zone.unacceptedPages, 0) ?? 0;
  return [
    ...(log === undefined ? [] : [...outcome(log, run), ...hugePages(log, run)]),
    ...unaccepted(meminfo, "Unaccepted", "KiB", (pages * PAGE_SIZE) / KiB),
    ...unaccepted(vmstat, "nr_unaccepted", "pages", pages),
    ...(log === undefined ? [] : times(log, run)),
  ];
}

/** A guest that has printed that init runs came so far. */
function outcome({ file, content: { init } }: InFile<GuestLog>, { ended }: GuestRun): CheckRow[] {
  if (init === undefined || ended === undefined) return [];
  return [
    {
      what: "outcome",
      place: `${file}:${init.line}`,
      unit: "",
      logged: "init runs",
      simulated: ended.outcome,
      causes: [],
      note: ended.message,
      verdict: "unexplained",
    },
  ];
}

/** Pools that the log says are filled, by their page size. */
function hugePages({ file, content }: InFile<GuestLog>, { guest }: GuestRun): CheckRow[] {
  return content.reservations.flatMap(({ line, value: { what, bytes, pageBytes } }) => {
    if (pageBytes === undefined) return [];
    const pool = guest.hugePages?.find((one) => one.pageBytes === pageBytes);
    const simulated = ((pool?.pages ?? 0) * pageBytes) / KiB;
    const difference = bytes / KiB - simulated;
    return [
      {
        what,
        place: `${file}:${line}`,
        unit: "KiB",
        logged: bytes / KiB,
        simulated,
        difference,
        causes: [],
        ...(difference === 0 ? {} : { left: difference }),
        verdict: difference === 0 ? "equal" : "unexplained",
      },
    ];
  });
}

function told(
  what: string,
  place: string,
  unit: CheckRow["unit"],
  logged: number,
  simulated: number,
): CheckRow {
  return {
    what,
    place,
    unit,
    logged,
    simulated,
    difference: logged - simulated,
    causes: [],
    verdict: "told",
  };
}

function unaccepted(
  file: InFile<ProcFields> | undefined,
  field: string,
  unit: "KiB" | "pages",
  simulated: number,
): CheckRow[] {
  const at = file?.content.get(field);
  if (file === undefined || at === undefined) return [];
  return [told(field, `${file.file}:${at.line}`, unit, Number.parseInt(at.value, 10), simulated)];
}

/** Phases that a kernel's clock does not see. */
const BEFORE_KERNEL: readonly string[] = ["launch", "firmware", "exit boot services"];

function times({ file, content }: InFile<GuestLog>, { guest }: GuestRun): CheckRow[] {
  const { phases } = guest.guest.clock;
  const ms = (counts: (name: string) => boolean): number =>
    Math.round(phases.reduce((sum, { name, ns }) => sum + (counts(name) ? ns : 0), 0) / 1e6);
  const rows: CheckRow[] = [];
  const deferred = content.deferredMs.toSorted((a, b) => b.value - a.value)[0];
  if (deferred !== undefined) {
    const simulated = ms((name) => name === "deferred init");
    rows.push(told("deferred init", `${file}:${deferred.line}`, "ms", deferred.value, simulated));
  }
  const { initcalls, init } = content;
  if (initcalls.length > 0) {
    const us = initcalls.reduce((sum, { value }) => sum + value.us, 0);
    const simulated = ms((name) => name === "initcalls");
    rows.push(told("all initcalls", `${file}:${initcalls[0]!.line}`, "ms", Math.round(us / 1000), simulated));
  }
  if (init !== undefined && Number.isFinite(init.value) && guest.ready !== undefined) {
    const simulated = ms((name) => !BEFORE_KERNEL.includes(name));
    rows.push(told("kernel to init", `${file}:${init.line}`, "ms", Math.round(init.value * 1000), simulated));
  }
  return rows;
}

/** From so many CPUs on, ticks of a TD that get lost make its time stamps lie (a report of 2026). */
const MANY_VCPUS = 16;

export function notesOf(
  { log, meminfo, zoneinfo }: Evidence,
  { vcpus, platform }: Scenario,
  rows: readonly CheckRow[],
): string[] {
  const freed = sumKib(log?.content.freed ?? []);
  const hasTimes = rows.some(({ unit }) => unit === "ms");
  const hasUnaccepted = rows.some(({ what }) => /unaccepted$/i.test(what));
  return [
    ...((meminfo ?? zoneinfo) !== undefined && freed > 0
      ? [
          `Managed pages and MemTotal: of the simulated kernel, and ${formatBytes(freed * KiB)} that the log says it freed of itself.`,
        ]
      : []),
    ...(hasUnaccepted
      ? [
          "What is unaccepted at the end depends on what was asked for: the run replays requests of another boot.",
        ]
      : []),
    ...(hasTimes ? [timesNote(platform.kind === "tdx" && vcpus >= MANY_VCPUS, vcpus)] : []),
  ];
}

function timesNote(loseTicks: boolean, vcpus: number): string {
  return loseTicks
    ? `Times: stamps of a log cannot be trusted in a TD with ${vcpus} vCPUs, which loses ticks; take them from the host.`
    : "Times depend on prices, and on what the recorded boot does that the run replays.";
}
