/** A run of a scenario beside what a guest showed of its boot, line for line. */

import type { Scenario } from "../scenario/scenario.js";
import { type GuestRun, runGuest } from "../study/run-scenario.js";
import { KiB, MiB, PAGE_SIZE } from "../units.js";
import { numberOf, type ProcFields, zoneKey, zonesOfProc } from "../verify/proc-fields.js";
import { isZoneLine } from "../verify/zone-lines.js";
import type { LoadedWorkload } from "../workload/after-boot.js";
import { stubOfBootLog } from "../x86/boot-log.js";
import { type Cause, causesOf, type Substitution, substitutions } from "./causes.js";
import type { Evidence } from "./evidence.js";
import type { GuestLog } from "./guest-log.js";
import { compareMaps, mapText, usableKib } from "./map-difference.js";
import {
  kernelMachineOf,
  memoryLineOf,
  type Structure,
  structureOf,
  type ZoneStructure,
} from "./structure.js";

/** How a row is judged; what is `told` depends on requests or prices and is not held. */
export type Verdict = "equal" | "explained" | "unexplained" | "told";

export interface CheckRow {
  readonly what: string;
  /** Where the log says so: `guest.txt:12`. */
  readonly place: string;
  readonly unit: "KiB" | "pages" | "bytes" | "ms" | "";
  readonly logged: number | string;
  readonly simulated: number | string;
  /** Logged less simulated, where both are numbers. */
  readonly difference?: number;
  readonly causes: readonly Cause[];
  /** Part of the difference that no cause explains. */
  readonly left?: number;
  readonly verdict: Verdict;
  readonly note?: string;
}

export interface MachineCheck {
  readonly rows: readonly CheckRow[];
  /** What is to be said of the whole comparison. */
  readonly notes: readonly string[];
}

/** @throws GuestEnded for a guest whose kernel does not start */
export function checkMachine(scenario: Scenario, loaded: LoadedWorkload, evidence: Evidence): MachineCheck {
  const own = kernelMachineOf(scenario, loaded);
  const structure = structureOf(own);
  const steps = evidence.log === undefined ? [] : substitutions(own, evidence.log.content);
  const checker = new Checker(structure, steps, evidence);
  const run = runGuest(scenario, loaded, {});
  return {
    rows: [...checker.structural(), ...toldRows(evidence, run)],
    notes: notesOf(evidence, scenario, run),
  };
}

class Checker {
  readonly #own: Structure;
  readonly #steps: readonly Substitution[];
  readonly #evidence: Evidence;

  constructor(own: Structure, steps: readonly Substitution[], evidence: Evidence) {
    this.#own = own;
    this.#steps = steps;
    this.#evidence = evidence;
  }

