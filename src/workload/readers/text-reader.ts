import { MAX_PAGE_ORDER } from "../../units.js";
import { byteText, LONGEST_LINE_BYTES, NEWLINE, nextLine, SPACE, WholeLines } from "../bytes.js";
import type { CompactMetadata } from "../compact/format.js";
import type { EventBlocks } from "../event-blocks.js";
import { PageEventKind, type Task } from "../events.js";
import type { GfpText } from "../gfp-text.js";
import { quoted, TraceError, TraceLineError } from "../trace-error.js";
import {
  COUNT_MAX,
  NAME_CHARACTERS_MAX,
  TaskMemo,
  type TraceCounts,
  type TraceNames,
} from "../trace-names.js";
import { CommonLines, USUAL_BYTES } from "./common-lines.js";
import { RepeatedFrees, ZeroPages } from "./frame-doubts.js";
import { DUMP, DUMP_BEGINS, logPrefixLength } from "./ftrace-format.js";
import {
  decodeBytes,
  type LineFault,
  type LineFormat,
  type LineStart,
  NO_TASK,
  type TextFormatName,
} from "./line-format.js";
import { OtherLines } from "./other-lines.js";
import { KIND_OF_NAME, OLD_FREE_NAMES, type Payload, parsePayload } from "./payload.js";
import { callerOfFrame, kernelOfComment, type Loss, lossOfLine, REMARK } from "./remarks.js";

export type TraceFormatName = TextFormatName | "LLFree" | "compact";

/** Reads a trace: call `feed` for each piece, then `end`. Events go to a TraceOutput as they come. */
export interface EventReader {
  /** Undefined until enough of the trace has come to tell. */
  readonly format: TraceFormatName | undefined;
  /** The first line that was left out because it cannot be read, and why. */
  readonly firstUnread?: TraceError | undefined;
  /** A compact trace's statement of its source, once it has come. */
  readonly metadata?: CompactMetadata | undefined;
  /** Reads the next bytes of the file, which may end anywhere; they are not kept. @throws TraceError */
  feed(chunk: Uint8Array): void;
  /** To be called once. @throws TraceError for a trace that is cut short or empty */
  end(): void;
}

/** Destination of a reader's output. One for all parts of a trace. */
export interface TraceOutput {
  readonly blocks: EventBlocks;
  readonly names: TraceNames;
  readonly counts: TraceCounts;
}

export interface TextReaderOptions {
  /** Whether lines that cannot be read are left out and counted. Default: the first one is an error. */
  readonly lenient?: boolean;
  /** Lines of the file before those that are fed. Default 0. */
  readonly linesBefore?: number;
}

/** Empty, also as quoted in mail. */
const BLANK = /^[> ]*$/;
const TAB = 0x09;

const PERF_RECORD = /^PERF_RECORD_\w+/;
const TIME = /\d+\.\d+: /;
/** Lines before a call chain, in the words of ftrace and of trace-cmd. */
const STACK_TRACE = /^(?:<(?:user )?stack trace>$|(?:kernel|user)_stack: )/;
/** A comment, a frame of a call chain, or what is left of a line whose end was lost, where a task would be. */
const UNUSUAL_TASK = /^#|^ ?=> |mm_page|\p{Cc}/u;
/** A page event, wherever it stands. */
const PAGE_EVENT = /mm_page\w{0,64}: +(?:\[FAILED TO PARSE\] +)?(?:page|pfn)=/;
const LIKE_PAGE_EVENT = /^(?:kmem:)?mm_page/;

export class TextReader implements EventReader {
  firstUnread: TraceError | undefined = undefined;
  readonly #file: string;
  readonly #format: LineFormat;
  readonly #output: TraceOutput;
  readonly #isLenient: boolean;
  /** Undefined where lines of the format need more care. */
  #usual: CommonLines | undefined;
  /** Undefined where a line may be read otherwise for what stands in its fields. */
  readonly #others: OtherLines | undefined = undefined;
  readonly #zeroPages: ZeroPages;
  /** From the first event on that kernels before 3.3 have. */
  #repeatedFrees: RepeatedFrees | undefined = undefined;
  readonly #cpuTasks = new Map<number, Task>();
  /** Call chains are long, and only their first lines are wanted. */
  readonly #skipsTabs: boolean;
  readonly #lines = new WholeLines((bytes, start, end) => this.#scan(bytes, start, end));
  #line: number;
  #hasEvents = false;
  #sawDump = false;
  /** Whether an event came that waits for its caller. At the start a frame would belong to none. */
  #wantsCaller = true;
  #ending = false;

