import type { PageEvents } from "../workload/events.js";

/** Lines that the reader takes for events of pages, and ends of initcalls (include/trace/events/initcall.h). */
const LINE =
  /: (?:(mm_page_(?:alloc|free|free_batched|pcpu_drain|alloc_zone_locked|alloc_extfrag)): |initcall_finish: func=(\w+))/g;

/**
 * Where initcalls end in a trace that has `initcall:initcall_finish`: names with the number of page events
 * before the line. Its place in the file is what tells the order of CPUs, since clocks repeat.
 *
 * @param trace the text that the events were read from
 * @returns nothing when the text has other page events than these
 */
export function tracedInitcalls(trace: Uint8Array, { count }: PageEvents): ReadonlyMap<string, number> {
  const ends = new Map<string, number>();
  let events = 0;
  for (const [, page, initcall] of new TextDecoder().decode(trace).matchAll(LINE)) {
    if (page !== undefined) events++;
    else ends.set(initcall!, events);
  }
  return events === count ? ends : new Map();
}
