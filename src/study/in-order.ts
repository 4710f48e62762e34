/** Many runs that are asked for at once and answer in any order. */

/** @returns all answers @throws the error of the first that fails, in their order and not in that of time */
export async function inOrder<Answer>(asked: readonly Promise<Answer>[]): Promise<Answer[]> {
  // Those after one that fails are nobody's any more.
  for (const one of asked) one.catch(() => {});
  const answers: Answer[] = [];
  for (const one of asked) answers.push(await one);
  return answers;
}

/**
 * Works on all items, on some of them at once.
 *
 * @param most items at once, 1 or more; the next one begins where one ends
 * @returns and throws as `inOrder`
 */
export function inLanes<Item, Result>(
  items: readonly Item[],
  most: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  let free = most;
  const waiting: (() => void)[] = [];
  return inOrder(
    items.map(async (item) => {
      if (free > 0) free--;
      else await new Promise<void>((begin) => waiting.push(begin));
      try {
        return await work(item);
      } finally {
        const next = waiting.shift();
        if (next === undefined) free++;
        else next();
      }
    }),
  );
}
