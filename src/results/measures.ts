/** Everything that a row says, declared once: rows, columns, conditions, objectives and the schema follow from it. */

import { RUN_FIELDS } from "./run-fields.js";
import { OVER_TIME } from "./series.js";
import { type WaitFields, waitFields } from "./wait-fields.js";

export type Unit = (typeof UNITS)[number];
const UNITS = ["ns", "bytes", "count", "ratio", "share"] as const;

/** Where a number shows besides the places that have them all: rows in every format, conditions, objectives. */
export type Place = "repeat" | "tune" | "uncertainty";

/** One value of a row. Its name is its path in JSON, and its name everywhere else. */
export interface Field {
  /**
   * The unit of a number, or else what it is; keys of a `map` are the run's own, and sorted. A `series` has columns
   * of numbers of one length, and is in JSON only.
   */
  readonly is: Unit | "text" | "flag" | "list" | "map" | "object" | "series";
  /** Of a series. */
  readonly columns?: readonly string[];
  /** One line. */
  readonly doc: string;
  /** Whether a row may lack it; fields of `OPTIONAL_GROUPS` need not say so. */
  readonly maybe?: true;
  /** Whether it needs other rows to compare with; null where there are none. */
  readonly relative?: true;
  /** Which of two runs is better by it, where that can be said; what a tuning makes small is better when less. */
  readonly better?: "less" | "more";
  /** Its name in tables and texts for people. */
  readonly label?: string;
  readonly in?: readonly Place[];
  /** Former names as flags, to tell people the new one. */
  readonly was?: readonly string[];
}

