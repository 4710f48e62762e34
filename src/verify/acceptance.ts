/** What a recorded kernel had not accepted, and what it accepted when. */

import { AcceptMemory } from "../accept/accept-memory.js";
import { UnacceptedTable } from "../efistub/unaccepted-table.js";
import type { AcceptRules } from "../linux/rules.js";
import type { Zone } from "../page-alloc/index.js";
import {
  type AddressRange,
  addressOf,
  MAX_ORDER_PAGES,
  PAGE_SIZE,
  type Pfn,
  type PhysAddr,
} from "../units.js";
import { LabKind, type LabLog, wholeB, zoneOfDecision } from "../workload/lab-log.js";
import { type Comparison, compareInOrder, type InOrder } from "./tally.js";

const RANGE = /lab: unaccepted \[0x([0-9a-f]+)-0x([0-9a-f]+)\)(?: (\d+) units)?/g;
const TABLE =
  /lab: table base 0x([0-9a-f]+) size (\d+) bytes.*kernel \[0x([0-9a-f]+)-0x([0-9a-f]+)\) initrd 0x([0-9a-f]+)\+0x([0-9a-f]+)/;

/**
 * The table of unaccepted memory that an instrumented kernel says it started with: whole units of
 * the ranges it names, without those that the kernel image and the initrd touch.
 *
 * @param bootLog text of dmesg
 * @returns undefined when nothing was unaccepted
 */
export function tableOfBootLog(bootLog: string): UnacceptedTable | undefined {
  const found = TABLE.exec(bootLog);
  if (found === null) return undefined;
  const [base, sizeBytes, kernelStart, kernelEnd, initrdStart, initrdBytes] = found
    .slice(1)
    .map((text, index) => Number.parseInt(text, index === 1 ? 10 : 16));
  const table = new UnacceptedTable(base!, sizeBytes!);
  const unitAt = (address: number): number => (address - table.physBase) / table.unitSizeBytes;
  for (const [, start, end, units] of bootLog.matchAll(RANGE)) {
    // The stub accepts what is shorter than two units at once, even with a whole unit in it.
    if (units === "0") continue;
    const first = Math.max(0, Math.ceil(unitAt(Number.parseInt(start!, 16))));
    const last = Math.min(table.unitCount, Math.floor(unitAt(Number.parseInt(end!, 16))));
    if (first < last) table.setRange(first, last);
  }
  const touched: AddressRange[] = [
    { start: kernelStart!, end: kernelEnd! },
    { start: initrdStart!, end: initrdStart! + initrdBytes! },
  ];
  for (const { start, end } of touched) {
    const first = Math.max(0, Math.floor(unitAt(start)));
    const last = Math.min(table.unitCount, Math.ceil(unitAt(end)));
    if (first < last) table.clearRange(first, last);
  }
  return table;
}

/**
 * The table when a workload began: what boot left, less the blocks that were accepted since, which are no
 * longer parked.
 */
export function tableOfSnapshot(
  atBootEnd: UnacceptedTable,
  parkedThen: readonly Pfn[],
  parkedNow: ReadonlySet<Pfn>,
): UnacceptedTable {
  const table = atBootEnd.copy();
  const acceptance = new AcceptMemory(table, { acceptMemory: () => {} });
  for (const pfn of parkedThen) {
    if (!parkedNow.has(pfn)) acceptance.acceptMemory(addressOf(pfn), MAX_ORDER_PAGES * PAGE_SIZE);
  }
  return table;
}

export interface AcceptDecision {
  /** Type of the zone + 256 * node, as in the log. */
  readonly zone: number;
  /** 0 while there are no watermarks yet. */
  readonly pagesToAccept: number;
  /** Most that CPUs can hold back from the counter of free pages, which the decision reads. */
  readonly heldBackMax: number;
}

/** Acceptance that remembers what it was asked and what it asked of the platform. */
export class RecordedAcceptance extends AcceptMemory {
  /** `start-end` in hex, in order: what the platform was to accept. */
  readonly accepts: string[];
  /** The same for the requests, whether or not they found anything to accept. */
  readonly requests: string[] = [];
  readonly decisions: AcceptDecision[] = [];
  readonly remaining: UnacceptedTable | undefined;

