import { MAX_ORDER_PAGES } from "../units.js";
import { LabKind, type LabLog } from "../workload/lab-log.js";
import { firstRecord } from "./boot-replay.js";
import type { Comparison } from "./comparison.js";
import { type ReleasedBlock, releasedInLog, releasedText } from "./released-blocks.js";
import { type AcceptDecision, rangeText } from "./unaccepted-memory.js";

/** Text of an ARCH_ACCEPT record: physical start and end. */
export function acceptText(log: LabLog, i: number): string {
  return rangeText(log.pfn[i]!, log.bHigh[i]! * 2 ** 32 + log.bLow[i]!);
}

/** Text of an ACCEPT_MEMORY record, which has a size instead of an end. */
export function requestText(log: LabLog, i: number): string {
  return rangeText(log.pfn[i]!, log.pfn[i]! + log.bHigh[i]! * 2 ** 32 + log.bLow[i]!);
}

/**
 * A decision is the same when it is for the same zone and the same number of blocks. The pages can
 * differ by what CPUs hold back from the counter: when the vmstat worker collects that is not in the log.
 */
export function compareDecisions(
  log: LabLog,
  found: readonly AcceptDecision[],
): { comparison: Comparison; drifted: number } {
  const comparison: Comparison = { compared: 0, equal: 0 };
  let drifted = 0;
  for (let i = 0; i < log.length; i++) {
    if (log.kind[i] !== LabKind.COND_ACCEPT) continue;
    const actual = found[comparison.compared++];
    const pages = log.bLow[i]!;
    const blocks = (count: number): number => Math.ceil(count / MAX_ORDER_PAGES);
    const apart = actual === undefined ? Infinity : Math.abs(actual.pagesToAccept - pages);
    if (
      actual?.zone === log.a[i] &&
      apart <= actual!.heldBackMax &&
      blocks(actual!.pagesToAccept) === blocks(pages)
    ) {
      comparison.equal++;
      if (apart > 0) drifted++;
      continue;
    }
    comparison.firstDivergence ??= {
      event: i,
      expected: decisionText(log.a[i]!, pages),
      found: actual === undefined ? "nothing" : decisionText(actual.zone, actual.pagesToAccept),
      context: `decision ${comparison.compared}`,
    };
  }
  if (found.length > comparison.compared) {
    const extra = found[comparison.compared]!;
    comparison.firstDivergence ??= {
      event: log.length,
      expected: "nothing more",
      found: decisionText(extra.zone, extra.pagesToAccept),
      context: `${found.length - comparison.compared} too many`,
    };
    comparison.compared = found.length;
  }
  return { comparison, drifted };
}

function decisionText(zone: number, pagesToAccept: number): string {
  return `node ${Math.floor(zone / 256)} zone ${zone % 256}: ${pagesToAccept} pages`;
}

/** Compares the records of a kind, as text, with what the model did, in order. What one side has too much counts as different. */
export function compareTexts(
  log: LabLog,
  kind: number,
  textOf: (log: LabLog, i: number) => string,
  found: readonly string[],
): Comparison {
  const result: Comparison = { compared: 0, equal: 0 };
  for (let i = 0; i < log.length; i++) {
    if (log.kind[i] !== kind) continue;
    const expected = textOf(log, i);
    const actual = found[result.compared++];
    if (actual === expected) result.equal++;
    else
      result.firstDivergence ??= {
        event: i,
        expected,
        found: actual ?? "nothing",
        context: `number ${result.compared}`,
      };
  }
  const extra = found[result.compared];
  if (extra !== undefined) {
    result.firstDivergence ??= {
      event: log.length,
      expected: "nothing more",
      found: extra,
      context: `${found.length - result.compared} too many`,
    };
    result.compared = found.length;
  }
  return result;
}

/** Boot memory, piece by piece in order. */
export function compareReleased(released: readonly ReleasedBlock[], log: LabLog): Comparison {
  const result: Comparison = { compared: 0, equal: 0 };
  const recorded = releasedInLog(log, 0, log.length);
  const handedOver = releasedInLog(log, 0, firstRecord(log, LabKind.ALLOC)).length;
  const length = Math.max(recorded.length, released.length);
  for (let at = 0; at < length; at++) {
    result.compared++;
    if (same(recorded[at], released[at])) result.equal++;
    else {
      result.firstDivergence ??= {
        event: at,
        expected: releasedText(recorded[at]),
        found: releasedText(released[at]),
        context: `piece ${at} of ${recorded.length}, ${handedOver} of them by memblock`,
      };
    }
  }
  return result;
}

function same(a: ReleasedBlock | undefined, b: ReleasedBlock | undefined): boolean {
  return (
    a !== undefined && b !== undefined && a.pfn === b.pfn && a.order === b.order && a.parked === b.parked
  );
}
