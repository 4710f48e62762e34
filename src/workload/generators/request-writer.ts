import type { Milestone } from "../recording.js";
import { RequestKind, type RequestMark, type Requests } from "../requests.js";
import { grown } from "../typed-array.js";

const FIRST_CAPACITY = 4096;
const NO_HANDLE = -1;

/** Requests that follow one another. Columns may be longer than `count`. */
export type RequestBlock = Pick<
  Requests,
  "count" | "kind" | "order" | "gfp" | "cpu" | "handle" | "offsetBytes" | "thinkNs"
>;

/** Where a generator puts its requests. Every one says how long its CPU worked before it, in nanoseconds. */
export class RequestWriter implements RequestBlock {
  /** Requests since they were taken last. */
  count = 0;
  kind: Uint8Array = new Uint8Array(FIRST_CAPACITY);
  order: Uint8Array = new Uint8Array(FIRST_CAPACITY);
  gfp: Uint32Array = new Uint32Array(FIRST_CAPACITY);
  cpu: Uint16Array = new Uint16Array(FIRST_CAPACITY);
  handle: Int32Array = new Int32Array(FIRST_CAPACITY);
  offsetBytes: Float64Array = new Float64Array(FIRST_CAPACITY);
  thinkNs: Float64Array = new Float64Array(FIRST_CAPACITY);
  /** Handles so far. */
  handleCount = 0;
  /** Work of all CPUs before the first request. */
  thinkBeforeNs = 0;
  /** Milestones so far. */
  readonly marks: { [name in Milestone]?: RequestMark } = {};
  /** Requests that were taken. */
  #taken = 0;

  /** @returns the handle of a block of 2^order pages */
  alloc(cpu: number, order: number, gfp: number, thinkNs: number): number {
    this.#add(RequestKind.alloc, cpu, order, gfp, this.handleCount, 0, thinkNs);
    return this.handleCount++;
  }

  /** One page of a call for many. @returns its handle */
  allocBulk(cpu: number, gfp: number, thinkNs: number): number {
    this.#add(RequestKind.allocBulk, cpu, 0, gfp, this.handleCount, 0, thinkNs);
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

  /** Puts a milestone in front of the next request. */
  mark(name: Milestone, timeNs: number): void {
    this.marks[name] = { request: this.#taken + this.count, startNs: timeNs, endNs: timeNs };
  }

  /** Forgets the requests so far, which somebody has used; their columns are used again. */
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
    const index = this.count;
    if (index === this.kind.length) this.#grow();
    this.kind[index] = kind;
    this.order[index] = order;
    this.gfp[index] = gfp;
    this.cpu[index] = cpu;
    this.handle[index] = handle;
    this.offsetBytes[index] = offsetBytes;
    this.thinkNs[index] = thinkNs;
    this.count = index + 1;
  }

  #grow(): void {
    const capacity = this.count * 2;
    this.kind = grown(this.kind, capacity);
    this.order = grown(this.order, capacity);
    this.gfp = grown(this.gfp, capacity);
    this.cpu = grown(this.cpu, capacity);
    this.handle = grown(this.handle, capacity);
    this.offsetBytes = grown(this.offsetBytes, capacity);
    this.thinkNs = grown(this.thinkNs, capacity);
  }
}
