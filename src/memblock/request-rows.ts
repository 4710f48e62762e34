import { asPhys, type PhysAddr } from "../units.js";

/** Equal requests, each of which got the memory right below the one before. Rows can take turns. */
export interface RequestRow {
  /** Of the last request, hence the lowest. */
  readonly start: PhysAddr;
  readonly sizeBytes: number;
  /** Requests in one turn. */
  readonly each: number;
}

/** Request by request, in the order in which they were made: in each turn those of the first row, then of the next. */
export function requestsInTurns(
  turns: number,
  rows: readonly RequestRow[],
  request: (start: PhysAddr, sizeBytes: number) => void,
): void {
  for (let turn = 0; turn < turns; turn++) {
    for (const { start, sizeBytes, each } of rows) {
      const top = start + (turns - turn) * each * sizeBytes;
      for (let at = 1; at <= each; at++) request(asPhys(top - at * sizeBytes), sizeBytes);
    }
  }
}