const MAIN_FIELDS = {
  scenario: { is: "text", doc: "Name of the scenario." },
  platform: { is: "text", doc: "tdx, snp or none." },
  policy: { is: "text", doc: "When memory is accepted." },
  policySha256: {
    is: "text",
    maybe: true,
    doc: "Of the file of the policy, if it is not the program's own.",
  },
  kernel: { is: "text", doc: "The guest's kernel by its name in the scenario." },
  kernelRules: { is: "text", doc: "The release in which the rules that were simulated came to be." },
  prices: { is: "text", doc: "Name of the set of prices of its machine; default for the platform's own." },
  memoryBytes: { is: "bytes", doc: "RAM of the guest." },
  vcpus: { is: "count", doc: "Virtual CPUs of the guest." },
  workload: {
    is: "text",
    doc: "What the guest does: name of the recording, or generate:NAME with its parameters; the boot itself where nothing comes after it.",
  },
  boot: {
    is: "text",
    doc: "Name of the recorded or generated boot in front of the workload, or the workload's own.",
  },
  settings: { is: "map", doc: "What tells this run from others that agree in all above, by path." },
  outcome: { is: "text", doc: "ready, oom, deadline or terminated." },
  reason: { is: "text", maybe: true, doc: "One sentence, for every outcome but ready." },
  problems: { is: "list", maybe: true, doc: "What went wrong beside the outcome: what, text, fails." },
  remarks: { is: "list", maybe: true, doc: "What a reader should know about this run, one line each." },
  "commandLine.onlineCpus": { is: "count", doc: "CPUs that came online at boot." },
  "commandLine.swiotlbBytes": { is: "bytes", doc: "The DMA bounce buffer; 0 for none." },
  "commandLine.crashkernelBytes": { is: "bytes", doc: "Memory of the crash kernel." },
  "commandLine.cmaBytes": { is: "bytes", doc: "CMA areas together." },
  "commandLine.movableBytes": { is: "bytes", doc: "Pages of ZONE_MOVABLE." },
  "commandLine.hugePages": { is: "list", doc: "Pools: pageBytes, askedPages, pages." },
  bootTimeNs: {
    is: "ns",
    better: "less",
    label: "boot",
    in: ["repeat", "tune", "uncertainty"],
    was: ["bootTime"],
    doc: "From power-on until init runs, or until the run failed.",
  },
  workloadTimeNs: {
    is: "ns",
    better: "less",
    label: "workload",
    in: ["repeat"],
    maybe: true,
    was: ["workloadNs", "workloadTime"],
    doc: "From the moment when init runs until the last CPU has done the workload.",
  },
  totalTimeNs: {
    is: "ns",
    better: "less",
    label: "total",
    in: ["repeat", "tune", "uncertainty"],
    maybe: true,
    doc: "From power-on until the last CPU has done the workload.",
  },
  bootRatio: {
    is: "ratio",
    better: "more",
    label: "ratio",
    relative: true,
    doc: "Boot time under the baseline policy divided by this row's, on the same machine and workload.",
  },
  totalRatio: { is: "ratio", better: "more", label: "ratio", relative: true, doc: "Of totalTimeNs." },
  paretoOptimal: {
    is: "flag",
    relative: true,
    doc: "Whether no other policy on the same input is as good in what the comparison ranks by and better in one.",
  },
  phases: {
    is: "list",
    doc: "Parts of the boot in their order: name, ns, mostly: { event, ns on all CPUs }.",
  },
  acceptedBytes: {
    is: "bytes",
    better: "less",
    label: "accepted",
    in: ["tune"],
    doc: "Memory that firmware and kernel have accepted, with what the guest has made shared since.",
  },
  "memory.visibleBytes": { is: "bytes", doc: "RAM in the memory map that the kernel starts with." },
  "memory.onlineBytes": { is: "bytes", doc: "RAM that came online later, as ACPI memory devices." },
  "memory.acceptedBy.launch": { is: "bytes", doc: "Put into the guest by the VMM, which nobody accepts." },
  "memory.acceptedBy.firmware": { is: "bytes", doc: "Accepted by the firmware." },
  "memory.acceptedBy.exitBootServices": { is: "bytes", doc: "By the firmware as boot services ended." },
  "memory.acceptedBy.prm": { is: "bytes", doc: "By the firmware as memory went online." },
  "memory.acceptedBy.stub": { is: "bytes", doc: "Accepted by the EFI stub." },
  "memory.acceptedBy.kernel": { is: "bytes", doc: "Accepted by the kernel." },
  touchedBytes: {
    is: "bytes",
    better: "less",
    label: "touched",
    doc: "Memory that the guest has used; of what it made shared only what was used since.",
  },
  lostBytes: {
    is: "bytes",
    better: "less",
    was: ["memory.lostBytes"],
    doc: "RAM that the kernel never gets: nobody knew type 15, or ACPI's memory found no room.",
  },
  hostBytes: {
    is: "bytes",
    better: "less",
    label: "host",
    in: ["tune"],
    doc: "All the host spends for the guest at the end: its memory and what tracks that memory.",
  },
  overheadBytes: {
    is: "bytes",
    better: "less",
    label: "overhead",
    in: ["repeat", "tune", "uncertainty"],
    doc: "hostBytes less touchedBytes.",
  },
  hostBytesPeak: { is: "bytes", better: "less", doc: "The highest hostBytes of the run." },
  "hostUse.privateBytes": { is: "bytes", doc: "Behind private pages, with private copies of shared ones." },
  "hostUse.keptBytes": { is: "bytes", better: "less", doc: "Of privateBytes, such copies." },
  "hostUse.sharedBytes": { is: "bytes", doc: "Behind pages that are not private." },
  "hostUse.tableBytes": { is: "bytes", better: "less", doc: "Tables that map the guest's memory." },
  "hostUse.metadataBytes": { is: "bytes", better: "less", doc: "The guest's part of PAMT or RMP." },
  "hostUse.bitmapBytes": { is: "bytes", doc: "Inside the guest: the bitmap of unaccepted memory." },
  "hostUse.directMapBytes": { is: "bytes", doc: "Inside the guest: page tables of the direct map." },
  overTime: {
    is: "series",
    columns: OVER_TIME as readonly string[],
    maybe: true,
    doc: "These bytes and the parts of hostUse over the run, in at most 100 points, the last at its end.",
  },
  acceptCalls: { is: "count", better: "less", doc: "Calls of accept_memory() that had something to accept." },
  exits: {
    is: "count",
    better: "less",
    doc: "Times the guest left to its host or SVSM to change the state of memory or to have it backed.",
  },
} as const;