  structural(): CheckRow[] {
    const { log } = this.#evidence;
    return [
      ...(log === undefined ? [] : this.#fromLog(log.file, log.content)),
      ...this.#fromZoneinfo(),
      ...this.#fromMeminfo(),
    ];
  }

  #fromLog(file: string, log: GuestLog): CheckRow[] {
    const place = (line: number): string => `${file}:${line}`;
    const rows: CheckRow[] = [];
    if (log.e820.length > 0) rows.push(this.#map(log, place(log.e820[0]!.line)));
    if (log.zones.length > 0) rows.push(this.#zones(log, place(log.zones[0]!.line)));
    const { memory, swiotlb } = log;
    if (memory !== undefined) {
      const isLate = isPrintedLate(log);
      const freedBefore = freedKib(log, (line) => line < memory.line);
      const row = (what: string, logged: number, measure: (structure: Structure) => number): void => {
        rows.push(this.#number(`Memory: ${what}`, place(memory.line), "KiB", logged, measure));
      };
      row("RAM", memory.value.totalKib, (one) => memoryLineOf(one, isLate).totalKib);
      row("reserved", memory.value.reservedKib, (one) => memoryLineOf(one, isLate).reservedKib - freedBefore);
      row("cma-reserved", memory.value.cmaKib, (one) => memoryLineOf(one, isLate).cmaKib);
    }
    if (swiotlb !== undefined) {
      const { bytes, isExact } = swiotlb.value;
      const step = isExact ? KiB : MiB;
      const measure = ({ swiotlbBytes }: Structure): number => (Math.floor(swiotlbBytes / step) * step) / KiB;
      rows.push(this.#number("SWIOTLB", place(swiotlb.line), "KiB", bytes / KiB, measure));
    }
    const crash = log.reservations.filter(({ value }) => value.what.startsWith("crashkernel"));
    if (crash.length > 0) {
      const bytes = crash.reduce((sum, { value }) => sum + value.bytes, 0);
      const measure = ({ crashkernelBytes }: Structure): number => crashkernelBytes / KiB;
      rows.push(this.#number("crashkernel", place(crash[0]!.line), "KiB", bytes / KiB, measure));
    }
    const bitmap = stubOfBootLog(log.plain)?.table;
    if (bitmap !== undefined) {
      const from = log.unacceptedTable?.line ?? log.efiMap[0]!.line;
      const row = this.#number(
        "bitmap of unaccepted memory",
        place(from),
        "bytes",
        bitmap.bitmapBytes,
        (one) => one.bitmapBytes ?? 0,
      );
      rows.push({ ...row, note: "the log shows the map, from which its size follows" });
    }
    return rows;
  }

  #map(log: GuestLog, place: string): CheckRow {
    const logged = log.e820.map(({ value }) => value);
    const { isSame, causes, left } = compareMaps(logged, this.#own.e820);
    return {
      what: "e820 map",
      place,
      unit: "KiB",
      logged: mapText(logged),
      simulated: mapText(this.#own.e820),
      causes,
      ...(isSame ? {} : { difference: usableKib(logged) - usableKib(this.#own.e820), left }),
      ...(left < 0
        ? { note: "what has no cause is RAM that no line of the log names: is the log whole?" }
        : {}),
      verdict: isSame ? "equal" : left === 0 ? "explained" : "unexplained",
    };
  }

  /** Lines of zones and nodes; those that differ follow from the map where the log's map makes the log's lines. */
  #zones(log: GuestLog, place: string): CheckRow {
    const logged = log.zones.map(({ value }) => value).filter(isZoneLine);
    const linesOf = ({ zoneLines }: Structure): string[] =>
      zoneLines.filter((line) => !line.startsWith("last_pfn"));
    const differing = (lines: readonly string[]): number =>
      logged.filter((line) => !lines.includes(line)).length +
      lines.filter((line) => !logged.includes(line)).length;
    const own = linesOf(this.#own);
    const count = differing(own);
    let before = count;
    const causes = this.#steps.flatMap(({ what, structure }) => {
      const now = differing(linesOf(structure));
      const amount = before - now;
      before = now;
      return amount === 0 ? [] : [{ what, amount }];
    });
    return {
      what: "lines of zones and nodes",
      place,
      unit: "",
      logged: `${logged.length} lines`,
      simulated: count === 0 ? `${own.length} lines` : `${own.length} lines, ${count} differ`,
      causes: count === 0 ? [] : causes,
      ...(count === 0 ? {} : { left: before }),
      verdict: count === 0 ? "equal" : before === 0 ? "explained" : "unexplained",
    };
  }

  #number(
    what: string,
    place: string,
    unit: CheckRow["unit"],
    logged: number,
    measure: (structure: Structure) => number,
  ): CheckRow {
    const simulated = measure(this.#own);
    const difference = logged - simulated;
    if (difference === 0)
      return { what, place, unit, logged, simulated, difference, causes: [], verdict: "equal" };
    const { causes, left } = causesOf(this.#own, this.#steps, logged, measure);
    return {
      what,
      place,
      unit,
      logged,
      simulated,
      difference,
      causes,
      left,
      verdict: left === 0 ? "explained" : "unexplained",
    };
  }

  #fromZoneinfo(): CheckRow[] {
    const { zoneinfo } = this.#evidence;
    if (zoneinfo === undefined) return [];
    const { file, content } = zoneinfo;
    const populated = zonesOfProc(content).filter((zone) => numberOf(content, `${zone}present`) !== 0);
    return populated.flatMap((zone) => {
      const row = (field: string, measure: (one: ZoneStructure) => number): CheckRow[] => {
        const at = content.get(`${zone}${field}`);
        if (at === undefined) return [];
        const of = (structure: Structure): number => {
          const own = structure.zones.find((one) => zoneKey(one) === zone);
          return own === undefined ? 0 : measure(own);
        };
        const what = `${zone.trim()} ${field}`;
        return [this.#number(what, `${file}:${at.line}`, "pages", Number(at.value), of)];
      };
      return [
        ...row("start_pfn", ({ startPfn }) => startPfn),
        ...row("present", ({ presentPages }) => presentPages),
        ...row("managed", (one) => this.#managedAtEnd(one)),
      ];
    });
  }

  /** With boot services, and what the log says that the kernel frees of itself. */
  #managedAtEnd({ managedPages, bootServicePages, hasImage }: ZoneStructure): number {
    const log = this.#evidence.log?.content;
    const freed = log === undefined || !hasImage ? 0 : (freedKib(log, () => true) * KiB) / PAGE_SIZE;
    return managedPages + bootServicePages + freed;
  }

  #fromMeminfo(): CheckRow[] {
    const { meminfo } = this.#evidence;
    const at = meminfo?.content.get("MemTotal");
    if (meminfo === undefined || at === undefined) return [];
    const measure = ({ zones, cmaPages }: Structure): number =>
      ((zones.reduce((sum, zone) => sum + this.#managedAtEnd(zone), 0) + cmaPages) * PAGE_SIZE) / KiB;
    return [
      this.#number("MemTotal", `${meminfo.file}:${at.line}`, "KiB", Number.parseInt(at.value, 10), measure),
    ];
  }
}

/** Whether `Memory:` comes once all CPUs are up, as since 6.12, and not in mm_core_init(). */
function isPrintedLate({ memory, deferredMs, plain }: GuestLog): boolean {
  const [deferred] = deferredMs;
  if (deferred !== undefined) return memory!.line > deferred.line;
  const cpus = plain.split("\n").findIndex((line) => /smpboot: (CPU0|Total of)|smp: Bringing up/.test(line));
  return cpus >= 0 && memory!.line > cpus + 1;
}

function freedKib({ freed }: GuestLog, counts: (line: number) => boolean): number {
  return freed.reduce((sum, { line, value }) => sum + (counts(line) ? value.kib : 0), 0);
}

/** What depends on prices and on what the guest does. */
function toldRows({ log, meminfo, vmstat }: Evidence, { guest }: GuestRun): CheckRow[] {
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

function notesOf(
  { log, meminfo, zoneinfo }: Evidence,
  { vcpus, platform }: Scenario,
  { ended }: GuestRun,
): string[] {
  const freed = log === undefined ? 0 : freedKib(log.content, () => true);
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

export function holds({ rows }: MachineCheck): boolean {
  return rows.every(({ verdict }) => verdict !== "unexplained");
}
