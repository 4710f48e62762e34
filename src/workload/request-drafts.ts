import { type Columns, growColumns, newColumns } from "../columns.js";

const FIRST_ROWS = 4096;

export const DRAFT_COLUMNS = {
  /** RequestKind. */
  kind: "u8",
  order: "u8",
  gfp: "u32",
  cpu: "u16",
  timeNs: "f64",
  pfn: "f64",
  /** Draft of the allocation that is freed, or index of the reserved range. */
  target: "i32",
  /** Where it belongs among the others: the lower comes first, of two equal ones the older draft. */
  place: "f64",
  /** 1 where the request turned out never to have been made. */
  retracted: "u8",
} as const;

/** Requests in the order in which they were found out, nearly that in which they were made (`inOrder`). */
export class RequestDrafts {
  readonly rows: Columns<typeof DRAFT_COLUMNS> = newColumns(DRAFT_COLUMNS, FIRST_ROWS);
  /** Drafts so far, retracted ones too. */
  count = 0;

  /** @returns the number of the draft, counted from 0 */
  add(
    kind: number,
    order: number,
    gfp: number,
    cpu: number,
    timeNs: number,
    pfn: number,
    target: number,
    place: number,
  ): number {
    const { rows } = this;
    const index = this.count++;
    if (index === rows.kind.length) growColumns(DRAFT_COLUMNS, rows);
    rows.kind[index] = kind;
    rows.order[index] = order;
    rows.gfp[index] = gfp;
    rows.cpu[index] = cpu;
    rows.timeNs[index] = timeNs;
    rows.pfn[index] = pfn;
    rows.target[index] = target;
    rows.place[index] = place;
    return index;
  }

  retract(index: number): void {
    this.rows.retracted[index] = 1;
  }

  /** Numbers of all drafts that still hold, by place. */
  inOrder(): Uint32Array {
    const onTime: number[] = [];
    const late: number[] = [];
    let last = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < this.count; i++) {
      if (this.rows.retracted[i] === 1) continue;
      const place = this.rows.place[i]!;
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
    return this.rows.place[a]! - this.rows.place[b]! || a - b;
  }
}
