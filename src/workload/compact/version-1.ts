/** Blocks of events of version 1: the columns as they lie in memory. Read, no longer written. */

import { columnsIn, rowBytes } from "../../columns.js";
import { BLOCK_EVENTS, type EventBlock } from "../event-blocks.js";
import { BLOCK_COLUMNS, EVENT_COLUMNS } from "../events.js";
import { padded, shapeFault } from "./event-columns.js";
import type { NumbersOfFile } from "./event-decoder.js";
import { fourCharacters } from "./format.js";

export const EventsType: Readonly<Record<"events" | "eventsWithCallers", number>> = {
  events: fourCharacters("EVNT"),
  eventsWithCallers: fourCharacters("EVNC"),
};

const NO_CALLERS: Uint32Array = new Uint32Array(BLOCK_EVENTS);

export function payloadBytesOf(type: number, count: number): number {
  return padded(count * rowBytes(type === EventsType.eventsWithCallers ? BLOCK_COLUMNS : EVENT_COLUMNS));
}

/**
 * @param payload at a multiple of 8 in its memory, in which tasks and callers are given other numbers
 * @returns the events, in the same memory, or what is not possible
 */
export function eventsOf(
  type: number,
  payload: Uint8Array,
  count: number,
  originSeconds: number,
  { tasks, callers }: NumbersOfFile,
): EventBlock | string {
  const buffer = payload.buffer;
  const hasCallers = type === EventsType.eventsWithCallers;
  const columns = hasCallers
    ? columnsIn(BLOCK_COLUMNS, buffer, count)
    : { ...columnsIn(EVENT_COLUMNS, buffer, count), caller: NO_CALLERS };
  const block: EventBlock = { ...columns, count, hasCallers, originSeconds };
  const fault = faultOf(block, tasks.length, callers.length);
  if (fault !== undefined) return fault;
  const { task, caller } = block;
  for (let i = 0; i < count; i++) task[i] = tasks[task[i]!]!;
  if (hasCallers) for (let i = 0; i < count; i++) caller[i] = callers[caller[i]!]!;
  return block;
}

function isExact(value: number): boolean {
  return value >= 0 && value <= Number.MAX_SAFE_INTEGER && Math.floor(value) === value;
}

function faultOf(block: EventBlock, tasks: number, callers: number): string | undefined {
  const { count, kind, order, migrateType, task, timeNs, pfn, detail, caller, hasCallers } = block;
  for (let i = 0; i < count; i++) {
    const fault = shapeFault(kind[i]!, order[i]!, migrateType[i]!, detail[i]!);
    if (fault !== undefined) return fault;
    if (task[i]! >= tasks) return "task";
    if (hasCallers && caller[i]! >= callers) return "caller";
    if (!isExact(timeNs[i]!)) return "time";
    if (!isExact(pfn[i]!) || pfn[i]! % (1 << order[i]!) !== 0) return "page frame number";
  }
  return undefined;
}
