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
  /** Kept by rising end, so that a CPU which accepts one range after the other looks at few. */
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
      // What is over by then is in nobody's way, and so is all before it.
      for (let i = this.#count - 1; i >= 0 && this.#endNs[i]! > until; i--) {
        if (this.#first[i]! >= end || this.#end[i]! + this.#reach <= first) continue;
        if (this.#startNs[i]! <= at) until = this.#endNs[i]!;
      }
      if (until === at) return at;
      at = until;
    }
  }

  /** Units [first, end) are accepted from one time to another. */
  add(first: number, end: number, startNs: number, endNs: number): void {
    if (this.#count === this.#first.length) this.#grow();
    let at = this.#count++;
    for (; at > 0 && this.#endNs[at - 1]! > endNs; at--) this.#copy(at - 1, at);
    this.#first[at] = first;
    this.#end[at] = end;
    this.#startNs[at] = startNs;
    this.#endNs[at] = endNs;
  }

  /** Drops what is over by a time; who asks for an earlier one does not see it. */
  forget(beforeNs: number): void {
    let over = 0;
    while (over < this.#count && this.#endNs[over]! <= beforeNs) over++;
    if (over === 0) return;
    for (let i = over; i < this.#count; i++) this.#copy(i, i - over);
    this.#count -= over;
  }

  #copy(from: number, to: number): void {
    this.#first[to] = this.#first[from]!;
    this.#end[to] = this.#end[from]!;
    this.#startNs[to] = this.#startNs[from]!;
    this.#endNs[to] = this.#endNs[from]!;
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
