/** Lines of tracefs `trace`, printed by hand, and reading them back. */

import type { PageEvents } from "../../src/workload/events.js";
import { TracefsReader } from "../../src/workload/tracefs.js";

/** The column headers of a 6.12 kernel. */
export const HEADER = `# tracer: nop
#
# entries-in-buffer/entries-written: 3/3   #P:1
#
#                                _-----=> irqs-off/BH-disabled
#                               / _----=> need-resched
#                              | / _---=> hardirq/softirq
#                              || / _--=> preempt-depth
#                              ||| / _-=> migrate-disable
#                              |||| /     delay
#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION
#              | |         |   |||||     |         |
`;

/** The part before the event name, as trace_print_context prints it. */
export interface LineStart {
  comm?: string;
  pid?: number;
  cpu?: number;
  timeNs?: number;
}

const HASHED = "page=00000000d2be5665";

/** An event line of a 6.12 kernel; times are cut to microseconds. */
export function line(
  event: string,
  { comm = "bash", pid = 1234, cpu = 3, timeNs = 0 }: LineStart = {},
): string {
  const us = Math.floor(timeNs / 1000);
  const seconds = String(Math.floor(us / 1e6)).padStart(5);
  const time = `${seconds}.${String(us % 1e6).padStart(6, "0")}`;
  const task = `${comm.padStart(16)}-${String(pid).padEnd(7)}`;
  return `${task} [${String(cpu).padStart(3, "0")}] ..... ${time}: ${event}\n`;
}

export function allocText(pfn: number, order = 0, migrateType = 0, gfp = "GFP_KERNEL"): string {
  const fields = `pfn=0x${pfn.toString(16)} order=${order} migratetype=${migrateType} gfp_flags=${gfp}`;
  return `mm_page_alloc: ${HASHED} ${fields}`;
}

export function freeText(pfn: number, order = 0): string {
  return `mm_page_free: ${HASHED} pfn=0x${pfn.toString(16)} order=${order}`;
}

export function batchedText(pfn: number): string {
  return `mm_page_free_batched: ${HASHED} pfn=0x${pfn.toString(16)} order=0`;
}

export function zoneLockedText(pfn: number, order = 0, migrateType = 0): string {
  const fields = `pfn=0x${pfn.toString(16)} order=${order} migratetype=${migrateType} percpu_refill=1`;
  return `mm_page_alloc_zone_locked: ${HASHED} ${fields}`;
}

export function drainText(pfn: number, order = 0, migrateType = 0): string {
  return `mm_page_pcpu_drain: ${HASHED} pfn=0x${pfn.toString(16)} order=${order} migratetype=${migrateType}`;
}

export function extfragText(pfn: number, order = 0, migrateType = 0, fallbackType = 1): string {
  return (
    `mm_page_alloc_extfrag: ${HASHED} pfn=0x${pfn.toString(16)} alloc_order=${order} fallback_order=10 ` +
    `pageblock_order=9 alloc_migratetype=${migrateType} fallback_migratetype=${fallbackType} ` +
    "fragmenting=0 change_ownership=1"
  );
}

/** Reads a trace that is fed in pieces of at most so many bytes. */
export function read(text: string, pieceBytes = Number.POSITIVE_INFINITY): PageEvents {
  const bytes = new TextEncoder().encode(text);
  const reader = new TracefsReader("test.trace");
  for (let at = 0; at < bytes.length; at += pieceBytes) reader.feed(bytes.subarray(at, at + pieceBytes));
  return reader.end();
}