const FURTHER_FIELDS = {
  "attack.pages": { is: "count", doc: "Accepted pages that the host replaced or aliased." },
  "attack.warnings": { is: "count", better: "less", doc: "Of them accepted again, complaining." },
  "attack.integrityViolations": { is: "count", better: "less", doc: "Of them again, in silence." },
  "attack.stopped": { is: "count", better: "more", doc: "Of them stopped by the platform." },
  "hotplug.acceptance": { is: "text", doc: "assumed, online, sub-block or lazy: how it is accepted." },
  "hotplug.outcome": { is: "text", doc: "online, refused or failed." },
  "hotplug.reason": { is: "text", doc: "Why it is not online." },
  "hotplug.blockBytes": { is: "bytes", doc: "Unit in which memory goes online." },
  "hotplug.addedBytes": { is: "bytes", doc: "Memory that went online." },
  "hotplug.memmapBytes": { is: "bytes", doc: "Its struct pages, of memory the guest had." },
  "hotplug.acceptedOnlineBytes": { is: "bytes", doc: "Accepted block by block." },
  "hotplug.unacceptedBytes": { is: "bytes", doc: "Of what went online, not accepted at the end." },
  "hotplug.timeNs": { is: "ns", better: "less", doc: "From notice to the last block online." },
  "kexec.kind": { is: "text", doc: "kexec or kdump." },
  "kexec.table": { is: "text", doc: "handed-over, rebuilt or lost." },
  "kexec.timeNs": { is: "ns", better: "less", doc: "From the load until the next kernel is there." },
  "kexec.done": { is: "flag", doc: "Whether the next kernel came that far." },
  "kexec.segmentBytes": { is: "bytes", doc: "Where the next kernel goes." },
  "kexec.unacceptedSegmentBytes": { is: "bytes", doc: "Of that, unaccepted when it was loaded." },
  "kexec.unsharedBytes": { is: "bytes", doc: "Shared memory made private again." },
  "kexec.mapEntries": { is: "count", doc: "Entries of a rebuilt e820 table." },
  "kexec.gapBytes": { is: "bytes", doc: "Accepted because there is room for no more." },
  "kexec.nextKernel.acceptedBytes": { is: "bytes", doc: "By it until its allocator ran." },
  "kexec.nextKernel.unacceptedBytes": { is: "bytes", doc: "What it has left for later." },
  "kexec.vmcore.ramBytes": { is: "bytes", doc: "The first kernel's RAM." },
  "kexec.vmcore.readBytes": { is: "bytes", doc: "Of that, read by the crash kernel." },
  "kexec.vmcore.skippedBytes": { is: "bytes", doc: "Of that, left out as no RAM." },
  "kexec.vmcore.descriptorBytes": {
    is: "bytes",
    better: "less",
    doc: "Of a dump: 24 bytes for each page left out.",
  },
  "e820Record.entries": { is: "count", doc: "Most entries of the e820 table." },
  "e820Record.gapBytes": { is: "bytes", better: "less", doc: "Accepted for want of entries." },
  "setupArch.firmwareBytes": { is: "bytes", doc: "Used until setup_arch() ended, of firmware's." },
  "setupArch.stubBytes": { is: "bytes", doc: "The same, accepted by the stub." },
  "setupArch.kernelBytes": { is: "bytes", doc: "The same, accepted by the kernel." },
  "setupArch.acceptedBytes": { is: "bytes", doc: "What the kernel had accepted by then." },
  "earlyMap.leaves1g": { is: "count", doc: "Leaves of 1 GiB of the direct map." },
  "earlyMap.leaves2m": { is: "count", doc: "Leaves of 2 MiB." },
  "earlyMap.leaves4k": { is: "count", doc: "Leaves of 4 KiB." },
  "earlyMap.splits": { is: "count", better: "less", doc: "Leaves split to share a part." },
  "earlyMap.tables.head64": { is: "count", doc: "Tables inside the kernel image." },
  "earlyMap.tables.brk": { is: "count", doc: "Tables in the brk area." },
  "earlyMap.tables.memblock": { is: "count", doc: "Tables of memblock." },
  "earlyMap.tables.buddy": { is: "count", doc: "Tables of the page allocator." },
  "earlyMap.lateMemblockCalls": { is: "count", better: "less", doc: "Of memblock, too late." },
  "earlyMap.lostRaces": { is: "count", doc: "Tables given back, as another CPU had split." },
  "earlyMap.localFlushes": { is: "count", better: "less", doc: "Of one CPU's TLB." },
  "earlyMap.globalFlushes": { is: "count", better: "less", doc: "Of the TLBs of all CPUs." },
  "earlyMap.sharedBytes": { is: "bytes", doc: "Shared with the host at the end." },
  "earlyMap.wastedAcceptBytes": { is: "bytes", better: "less", doc: "Accepted only to be shared." },
  "drain.workers": { is: "count", doc: "CPUs that accept all that is left." },
  "drain.unacceptedBytes": { is: "bytes", doc: "What was left." },
  "drain.timeNs": { is: "ns", better: "less", doc: "How long that took." },
  repeats: { is: "object", maybe: true, doc: "Runs with other seeds: runs, failed, and mean and halfWidth." },
  "requests.allocations": { is: "count", doc: "Allocations of the workload." },
  "requests.frees": { is: "count", doc: "Frees of the workload." },
  "requests.failed": { is: "count", better: "less", doc: "Allocations that found no page." },
  "requests.beforeTracing": { is: "count", doc: "Frees of pages allocated before the recording began." },
  "requests.filledBeforeTracing": { is: "count", doc: "Pages allocated for those of before the recording." },
  "requests.inferredBulk": { is: "count", doc: "Allocations inferred from the pages after them." },
  "requests.lostEvents": { is: "count", doc: "Events that the recording says it lost." },
  costs: { is: "map", doc: "How often each priced event happened, on all CPUs; only those that did." },
  bootCosts: { is: "map", doc: "The same of the boot alone: until init ran, or the run ended." },
  eventPrices: { is: "map", doc: "Nanoseconds that each of these events took on this machine." },
} as const;

