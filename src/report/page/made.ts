/** How results were made: what ran, as far as they say it, and the command lines that make them again. */

import { exactSize } from "../../machine/exact-size.js";
import type { CompareRow } from "../../results/row.js";
import { RESULT_SCHEMA_VERSION } from "../../results/row.js";
import { formatBytes } from "../../units.js";
import { kernelText } from "../cells.js";
import { groupedRows, policyText, settingsText } from "../row-groups.js";
import { type Html, html } from "./html.js";
import type { PageContext, PagePart, Surroundings } from "./part.js";
import { commandText, machineWords, runCommand, scenarioWord, whyUnknown } from "./reproduce.js";

/** Of one result as many as anybody copies. */
const MOST_COMMANDS = 200;

/** @param facts name and value of each */
export function madePart(
  facts: readonly (readonly [string, string])[],
  commands: Html,
  { version }: Pick<Surroundings, "version">,
  schemaVersion: number = RESULT_SCHEMA_VERSION,
): PagePart {
  const all = [...facts, ["schemaVersion", String(schemaVersion)], ["page made by", `unaccepted ${version}`]];
  return {
    name: "made",
    title: "How this was made",
    body: html`<dl>${all.map(([name, value]) => html`<div><dt>${name!}</dt><dd>${value!}</dd></div>`)}</dl>${commands}`,
  };
}

/** Lines to copy. @param label for those who do not see them */
export function commandsHtml(commands: readonly string[], label: string): Html {
  return html`<pre class="scroll" role="region" tabindex="0" aria-label="${label}"><code>${commands.map(
    (line) => html`${line}
`,
  )}</code></pre>`;
}

/** Values of one fact that are named. */
const MOST_VALUES = 24;

/** Each value once. */
export function listed(values: readonly string[]): string {
  const all = [...new Set(values)];
  const more = all.length - MOST_VALUES;
  return more > 0 ? `${all.slice(0, MOST_VALUES).join(", ")} and ${more} more` : all.join(", ");
}

/** Words after a command line, for what no result says of its scenario. */
export function scenarioNote(names: readonly string[], { scenarios }: Surroundings): string {
  const [own, others] = [
    names.filter((name) => scenarios.includes(name)),
    names.filter((name) => !scenarios.includes(name)),
  ];
  return [
    ...(own.length === 0
      ? []
      : [
          `${own.join(", ")}: the scenario of this name that comes with the program; a file of your own has its path there.`,
        ]),
    ...(others.length === 0
      ? []
      : [
          `${others.map((name) => `${name}.yaml`).join(", ")}: your scenario file of this name, which results do not hold.`,
        ]),
    "What a file says besides, and all its runs share, is not in results.",
  ].join(" ");
}

export function rowsMade(rows: readonly CompareRow[], file: string, context: PageContext): PagePart {
  const texts = (of: (row: CompareRow) => string): string => listed(rows.map(of));
  const settings = listed(rows.map(settingsText).filter((one) => one !== ""));
  const facts = [
    ["runs", String(rows.length)],
    ["scenario", texts(({ scenario }) => scenario)],
    ["platform", texts(({ platform }) => platform)],
    ["policy", texts(policyText)],
    ["memory", texts(({ memoryBytes }) => formatBytes(memoryBytes))],
    ["vCPUs", texts(({ vcpus }) => String(vcpus))],
    ["kernel", texts((row) => `Linux ${kernelText(row)}`)],
    ["workload", texts(({ workload }) => workload)],
    ["boot", texts(({ boot }) => boot)],
    ["prices", texts(({ prices }) => prices)],
    ...(settings === "" ? [] : [["settings", settings] as const]),
  ] as const;
  const names = [...new Set(rows.map(({ scenario }) => scenario))];
  const note = html`<p class="note">${scenarioNote(names, context)}</p>`;
  return madePart(facts, html`${rowCommands(rows, file, context)}${note}`, context);
}

function rowCommands(rows: readonly CompareRow[], file: string, around: Surroundings): Html {
  const found = rows.map((row) => runCommand(row, around));
  const lines = found.flatMap((one) => ("command" in one ? [one.command] : []));
  const whys = listed(found.flatMap((one) => ("why" in one ? [one.why] : [])));
  const unknown = whys !== "" && html`<p>Runs that have no command line here: ${whys}.</p>`;
  if (rows.length === 1) {
    return html`${lines.length > 0 && html`<p>This run again:</p>${commandsHtml(lines, `Command line, of ${file}`)}`}${unknown}`;
  }
  const whole = compareCommand(rows, around);
  const best = groupedRows(rows, () => []).groups[0]!.rows[0]!;
  const first = runCommand(best, around);
  const all = lines.slice(0, MOST_COMMANDS);
  const cut = lines.length > all.length ? `, the first ${all.length}` : "";
  return html`${whole !== undefined && html`<p>All runs again:</p>${commandsHtml([whole], `Command line for all runs, of ${file}`)}`}${
    "command" in first &&
    html`<p>The best of the first input in full:</p>${commandsHtml([first.command], `Command line for the best run, of ${file}`)}`
  }${
    all.length > 0 &&
    html`<details><summary>A command line for each run${cut}</summary>${commandsHtml(all, `Command lines for single runs, of ${file}`)}</details>`
  }${unknown}`;
}

/** One command for all rows, where they are every combination of what they differ in, and no setting tells any apart. */
function compareCommand(rows: readonly CompareRow[], around: Surroundings): string | undefined {
  const [first] = rows as [CompareRow, ...CompareRow[]];
  const isPlain = rows.every(
    (row) =>
      row.scenario === first.scenario &&
      row.policySha256 === undefined &&
      Object.keys(row.settings).length === 0 &&
      whyUnknown(row, around) === undefined,
  );
  if (!isPlain) return undefined;
  const joined = (of: (row: CompareRow) => string): string => [...new Set(rows.map(of))].join(",");
  const axes = {
    platform: joined(({ platform }) => platform),
    policy: joined(({ policy }) => policy),
    kernel: joined(({ kernel }) => kernel),
    prices: joined(({ prices }) => prices),
    vcpus: joined(({ vcpus }) => String(vcpus)),
    memory: joined(({ memoryBytes }) => exactSize(memoryBytes)),
    workload: joined(({ workload }) => workload),
  };
  const combinations = Object.values(axes).reduce((product, axis) => product * axis.split(",").length, 1);
  if (combinations !== rows.length) return undefined;
  const { memory, ...machine } = axes;
  const words = machineWords(machine);
  return commandText(["compare", scenarioWord(first.scenario, around), ...words, "--memory", memory]);
}
