/** Texts of traces as each tool prints them, of events that were recorded and of events made here. */

import { formatGfp } from "../src/page-alloc/index.js";
import type { EventBlock } from "../src/workload/event-blocks.js";
import { PageEventKind } from "../src/workload/events.js";
import { Random } from "../src/workload/generators/generator.js";
import type { TraceNames } from "../src/workload/trace-names.js";

export type TextFormat = "tracefs" | "perf-script" | "trace-cmd";

/** One event in words. */
interface EventText {
  readonly comm: string;
  readonly pid: number;
  readonly cpu: number;
  readonly timeNs: number;
  readonly flags: string;
  readonly name: string;
  readonly page: string;
  readonly pfn: number;
  /** Fields after the frame number, with a space in front. */
  readonly tail: string;
}

/** kernel/trace/trace_output.c, tools/perf/builtin-script.c and libtraceevent's event-parse.c, in their usual widths. */
function lineOf(format: TextFormat, event: EventText): string {
  const time = `${Math.floor(event.timeNs / 1e9)}.${String(Math.floor((event.timeNs % 1e9) / 1000)).padStart(6, "0")}`;
  const cpu = `[${String(event.cpu).padStart(3, "0")}]`;
  const pfn = `0x${event.pfn.toString(16)}`;
  const comm = event.comm.padStart(16);
  const rest = `pfn=${pfn}${event.tail}\n`;
  switch (format) {
    case "tracefs":
      return `${comm}-${String(event.pid).padEnd(7)} ${cpu} ${event.flags} ${time.padStart(12)}: ${event.name}: page=${event.page} ${rest}`;
    // Tools that have no pointer print the frame number in its place.
    case "perf-script":
      return `${comm} ${String(event.pid).padStart(5)} ${cpu} ${time.padStart(12)}: ${`kmem:${event.name}`.padStart(32)}: page=${pfn} ${rest}`;
    case "trace-cmd":
      return `${comm}-${String(event.pid).padEnd(5)} ${cpu} ${time.padStart(12)}: ${`${event.name}:`.padEnd(21)} page=${pfn} ${rest}`;
  }
}

const HEADS: { readonly [format in TextFormat]: string } = {
  tracefs: "# tracer: nop\n#\n",
  "perf-script": "",
  "trace-cmd": "cpus=8\n",
};

const NAMES: readonly string[] = [
  "mm_page_alloc",
  "mm_page_free",
  "mm_page_free_batched",
  "mm_page_alloc_zone_locked",
  "mm_page_pcpu_drain",
];
const COMMS = [
  "<idle>",
  "kswapd0",
  "kworker/u16:2-ev",
  "cc1",
  "make",
  "postgres",
  "redis-server",
  "Web Content",
];
const GFP = [
  "GFP_HIGHUSER_MOVABLE|__GFP_COMP|__GFP_ZERO",
  "GFP_HIGHUSER_MOVABLE|__GFP_COMP",
  "GFP_KERNEL_ACCOUNT|__GFP_COMP|__GFP_ZERO",
  "GFP_KERNEL",
  "GFP_KERNEL|__GFP_NOWARN|__GFP_NORETRY|__GFP_COMP",
  "GFP_NOWAIT|__GFP_IO|__GFP_FS|__GFP_COMP|__GFP_ACCOUNT",
  "GFP_ATOMIC|__GFP_NOWARN|__GFP_COMP",
  "GFP_NOFS|__GFP_WRITE|__GFP_SKIP_KASAN",
  "GFP_USER|__GFP_ZERO",
  "GFP_TRANSHUGE_LIGHT",
];
const CPUS = 8;
/** Events of a task on its CPU before another one has it. */
const TURN_EVENTS = 200;
const PIECE_EVENTS = 4096;

/** Text of about so many bytes: tasks take turns on eight CPUs, whose events come mixed, and every line differs. */
export function generatedText(format: TextFormat, bytes: number, seed: number): Uint8Array {
  const random = new Random(seed);
  const pids = Array.from({ length: 40 }, () => 1 + random.below(99_999));
  const taskOf = (): readonly [comm: string, pid: number] => {
    const number = random.below(pids.length);
    return [COMMS[number % COMMS.length]!, pids[number]!];
  };
  const running = Array.from({ length: CPUS }, taskOf);
  const text = new Uint8Array(bytes + PIECE_EVENTS * 256);
  let size = encodeAt(text, 0, HEADS[format]);
  let timeNs = 1e9 * random.below(10_000);
  let cpu = 0;
  while (size < bytes) {
    let piece = "";
    for (let i = 0; i < PIECE_EVENTS; i++) {
      if (random.below(8) === 0) cpu = random.below(CPUS);
      if (random.below(TURN_EVENTS) === 0) running[cpu] = taskOf();
      timeNs += random.exponential(3000);
      const kind = [0, 0, 0, 1, 1, 1, 2, 3, 3, 4][random.below(10)]!;
      const order = kind !== PageEventKind.freeBatched && random.below(8) === 0 ? random.below(10) : 0;
      const type = ` order=${order} migratetype=${random.below(3)}`;
      // Half of the requests are for anonymous memory.
      const gfp = GFP[random.below(2) === 0 ? 0 : random.below(GFP.length)]!;
      const [comm, pid] = running[cpu]!;
      piece += lineOf(format, {
        comm,
        pid,
        cpu,
        timeNs,
        flags: [".....", ".....", "d..1.", "b...."][random.below(4)]!,
        name: NAMES[kind]!,
        page: Math.floor(random.next() * 2 ** 32)
          .toString(16)
          .padStart(16, "0"),
        pfn: (1 + random.below(2 ** 22)) * 2 ** order,
        tail: [`${type} gfp_flags=${gfp}`, ` order=${order}`, " order=0", `${type} percpu_refill=1`, type][
          kind
        ]!,
      });
    }
    size = encodeAt(text, size, piece);
  }
  return text.subarray(0, size);
}

/** Takes blocks of recorded events, and has their text in the end; without those of another pageblock's type, which are few. */
export class RecordedText {
  #text = "";
  readonly #format: TextFormat;
  readonly #names: TraceNames;

  constructor(format: TextFormat, names: TraceNames) {
    this.#format = format;
    this.#names = names;
    this.#text = HEADS[format];
  }

  add({ count, kind, order, migrateType, cpu, task, timeNs, pfn, detail }: EventBlock): void {
    for (let i = 0; i < count; i++) {
      const name = NAMES[kind[i]!];
      if (name === undefined) continue;
      const type = ` order=${order[i]} migratetype=${migrateType[i]}`;
      this.#text += lineOf(this.#format, {
        ...this.#names.tasks[task[i]!]!,
        cpu: cpu[i]!,
        timeNs: timeNs[i]!,
        flags: ".....",
        name,
        page: "(____ptrval____)",
        pfn: pfn[i]!,
        tail: [
          `${type} gfp_flags=${formatGfp(detail[i]!)}`,
          ` order=${order[i]}`,
          " order=0",
          `${type} percpu_refill=${detail[i]}`,
          type,
        ][kind[i]!]!,
      });
    }
  }

  end(): Uint8Array {
    return new TextEncoder().encode(this.#text);
  }
}

function encodeAt(bytes: Uint8Array, at: number, text: string): number {
  return at + new TextEncoder().encodeInto(text, bytes.subarray(at)).written;
}
