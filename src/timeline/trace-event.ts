/**
 * A timeline in the Trace Event format (JSON), which Perfetto and Chromium's own viewer open: complete slices (`X`),
 * counters (`C`), instants (`i`), flows (`s`, `t`, `f`). Times are microseconds with three digits: nanoseconds.
 */

import type { Moment, Slice, Timeline } from "./recorder.js";
import { countersOf, type FlowPart, flowsBySlice, GUEST, tracksOf } from "./tracks.js";

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
  const flows = flowsBySlice(timeline);
  for (const slices of timeline.cpus) for (const slice of slices) addSlice(slice, events, pid, flows);
  for (const moment of timeline.moments) events.push(instant(moment, pid));
  const { mergedBelowNs, momentsMergedBelowNs } = timeline;
  const more = { displayTimeUnit: "ns", otherData: { mergedBelowNs, momentsMergedBelowNs } };
  const lines = events.map((event) => JSON.stringify(event)).join(",\n");
  return `{"traceEvents":[\n${lines}\n],${JSON.stringify(more).slice(1)}\n`;
}

function addSlice(
  slice: Slice,
  events: object[],
  pid: number,
  flows: ReadonlyMap<Slice, readonly FlowPart[]>,
): void {
  const { what, cpu, startNs, endNs, details, children } = slice;
  events.push({
    ph: "X",
    pid,
    tid: cpu + 1,
    name: what,
    ts: microseconds(startNs),
    dur: microseconds(endNs - startNs),
    ...(details === undefined ? {} : { args: details }),
  });
  // A viewer binds a flow to the innermost slice that has begun: what lies in this one comes later, and may begin with it.
  for (const { id, part } of flows.get(slice) ?? [])
    events.push({
      ...FLOW[part],
      pid,
      tid: cpu + 1,
      id,
      cat: "wait",
      name: "waits for",
      ts: microseconds(startNs),
    });
  for (const child of children) addSlice(child, events, pid, flows);
}

const FLOW = { begin: { ph: "s" }, step: { ph: "t" }, end: { ph: "f", bp: "e" } } as const;

function instant({ what, cpu, atNs, details }: Moment, pid: number): object {
  const args = details === undefined ? {} : { args: details };
  return { ph: "i", s: "t", pid, tid: cpu + 1, name: what, ts: microseconds(atNs), ...args };
}

/** As a number whose digits JSON prints exactly: below 2^53 ns there are at most 16. */
function microseconds(ns: number): number {
  return Number(`${Math.floor(ns / 1000)}.${String(ns % 1000).padStart(3, "0")}`);
}
