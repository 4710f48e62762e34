/** From the events of a trace to the requests behind them. */

import { PAGE_SIZE } from "../units.js";
import type { PageEvents } from "./events.js";
import { pairEvents } from "./pairing.js";
import { PfnRanges } from "./pfn-ranges.js";
import type { Milestone, NamedInterval, Recording } from "./recording.js";
import type { RequestDrafts } from "./request-drafts.js";
import { type ImportReport, makesHandle, RequestKind, type RequestMark, type Requests } from "./requests.js";
import { timeOutside } from "./think-time.js";

/**
 * Turns the events of a trace into requests; see pairing.ts for what is inferred.
 *
 * @param recording what is known of the machine and the boot that were recorded
 */
export function buildRequests(
  events: PageEvents,
  recording: Recording,
): { requests: Requests; report: ImportReport } {
  const { drafts, report, deferredInit } = pairEvents(events, recording);
  const order = drafts.inOrder();
  const startNs = events.timeNs[0] ?? 0;
  const modelled = recording.modelled.toSorted((a, b) => a.startNs - b.startNs);
  const timeNs = Float64Array.from(order, (draft) => drafts.timeNs[draft]!);
  const requests: Requests = {
    count: order.length,
    kind: Uint8Array.from(order, (draft) => drafts.kind[draft]!),
    order: Uint8Array.from(order, (draft) => drafts.order[draft]!),
    gfp: Uint32Array.from(order, (draft) => drafts.gfp[draft]!),
    cpu: Uint16Array.from(order, (draft) => drafts.cpu[draft]!),
    ...handles(drafts, order),
    offsetBytes: offsets(drafts, order, recording),
    thinkNs: thinkTimes(drafts, order, startNs, modelled),
    startNs,
    thinkBeforeNs: timeOutside(modelled, 0, startNs),
    marks: marks(timeNs, recording, deferredInit.span),
  };
  return { requests, report };
}

function handles(drafts: RequestDrafts, order: Uint32Array): Pick<Requests, "handle" | "handleCount"> {
  const handleOfDraft = new Int32Array(drafts.count);
  const handle = new Int32Array(order.length);
  let handleCount = 0;
  order.forEach((draft, request) => {
    const kind = drafts.kind[draft]!;
    const target = drafts.target[draft]!;
    if (makesHandle(kind)) {
      handleOfDraft[draft] = handleCount;
      handle[request] = handleCount++;
    } else {
      handle[request] = kind === RequestKind.free ? handleOfDraft[target]! : target;
    }
  });
  return { handle, handleCount };
}

function offsets(drafts: RequestDrafts, order: Uint32Array, recording: Recording): Float64Array {
  const reserved = new PfnRanges(recording.reserved);
  return Float64Array.from(order, (draft) => {
    const pfn = drafts.pfn[draft]!;
    const target = drafts.target[draft]!;
    switch (drafts.kind[draft]) {
      case RequestKind.free:
        return (pfn - drafts.pfn[target]!) * PAGE_SIZE;
      case RequestKind.freeReserved:
        return reserved.offsetBytes(target, pfn);
      default:
        return 0;
    }
  });
}

function thinkTimes(
  drafts: RequestDrafts,
  order: Uint32Array,
  startNs: number,
  modelled: readonly NamedInterval[],
): Float64Array {
  const lastNs = new Map<number, number>();
  return Float64Array.from(order, (draft) => {
    const cpu = drafts.cpu[draft]!;
    const timeNs = drafts.timeNs[draft]!;
    const think = timeOutside(modelled, lastNs.get(cpu) ?? startNs, timeNs);
    lastNs.set(cpu, timeNs);
    return think;
  });
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