  constructor(
    file: string,
    format: LineFormat,
    output: TraceOutput,
    { lenient = false, linesBefore = 0 }: TextReaderOptions = {},
  ) {
    this.#file = file;
    this.#format = format;
    this.#output = output;
    this.#isLenient = lenient;
    this.#line = linesBefore;
    this.#zeroPages = new ZeroPages(output.blocks);
    this.#skipsTabs = format.name === "perf script";
    const { usual } = format;
    if (usual !== undefined) {
      const tasks = new TaskMemo(output.names, (text) =>
        UNUSUAL_TASK.test(text) ? undefined : usual.parseTask(text),
      );
      if (!usual.hasSystem) this.#others = new OtherLines();
      this.#usual = new CommonLines(output.names, tasks, output.blocks, usual.hasSystem, this.#others);
    }
  }

  get format(): TextFormatName {
    return this.#format.name;
  }

  feed(chunk: Uint8Array): void {
    if (!this.#lines.feed(chunk)) this.#tooLong(this.#line + 1);
  }

  end(): void {
    this.#ending = true;
    this.#lines.end();
    if (this.#format !== DUMP || this.#sawDump || this.#hasEvents) return;
    const found = "the log of a kernel without a dumped trace buffer";
    throw new TraceError(this.#file, { line: 1, column: 1 }, "a trace", found);
  }

  #scan(bytes: Uint8Array, start: number, end: number): void {
    const at = this.#scanTo(bytes, start, end);
    if (at === end) return;
    // What reads usual lines looks beyond their ends.
    const last = new Uint8Array(end - at + USUAL_BYTES);
    last.set(bytes.subarray(at, end));
    this.#scanTo(last, 0, end - at);
  }

  /** @returns the end, or the start of a line near the end of `bytes` */
  #scanTo(bytes: Uint8Array, start: number, end: number): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const usualEnd = this.#usual === undefined ? end : Math.min(end, bytes.length - USUAL_BYTES + 1);
    let at = start;
    while (at < usualEnd) {
      if (!(bytes[at] === TAB && this.#skipsTabs)) {
        const next = this.#usualLines(bytes, view, at, usualEnd);
        if (next > at) {
          at = next;
          continue;
        }
      }
      this.#line++;
      if (bytes[at] === TAB && this.#skipsTabs) {
        at = this.#wantsCaller ? this.#unusual(bytes, at) : this.#checkedLine(at, nextLine(bytes, at));
        continue;
      }
      at = this.#unusual(bytes, at);
    }
    return at;
  }

  /** @returns the start of a line that comes later, or of the same one if it is not usual */
  #usualLines(bytes: Uint8Array, view: DataView, start: number, end: number): number {
    if (this.#usual === undefined || this.#ending) return start;
    const { blocks } = this.#output;
    const before = blocks.appended;
    // The first page that is known as one tells what a page printed as zeros means.
    const eventsMax = this.#zeroPages.isOpen ? 1 : Number.POSITIVE_INFINITY;
    const at = this.#usual.read(bytes, view, start, end, eventsMax);
    if (at === start) return start;
    const events = blocks.appended - before;
    this.#line += events + (this.#others?.take((name, lines) => this.#countOthers(name, lines)) ?? 0);
    this.#wantsCaller = this.#usual.endsWithEvent;
    if (events > 0) {
      this.#hasEvents = true;
      this.#zeroPages.pagesTell();
    }
    return at;
  }

  /** A line that came whole may be no longer than one that came in pieces. @returns the start of the next one */
  #checkedLine(at: number, next: number): number {
    if (next - 1 - at > LONGEST_LINE_BYTES) this.#tooLong(this.#line);
    return next;
  }

  #tooLong(line: number): never {
    throw new TraceError(this.#file, { line, column: 1 }, "the text of a trace", "bytes without a line end");
  }

  #unusual(bytes: Uint8Array, at: number): number {
    if (bytes[at] === NEWLINE) return at + 1;
    const next = this.#checkedLine(at, nextLine(bytes, at));
    const line = byteText(bytes.subarray(at, next - 1)).trimEnd();
    try {
      this.#read(line, bytes[at] === SPACE);
    } catch (error) {
      if (!(this.#isLenient && error instanceof TraceLineError)) throw error;
      this.firstUnread ??= error;
      this.#output.counts.unreadLines++;
      this.#wantsCaller = false;
    }
    return next;
  }

  #read(line: string, beginsWithSpace: boolean): void {
    // Event lines begin with spaces, and a file may end within these.
    if (line === "" && this.#ending && beginsWithSpace) {
      this.#fail(line, { column: 0, expected: "an event" });
    }
    if (BLANK.test(line) || this.#isRemark(line)) return;
    if (this.#hasEvents && this.#format.frame.test(line)) {
      this.#frame(line);
      return;
    }
    const start = this.#format.parseStart(line, this.#cpuTasks);
    if (start === undefined) return;
    if (start === "other") {
      if (this.#ending) this.#fail(line, { column: line.length, expected: "the rest of a line" });
      this.#output.counts.otherEvents++;
      return;
    }
    if (!("eventColumn" in start)) this.#fail(line, start);
    this.#event(line, start);
  }

  #event(line: string, start: LineStart): void {
    const text = line.slice(start.eventColumn, start.endColumn);
    if (PERF_RECORD.test(text)) {
      this.#addLoss(line, lossOfLine(text));
      return;
    }
    if (STACK_TRACE.test(text)) return;
    // The task of an event takes in what stands before.
    this.#refuseEventIn(line, start.eventColumn);
    this.#wantsCaller = false;
    const event = this.#format.event.exec(text);
    const name = event?.[2];
    if (event === null || name === undefined || !KIND_OF_NAME.has(name)) {
      this.#otherEvent(line, text, name, start);
      if (event !== null && name !== undefined && start.time !== undefined)
        this.#others?.remember(line, start.eventColumn, start.eventColumn + event[0].length, name);
      return;
    }
    const column = start.eventColumn + event[0].length;
    const payload = parsePayload(
      name,
      text.slice(event[0].length),
      column,
      this.#format.fields,
      this.#output.names.gfpTable,
    );
    if (!("pfn" in payload)) this.#fail(line, payload);
    if (payload.gfp !== undefined) this.#countFlags(line, payload.gfp.text, payload.gfp.meaning);
    if (OLD_FREE_NAMES.has(name) && this.#repeatedFrees === undefined) {
      this.#repeatedFrees = new RepeatedFrees();
      this.#usual = undefined;
    }
    this.#hasEvents = true;
    this.#keep(KIND_OF_NAME.get(name)!, payload, start, this.#timeNs(line, start));
  }

  /** The time of an event; that of the event before if it has none. */
  #timeNs(line: string, { time }: LineStart): number {
    const { blocks } = this.#output;
    if (time === undefined) return blocks.lastTimeNs;
    const timeNs = blocks.clock.nanoseconds(time);
    if (timeNs !== undefined) return timeNs;
    const expected = "a time no more than a day before the first event, nor 100 days after it";
    return this.#fail(line, { column: TIME.exec(line)?.index ?? 0, expected });
  }

  #keep(kind: PageEventKind, payload: Payload, start: LineStart, timeNs: number): void {
    const { order, migrateType, detail } = payload;
    const pfn = this.#frameOf(kind, payload);
    if (this.#isRepeated(kind, pfn, order)) return;
    const { blocks, counts, names } = this.#output;
    const { comm, pid } = start.task ?? NO_TASK;
    if (start.task === undefined) counts.withoutTask++;
    if (start.cpu === undefined) counts.withoutCpu++;
    if (start.isTick === true) counts.tickTimes++;
    else if (start.time === undefined) counts.withoutTime++;
    if (order > MAX_PAGE_ORDER) counts.wideOrders++;
    if (payload.hasOtherPages) counts.otherPageSizes++;
    blocks.append(kind, order, migrateType, start.cpu ?? 0, names.task(comm, pid), timeNs, pfn, detail);
    this.#wantsCaller = true;
  }

  #frameOf(kind: PageEventKind, { pfn, page }: Payload): number {
    if (page === "pointer") this.#zeroPages.pagesTell();
    if (page !== "zeros") return pfn;
    if (kind === PageEventKind.free || kind === PageEventKind.freeBatched) this.#zeroPages.freed();
    const failed = kind === PageEventKind.alloc && this.#zeroPages.isFailure();
    if (this.#usual !== undefined) this.#usual.readsZeroPages = this.#zeroPages.sayNothing;
    return failed ? 0 : pfn;
  }

  #isRepeated(kind: PageEventKind, pfn: number, order: number): boolean {
    if (this.#repeatedFrees === undefined || pfn === 0) return false;
    if (kind === PageEventKind.alloc) this.#repeatedFrees.allocated(pfn, order);
    if (kind !== PageEventKind.free || !this.#repeatedFrees.freed(pfn, order)) return false;
    this.#output.counts.repeatedFrees++;
    return true;
  }

  #otherEvent(line: string, text: string, name: string | undefined, { eventColumn }: LineStart): void {
    const { counts } = this.#output;
    const isPageEvent = name === undefined && (LIKE_PAGE_EVENT.test(text) || PAGE_EVENT.test(text));
    if (text === "" || this.#ending || isPageEvent) {
      this.#fail(line, { column: eventColumn, expected: "the name of an event" });
    }
    if (name === undefined) counts.otherEvents++;
    else this.#countOthers(name, 1);
  }

  #countOthers(name: string, lines: number): void {
    const { counts, names } = this.#output;
    counts.otherEvents += lines;
    names.noteOtherEvents(name, lines);
    if (LIKE_PAGE_EVENT.test(name)) counts.unknownEvents += lines;
  }

