/** Lines that lie on each other, which nobody could tell from one line. */

/** A point of a line, in its panel. */
export interface LinePoint {
  readonly panel: string;
  readonly policy: string;
  /** Where on the other axis. */
  readonly at: number;
  readonly value: number;
}

/** Lines nearer than this everywhere hide each other. */
const NEAR = 0.04;
/** Panels that are named. */
const MOST_NAMED = 3;

/** One sentence that names them, with their panels; none where each can be seen. */
export function togetherSentences(points: readonly LinePoint[]): string[] {
  const panels = new Map<string, Map<string, Map<number, number>>>();
  for (const { panel, policy, at, value } of points) {
    const lines = panels.get(panel) ?? new Map<string, Map<number, number>>();
    panels.set(panel, lines);
    const line = lines.get(policy) ?? new Map<number, number>();
    lines.set(policy, line.set(at, value));
  }
  const places = new Map<string, string[]>();
  for (const [panel, lines] of panels) {
    for (const group of groupsOf(lines)) {
      const names = group.join(", ");
      places.set(names, [...(places.get(names) ?? []), panel]);
    }
  }
  if (places.size === 0) return [];
  const texts = [...places].map(([names, where]) => {
    if (panels.size === where.length) return names;
    const more = where.length > MOST_NAMED ? ` and ${where.length - MOST_NAMED} more` : "";
    return `${names} (${where.slice(0, MOST_NAMED).join("; ")}${more})`;
  });
  return [`Lines on each other, as they differ by less than ${100 * NEAR} %: ${texts.join("; ")}.`];
}

function groupsOf(lines: ReadonlyMap<string, ReadonlyMap<number, number>>): string[][] {
  const groups: string[][] = [];
  for (const [policy, line] of lines) {
    const group = groups.find((own) => own.every((other) => areNear(line, lines.get(other)!)));
    if (group === undefined) groups.push([policy]);
    else group.push(policy);
  }
  return groups.filter(({ length }) => length > 1);
}

function areNear(a: ReadonlyMap<number, number>, b: ReadonlyMap<number, number>): boolean {
  const both = [...a.keys()].filter((at) => b.has(at));
  return both.length > 0 && both.every((at) => Math.abs(Math.log(a.get(at)! / b.get(at)!)) < NEAR);
}
