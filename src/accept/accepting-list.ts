/**
 * The ranges that are being accepted (drivers/firmware/efi/unaccepted_memory.c: accepting_list,
 * Linux 6.6, commit 50e782a86c98). A request whose units overlap one of them spins until that one
 * is done and looks again; others go on beside it. A request that spins is not in the list, so a
 * later one may overtake it.
 *
 * Here each request is told when it starts as soon as it asks. One that asks later, but for an
 * earlier time, does not see it before it has started; and does not put it off.
 */
export class AcceptingList {
  /** Units by which ranges may lie apart and still count as overlapping. */
  readonly #reach: number;
  #count = 0;
  #first: Float64Array = new Float64Array(64);
  #end: Float64Array = new Float64Array(64);
  #startNs: Float64Array = new Float64Array(64);
  #endNs: Float64Array = new Float64Array(64);

  /**
   * @param touchingWait whether ranges that only touch wait for each other, as those behind one in
   *   the list did up to 6.6 by an off-by-one (Michael Roth, "efi/unaccepted: Fix off-by-one when
   *   checking for overlapping ranges", 2023-11-03, 6.7)
   */
  constructor(touchingWait: boolean) {
    this.#reach = touchingWait ? 1 : 0;
  }

  /** Ranges that are kept. */
  get size(): number {
    return this.#count;
  }

  /** The time from `atNs` on at which no range in flight overlaps units [first, end). */
  freeAt(first: number, end: number, atNs: number): number {
    for (let at = atNs; ; ) {
      let until = at;
      for (let i = 0; i < this.#count; i++) {
        if (this.#first[i]! >= end || this.#end[i]! + this.#reach <= first) continue;
        if (this.#startNs[i]! <= at && this.#endNs[i]! > until) until = this.#endNs[i]!;
      }
      if (until === at) return at;
      at = until;
    }
  }

  /** Units [first, end) are accepted from one time to another. */
  add(first: number, end: number, startNs: number, endNs: number): void {
    if (this.#count === this.#first.length) this.#grow();
    const at = this.#count++;
    this.#first[at] = first;
    this.#end[at] = end;
    this.#startNs[at] = startNs;
    this.#endNs[at] = endNs;
  }

  /** Drops what is over by a time; who asks for an earlier one does not see it. */
  forget(beforeNs: number): void {
    let kept = 0;
    for (let i = 0; i < this.#count; i++) {
      if (this.#endNs[i]! <= beforeNs) continue;
      this.#first[kept] = this.#first[i]!;
      this.#end[kept] = this.#end[i]!;
      this.#startNs[kept] = this.#startNs[i]!;
      this.#endNs[kept++] = this.#endNs[i]!;
    }
    this.#count = kept;
  }

  #grow(): void {
    this.#first = doubled(this.#first);
    this.#end = doubled(this.#end);
    this.#startNs = doubled(this.#startNs);
    this.#endNs = doubled(this.#endNs);
  }
}

function doubled(array: Float64Array): Float64Array {
  const larger = new Float64Array(array.length * 2);
  larger.set(array);
  return larger;
}