  /** Counts losses. @returns whether the line tells of no event */
  #isRemark(whole: string): boolean {
    const line = this.#format === DUMP ? whole.slice(logPrefixLength(whole)) : whole;
    const isComment = this.#format.comment.test(line);
    const loss = lossOfLine(line);
    if (loss !== undefined && (isComment || loss.overwritten === 0)) {
      this.#addLoss(line, loss);
      return true;
    }
    if (this.#format === DUMP && DUMP_BEGINS.test(line)) this.#sawDump = true;
    const kernel = isComment ? kernelOfComment(line) : undefined;
    if (kernel !== undefined) this.#output.names.tellKernel(kernel);
    if (isComment) this.#refuseEventIn(line);
    return isComment || REMARK.test(line);
  }

  /** Makes sure that no event is lost with the end of its line, or of the line before. */
  #refuseEventIn(line: string, endColumn?: number): void {
    const event = PAGE_EVENT.exec(line.slice(0, endColumn));
    if (event !== null)
      this.#fail(line, { column: event.index, expected: "every event in a line of its own" });
  }

  #addLoss(line: string, loss: Loss | undefined): void {
    if (loss === undefined) return;
    const { counts } = this.#output;
    const lost = counts.lostEvents + loss.lost;
    const overwritten = counts.overwrittenEvents + loss.overwritten;
    if (!(lost <= COUNT_MAX && overwritten <= COUNT_MAX)) {
      this.#fail(line, { column: 0, expected: `at most ${COUNT_MAX} events` });
    }
    counts.lostEvents = lost;
    counts.overwrittenEvents = overwritten;
  }

  #frame(line: string): void {
    this.#refuseEventIn(line);
    if (!this.#wantsCaller) return;
    const caller = callerOfFrame(decodeBytes(line));
    if (caller === undefined) return;
    if (caller.length > NAME_CHARACTERS_MAX)
      this.#fail(line, { column: 0, expected: `a function of at most ${NAME_CHARACTERS_MAX} characters` });
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
    const found = text === "" ? "the end of the line" : quoted(text);
    const truncated = this.#ending ? `; the trace is truncated in line ${this.#line}, its last` : "";
    const place = { line: this.#line, column: column + 1 };
    throw new TraceLineError(this.#file, place, expected, found, truncated);
  }
}
