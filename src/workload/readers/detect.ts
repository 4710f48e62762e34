import { byteText } from "../bytes.js";
import { COMPACT_MAGIC } from "../compact/format.js";
import type { Task } from "../events.js";
import { quoted, TraceError } from "../trace-error.js";
import { containerOf, foreignBytes, foreignText } from "./foreign.js";
import {
  DUMP,
  DUMP_BEGINS,
  FUNCTION_GRAPH,
  GRAPH_LINE,
  LATENCY,
  logPrefixLength,
  TRACE_CMD,
  TRACE_CMD_TICKS,
  TRACEFS,
  TRACEFS_TICKS,
} from "./ftrace-format.js";
import { isStart, type LineFormat } from "./line-format.js";
import { looksLikeLlfree } from "./llfree.js";
import { PERF_SCRIPT, PERF_TRACE } from "./perf-format.js";
import { lossOfLine, REMARK } from "./remarks.js";

/** Length of the text looked at; more than the header of any of the tools. */
export const DETECTION_BYTES = 65536;
/** One damaged line must not decide. */
const DETECTION_LINES = 200;

const SYSTEM_AND_EVENT = /^ *[^\s:]+:[^\s:]+: /;
const PADDED_EVENT = /^[^\s:]+: {2,}/;
/** Of `perf script --header`, which may be long. */
const PERF_HEADER = /^# (?:captured on|perf version|cmdline) *:/;
/** Of any of the tools. */
const COMMENT = /^#(?:[ #]|$)/;
const NO_TASKS: Map<number, Task> = new Map();

export type DetectedFormat = LineFormat | "llfree" | "compact";

/** @param bytes the first ones of the file, at least `DETECTION_BYTES` or all @throws TraceError */
export function detectFormat(file: string, bytes: Uint8Array): DetectedFormat {
  const text = byteText(bytes.subarray(0, DETECTION_BYTES));
  if (text.startsWith(COMPACT_MAGIC)) return "compact";
  const advice = foreignBytes(text) ?? containerOf(text);
  if (advice !== undefined) throw new TraceError(file, { offset: 0 }, "a trace", advice);
  if (looksLikeLlfree(bytes)) return "llfree";
  return detectText(file, text, bytes.length >= DETECTION_BYTES);
}

/** @param isCut whether the file continues after this text */
function detectText(file: string, text: string, isCut: boolean): LineFormat {
  const lines = text.split("\n");
  // A line that is not all there says nothing, unless it is all that there is.
  if (isCut) lines.pop();
  const votes = new Map<LineFormat, number>();
  let header: LineFormat = TRACEFS;
  let isTraceCmd = false;
  let unknown: { readonly line: number; readonly content: string } | undefined;
  let looked = 0;
  for (const [index, raw] of lines.entries()) {
    const content = raw.trimEnd();
    if (content.startsWith("cpus=")) isTraceCmd = true;
    if (PERF_HEADER.test(content)) header = PERF_SCRIPT;
    if (DUMP_BEGINS.test(content)) header = DUMP;
    if (content === "" || COMMENT.test(content) || REMARK.test(content)) continue;
    if (lossOfLine(content) !== undefined) continue;
    const format = formatOfLine(content);
    if (format === undefined) {
      unknown ??= { line: index + 1, content };
      continue;
    }
    if (format === TRACE_CMD || format === TRACE_CMD_TICKS) isTraceCmd = true;
    const family = format === TRACE_CMD ? TRACEFS : format === TRACE_CMD_TICKS ? TRACEFS_TICKS : format;
    votes.set(family, (votes.get(family) ?? 0) + 1);
    if (++looked === DETECTION_LINES) break;
  }
  const [first] = [...votes].sort(([, a], [, b]) => b - a);
  if (first === undefined && unknown !== undefined) return notText(file, lines, unknown, header);
  const format = header === DUMP ? DUMP : (first?.[0] ?? header);
  if (!isTraceCmd) return format;
  return format === TRACEFS ? TRACE_CMD : format === TRACEFS_TICKS ? TRACE_CMD_TICKS : format;
}

function formatOfLine(content: string): LineFormat | undefined {
  const perf = PERF_SCRIPT.parseStart(content, NO_TASKS);
  if (isStart(perf) && SYSTEM_AND_EVENT.test(content.slice(perf.eventColumn))) return PERF_SCRIPT;
  for (const [seconds, traceCmd] of [
    [TRACEFS, TRACE_CMD],
    [TRACEFS_TICKS, TRACE_CMD_TICKS],
  ] as const) {
    const start = seconds.parseStart(content, NO_TASKS);
    if (!isStart(start)) continue;
    return PADDED_EVENT.test(content.slice(start.eventColumn)) ? traceCmd : seconds;
  }
  const prefix = logPrefixLength(content);
  const latency = LATENCY.parseStart(content.slice(prefix), NO_TASKS);
  if (isStart(latency)) return prefix > 0 ? DUMP : LATENCY;
  if (GRAPH_LINE.test(content)) return FUNCTION_GRAPH;
  if (isStart(PERF_TRACE.parseStart(content, NO_TASKS))) return PERF_TRACE;
  return isStart(perf) ? PERF_SCRIPT : undefined;
}

function notText(
  file: string,
  lines: readonly string[],
  { line, content }: { readonly line: number; readonly content: string },
  header: LineFormat,
): LineFormat {
  // The events of a log may come after the part that was looked at.
  if (
    header === DUMP ||
    lines.filter((text) => /^(?:<\d+>)?\[ *\d+\.\d+\] /.test(text)).length * 2 > lines.length
  )
    return DUMP;
  const foreign = foreignText(lines);
  if (foreign !== undefined) {
    throw new TraceError(file, { line: foreign.line, column: 1 }, "a trace", foreign.advice);
  }
  const expected = "a line of tracefs, perf script or trace-cmd report";
  throw new TraceError(file, { line, column: 1 }, expected, quoted(content));
}
