/** Reads one of the text formats, line by line. */

import { NEWLINE, nextLine, SPACE } from "../bytes.js";
import type { EventBlocks } from "../event-blocks.js";
import type { GfpText } from "../gfp-text.js";
import type { TraceCounts } from "../trace-counts.js";
import { TraceError } from "../trace-error.js";
import { TaskMemo, type TraceNames } from "../trace-names.js";
import { WholeLines } from "../whole-lines.js";
import { callerOfFrame } from "./call-chain.js";
import { kernelOfComment } from "./kernel-of-comment.js";
import { type LineFault, type LineFormat, NO_TASK, REMARK } from "./line-format.js";
import { KIND_OF_NAME, parsePayload } from "./payload.js";
import { UsualLines } from "./usual-lines.js";

/** Where a reader puts what it reads. One for all parts of a trace. */
export interface TraceOutput {
  readonly blocks: EventBlocks;
  readonly names: TraceNames;
  readonly counts: TraceCounts;
}

const LONGEST_QUOTE = 40;
const HASH = 0x23;
const TAB = 0x09;

/** ftrace says `CPU:3 [LOST 12 EVENTS]`, trace-cmd `CPU:3 [12 EVENTS DROPPED]`, both also without a number. */
const LOST_EVENTS = /^CPU:\d+ \[(?:LOST )?(?:(\d+) )?EVENTS(?: DROPPED)?\]$/;
/** perf script --show-lost-events, and what perf says at the end of a recording. */
const PERF_LOST = /^PERF_RECORD_LOST(?:_SAMPLES)? lost (\d+)$/;
const PERF_LOST_CHUNKS = /^Processed \d+ events and lost (\d+) chunks?!$/;
const BUFFER_HEADER = /^# entries-in-buffer\/entries-written: (\d+)\/(\d+) /;
const EVENT = /^(?:[^\s:]+:)?([^\s:]+): */;
const PERF_RECORD = /^PERF_RECORD_\w+/;
/** What stands before the call chain of the event before: ftrace, and trace-cmd in its words. */
const STACK_TRACE = /^(?:<(?:user )?stack trace>$|(?:kernel|user)_stack: )/;

const latin1 = new TextDecoder("latin1");

/** `feed` it piece by piece, then call `end`. */
export class TextReader {
  readonly #file: string;
  readonly #format: LineFormat;
  readonly #output: TraceOutput;
  readonly #usual: UsualLines;
  /** Call chains are long, and only their first lines are wanted. */
  readonly #skipsTabs: boolean;
  readonly #lines = new WholeLines((bytes, start, end) => this.#scan(bytes, start, end));
  #line = 0;
  #lastTimeNs = 0;
  #hasEvents = false;
  /** Whether an event came that waits for its caller. At the start a frame would belong to none. */
  #wantsCaller = true;
  #ending = false;

  /** @param file name for messages */
  constructor(file: string, format: LineFormat, output: TraceOutput) {
    this.#file = file;
    this.#format = format;
    this.#output = output;
    const tasks = new TaskMemo(output.names, (text) => format.parseTask(text));
    this.#skipsTabs = format.frameStart === "\t";
    this.#usual = new UsualLines(output.names, tasks, output.blocks);
  }

