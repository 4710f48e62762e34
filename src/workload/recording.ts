/** The description of a recorded trace: `workloads/recorded/<name>/recording.yaml`. */

import { z } from "zod";
import { parseSize } from "../units.js";

/** A named range of physical addresses, half open, in bytes. */
export interface NamedRange {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

export interface RecordedZone extends NamedRange {
  readonly node: number;
}

/** A named part of the recorded time, in nanoseconds on the clock of the trace. */
export interface NamedInterval {
  readonly name: string;
  readonly startNs: number;
  readonly endNs: number;
}

/** Moments of the recorded boot that change how the allocator works. */
export const MILESTONES = [
  /** setup_per_cpu_pageset: per-CPU lists get their real sizes. */
  "setupPerCpuPageset",
  /** smp_init begins with what a CPU beyond the first needs. */
  "smpInit",
  /** End of smp_init: all CPUs of the recorded machine are online. */
  "smpDone",
  /** End of page_alloc_init_late: all struct pages are initialised. */
  "pageAllocInitLate",
  /** init_per_zone_wmark_min: watermarks become non-zero. */
  "watermarks",
  /** start_stop_khugepaged: watermarks rise to what huge pages want. */
  "khugepaged",
  /** kswapd_init: from here on a wake-up of kswapd finds somebody. */
  "kswapd",
  /** The kernel starts init. */
  "ready",
] as const;
export type Milestone = (typeof MILESTONES)[number];

export interface SourcedNumber {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly basis: "measured" | "derived" | "assumed";
  readonly source: string;
}

export interface UnseenPages {
  readonly pages: number;
  readonly source: string;
}

/** A recorded trace, and how it was made. */
export interface Recording {
  readonly schemaVersion: 1;
  readonly name: string;
  readonly kernel: string;
  /** How the guest was started, and the command line of its kernel. */
  readonly command: { readonly machine: string; readonly kernel: string };
  readonly recordedWith: string;
  /** ISO date on the guest's clock. */
  readonly date: string;
  readonly machine: {
    readonly memoryBytes: number;
    readonly vcpus: number;
    readonly nodes: number;
    readonly zones: readonly RecordedZone[];
  };
  readonly clock: {
    /** Meaning of the times of the trace. */
    readonly statement: string;
    /** Guest work on real hardware for each unit of recorded time. */
    readonly timeScale: SourcedNumber;
  };
  readonly trace: {
    /** File name, in the directory of this description; gzip if it ends in `.gz`. */
    readonly file: string;
    /** As stored, in hex. */
    readonly sha256: string;
  };
  /** Memory that the kernel reserves during boot and may free late. */
  readonly reserved: readonly NamedRange[];
  readonly milestones: { readonly [name in Milestone]?: number };
  /** Recorded time that the simulator prices itself, or that recording caused: no work of the guest. */
  readonly modelled: readonly NamedInterval[];
  /** Pages allocated before the first event. */
  readonly beforeTracing: UnseenPages;
  /** Pages that recording itself took. */
  readonly instrument: UnseenPages;
  /** Path from here to a recording of the same kernel that shows how one more CPU is brought up. */
  readonly cpuBringUp?: string;
}

const text: z.ZodType<string> = z.string().min(1);
const count: z.ZodType<number> = z.int().min(0);
const address: z.ZodType<number> = z.int({ error: "expected an address such as 0x1000000" }).min(0);
const seconds: z.ZodType<number> = z
  .number({ error: "expected seconds on the clock of the trace" })
  .min(0)
  .transform((value) => Math.round(value * 1e9));
const size: z.ZodType<number> = z.string().transform((value, context) => {
  const bytes = parseSize(value);
  if (bytes !== undefined) return bytes;
  context.issues.push({ code: "custom", input: value, message: "expected a size such as 4GiB" });
  return z.NEVER;
});

const range = { name: text, start: address, end: address };
const unseenPages: z.ZodType<UnseenPages> = z.strictObject({ pages: count, source: text });

const interval: z.ZodType<NamedInterval> = z
  .strictObject({ name: text, start: seconds, end: seconds })
  .refine(({ start, end }) => start < end, { error: "expected an end after the start", path: ["end"] })
  .transform(({ name, start, end }) => ({ name, startNs: start, endNs: end }));

const milestones = z.strictObject(
  Object.fromEntries(MILESTONES.map((name) => [name, seconds.exactOptional()])),
) as z.ZodType<Recording["milestones"]>;

const description: z.ZodType<Recording> = z.strictObject({
  schemaVersion: z.literal(1),
  name: text,
  kernel: text,
  command: z.strictObject({ machine: text, kernel: text }),
  recordedWith: text,
  date: z.iso.date(),
  machine: z
    .strictObject({
      memory: size,
      vcpus: z.int().min(1),
      nodes: z.int().min(1),
      zones: z.array(z.strictObject({ node: count, ...range })).min(1),
    })
    .transform(({ memory, ...rest }) => ({ memoryBytes: memory, ...rest })),
  clock: z.strictObject({
    statement: text,
    timeScale: z.strictObject({
      value: z.number().positive(),
      low: z.number().positive(),
      high: z.number().positive(),
      basis: z.enum(["measured", "derived", "assumed"]),
      source: text,
    }),
  }),
  trace: z.strictObject({
    file: text,
    sha256: z.string().regex(/^[0-9a-f]{64}$/, { error: "expected 64 hex digits" }),
  }),
  reserved: z.array(z.strictObject(range)),
  milestones,
  modelled: z.array(interval),
  beforeTracing: unseenPages,
  instrument: unseenPages,
  cpuBringUp: text.exactOptional(),
});

/**
 * A recording.yaml; every mapping refuses keys that it does not know. Times are seconds on the
 * clock of the trace there and become nanoseconds.
 */
export const recordingSchema: z.ZodType<Recording> = description.refine(
  ({ cpuBringUp, milestones }) => cpuBringUp === undefined || milestones.smpDone !== undefined,
  { error: "expected milestones.smpDone, where further CPUs come up", path: ["cpuBringUp"] },
);
