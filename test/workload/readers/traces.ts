/** Traces for tests: reading them whole, and printing the same events as each tool does. */

import { formatGfp } from "../../../src/page-alloc/gfp.js";
import { type EventBlock, EventBlocks, EventCollector } from "../../../src/workload/event-blocks.js";
import { PageEventKind, type Task } from "../../../src/workload/events.js";
import { TraceReader } from "../../../src/workload/readers/trace-reader.js";
import { newTraceCounts, type TraceCounts, TraceNames } from "../../../src/workload/trace-names.js";
import { allocText, batchedText, drainText, extfragText, freeText, zoneLockedText } from "../lines.js";

/** One event as an object. */
export interface OneEvent {
  readonly kind: number;
  readonly order: number;
  readonly migrateType: number;
  readonly cpu: number;
  readonly comm: string;
  readonly pid: number;
  readonly timeNs: number;
  readonly pfn: number;
  readonly detail: number;
  /** "" for none. */
  readonly caller: string;
}

/** All that a reader makes of a trace. */
export interface WholeTrace {
  readonly format: string | undefined;
  readonly list: readonly OneEvent[];
  readonly counts: TraceCounts;
  readonly names: TraceNames;
}

/** The events of blocks, as objects. */
export class EventList {
  readonly list: OneEvent[] = [];
  readonly #names: TraceNames;

  constructor(names: TraceNames) {
    this.#names = names;
  }

  add(block: EventBlock): void {
    for (let i = 0; i < block.count; i++) {
      const { comm, pid } = this.#names.tasks[block.task[i]!] as Task;
      const caller = block.hasCallers ? block.caller[i]! : 0;
      this.list.push({
        kind: block.kind[i]!,
        order: block.order[i]!,
        migrateType: block.migrateType[i]!,
        cpu: block.cpu[i]!,
        comm,
        pid,
        timeNs: block.timeNs[i]!,
        pfn: block.pfn[i]!,
        detail: block.detail[i]!,
        caller: caller === 0 ? "" : this.#names.callers[caller - 1]!,
      });
    }
  }
}

/** Reads a trace that is fed in pieces of at most so many bytes. */
export function readWhole(trace: string | Uint8Array, pieceBytes = Number.POSITIVE_INFINITY): WholeTrace {
  const bytes = typeof trace === "string" ? new TextEncoder().encode(trace) : trace;
  const names = new TraceNames();
  const counts = newTraceCounts();
  const events = new EventList(names);
  const collector = new EventCollector();
  const blocks = new EventBlocks((block) => {
    events.add(block);
    collector.add(block);
  });
  const reader = new TraceReader("test.trace", { blocks, names, counts });
  for (let at = 0; at < bytes.length; at += pieceBytes) reader.feed(bytes.subarray(at, at + pieceBytes));
  reader.end();
  if (collector.columns().count !== events.list.length) throw new Error("events were lost");
  return { format: reader.format, list: events.list, counts, names };
}

/** Text of an event behind its name, and the name. */
function eventText({ kind, pfn, order, migrateType, detail }: OneEvent): string {
  switch (kind) {
    case PageEventKind.alloc:
      return allocText(pfn, order, migrateType, formatGfp(detail));
    case PageEventKind.free:
      return freeText(pfn, order);
    case PageEventKind.freeBatched:
      return batchedText(pfn);
    case PageEventKind.zoneLocked:
      return zoneLockedText(pfn, order, migrateType);
    case PageEventKind.pcpuDrain:
      return drainText(pfn, order, migrateType);
    default:
      return extfragText(pfn, order, migrateType);
  }
}

function time(timeNs: number, decimals: 6 | 9): string {
  const seconds = Math.floor(timeNs / 1e9);
  const fraction = String(timeNs - seconds * 1e9).padStart(9, "0");
  return `${seconds}.${fraction.slice(0, decimals)}`;
}

const cpuText = (cpu: number): string => `[${String(cpu).padStart(3, "0")}]`;