type Fields = typeof MAIN_FIELDS &
  WaitFields<"boot"> &
  WaitFields<"workload"> &
  typeof RUN_FIELDS &
  typeof FURTHER_FIELDS;

/** In the order of JSON. */
const FIELDS: Fields = {
  ...MAIN_FIELDS,
  ...waitFields("boot", "boot"),
  ...waitFields("workload", "workload after init"),
  ...RUN_FIELDS,
  ...FURTHER_FIELDS,
};

export type MeasureName = {
  [Name in keyof Fields]: Fields[Name]["is"] extends Unit ? Name : never;
}[keyof Fields];

/** Names of what stands in a row itself and that one run alone has. */
type OwnName<Kind extends Field["is"]> = {
  [Name in keyof Fields]: Name extends `${string}.${string}`
    ? never
    : Fields[Name] extends { readonly is: Kind; readonly relative?: never }
      ? Name
      : never;
}[keyof Fields];

type Own<Kind extends Field["is"], Value> = {
  readonly [Name in OwnName<Kind> as Fields[Name] extends { readonly maybe: true } ? never : Name]: Value;
} & {
  readonly [Name in OwnName<Kind> as Fields[Name] extends { readonly maybe: true } ? Name : never]?: Value;
};

export type RunFields = Own<Unit, number> & Own<"text", string>;

/** The numbers of a group that no row lacks part of, such as `requests`. */
export type GroupNumbers<Name extends string> = {
  readonly [Own in MeasureName as Own extends `${Name}.${infer Leaf}` ? Leaf : never]: number;
};

/** Names of the measures that show in a place. */
export type MeasureIn<Where extends Place> = {
  [Name in MeasureName]: Fields[Name] extends { readonly in: readonly (infer Shown)[] }
    ? Where extends Shown
      ? Name
      : never
    : never;
}[MeasureName];

export interface NamedField extends Field {
  readonly name: string;
  readonly path: readonly string[];
}

export interface Measure extends NamedField {
  readonly name: MeasureName;
  readonly is: Unit;
}

/** Groups that a row may lack as a whole. */
const OPTIONAL_GROUPS: readonly string[] =
  "commandLine tdxModule dma rmp attack hotplug kexec e820Record setupArch earlyMap drain".split(" ");

/** All fields of a row, in the order of JSON. */
export const ROW_FIELDS: readonly NamedField[] = Object.entries<Field>(FIELDS).map(([name, field]) => {
  const path = name.split(".");
  return { ...field, ...(OPTIONAL_GROUPS.includes(path[0]!) ? { maybe: true } : {}), name, path };
});

export function isNumber(is: Field["is"]): is is Unit {
  return UNITS.some((unit) => unit === is);
}

export const MEASURES: readonly Measure[] = ROW_FIELDS.filter((field): field is Measure =>
  isNumber(field.is),
);

export function measureNamed(name: MeasureName): Measure {
  return MEASURES.find((measure) => measure.name === name)!;
}

/** The measures that show in a place, in the order of JSON. */
export function measuresIn<Where extends Place>(
  place: Where,
): (Measure & { readonly name: MeasureIn<Where> })[] {
  return MEASURES.filter((measure): measure is Measure & { readonly name: MeasureIn<Where> } =>
    (measure.in ?? []).includes(place),
  );
}

export function eachIn<Where extends Place, Value>(
  place: Where,
  toValue: (measure: Measure & { readonly name: MeasureIn<Where> }) => Value,
): Readonly<Record<MeasureIn<Where>, Value>> {
  const values = measuresIn(place).map((measure) => [measure.name, toValue(measure)]);
  return Object.fromEntries(values) as Record<MeasureIn<Where>, Value>;
}

/** A row's value of a field; undefined where it lacks it. */
export function valueIn({ path }: Pick<NamedField, "path">, row: object): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], row);
}

/** A number of a run; 0 where it lacks it, as a run that never got ready lacks the time of its workload. */
export function numberIn(measure: Measure, run: object): number {
  const value = valueIn(measure, run);
  return typeof value === "number" ? value : 0;
}
