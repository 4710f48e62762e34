/**
 * A timeline in the Trace Event format (JSON), which Perfetto and Chromium's own viewer open: complete slices (`X`),
 * counters (`C`), instants (`i`), flows (`s`, `t`, `f`). Times are microseconds with three digits: nanoseconds.
 */

import type { Moment, Slice, Timeline } from "./recorder.js";
import { countersOf, flowsOf, GUEST, tracksOf } from "./tracks.js";

/** @returns the file's text, one event a line */
export function formatTraceEvents(timeline: Timeline, name: string): string {
  const pid = 1;
  const events: object[] = [{ ph: "M", pid, name: "process_name", args: { name: `${GUEST} ${name}` } }];
  for (const { cpu, name: thread } of tracksOf(timeline)) {
    events.push({ ph: "M", pid, tid: cpu + 1, name: "thread_name", args: { name: thread } });
    events.push({ ph: "M", pid, tid: cpu + 1, name: "thread_sort_index", args: { sort_index: cpu } });
  }
  for (const { name: counter, samples } of countersOf(timeline)) {
    for (const { atNs, bytes } of samples)
      events.push({ ph: "C", pid, name: counter, ts: microseconds(atNs), args: { bytes } });
  }
  for (const slices of timeline.cpus) for (const slice of slices) addSlice(slice, events, pid);
  for (const flow of flowsOf(timeline)) {
    for (const [at, { cpu, startNs }] of flow.slices.entries()) {
      const ph = at === 0 ? "s" : at === flow.slices.length - 1 ? "f" : "t";
      const bound = ph === "f" ? { bp: "e" } : {};
      events.push({
        ph,
        pid,
        tid: cpu + 1,
        id: flow.id,
        cat: "wait",
        name: "waits for",
        ts: microseconds(startNs),
        ...bound,
      });
    }
  }
  for (const moment of timeline.moments) events.push(instant(moment, pid));
  const more = { displayTimeUnit: "ns", otherData: { mergedBelowNs: timeline.mergedBelowNs } };
  const lines = events.map((event) => JSON.stringify(event)).join(",\n");
  return `{"traceEvents":[\n${lines}\n],${JSON.stringify(more).slice(1)}\n`;
}

function addSlice(
  { what, cpu, startNs, endNs, details, children }: Slice,
  events: object[],
  pid: number,
): void {
  events.push({
    ph: "X",
    pid,
    tid: cpu + 1,
    name: what,
    ts: microseconds(startNs),
    dur: microseconds(endNs - startNs),
    ...(details === undefined ? {} : { args: details }),
  });
  for (const child of children) addSlice(child, events, pid);
}

function instant({ what, cpu, atNs, details }: Moment, pid: number): object {
  const args = details === undefined ? {} : { args: details };
  return { ph: "i", s: "t", pid, tid: cpu + 1, name: what, ts: microseconds(atNs), ...args };
}

/** As a number whose digits JSON prints exactly: below 2^53 ns there are at most 16. */
function microseconds(ns: number): number {
  return Number(`${Math.floor(ns / 1000)}.${String(ns % 1000).padStart(3, "0")}`);
}
