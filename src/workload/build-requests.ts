import { type Columns, pickRows } from "../columns.js";
import { PAGE_SIZE } from "../units.js";
import type { PageEvents } from "./events.js";
import { PfnRanges, pairEvents } from "./pairing.js";
import type { Milestone, NamedInterval, Recording } from "./recording.js";
import { DRAFT_COLUMNS } from "./request-drafts.js";
import { type ImportReport, makesHandle, RequestKind, type RequestMark, type Requests } from "./requests.js";

/** Turns the events of a trace into requests; see pairing.ts for what is inferred. */
export function buildRequests(
  events: PageEvents,
  recording: Recording,
): { requests: Requests; report: ImportReport } {
  const { drafts, report, deferredInit } = pairEvents(events, recording);
  const order = drafts.inOrder();
  const rows = pickRows(DRAFT_COLUMNS, drafts.rows, order);
  const startNs = events.timeNs[0] ?? 0;
  const modelled = recording.modelled.toSorted((a, b) => a.startNs - b.startNs);
  const requests: Requests = {
    count: order.length,
    kind: rows.kind,
    order: rows.order,
    gfp: rows.gfp,
    cpu: rows.cpu,
    ...handles(rows, order, drafts.count),
    offsetBytes: offsets(rows, drafts.rows.pfn, recording),
    thinkNs: thinkTimes(rows, startNs, modelled),
    startNs,
    thinkBeforeNs: timeOutside(modelled, 0, startNs),
    marks: marks(rows.timeNs, recording, deferredInit.span),
  };
  return { requests, report };
}

type Rows = Columns<typeof DRAFT_COLUMNS>;

/** @param order the number of the draft in each row */
function handles(
  { kind, target }: Rows,
  order: Uint32Array,
  drafts: number,
): Pick<Requests, "handle" | "handleCount"> {
  const handleOfDraft = new Int32Array(drafts);
  let handleCount = 0;
  const handle = target.map((draft, row) => {
    if (!makesHandle(kind[row]!)) return kind[row] === RequestKind.free ? handleOfDraft[draft]! : draft;
    handleOfDraft[order[row]!] = handleCount;
    return handleCount++;
  });
  return { handle, handleCount };
}

function offsets({ kind, pfn, target }: Rows, pfnOfDraft: Float64Array, recording: Recording): Float64Array {
  const reserved = new PfnRanges(recording.reserved);
  return pfn.map((page, row) => {
    switch (kind[row]) {
      case RequestKind.free:
        return (page - pfnOfDraft[target[row]!]!) * PAGE_SIZE;
      case RequestKind.freeReserved:
        return reserved.offsetBytes(target[row]!, page);
      default:
        return 0;
    }
  });
}

function thinkTimes(
  { cpu, timeNs }: Rows,
  startNs: number,
  modelled: readonly NamedInterval[],
): Float64Array {
  const lastNs = new Map<number, number>();
  return timeNs.map((endNs, row) => {
    const think = timeOutside(modelled, lastNs.get(cpu[row]!) ?? startNs, endNs);
    lastNs.set(cpu[row]!, endNs);
    return think;
  });
}

/** Nanoseconds that lie outside of all intervals, which may overlap; 0 if the end comes first. */
export function timeOutside(intervals: readonly NamedInterval[], startNs: number, endNs: number): number {
  let outside = 0;
  let at = startNs;
  for (const interval of intervals) {
    if (interval.startNs >= endNs) break;
    outside += Math.max(0, interval.startNs - at);
    at = Math.max(at, interval.endNs);
  }
  return outside + Math.max(0, endNs - at);
}

function marks(
  timeNs: Float64Array,
  { milestones }: Recording,
  deferredInit: { readonly startNs: number; readonly endNs: number } | undefined,
): Requests["marks"] {
  const mark = (startNs: number, endNs: number): RequestMark => {
    const request = timeNs.findIndex((time) => time >= startNs);
    return { request: request === -1 ? timeNs.length : request, startNs, endNs };
  };
  const found: { [name in Milestone | "deferredInit"]?: RequestMark } = {};
  for (const [name, at] of Object.entries(milestones)) found[name as Milestone] = mark(at, at);
  if (deferredInit !== undefined) found.deferredInit = mark(deferredInit.startNs, deferredInit.endNs);
  return found;
}
