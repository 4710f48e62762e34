/**
 * Records of the calibration kit: JSONL, an object a line, each with its `reading`. What a file says is declared here;
 * `workloads/calibrate/README.md` documents it.
 */

import { CalibrateError, found } from "./error.js";
import { isReading, READINGS, type ReadingName } from "./readings.js";

/** What each record has besides `reading` and `boot`. Times are nanoseconds. */
interface RecordTypes {
  /** A boot, which other records name: what it is, told once. */
  readonly boot: {
    readonly platform: "tdx" | "snp" | "none";
    /** RAM as the guest's own map has it, without what firmware keeps. */
    readonly ramBytes: number;
    readonly vcpus: number;
    /** As `uname -r` says. */
    readonly kernel: string;
    readonly commandLine: string;
  };
  /** A text of the guest: `dmesg`, `zoneinfo`, ... */
  readonly G1: { readonly what: string; readonly file: string };
  /** One look at /proc/vmstat while so many processes touch memory. */
  readonly G2: {
    readonly ns: number;
    readonly unacceptedPages: number;
    readonly freePages?: number;
    readonly workers: number;
  };
  readonly G3: { readonly file: string; readonly tracer: "function_graph" | "kprobe" };
  /** Exits in a row, on one CPU, beside so many others that do so. */
  readonly G4: {
    readonly way: "cpuid" | "msr";
    readonly others: "none" | "spin" | "tick" | "halt";
    readonly cpus: number;
    readonly exits: number;
    readonly ns: number;
  };
  /** Processes touch memory: unaccepted one in pass 1, the same again in pass 2. */
  readonly G5: {
    readonly pass: number;
    readonly workers: number;
    readonly touchedBytes: number;
    readonly acceptedBytes: number;
    readonly ns: number;
  };
  readonly G6: { readonly pageKiB: number; readonly way: "demand" | "populate"; readonly file: string };
  /** A boot of the series; the file is its dmesg. */
  readonly G7: { readonly file: string };
  readonly H1: { readonly during: "exits" | "boot" | "drain"; readonly file: string };
  readonly H2: { readonly file: string };
  /** The launch of a VMM that measures so many bytes into the guest. */
  readonly H3: { readonly file: string; readonly measuredBytes: number };
  /** Leaves of each size that map the guest. */
  readonly H4: {
    readonly ns: number;
    readonly pages4k: number;
    readonly pages2m: number;
    readonly pages1g: number;
  };
  readonly H5: { readonly event: BootEvent; readonly ns: number };
  /** The host backs this boot's memory ahead of the guest. */
  readonly H6: { readonly prefault: "memory" };
  /** What the hardware and the software on one side are; belongs to no boot. */
  readonly machine: {
    readonly side: "host" | "guest";
    readonly processor: string;
    readonly kernel: string;
    readonly date: string;
    readonly memory?: string;
    /** Of the TDX module or the SEV firmware. */
    readonly module?: string;
  };
}

/**
 * What happens to a boot as its host sees it: the VMM starts, the guest first runs, the firmware first writes to the
 * console, the EFI stub ends boot services, the kernel writes, init runs.
 */
export type BootEvent = "start" | "entry" | "firmware" | "stub" | "kernel" | "init";

/** Kinds of values: whole numbers from 0, texts, one of some words, the name of a file of the directory. */
type Kind = "count" | "text" | "file" | readonly string[];

interface FieldOfRecord {
  readonly is: Kind;
  readonly maybe?: true;
}

const RECORDS: {
  readonly [Name in keyof RecordTypes]: { readonly [Key in keyof RecordTypes[Name]]-?: FieldOfRecord };
} = {
  boot: {
    platform: { is: ["tdx", "snp", "none"] },
    ramBytes: { is: "count" },
    vcpus: { is: "count" },
    kernel: { is: "text" },
    commandLine: { is: "text" },
  },
  G1: { what: { is: "text" }, file: { is: "file" } },
  G2: {
    ns: { is: "count" },
    unacceptedPages: { is: "count" },
    freePages: { is: "count", maybe: true },
    workers: { is: "count" },
  },
  G3: { file: { is: "file" }, tracer: { is: ["function_graph", "kprobe"] } },
  G4: {
    way: { is: ["cpuid", "msr"] },
    others: { is: ["none", "spin", "tick", "halt"] },
    cpus: { is: "count" },
    exits: { is: "count" },
    ns: { is: "count" },
  },
  G5: {
    pass: { is: "count" },
    workers: { is: "count" },
    touchedBytes: { is: "count" },
    acceptedBytes: { is: "count" },
    ns: { is: "count" },
  },
  G6: { pageKiB: { is: "count" }, way: { is: ["demand", "populate"] }, file: { is: "file" } },
  G7: { file: { is: "file" } },
  H1: { during: { is: ["exits", "boot", "drain"] }, file: { is: "file" } },
  H2: { file: { is: "file" } },
  H3: { file: { is: "file" }, measuredBytes: { is: "count" } },
  H4: { ns: { is: "count" }, pages4k: { is: "count" }, pages2m: { is: "count" }, pages1g: { is: "count" } },
  H5: { event: { is: ["start", "entry", "firmware", "stub", "kernel", "init"] }, ns: { is: "count" } },
  H6: { prefault: { is: ["memory"] } },
  machine: {
    side: { is: ["host", "guest"] },
    processor: { is: "text" },
    kernel: { is: "text" },
    date: { is: "text" },
    memory: { is: "text", maybe: true },
    module: { is: "text", maybe: true },
  },
};

/** What stands for the boot of a record that belongs to none. */
const NO_BOOT = "(none)";

