/**
 * Which points no other one beats: none is at least as good in both objectives and better in one.
 * Both are to be small. Points that are equal stand or fall together.
 *
 * @param points pairs of finite numbers
 * @returns for each point whether it is on the front
 */
export function paretoFront(points: readonly (readonly [number, number])[]): boolean[] {
  const order = Array.from(points.keys()).sort(
    (a, b) => points[a]![0] - points[b]![0] || points[a]![1] - points[b]![1],
  );
  const onFront = new Array<boolean>(points.length).fill(false);
  let best: readonly [number, number] | undefined;
  for (const at of order) {
    const point = points[at]!;
    const equalsBest = best !== undefined && point[0] === best[0] && point[1] === best[1];
    if (best !== undefined && point[1] >= best[1] && !equalsBest) continue;
    onFront[at] = true;
    best = point;
  }
  return onFront;
}
