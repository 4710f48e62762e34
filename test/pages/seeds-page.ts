/** `results/seeds.md`: every statement of the seeds with the run that shows it. */

import { escapeCell, tableLine } from "../../src/report/table.js";
import { formatFound, Runs, readSeeds, type Seed, type Shown } from "./statements.js";

/** A text with its statements run. */
export interface ShownSeed extends Omit<Seed, "statements"> {
  readonly statements: readonly Shown[];
}

/** Runs every statement. */
export async function showSeeds(): Promise<ShownSeed[]> {
  const runs = new Runs();
  const seeds: ShownSeed[] = [];
  for (const seed of readSeeds()) {
    const statements: Shown[] = [];
    for (const statement of seed.statements) statements.push(await runs.show(statement));
    seeds.push({ ...seed, statements });
  }
  return seeds;
}

/** The page, in Markdown. */
export function seedsPage(seeds: readonly ShownSeed[]): string {
  const all = seeds.flatMap(({ statements }) => statements);
  const wrong = all.filter(({ holds }) => !holds).length;
  const lines = [
    "# What the seeds say",
    "",
    "This project was asked to implement what five texts from mailing lists describe. Here they are taken apart",
    "into statements, each in our words, with a command that shows it, the value it gives, and what that would be",
    "if the statement were false. Expected values were worked out without the simulator; of",
    `${all.length} statements ${wrong === 0 ? "none comes" : `${wrong} come`} out otherwise.`,
    "",
    "`npm run -s seeds` makes this page from [workloads/seeds.yaml](../workloads/seeds.yaml); a test holds it",
    "against the simulator. Commands go behind `npm run -s unaccepted --`; below each stands where the value lies in",
    "what it prints with `--json`.",
    ...seeds.flatMap(seedLines),
    "",
    "## What no run can show",
    "",
    tableLine(["seed", "statement", "why not"]),
    tableLine([":--", ":--", ":--"]),
    ...seeds.flatMap(({ id, notSimulated }) =>
      notSimulated.map(({ says, because }) => tableLine([id, says, because].map(escapeCell))),
    ),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function seedLines({ id, title, statements }: ShownSeed): string[] {
  return [
    "",
    `## ${id}: ${title}`,
    "",
    tableLine(["", "statement", "command and place", "value", "were it false"]),
    tableLine(["--:", ":--", ":--", "--:", ":--"]),
    ...statements.map((shown, at) =>
      tableLine([
        `${id}.${at + 1}`,
        escapeCell(shown.says),
        `\`${shown.run}\`<br>\`${shown.value}\``,
        `${shown.holds ? "" : "**wrong** "}${escapeCell(formatFound(shown))}`,
        escapeCell(shown.otherwise),
      ]),
    ),
  ];
}