/** Where a record stands. */
interface Placed {
  readonly boot: string;
  readonly place: { readonly file: string; readonly line: number };
}

export type RecordOf<Name extends keyof RecordTypes> = RecordTypes[Name] & Placed;

/** Records by what they read, in their order, and readings that a machine could not give. */
export interface Records {
  readonly of: <Name extends keyof RecordTypes>(name: Name) => readonly RecordOf<Name>[];
  /** Why each of them is missing: the tool or the permission. */
  readonly missing: ReadonlyMap<ReadingName, string>;
  /** Lines that end in the middle, as of a machine that stopped: where, and left out. */
  readonly cutOff: readonly string[];
}

/** A file of the directory. */
export interface KitFile {
  /** Name within the directory. */
  readonly name: string;
  readonly text: string;
}

/**
 * Reads all files `*.jsonl` of a directory.
 *
 * @throws CalibrateError for the first line that is no record, a file that is not there, a boot that nobody tells of
 */
export function readRecords(files: readonly KitFile[]): Records {
  const names = new Set(files.map(({ name }) => name));
  const records = new Map<string, (Placed & Readonly<Record<string, unknown>>)[]>();
  const missing = new Map<ReadingName, string>();
  const cutOff: string[] = [];
  for (const { name: file, text } of files) {
    if (!file.endsWith(".jsonl")) continue;
    const lines = text.split("\n");
    for (const [at, content] of lines.entries()) {
      if (content.trim() === "") continue;
      const place = { file, line: at + 1 };
      const value = parsed(content);
      if (value === undefined && at === lines.length - 1) {
        cutOff.push(`${file}:${at + 1}`);
        continue;
      }
      const record = checkedRecord(value, content, place, names);
      if (record.missing !== undefined) {
        if (!missing.has(record.reading)) missing.set(record.reading, record.missing);
        continue;
      }
      const { reading, ...rest } = record;
      const same = records.get(reading);
      if (same === undefined) records.set(reading, [{ ...rest, place }]);
      else same.push({ ...rest, place });
    }
  }
  requireBoots(records);
  return {
    of: <Name extends keyof RecordTypes>(name: Name) =>
      (records.get(name) ?? []) as unknown as readonly RecordOf<Name>[],
    missing,
    cutOff,
  };
}

/** @returns undefined for text that is no JSON */
function parsed(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}

type Checked =
  | { readonly reading: ReadingName; readonly missing: string }
  | (Readonly<Record<string, unknown>> & {
      readonly reading: string;
      readonly boot: string;
      readonly missing?: never;
    });

function checkedRecord(
  value: unknown,
  content: string,
  { file, line }: Placed["place"],
  names: ReadonlySet<string>,
): Checked {
  const fail = (key: string, expected: string, what: string): never => {
    const at = key === "" ? -1 : content.indexOf(`"${key}"`);
    throw new CalibrateError(file, line, at < 0 ? 1 : at + 1, expected, what);
  };
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return fail("", "a record, a JSON object", found(content.trim()));
  }
  const record = value as Readonly<Record<string, unknown>>;
  const { reading, missing } = record;
  if (typeof reading !== "string" || !Object.hasOwn(RECORDS, reading)) {
    const known = `a reading: boot, ${Object.keys(READINGS).join(", ")}`;
    return fail("reading", known, reading === undefined ? "nothing" : JSON.stringify(reading));
  }
  if (missing !== undefined) {
    if (isReading(reading) && typeof missing === "string") return { reading, missing };
    return fail("missing", "the name of what is missing for a reading", JSON.stringify(missing));
  }
  const fields: Readonly<Record<string, FieldOfRecord>> = RECORDS[reading as keyof RecordTypes];
  for (const key of Object.keys(record)) {
    if (key !== "reading" && key !== "boot" && !Object.hasOwn(fields, key)) {
      return fail(key, `a record of ${reading}: ${Object.keys(fields).join(", ")}`, found(key));
    }
  }
  const { boot = reading === "machine" ? NO_BOOT : "" } = record;
  if (typeof boot !== "string" || boot === "") {
    return fail("boot", "the name of a boot", boot === "" ? "nothing" : JSON.stringify(boot));
  }
  for (const [key, { is, maybe }] of Object.entries(fields)) {
    const own = record[key];
    if (own === undefined && maybe === true) continue;
    const expected = expectedOf(is);
    if (!fits(own, is))
      return fail(key, `${key}: ${expected}`, own === undefined ? "nothing" : JSON.stringify(own));
    if (is === "file" && !names.has(own as string)) {
      return fail(key, `${key}: a file of this directory`, `${own as string}, which is not there`);
    }
  }
  return { ...record, reading, boot };
}

function fits(value: unknown, is: Kind): boolean {
  if (is === "count") return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
  if (typeof value !== "string") return false;
  return is === "text" || is === "file" || is.includes(value);
}

function expectedOf(is: Kind): string {
  if (is === "count") return "a whole number from 0";
  if (is === "text") return "text";
  return is === "file" ? "the name of a file" : `one of ${is.join(", ")}`;
}

/** Host and guest record the same boot, each its own side; one of them says what it was. */
function requireBoots(records: ReadonlyMap<string, readonly Placed[]>): void {
  const boots = new Set((records.get("boot") ?? []).map(({ boot }) => boot));
  for (const [reading, all] of records) {
    const stray = all.find(({ boot }) => boot !== NO_BOOT && !boots.has(boot));
    if (stray === undefined) continue;
    const { file, line } = stray.place;
    const expected = `a record "boot" of ${stray.boot} somewhere in the directory`;
    throw new CalibrateError(file, line, 1, expected, `only ${reading} of it`);
  }
}
