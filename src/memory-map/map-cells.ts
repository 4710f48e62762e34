/** A map as cells of a picture: in each, the layer that most of its bytes are in. */

import type { AddressAxis } from "./address-axis.js";
import { isAcceptance } from "./address-axis.js";
import type { MemoryMapFile } from "./memory-map.js";

export interface Cells {
  readonly rows: number;
  readonly columns: number;
  /** Row by row from address 0 on, the index of a name, or -1 where there is nothing. */
  readonly at: Int16Array;
  readonly names: readonly string[];
}

export interface CellAxes {
  readonly endNs: number;
  readonly rows: number;
  readonly columns: number;
  readonly goesOn?: boolean;
}

/** A rectangle of cells with one name; half open. */
export interface CellRectangle {
  readonly name: string;
  readonly row: number;
  readonly rowEnd: number;
  readonly column: number;
  readonly columnEnd: number;
}

/**
 * Cuts a map into cells of one size; each has the layer of acceptance that most of its memory is in at the middle of its time.
 *
 * @param endNs end of the time axis, which may be another map's
 * @param goesOn whether memory stays as it was when the run ended
 */
export function cellsOf(
  map: MemoryMapFile,
  axis: AddressAxis,
  { endNs, rows, columns, goesOn = false }: CellAxes,
): Cells {
  const shown = map.layers.map(isAcceptance);
  const weights = map.layers.map((_layer, at) => (shown[at]! ? new Float64Array(rows * columns) : undefined));
  for (const [layer, start, end, fromNs, untilNs] of map.areas) {
    const weight = weights[layer];
    if (weight === undefined) continue;
    const [from, to] = [axis.position(start) * rows, axis.position(end) * rows];
    const first = middleFrom(fromNs, endNs, columns);
    const last = goesOn && untilNs === map.endNs ? columns : middleFrom(untilNs, endNs, columns);
    for (let row = Math.floor(from); row < Math.min(rows, Math.ceil(to)); row++) {
      const part = Math.min(to, row + 1) - Math.max(from, row);
      for (let column = first; column < last; column++) weight[row * columns + column]! += part;
    }
  }
  const at = new Int16Array(rows * columns).fill(-1);
  for (let cell = 0; cell < at.length; cell++) {
    let most = 0;
    for (const [layer, weight] of weights.entries()) {
      // What is shared was accepted before: the later layer is what it is now.
      if (weight === undefined || weight[cell] === 0 || weight[cell]! < most) continue;
      most = weight[cell]!;
      at[cell] = layer;
    }
  }
  return { rows, columns, at, names: map.layers.map(({ name }) => name) };
}

/** The first column whose middle is not before a time. */
function middleFrom(ns: number, endNs: number, columns: number): number {
  return Math.min(columns, Math.max(0, Math.ceil((ns / endNs) * columns - 0.5)));
}

export const DIFFERENCES = ["accepted in the first only", "accepted in the second only"] as const;

/** Where one of two maps on the same axes has accepted memory at a time when the other has not. */
export function differenceOf(one: Cells, other: Cells): Cells {
  const isAccepted = ({ at, names }: Cells, cell: number): boolean => {
    const name = names[at[cell]!];
    return name !== undefined && name !== "unaccepted";
  };
  const isThere = ({ at }: Cells, cell: number): boolean => at[cell]! >= 0;
  const at = one.at.map((_layer, cell) => {
    if (!isThere(one, cell) || !isThere(other, cell)) return -1;
    const [first, second] = [isAccepted(one, cell), isAccepted(other, cell)];
    if (first === second) return -1;
    return first ? 0 : 1;
  });
  return { rows: one.rows, columns: one.columns, at, names: DIFFERENCES };
}

/** As few rectangles as rows of equal cells make, joined with the rows above where they are the same. */
export function rectanglesOf({ rows, columns, at, names }: Cells): CellRectangle[] {
  const done: CellRectangle[] = [];
  let above = new Map<string, CellRectangle>();
  for (let row = 0; row < rows; row++) {
    const here = new Map<string, CellRectangle>();
    for (let column = 0; column < columns; ) {
      const layer = at[row * columns + column]!;
      let end = column + 1;
      while (end < columns && at[row * columns + end] === layer) end++;
      if (layer >= 0) {
        const key = `${layer} ${column} ${end}`;
        const grown = above.get(key);
        above.delete(key);
        here.set(key, {
          name: names[layer]!,
          row: grown?.row ?? row,
          rowEnd: row + 1,
          column,
          columnEnd: end,
        });
      }
      column = end;
    }
    done.push(...above.values());
    above = here;
  }
  return [...done, ...above.values()];
}
