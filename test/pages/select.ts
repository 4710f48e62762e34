/** A small way to name one value in the JSON of a command. */

/**
 * The value of a path, or of a sum of paths, such as `rows[0].a - rows[1].a`; from left to right.
 *
 * @throws Error where a path leads nowhere, or to what is no number in a sum
 */
export function select(json: unknown, value: string): unknown {
  const [first, ...rest] = value.split(/ ([-+/]) /);
  let result = valueAt(json, first!);
  for (let at = 0; at < rest.length; at += 2) {
    const other = valueAt(json, rest[at + 1]!);
    if (typeof result !== "number" || typeof other !== "number") throw new Error(`${value}: not a number`);
    result = rest[at] === "/" ? result / other : rest[at] === "+" ? result + other : result - other;
  }
  return result;
}

/**
 * The value at a path such as `rows[0].lostBytes` or `rows[policy=lazy,platform=tdx].outcome`:
 * names joined by dots, behind which brackets pick from a list, by number or by what the entry says.
 * What tells runs apart lies one level down, under `settings`, and is found there as well.
 *
 * @throws Error where the path leads nowhere, or to more than one entry
 */
function valueAt(json: unknown, path: string): unknown {
  let value = json;
  // Dots within brackets belong to the names of settings.
  for (const step of path.match(/\[[^\]]*\]|[^.[\]]+/g) ?? []) {
    value = step.startsWith("[") ? entryOf(value, step.slice(1, -1), path) : member(value, step);
    if (value === undefined) throw new Error(`${path}: nothing at ${step}`);
  }
  return value;
}

function entryOf(list: unknown, choice: string, path: string): unknown {
  if (!Array.isArray(list)) throw new Error(`${path}: no list before [${choice}]`);
  if (/^\d+$/.test(choice)) return list[Number(choice)];
  const conditions = choice.split(",").map((condition) => condition.split("="));
  const found = list.filter((entry) =>
    conditions.every(([name, wanted]) => {
      const own = member(entry, name!) ?? member(member(entry, "settings"), name!);
      return String(own) === wanted;
    }),
  );
  if (found.length !== 1) throw new Error(`${path}: ${found.length} entries with ${choice}`);
  return found[0];
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
