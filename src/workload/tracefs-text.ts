/** Prints events as tracefs does (kernel/trace/trace_output.c: trace_print_context), to be read again. */

import { formatGfp } from "../page-alloc/index.js";
import { PAGEBLOCK_ORDER } from "../units.js";
import { ascii } from "./bytes.js";
import { type EventBlock, EventBlocks } from "./event-blocks.js";
import { PageEventKind, type Task } from "./events.js";
import { TRACEFS } from "./readers/ftrace-format.js";
import { TextReader } from "./readers/text-reader.js";
import { quoted, TraceError } from "./trace-error.js";
import { NAME_CHARACTERS_MAX, newTraceCounts, type TraceCounts, TraceNames } from "./trace-names.js";

/** Far above what the text of an event has, with names of `NAME_CHARACTERS_MAX`. */
const LINE_BYTES_MAX = 8192;
const HEX: Uint8Array = ascii("0123456789abcdef");
const encoder = new TextEncoder();

/** The names of the events as TP_printk writes them, with what `%p` prints for a pointer that nobody may read. */
const NAMES: Readonly<Record<PageEventKind, Uint8Array>> = {
  [PageEventKind.alloc]: ascii("mm_page_alloc: page=(____ptrval____) pfn=0x"),
  [PageEventKind.free]: ascii("mm_page_free: page=(____ptrval____) pfn=0x"),
  [PageEventKind.freeBatched]: ascii("mm_page_free_batched: page=(____ptrval____) pfn=0x"),
  [PageEventKind.zoneLocked]: ascii("mm_page_alloc_zone_locked: page=(____ptrval____) pfn=0x"),
  [PageEventKind.pcpuDrain]: ascii("mm_page_pcpu_drain: page=(____ptrval____) pfn=0x"),
  [PageEventKind.extfrag]: ascii("mm_page_alloc_extfrag: page=(____ptrval____) pfn=0x"),
};
const FAILED: Uint8Array = ascii("mm_page_alloc: page=0000000000000000 pfn=0x");
/** No flags are known: interrupts on, nothing held. */
const CPU_END: Uint8Array = ascii("] ..... ");

export const TRACEFS_HEADER = "# tracer: nop\n#\n";

/** Counts of events that the trace lacks; the kernel prints them before the events, our reader takes them anywhere. */
export function tracefsTrailer(
  { lostEvents, overwrittenEvents }: Pick<TraceCounts, "lostEvents" | "overwrittenEvents">,
  events: number,
): string {
  const lost = lostEvents > 0 ? `CPU:0 [LOST ${lostEvents} EVENTS]\n` : "";
  return `${lost}# entries-in-buffer/entries-written: ${events}/${events + overwrittenEvents}   #P:1\n`;
}

/** A name that the text of tracefs cannot hold, such as one with a line end. `message` is one line. */
export class UnprintableName extends Error {
  constructor(what: "task" | "function", name: string) {
    super(`the ${what} ${quoted(name)} has a name that the text of tracefs cannot hold`);
    this.name = "UnprintableName";
  }
}

/** Printed before any name is put to the proof, which then is in the middle of a trace. */
const ANY_TASK: Task = { comm: "a", pid: 1 };

export class TracefsPrinter {
  readonly #names: TraceNames;
  readonly #taskTexts: Uint8Array[] = [];
  readonly #callerTexts: Uint8Array[] = [];
  /** By all that they say. */
  readonly #tails = new Map<number, Uint8Array>();
  readonly #proof = new TracefsProof();
  readonly #write: (bytes: Uint8Array) => void;
  readonly #bytes = new Uint8Array(2 ** 20);
  #at = 0;

  /** @param write is given bytes that it must not keep; there may be more names with every block */
  constructor(names: TraceNames, write: (bytes: Uint8Array) => void) {
    this.#names = names;
    this.#write = write;
    this.#proof.holds(encoder.encode(eventOf(ANY_TASK)), ANY_TASK, "");
  }

  /** @throws UnprintableName */
  add(block: EventBlock): void {
    for (let i = 0; i < block.count; i++) this.#event(block, i);
    this.#write(this.#bytes.subarray(0, this.#at));
    this.#at = 0;
  }

