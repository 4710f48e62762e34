/** What a kernel makes of its machine, beside what its log and files of /proc say: all of it follows from the inputs. */

import { KiB, MiB, PAGE_SIZE, roundUpPowerOfTwo } from "../units.js";
import { numberOf, zoneKey, zonesOfProc } from "../verify/proc-fields.js";
import { isZoneLine } from "../verify/zone-lines.js";
import { stubOfBootLog } from "../x86/boot-log.js";
import { causesOf, type Substitution } from "./causes.js";
import type { CheckRow } from "./check-row.js";
import type { Evidence } from "./evidence.js";
import type { GuestLog, SwiotlbSaid } from "./guest-log.js";
import { compareMaps, mapText, usableKib } from "./map-difference.js";
import { memoryLineOf, type Structure, type ZoneStructure } from "./structure.js";

/** How a page that early boot takes changes a number. */
interface Bound {
  readonly ofPage: number;
  readonly unit: CheckRow["unit"];
}

const RESERVED_KIB: Bound = { ofPage: PAGE_SIZE / KiB, unit: "KiB" };
const MANAGED_KIB: Bound = { ofPage: -PAGE_SIZE / KiB, unit: "KiB" };
const MANAGED_PAGES: Bound = { ofPage: -1, unit: "pages" };

/** Code, read-only data, data, init and bss each begin at 2 MiB (arch/x86/kernel/vmlinux.lds.S, 64 bit). */
const IMAGE_GAPS: number = 4 * 2 * MiB;
/** Assumption: trampoline, chunks of per-CPU memory and the like differ by no more between builds that were measured. */
const STRUCTURE_PAGES = 2;

export class StructuralRows {
  readonly #own: Structure;
  readonly #steps: readonly Substitution[];
  readonly #evidence: Evidence;
  readonly #isExplicit: boolean;

  /** @param isExplicit the scenario gives the map, so that nothing can be said to be the firmware's */
  constructor(own: Structure, steps: readonly Substitution[], evidence: Evidence, isExplicit: boolean) {
    this.#own = own;
    this.#steps = steps;
    this.#evidence = evidence;
    this.#isExplicit = isExplicit;
  }

