import { grown } from "./typed-array.js";

const FIRST_CAPACITY = 4096;

/** A request that was found out. */
export interface Draft {
  /** RequestKind. */
  readonly kind: number;
  readonly order: number;
  readonly gfp: number;
  readonly cpu: number;
  readonly timeNs: number;
  readonly pfn: number;
  /** Draft of the allocation that is freed, or index of the reserved range. */
  readonly target: number;
  /** Where it belongs among the others: the lower comes first, of two equal ones the older draft. */
  readonly place: number;
}

/**
 * Requests in the order in which they were found out. That is nearly the order in which they
 * were made, which `inOrder` gives.
 */
export class RequestDrafts {
  kind: Uint8Array = new Uint8Array(FIRST_CAPACITY);
  order: Uint8Array = new Uint8Array(FIRST_CAPACITY);
  gfp: Uint32Array = new Uint32Array(FIRST_CAPACITY);
  cpu: Uint16Array = new Uint16Array(FIRST_CAPACITY);
  timeNs: Float64Array = new Float64Array(FIRST_CAPACITY);
  pfn: Float64Array = new Float64Array(FIRST_CAPACITY);
  target: Int32Array = new Int32Array(FIRST_CAPACITY);
  #place: Float64Array = new Float64Array(FIRST_CAPACITY);
  /** 1 where the request turned out never to have been made. */
  #retracted: Uint8Array = new Uint8Array(FIRST_CAPACITY);
  #count = 0;

  /** Drafts so far, retracted ones too. */
  get count(): number {
    return this.#count;
  }

  /** @returns the number of the draft, counted from 0 */
  add(draft: Draft): number {
    const index = this.#count;
    if (index === this.kind.length) this.#grow();
    this.kind[index] = draft.kind;
    this.order[index] = draft.order;
    this.gfp[index] = draft.gfp;
    this.cpu[index] = draft.cpu;
    this.timeNs[index] = draft.timeNs;
    this.pfn[index] = draft.pfn;
    this.target[index] = draft.target;
    this.#place[index] = draft.place;
    this.#count = index + 1;
    return index;
  }

  retract(index: number): void {
    this.#retracted[index] = 1;
  }

  /** Numbers of all drafts that still hold, by place. */
  inOrder(): Uint32Array {
    const onTime: number[] = [];
    const late: number[] = [];
    let last = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < this.#count; i++) {
      if (this.#retracted[i] === 1) continue;
      const place = this.#place[i]!;
      if (place < last) {
        late.push(i);
      } else {
        onTime.push(i);
        last = place;
      }
    }
    late.sort((a, b) => this.#compare(a, b));
    const merged = new Uint32Array(onTime.length + late.length);
    let nextLate = 0;
    let length = 0;
    for (const draft of onTime) {
      while (nextLate < late.length && this.#compare(late[nextLate]!, draft) < 0) {
        merged[length++] = late[nextLate++]!;
      }
      merged[length++] = draft;
    }
    while (nextLate < late.length) merged[length++] = late[nextLate++]!;
    return merged;
  }

  #compare(a: number, b: number): number {
    return this.#place[a]! - this.#place[b]! || a - b;
  }

  #grow(): void {
    const capacity = this.#count * 2;
    this.kind = grown(this.kind, capacity);
    this.order = grown(this.order, capacity);
    this.gfp = grown(this.gfp, capacity);
    this.cpu = grown(this.cpu, capacity);
    this.timeNs = grown(this.timeNs, capacity);
    this.pfn = grown(this.pfn, capacity);
    this.target = grown(this.target, capacity);
    this.#place = grown(this.#place, capacity);
    this.#retracted = grown(this.#retracted, capacity);
  }
}