  constructor(table: UnacceptedTable | undefined, rules?: AcceptRules) {
    const accepts: string[] = [];
    super(table, { acceptMemory: (start, end) => accepts.push(rangeText(start, end)) }, undefined, rules);
    this.accepts = accepts;
    this.remaining = table;
  }

  /** Forgets what was noted so far, for the next run; what is accepted stays accepted. */
  nextRun(): void {
    this.accepts.length = 0;
    this.requests.length = 0;
    this.decisions.length = 0;
  }

  override acceptMemory(start: PhysAddr, sizeBytes: number): void {
    if (this.remaining !== undefined) this.requests.push(rangeText(start, start + sizeBytes));
    super.acceptMemory(start, sizeBytes);
  }

  noteDecision(zone: Zone, pagesToAccept: number): void {
    const heldBackMax = zone.statThreshold * zone.pcp.length;
    this.decisions.push({ zone: zone.type + zone.nodeId * 256, pagesToAccept, heldBackMax });
  }
}

function rangeText(start: number, end: number): string {
  return `0x${start.toString(16)}-0x${end.toString(16)}`;
}

/** What a log says of acceptance and the model did; see VerifiedRun. */
export interface AcceptanceComparison {
  readonly accepts: Comparison;
  readonly requests: Comparison;
  readonly decisions: Comparison;
  /** Decisions that read a counter which the vmstat worker had brought up to date. */
  readonly counterDrifts: number;
}

export function compareAcceptance(
  log: LabLog,
  found: {
    readonly accepts: readonly string[];
    readonly requests: readonly string[];
    readonly decisions: readonly AcceptDecision[];
  },
): AcceptanceComparison {
  let counterDrifts = 0;
  /**
   * A decision is the same when it is for the same zone and the same number of blocks. The pages can differ by
   * what CPUs hold back from the counter: when the vmstat worker collects that is not in the log.
   */
  const isSameDecision = (expected: AcceptDecision, actual: AcceptDecision): boolean => {
    const blocks = ({ pagesToAccept }: AcceptDecision): number => Math.ceil(pagesToAccept / MAX_ORDER_PAGES);
    const apart = Math.abs(actual.pagesToAccept - expected.pagesToAccept);
    const isSame =
      actual.zone === expected.zone && apart <= actual.heldBackMax && blocks(actual) === blocks(expected);
    if (isSame && apart > 0) counterDrifts++;
    return isSame;
  };
  const { pfn, a, bLow } = log;
  return {
    accepts: compareKind(log, LabKind.ARCH_ACCEPT, found.accepts, (i) => rangeText(pfn[i]!, wholeB(log, i))),
    requests: compareKind(log, LabKind.ACCEPT_MEMORY, found.requests, (i) =>
      rangeText(pfn[i]!, pfn[i]! + wholeB(log, i)),
    ),
    decisions: compareKind(
      log,
      LabKind.COND_ACCEPT,
      found.decisions,
      (i) => ({ zone: a[i]!, pagesToAccept: bLow[i]!, heldBackMax: 0 }),
      { isSame: isSameDecision, text: decisionText, what: "decision" },
    ),
    counterDrifts,
  };
}

function decisionText({ zone, pagesToAccept }: AcceptDecision): string {
  const { type, nodeId } = zoneOfDecision(zone);
  return `node ${nodeId} zone ${type}: ${pagesToAccept} pages`;
}

function compareKind<T>(
  log: LabLog,
  kind: number,
  found: readonly T[],
  expected: (i: number) => T,
  {
    isSame = Object.is,
    text = String,
    what = "number",
  }: Partial<InOrder<T>> & { readonly what?: string } = {},
): Comparison {
  const records: number[] = [];
  for (let i = 0; i < log.length; i++) if (log.kind[i] === kind) records.push(i);
  return compareInOrder(records.map(expected), found, {
    isSame,
    text,
    eventAt: (at) => records[at] ?? log.length,
    context: (at) =>
      at < records.length ? `${what} ${at + 1}` : `${found.length - records.length} too many`,
  });
}
