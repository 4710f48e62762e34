import type { FileOf, Problem, Quantity, SettledOf, Size } from "../../fields/field.js";
import { readSize } from "../../fields/read.js";
import { subtractRanges } from "../../firmware/ranges.js";
import type { AddressRange } from "../../units.js";
import { END, START, USED } from "../page-range.js";

/** Entries of the table of segments (Linux 6.18 arch/x86/virt/svm/sev.c: RST_ENTRY_BITS, rst_max_index). */
const MAX_SEGMENTS = 512;

export const RMP = {
  memory: {
    is: "list",
    required: true,
    check: checkRange as (value: never) => Problem[],
    what: "RAM of the host in ascending order, as its e820 table has it",
    fields: {
      start: START as typeof START,
      end: END as typeof END,
      used: USED as typeof USED,
    },
  },
  table: {
    is: "section",
    optional: true,
    check: checkRange as (value: never) => Problem[],
    what: "what the host's firmware reserved for it, from RMP_BASE to the byte after RMP_END; of a table in segments, the part with the list of these; by default nothing",
    fields: { start: START as typeof START, end: END as typeof END },
  },
  /** Processors since Zen 5, by their MSR RMP_CFG. */
  segmentSize: {
    is: "size",
    min: "64MiB",
    max: "4096TiB",
    powerOfTwo: true,
    examples: ["128GiB"],
    varies: "never",
    byDefault: "one table for all memory",
    what: "memory that a segment of the table stands for, where it is in segments (Linux 6.14 and later)",
  },
  segments: {
    is: "list",
    what: "segments of the table",
    fields: {
      number: {
        is: "count",
        min: 0,
        max: (MAX_SEGMENTS - 1) as 511,
        required: true,
        varies: "never",
        what: "which one: it stands for memory from number times segmentSize on",
      },
      start: START as typeof START,
      mapped: {
        is: "size",
        min: "1GiB",
        max: "4096TiB",
        multipleOf: "1GiB",
        examples: ["128GiB"],
        required: true,
        varies: "never",
        what: "memory it has entries for; of more than segmentSize, that much",
      },
    },
  },
} as const;

/** A host as its reverse map table sees it. */
export type RmpHost = SettledOf<typeof RMP>;

type Written = FileOf<typeof RMP>;

function checkRange({ start, end }: FileOf<{ start: typeof START; end: typeof END }>): Problem[] {
  if (bytesOf(START, start) < bytesOf(END, end)) return [];
  return [{ path: ["end"], message: "expected an end above the start" }];
}

/** Segments come with their size; and what the firmware keeps to itself is no RAM. */
export function checkRmp({ memory, table, segmentSize, segments = [] }: Written): Problem[] {
  if (segmentSize === undefined && segments.length > 0) {
    return [{ path: ["segments"], message: "segments need a segmentSize" }];
  }
  if (table === undefined) return [];
  const kept = rangeOf(table);
  const ram = memory.map(rangeOf);
  const overlaps = subtractRanges([kept], ram).reduce((sum, { start, end }) => sum + end - start, 0);
  if (overlaps === kept.end - kept.start) return [];
  return [{ path: ["table", "start"], message: "expected a range outside of the host's memory" }];
}

function rangeOf({ start, end }: { readonly start: Quantity; readonly end: Quantity }): AddressRange {
  return { start: bytesOf(START, start), end: bytesOf(END, end) };
}

function bytesOf(field: Size, value: Quantity): number {
  return readSize(field, value)!;
}
