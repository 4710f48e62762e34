import { type Columns, growColumns, newColumns } from "../../columns.js";
import type { Milestone } from "../recording.js";
import { REQUEST_COLUMNS, RequestKind, type RequestMark } from "../requests.js";

const FIRST_ROWS = 4096;
const NO_HANDLE = -1;

/** Where a generator puts its requests. Every one says how long its CPU worked before it, in nanoseconds. */
export class RequestWriter {
  count = 0;
  /** Those requests; there may be more rows. */
  readonly rows: Columns<typeof REQUEST_COLUMNS> = newColumns(REQUEST_COLUMNS, FIRST_ROWS);
  handleCount = 0;
  /** Work of all CPUs before the first request. */
  thinkBeforeNs = 0;
  readonly marks: { [name in Milestone]?: RequestMark } = {};
  #taken = 0;

  /** @returns the handle of a block of 2^order pages */
  alloc(cpu: number, order: number, gfp: number, thinkNs: number): number {
    this.#add(RequestKind.alloc, cpu, order, gfp, this.handleCount, 0, thinkNs);
    return this.handleCount++;
  }

  /** One page of a call for many. @param areaBytes of each area of vmalloc() that they are for. @returns its handle */
  allocBulk(cpu: number, gfp: number, thinkNs: number, areaBytes = 0): number {
    this.#add(RequestKind.allocBulk, cpu, 0, gfp, this.handleCount, areaBytes, thinkNs);
    return this.handleCount++;
  }

  /** Gives back a whole allocation, or an aligned part of it. */
  free(cpu: number, handle: number, order: number, thinkNs: number, offsetBytes = 0): void {
    this.#add(RequestKind.free, cpu, order, 0, handle, offsetBytes, thinkNs);
  }

  /** Gives back a page of the reserved range with this number. */
  freeReserved(cpu: number, range: number, offsetBytes: number, thinkNs: number): void {
    this.#add(RequestKind.freeReserved, cpu, 0, 0, range, offsetBytes, thinkNs);
  }

  /** Work alone; it ends a call for many pages. */
  work(cpu: number, thinkNs: number): void {
    this.#add(RequestKind.work, cpu, 0, 0, NO_HANDLE, 0, thinkNs);
  }

  sleep(cpu: number, ns: number): void {
    this.#add(RequestKind.sleep, cpu, 0, 0, NO_HANDLE, 0, ns);
  }

  mark(name: Milestone, timeNs: number): void {
    this.marks[name] = { request: this.#taken + this.count, startNs: timeNs, endNs: timeNs };
  }

  /** Forgets requests that have been used; their columns are used again. */
  clear(): void {
    this.#taken += this.count;
    this.count = 0;
  }

  #add(
    kind: RequestKind,
    cpu: number,
    order: number,
    gfp: number,
    handle: number,
    offsetBytes: number,
    thinkNs: number,
  ): void {
    const { rows } = this;
    const index = this.count++;
    if (index === rows.kind.length) growColumns(REQUEST_COLUMNS, rows);
    rows.kind[index] = kind;
    rows.order[index] = order;
    rows.gfp[index] = gfp;
    rows.cpu[index] = cpu;
    rows.handle[index] = handle;
    rows.offsetBytes[index] = offsetBytes;
    rows.thinkNs[index] = thinkNs;
  }
}