/** How each tool prints a line, by its printf formats; `ns` where it can print nine decimals. */
export const PRINTERS: Readonly<Record<string, { ns: boolean; print: (event: OneEvent) => string }>> = {
  // kernel/trace/trace_output.c: trace_print_context
  "tracefs, 5 flags": {
    ns: false,
    print: (e) =>
      `${e.comm.padStart(16)}-${String(e.pid).padEnd(7)} ${cpuText(e.cpu)} d..1. ${time(e.timeNs, 6).padStart(12)}: ${eventText(e)}\n`,
  },
  "tracefs, 4 flags and decimal pfn": {
    ns: false,
    print: (e) =>
      `${e.comm.padStart(16)}-${String(e.pid).padEnd(5)} ${cpuText(e.cpu)} .... ${time(e.timeNs, 6).padStart(12)}: ` +
      `${eventText(e).replace(/pfn=(0x[0-9a-f]+)/, (_, pfn: string) => `pfn=${Number(pfn)}`)}\n`,
  },
  "tracefs, thread group": {
    ns: false,
    print: (e) =>
      `${e.comm.padStart(16)}-${String(e.pid).padEnd(7)} (${String(e.pid).padStart(7)}) ${cpuText(e.cpu)} ..... ` +
      `${time(e.timeNs, 6).padStart(12)}: ${eventText(e)}\n`,
  },
  // libtraceevent: event-parse.c, trace-cmd: trace-read.c
  "trace-cmd": {
    ns: false,
    print: (e) =>
      `${e.comm.padStart(16)}-${String(e.pid).padEnd(5)} ${cpuText(e.cpu)} ${time(e.timeNs, 6).padStart(12)}: ` +
      `${eventText(e).replace(/^(\w+:) page=\w+/, (_, name: string) => `${name.padEnd(21)} page=0x1`)}\n`,
  },
  "trace-cmd, flags": {
    ns: false,
    print: (e) =>
      `${e.comm.padStart(16)}-${String(e.pid).padEnd(5)} ${cpuText(e.cpu)} ..... ${time(e.timeNs, 6).padStart(12)}: ` +
      `${eventText(e).replace(/^(\w+:) page=\w+/, (_, name: string) => `${name.padEnd(21)} page=0x1`)}\n`,
  },
  "trace-cmd -t": {
    ns: true,
    print: (e) =>
      `${e.comm.padStart(16)}-${String(e.pid).padEnd(5)} ${cpuText(e.cpu)} ${time(e.timeNs, 9).padStart(15)}: ` +
      `${eventText(e).replace(/^(\w+:) page=\w+/, (_, name: string) => `${name.padEnd(21)} page=0x1`)}\n`,
  },
  // tools/perf/builtin-script.c: perf_sample__fprintf_start
  "perf 5.1": {
    ns: false,
    print: (e) =>
      `${e.comm.padStart(16)} ${String(e.pid).padStart(5)} ${cpuText(e.cpu)} ${time(e.timeNs, 6).padStart(12)}: ` +
      `${`kmem:${eventText(e).split(":")[0]}`.padStart(30)}: ${eventText(e).replace(/^\w+: page=\w+/, "page=0x1")}\n`,
  },
  "perf 6, --ns": {
    ns: true,
    print: (e) =>
      `${e.comm.padStart(16)} ${String(e.pid).padStart(7)} ${cpuText(e.cpu)} ${time(e.timeNs, 9).padStart(15)}: ` +
      `kmem:${eventText(e).replace(/page=\w+/, "page=0x1")}\n`,
  },
  "perf 6, pid/tid": {
    ns: true,
    print: (e) =>
      `${e.comm.padStart(16)} ${String(e.pid + 1).padStart(7)}/${String(e.pid).padEnd(7)} ${cpuText(e.cpu)} ` +
      `${time(e.timeNs, 9).padStart(15)}: kmem:${eventText(e).replace(/page=\w+/, "page=0x1")}\n`,
  },
  "perf -g": {
    ns: false,
    print: (e) =>
      `${e.comm} ${String(e.pid).padStart(7)} ${cpuText(e.cpu)} ${time(e.timeNs, 6).padStart(12)}: ` +
      `kmem:${eventText(e).replace(/page=\w+/, "page=0x1")}\n` +
      "\tffffffff8161f78b __alloc_pages_noprof+0x26b ([kernel.kallsyms])\n" +
      `${e.caller === "" ? "" : `\tffffffff815e57ee ${e.caller}+0x2e ([kernel.kallsyms])\n`}` +
      `${e.caller === "" ? "" : "\tffffffff821ed511 do_syscall_64+0x71 ([kernel.kallsyms])\n"}` +
      "\t    7f42d22f2ad7 [unknown] ([unknown])\n\n",
  },
};
