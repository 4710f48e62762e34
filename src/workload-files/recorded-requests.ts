/** From the bytes of a trace, and its description if it has one, to requests that can be replayed. */

import { formatRemarks, PageEventCounts, whyUnusable } from "../report/trace-import.js";
import { describeTrace, type RecordedRequests } from "../workload/after-boot.js";
import { buildRequests } from "../workload/build-requests.js";
import type { Recording } from "../workload/recording.js";
import { readEvents, type TraceFile } from "./read-events.js";
import { WorkloadError } from "./workload-error.js";

/** The file that a description describes, as it is read. */
export interface StoredTrace {
  /** Only for messages. */
  readonly path: string;
  /** As stored, packed or not. */
  readonly chunks: Iterable<Uint8Array>;
}

/**
 * @param recording what describes the trace
 * @param lenient whether lines of a text that cannot be read are left out, and counted in `remarks`
 * @throws TraceError for what is damaged or not a trace; WorkloadError for one that asks for no memory, or has
 *   ambiguous flags
 */
export function describedRequests(
  { path, chunks }: StoredTrace,
  recording: Recording,
  lenient?: boolean,
): RecordedRequests {
  return usable(path, readEvents(path, chunks, { kernel: recording.kernel, lenient }), recording);
}

/**
 * The same for a trace without a description, which is taken to begin on a machine that is up.
 *
 * @param sha256 of the file as stored, in hex; asked for once all chunks are read
 * @throws what `describedRequests` throws
 */
export function undescribedRequests(
  { path, chunks }: StoredTrace,
  sha256: () => string,
  lenient?: boolean,
): RecordedRequests {
  const trace = readEvents(path, chunks, { lenient });
  const described = describeTrace(workloadName(path), trace.events, trace.kernel);
  return usable(path, trace, { ...described, trace: { ...described.trace, sha256: sha256() } });
}

/** The requests of a trace; @throws WorkloadError if there are none to make. */
function usable(
  path: string,
  { events, counts, flags, details }: TraceFile,
  recording: Recording,
): RecordedRequests {
  const { requests, report } = buildRequests(events, recording);
  const pageEvents = new PageEventCounts();
  pageEvents.add(events);
  const unusable = whyUnusable({
    allocations: report.allocations,
    failed: report.failed,
    pageEvents: pageEvents.byTracepoint,
    otherEvents: details.otherEvents,
    counts,
  });
  if (unusable !== undefined) throw new WorkloadError(`${path}: ${unusable}`);
  // Events of other tracepoints and flags that decide nothing are in most traces, and no part of what is replayed.
  const remarks = formatRemarks({ ...counts, otherEvents: 0 }, { ...flags, idle: [] }, details);
  return { recording, requests, report, ...(remarks.length === 0 ? {} : { remarks }) };
}

/** The name of a trace without a description: that of its file, without what says how it is stored. */
function workloadName(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return name.replace(/(?:\.(?:gz|zst|trace|txt))+$/, "");
}

/** @throws WorkloadError where a trace is not the one that its description describes */
export function requireDigest(
  tracePath: string,
  descriptionPath: string,
  found: string,
  { trace }: Recording,
): void {
  if (found === trace.sha256) return;
  throw new WorkloadError(
    `${tracePath}: truncated, damaged or another file: its sha256 begins with ${found.slice(0, 12)}, ` +
      `and ${descriptionPath} says ${trace.sha256.slice(0, 12)}`,
  );
}