  /**
   * Reads the next bytes of the file, which may end anywhere.
   *
   * @throws TraceError at the first line that does not belong in a trace
   */
  feed(chunk: Uint8Array): void {
    if (this.#lines.feed(chunk)) return;
    const place = { line: this.#line + 1, column: 1 };
    throw new TraceError(this.#file, place, "the text of a trace", "bytes without a line end");
  }

  /**
   * To be called once, after the last `feed`.
   *
   * @throws TraceError if the trace ends within an event
   */
  end(): void {
    this.#ending = true;
    this.#lines.end();
  }

  #scan(bytes: Uint8Array, start: number, end: number): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = start;
    while (at < end) {
      this.#line++;
      if (bytes[at] === TAB && this.#skipsTabs && !this.#wantsCaller) {
        at = nextLine(bytes, at);
        continue;
      }
      const next = bytes[at] === HASH ? -1 : this.#usual.read(bytes, view, at, end);
      if (next >= 0) {
        this.#hasEvents = true;
        this.#wantsCaller = true;
        at = next;
      } else {
        at = this.#unusual(bytes, at);
      }
    }
  }

  /** Reads any line and returns the start of the next one. */
  #unusual(bytes: Uint8Array, at: number): number {
    if (bytes[at] === NEWLINE) return at + 1;
    const next = nextLine(bytes, at);
    const line = latin1.decode(bytes.subarray(at, next - 1)).trimEnd();
    // Event lines begin with spaces, and a file may end within these.
    if (line === "" && this.#ending && bytes[at] === SPACE)
      this.#fail(line, { column: 0, expected: "an event" });
    if (line === "" || this.#isRemark(line)) return next;
    if (this.#hasEvents && line.startsWith(this.#format.frameStart)) {
      this.#frame(line);
      return next;
    }
    const start = this.#format.parseStart(line);
    if (!("eventColumn" in start)) this.#fail(line, start);
    const { counts } = this.#output;
    const text = line.slice(start.eventColumn);
    const event = EVENT.exec(text);
    if (PERF_RECORD.test(text) || STACK_TRACE.test(text)) {
      counts.lostEvents += Number(PERF_LOST.exec(text)?.[1] ?? 0);
      return next;
    }
    this.#wantsCaller = false;
    const kind = event === null ? undefined : KIND_OF_NAME.get(event[1]!);
    if (event === null || kind === undefined) {
      if (text === "" || this.#ending) {
        this.#fail(line, { column: start.eventColumn, expected: "the name of an event" });
      }
      counts.otherEvents++;
      return next;
    }
    const column = start.eventColumn + event[0].length;
    const payload = parsePayload(kind, text.slice(event[0].length), column, this.#output.names.gfpTable);
    if (!("pfn" in payload)) this.#fail(line, payload);
    const { order, migrateType, pfn, detail, gfp } = payload;
    if (gfp !== undefined) this.#countFlags(line, gfp.text, gfp.meaning);
    const { comm, pid } = start.task ?? NO_TASK;
    const task = this.#output.names.task(comm, pid);
    const timeNs = start.timeNs ?? this.#lastTimeNs;
    this.#lastTimeNs = timeNs;
    if (start.task === undefined) counts.withoutTask++;
    if (start.cpu === undefined) counts.withoutCpu++;
    if (start.timeNs === undefined) counts.withoutTime++;
    this.#output.blocks.append(kind, order, migrateType, start.cpu ?? 0, task, timeNs, pfn, detail);
    this.#hasEvents = true;
    this.#wantsCaller = true;
    return next;
  }

  /** Counts losses. @returns whether the line tells of no event */
  #isRemark(line: string): boolean {
    const { counts } = this.#output;
    if (this.#format.comment.test(line)) {
      const buffer = BUFFER_HEADER.exec(line);
      if (buffer !== null) counts.overwrittenEvents += Math.max(0, Number(buffer[2]) - Number(buffer[1]));
      const kernel = kernelOfComment(line);
      if (kernel !== undefined) this.#output.names.tellKernel(kernel);
      return true;
    }
    const lost = LOST_EVENTS.exec(line) ?? PERF_LOST_CHUNKS.exec(line);
    // The kernel leaves the number out where it does not know it; it was one at least.
    if (lost !== null) counts.lostEvents += Number(lost[1] ?? 1);
    return lost !== null || REMARK.test(line);
  }

  #frame(line: string): void {
    if (!this.#wantsCaller) return;
    const caller = callerOfFrame(line);
    if (caller === undefined) return;
    this.#output.blocks.setCaller(this.#output.names.caller(caller));
    this.#wantsCaller = false;
  }

  #countFlags(line: string, text: string, { flags, isHex, unknownNames, unknownBits }: GfpText): void {
    // At the end of a file a name that is not known is more likely one that was cut off.
    if (unknownNames && this.#ending)
      this.#fail(line, { column: line.length, expected: "gfp flags of Linux" });
    if (isHex) this.#output.counts.hexFlags++;
    if (unknownNames || unknownBits) this.#output.counts.unknownFlags++;
    this.#output.names.noteGfp(text, flags);
  }

  #fail(line: string, { column, expected }: LineFault): never {
    const text = line.slice(column);
    const quote = JSON.stringify(text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}...` : text);
    const found = text === "" ? "the end of the line" : quote;
    const truncated = this.#ending ? `; the trace is truncated in line ${this.#line}, its last` : "";
    const place = { line: this.#line, column: column + 1 };
    throw new TraceError(this.#file, place, expected, found + truncated);
  }
}
