/** Trade-offs between two quantities that should both be small. */

export interface TradeOff {
  readonly x: number;
  readonly y: number;
}

/**
 * The candidates that no other one beats in one value without losing in the other, by rising x
 * and so by falling y. Of several with the same two values the first stays.
 */
export function paretoFront<T extends TradeOff>(candidates: readonly T[]): T[] {
  const front: T[] = [];
  // Array.prototype.sort is stable, so the first of equal candidates comes first.
  for (const candidate of [...candidates].sort((a, b) => a.x - b.x || a.y - b.y)) {
    const last = front.at(-1);
    if (last === undefined || candidate.y < last.y) front.push(candidate);
  }
  return front;
}

/**
 * The area between a front and a reference point that its candidates all dominate: exact, larger is
 * better. A candidate that is not below the reference in both values adds nothing.
 */
export function hypervolume(candidates: readonly TradeOff[], reference: TradeOff): number {
  const inside = candidates.filter(({ x, y }) => x < reference.x && y < reference.y);
  let area = 0;
  let ceiling = reference.y;
  for (const { x, y } of paretoFront(inside)) {
    area += (reference.x - x) * (ceiling - y);
    ceiling = y;
  }
  return area;
}