  all(): CheckRow[] {
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
      const freedBefore = sumKib(log.freed.filter(({ line }) => line < memory.line));
      const row = (
        what: string,
        logged: number,
        measure: (structure: Structure) => number,
        bound?: Bound,
      ): void => {
        rows.push(this.#number(`Memory: ${what}`, place(memory.line), "KiB", logged, measure, bound));
      };
      row("RAM", memory.value.totalKib, (one) => memoryLineOf(one, isLate).totalKib);
      row(
        "reserved",
        memory.value.reservedKib,
        (one) => memoryLineOf(one, isLate).reservedKib - freedBefore,
        RESERVED_KIB,
      );
      row("cma-reserved", memory.value.cmaKib, (one) => memoryLineOf(one, isLate).cmaKib);
    }
    if (swiotlb !== undefined) rows.push(this.#swiotlb(swiotlb.value, place(swiotlb.line)));
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

  #swiotlb({ bytes, isExact }: SwiotlbSaid, place: string): CheckRow {
    const step = isExact ? KiB : MiB;
    const measure = ({ swiotlbBytes }: Structure): number => (Math.floor(swiotlbBytes / step) * step) / KiB;
    const row = this.#number("SWIOTLB", place, "KiB", bytes / KiB, measure);
    const { simulated, difference = 0, left = 0 } = row;
    if (isExact || left === 0 || left !== difference || simulated !== roundUpPowerOfTwo(bytes) / KiB)
      return row;
    const what = "rounded up to a power of two for the areas of CPUs, which another line would say";
    return { ...row, causes: [{ what, amount: left }], left: 0, verdict: "explained" };
  }

  #map(log: GuestLog, place: string): CheckRow {
    const logged = log.e820.map(({ value }) => value);
    const { e820 } = this.#own;
    const row = {
      what: "e820 map",
      place,
      unit: "KiB",
      logged: mapText(logged),
      simulated: mapText(e820),
    } as const;
    const { isSame, isExplained, causes, left, note } = compareMaps(logged, e820, log.isWhole);
    if (isSame) return { ...row, causes: [], verdict: "equal" };
    const difference = usableKib(logged) - usableKib(e820);
    if (this.#isExplicit) return { ...row, difference, causes: [], note, verdict: "unexplained" };
    return { ...row, difference, causes, left, note, verdict: isExplained ? "explained" : "unexplained" };
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
    bound?: Bound,
  ): CheckRow {
    const simulated = measure(this.#own);
    const difference = logged - simulated;
    if (difference === 0)
      return { what, place, unit, logged, simulated, difference, causes: [], verdict: "equal" };
    const { causes, left } = this.#causes(logged, measure, bound);
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

  /** What inputs cause, and what no log tells but within bounds: chance, and the size of an image of another build. */
  #causes(
    logged: number,
    measure: (structure: Structure) => number,
    bound?: Bound,
  ): ReturnType<typeof causesOf> {
    const { causes, left } = causesOf(this.#own, this.#steps, logged, measure);
    if (bound === undefined || left === 0) return { causes, left };
    const { low, high, what } = this.#boundPages();
    const pages = left / bound.ofPage;
    if (pages < low || pages > high) return { causes, left };
    const [from, to] = [low * bound.ofPage, high * bound.ofPage].toSorted((a, b) => a - b);
    return {
      causes: [...causes, { what: `${what}, ${from} to ${to} ${bound.unit}`, amount: left }],
      left: 0,
    };
  }

  /** Pages that early boot may have taken beyond those of the run. */
  #boundPages(): { readonly low: number; readonly high: number; readonly what: string } {
    const { randomTablesMost, imageBytes, buildRelease } = this.#steps.at(-1)?.structure ?? this.#own;
    const { log, iomem } = this.#evidence;
    const { memory, kernel } = log?.content ?? {};
    const chance = randomTablesMost === 0 ? [] : ["page tables that KASLR places"];
    if (kernel === undefined || kernel.value === buildRelease)
      return { low: 0, high: randomTablesMost, what: chance.join("; ") };
    const structures = `structures of another build than ${buildRelease}`;
    const [low, high] = [-STRUCTURE_PAGES, STRUCTURE_PAGES + randomTablesMost];
    if (memory === undefined || iomem !== undefined)
      return { low, high, what: [structures, ...chance].join("; ") };
    const namedKib = Object.values(memory.value.parts).reduce((sum, kib) => sum + kib, 0);
    const pages = (namedKib * KiB - imageBytes) / PAGE_SIZE;
    const image = `the image of another build than ${buildRelease}, of which Memory: names ${namedKib} KiB, with gaps of up to 8 MiB between its parts`;
    return {
      low: low + Math.floor(pages),
      high: high + Math.ceil(pages) + IMAGE_GAPS / PAGE_SIZE,
      what: [image, ...chance].join("; "),
    };
  }

  #fromZoneinfo(): CheckRow[] {
    const { zoneinfo } = this.#evidence;
    if (zoneinfo === undefined) return [];
    const { file, content } = zoneinfo;
    const populated = zonesOfProc(content).filter((zone) => numberOf(content, `${zone}present`) !== 0);
    return populated.flatMap((zone) => {
      const row = (field: string, measure: (one: ZoneStructure) => number, bound?: Bound): CheckRow[] => {
        const at = content.get(`${zone}${field}`);
        if (at === undefined) return [];
        const of = (structure: Structure): number => {
          const own = structure.zones.find((one) => zoneKey(one) === zone);
          return own === undefined ? 0 : measure(own);
        };
        const what = `${zone.trim()} ${field}`;
        return [this.#number(what, `${file}:${at.line}`, "pages", Number(at.value), of, bound)];
      };
      return [
        ...row("start_pfn", ({ startPfn }) => startPfn),
        ...row("present", ({ presentPages }) => presentPages),
        ...row("managed", (one) => this.#managedAtEnd(one), MANAGED_PAGES),
      ];
    });
  }

  /** With boot services, and what the log says that the kernel frees of itself. */
  #managedAtEnd({ managedPages, bootServicePages, hasImage, hasInitrd }: ZoneStructure): number {
    const freed = this.#evidence.log?.content.freed ?? [];
    const own = freed.filter(({ value }) => (value.what === "initrd" ? hasInitrd : hasImage));
    return managedPages + bootServicePages + (sumKib(own) * KiB) / PAGE_SIZE;
  }

  #fromMeminfo(): CheckRow[] {
    const { meminfo } = this.#evidence;
    const at = meminfo?.content.get("MemTotal");
    if (meminfo === undefined || at === undefined) return [];
    const measure = ({ zones, cmaPages }: Structure): number =>
      ((zones.reduce((sum, zone) => sum + this.#managedAtEnd(zone), 0) + cmaPages) * PAGE_SIZE) / KiB;
    return [
      this.#number(
        "MemTotal",
        `${meminfo.file}:${at.line}`,
        "KiB",
        Number.parseInt(at.value, 10),
        measure,
        MANAGED_KIB,
      ),
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

/** KiB that lines name. */
export function sumKib(freed: GuestLog["freed"]): number {
  return freed.reduce((sum, { value }) => sum + value.kib, 0);
}
