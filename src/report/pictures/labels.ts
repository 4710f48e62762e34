/** Names beside points, where they lie on nothing else. */

import { textWidth } from "./text-width.js";

/** Where a point lies in its panel, in pixels from its left upper corner. */
export interface Place {
  readonly panel: string;
  readonly text: string;
  readonly x: number;
  readonly y: number;
}

/** At which side of a text its point is; undefined where it fits on neither. */
export interface Label {
  readonly align?: "left" | "right";
}

export const LABEL_SIZE = 11;
const HEIGHT = 13;
const GAP = 8;
const MARK = 6;

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** One for each place, the first ones first. */
export function labelsBeside(
  places: readonly Place[],
  { width, height }: { readonly width: number; readonly height: number },
): Label[] {
  const taken = new Map<string, Box[]>();
  for (const { panel, x, y } of places) {
    const own = taken.get(panel) ?? [];
    taken.set(panel, own);
    own.push({ left: x - MARK, right: x + MARK, top: y - MARK, bottom: y + MARK });
  }
  return places.map(({ panel, text, x, y }) => {
    const own = taken.get(panel)!;
    const length = textWidth(text, LABEL_SIZE);
    for (const align of ["left", "right"] as const) {
      const left = align === "left" ? x + GAP : x - GAP - length;
      const box = { left, right: left + length, top: y - HEIGHT / 2, bottom: y + HEIGHT / 2 };
      const isInside = box.left >= 0 && box.right <= width && box.top >= 0 && box.bottom <= height;
      if (!isInside || own.some((other) => overlap(box, other))) continue;
      own.push(box);
      return { align };
    }
    return {};
  });
}

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}
