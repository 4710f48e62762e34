/** Tells formats apart by their first bytes. */

import { byteText } from "../bytes.js";
import { COMPACT_MAGIC } from "../compact/format.js";
import { TraceError } from "../trace-error.js";
import { containerOf } from "./container.js";
import { TRACE_CMD, TRACEFS } from "./ftrace-format.js";
import { type LineFormat, REMARK } from "./line-format.js";
import { looksLikeLlfree } from "./llfree.js";
import { PERF_SCRIPT } from "./perf-format.js";

/** What is looked at; more than the header of any of the tools. */
export const DETECTION_BYTES = 65536;

const SYSTEM_AND_EVENT = /^ *[^\s:]+:[^\s:]+: /;
const PADDED_EVENT = /^[^\s:]+: {2,}/;
/** Of `perf script --header`, which may be long. */
const PERF_HEADER = /^# (?:captured on|perf version|cmdline) *:/;
/** Of any of the tools. */
const COMMENT = /^#(?:[ #]|$)/;
const LOST = /^CPU:\d+ \[/;

/** A format that TraceReader can read. */
export type DetectedFormat = LineFormat | "llfree" | "compact";

/**
 * @param file name for messages
 * @param bytes the first ones of the file, at least `DETECTION_BYTES` of them or all
 * @throws TraceError for what is none of the formats
 */
export function detectFormat(file: string, bytes: Uint8Array): DetectedFormat {
  const text = byteText(bytes.subarray(0, DETECTION_BYTES));
  if (text.startsWith(COMPACT_MAGIC)) return "compact";
  const advice = containerOf(text);
  if (advice !== undefined) throw new TraceError(file, { offset: 0 }, "a trace", advice);
  if (looksLikeLlfree(bytes)) return "llfree";
  let format: LineFormat = TRACEFS;
  let line = 0;
  for (let at = 0; at < text.length; ) {
    const newline = text.indexOf("\n", at);
    // A line that is not all there says nothing, unless it is all that there is.
    if (newline === -1 && bytes.length >= DETECTION_BYTES) break;
    const content = text.slice(at, newline === -1 ? undefined : newline).trimEnd();
    line++;
    at = newline === -1 ? text.length : newline + 1;
    if (content.startsWith("cpus=")) format = TRACE_CMD;
    if (PERF_HEADER.test(content)) format = PERF_SCRIPT;
    if (content === "" || COMMENT.test(content) || LOST.test(content) || REMARK.test(content)) continue;
    return formatOfLine(file, content, line, format);
  }
  return format;
}

function formatOfLine(file: string, content: string, line: number, format: LineFormat): LineFormat {
  const ftrace = TRACEFS.parseStart(content);
  const perf = PERF_SCRIPT.parseStart(content);
  if ("eventColumn" in perf && SYSTEM_AND_EVENT.test(content.slice(perf.eventColumn))) return PERF_SCRIPT;
  if ("eventColumn" in ftrace) {
    return PADDED_EVENT.test(content.slice(ftrace.eventColumn)) || format === TRACE_CMD ? TRACE_CMD : TRACEFS;
  }
  if ("eventColumn" in perf) return PERF_SCRIPT;
  const expected = "a line of tracefs, perf script or trace-cmd report";
  const quote = JSON.stringify(content.length > 40 ? `${content.slice(0, 40)}...` : content);
  throw new TraceError(file, { line, column: 1 }, expected, quote);
}