  #event(block: EventBlock, i: number): void {
    if (this.#at + LINE_BYTES_MAX > this.#bytes.length) {
      this.#write(this.#bytes.subarray(0, this.#at));
      this.#at = 0;
    }
    const kind = block.kind[i]! as PageEventKind;
    this.#start(block, i);
    this.#text(kind === PageEventKind.alloc && block.pfn[i] === 0 ? FAILED : NAMES[kind]);
    this.#number(block.pfn[i]!, 1, 16);
    this.#text(this.#tail(kind, block.order[i]!, block.migrateType[i]!, block.detail[i]!));
    const caller = block.hasCallers ? block.caller[i]! : 0;
    if (caller === 0) return;
    this.#start(block, i);
    this.#text(this.#caller(caller - 1));
  }

  #start(block: EventBlock, i: number): void {
    this.#text(this.#task(block.task[i]!));
    this.#number(block.cpu[i]!, 3);
    this.#text(CPU_END);
    this.#time(block.timeNs[i]!, block.originSeconds);
  }

  /** `            bash-1234    [`. */
  #task(number: number): Uint8Array {
    const known = this.#taskTexts[number];
    if (known !== undefined) return known;
    const task = this.#names.tasks[number]!;
    const isShort = task.comm.length <= NAME_CHARACTERS_MAX;
    if (!isShort || !this.#proof.holds(encoder.encode(eventOf(task)), task, ""))
      throw new UnprintableName("task", task.comm);
    const text = encoder.encode(startOf(task));
    this.#taskTexts[number] = text;
    return text;
  }

  #caller(index: number): Uint8Array {
    const known = this.#callerTexts[index];
    if (known !== undefined) return known;
    const name = this.#names.callers[index]!;
    const text = `<stack trace>\n => ${name}\n`;
    const lines = `${eventOf(ANY_TASK)}${startOf(ANY_TASK)}000] ..... 0.000000: ${text}`;
    const isShort = name.length <= NAME_CHARACTERS_MAX;
    if (!isShort || !this.#proof.holds(encoder.encode(lines), ANY_TASK, name))
      throw new UnprintableName("function", name);
    const bytes = encoder.encode(text);
    this.#callerTexts[index] = bytes;
    return bytes;
  }

  /** What stands behind the frame number, of which a trace has few. */
  #tail(kind: PageEventKind, order: number, type: number, detail: number): Uint8Array {
    const key = ((detail * 0x100 + type) * 0x100 + order) * 8 + kind;
    const known = this.#tails.get(key);
    if (known !== undefined) return known;
    const isByBit = this.#names.gfpTable?.printsByBit === true;
    const text = ascii(`${tailOf(kind, order, type, detail, isByBit)}\n`);
    this.#tails.set(key, text);
    return text;
  }

  /** Microseconds as the kernel prints them, or nanoseconds where the trace has them. */
  #time(timeNs: number, originSeconds: number): void {
    // The quotient may be rounded up.
    let seconds = Math.floor(timeNs / 1e9);
    if (seconds * 1e9 > timeNs) seconds--;
    const ns = timeNs - seconds * 1e9;
    seconds += originSeconds;
    for (let width = String(seconds).length; width < 5; width++) this.#bytes[this.#at++] = 0x20;
    this.#number(seconds, 1);
    this.#bytes[this.#at++] = 0x2e;
    if (ns % 1000 === 0) this.#number(ns / 1000, 6);
    else this.#number(ns, 9);
    this.#bytes[this.#at++] = 0x3a;
    this.#bytes[this.#at++] = 0x20;
  }

  #text(text: Uint8Array): void {
    this.#bytes.set(text, this.#at);
    this.#at += text.length;
  }

  #number(value: number, digits: number, base = 10): void {
    let length = digits;
    while (value >= base ** length) length++;
    let rest = value;
    for (let i = this.#at + length - 1; i >= this.#at; i--) {
      const quotient = Math.floor(rest / base);
      this.#bytes[i] = HEX[rest - quotient * base]!;
      rest = quotient;
    }
    this.#at += length;
  }
}

/** The fields of an event behind its frame number (include/trace/events/kmem.h: TP_printk). */
function tailOf(kind: PageEventKind, order: number, type: number, detail: number, isByBit: boolean): string {
  switch (kind) {
    case PageEventKind.alloc:
      return ` order=${order} migratetype=${type} gfp_flags=${formatGfp(detail, isByBit)}`;
    case PageEventKind.zoneLocked:
      return ` order=${order} migratetype=${type} percpu_refill=${detail}`;
    case PageEventKind.pcpuDrain:
      return ` order=${order} migratetype=${type}`;
    case PageEventKind.extfrag: {
      const fallbackOrder = detail & 0xff;
      return (
        ` alloc_order=${order} fallback_order=${fallbackOrder} pageblock_order=${PAGEBLOCK_ORDER} ` +
        `alloc_migratetype=${type} fallback_migratetype=${(detail >>> 8) & 0xff} ` +
        `fragmenting=${fallbackOrder < PAGEBLOCK_ORDER ? 1 : 0} change_ownership=${detail >>> 16}`
      );
    }
    default:
      return ` order=${order}`;
  }
}

/** What stands before the CPU. A comm of the kernel has at most 15 bytes, so there is always a space first. */
function startOf({ comm, pid }: Task): string {
  const padding = " ".repeat(Math.max(1, 16 - encoder.encode(comm).length));
  return `${padding}${comm}-${String(pid).padEnd(7)} [`;
}

function eventOf(task: Task): string {
  return `${startOf(task)}000] ..... 0.000000: mm_page_free: page=0 pfn=0x1 order=0\n`;
}

/** Events on trial at a time, and room to spare. */
const PROOF_EVENTS = 16;

/** Whether names survive printing and reading: the reader itself is asked. */
class TracefsProof {
  readonly #names = new TraceNames();
  /** Events read from the lines on trial. */
  readonly #read: (readonly [task: Task, caller: string])[] = [];
  readonly #blocks = new EventBlocks(({ count, task, caller }) => {
    for (let i = 0; i < count; i++) {
      this.#read.push([
        this.#names.tasks[task[i]!]!,
        caller[i] === 0 ? "" : this.#names.callers[caller[i]! - 1]!,
      ]);
    }
  }, PROOF_EVENTS);
  readonly #reader = new TextReader("proof", TRACEFS, {
    blocks: this.#blocks,
    names: this.#names,
    counts: newTraceCounts(),
  });

  /** Whether lines are read as one event of this task and this caller, which is empty for none. */
  holds(lines: Uint8Array, { comm, pid }: Task, caller: string): boolean {
    this.#read.length = 0;
    try {
      this.#reader.feed(lines);
    } catch (error) {
      if (error instanceof TraceError) return false;
      throw error;
    }
    this.#blocks.flush();
    const [event] = this.#read;
    return (
      this.#read.length === 1 && event![0].comm === comm && event![0].pid === pid && event![1] === caller
    );
  }
}
