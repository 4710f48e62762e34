/**
 * Measures the rows of one file in a process of its own, so that no file runs code that others have made the compiler
 * think of differently, nor among what they left in memory. `node worker.js FILE FILTER...` by `run.ts`.
 */

import type { BenchFile, Measure } from "../measure.js";
import { type Row, rowOf } from "./row.js";

const ROUNDS = 9;
const [file, ...filters] = process.argv.slice(2);

const { measures } = (await import(new URL(`../${file}.js`, import.meta.url).href)) as BenchFile;
const wanted = (await measures()).filter(
  ({ name }) => filters.length === 0 || filters.some((filter) => name.includes(filter)),
);
const rows: Row[] = [];
for (const group of groupsOf(wanted)) rows.push(...(await measureGroup(group)));
process.send!(rows);
process.disconnect();

function groupsOf(wanted: readonly Measure[]): Measure[][] {
  const groups = new Map<string, Measure[]>();
  for (const measure of wanted) {
    const group = measure.name.split("/")[0]!;
    groups.set(group, [...(groups.get(group) ?? []), measure]);
  }
  return [...groups.values()];
}

/** A sample of each row, then the next of each, so that a slow minute of the machine meets all alike. */
async function measureGroup(group: readonly Measure[]): Promise<Row[]> {
  const samples = group.map((): number[] => []);
  const failed = new Map<number, string>();
  const rounds = Math.max(...group.map((measure) => measure.rounds ?? ROUNDS));
  for (let round = 0; round < rounds; round++) {
    for (const [index, measure] of group.entries()) {
      if (measure.skip !== undefined || round >= (measure.rounds ?? ROUNDS) || failed.has(index)) continue;
      tell(`${measure.name}, round ${round + 1} of ${rounds}`);
      try {
        samples[index]!.push(await measure.sample());
      } catch (error) {
        failed.set(index, (error as Error).message);
      }
    }
  }
  tell(`${group[0]!.name.split("/")[0]!} measured${process.stderr.isTTY ? "" : "\n"}`);
  return group.map((measure, index) => {
    const skip = failed.get(index);
    return skip === undefined
      ? rowOf(file!, measure, samples[index]!)
      : rowOf(file!, { ...measure, skip }, []);
  });
}

/** What is measured now, for who watches; elsewhere only what is done. */
function tell(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
  else if (text.endsWith("\n")) process.stderr.write(text);
}
