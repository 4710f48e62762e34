/** What `help` explains besides commands; lists come from where their things are declared. */

import { PLATFORM_KINDS, PLATFORMS, type PlatformKind } from "../coco/platforms.js";
import { keysOf } from "../fields/keys.js";
import { policies, USUAL_POLICY } from "../policy/policies.js";
import { PICTURES } from "../report/pictures/pictures.js";
import { type Column, left, type Paint, right, tableText, wrapText } from "../report/table.js";
import { MEASURES } from "../results/measures.js";
import { SCENARIO } from "../scenario/scenario.js";
import { formatDuration } from "../units.js";
import { GENERATORS } from "../workload/generators/index.js";
import { bundledPriceNames, bundledScenarioNames, bundledWorkloadNames } from "./bundled.js";
import { listLines } from "./help.js";
import { ExitCode } from "./io.js";
import { priceSetsFor } from "./price-sets.js";

export interface Topic {
  readonly name: string;
  /** One line for the list of topics. */
  readonly summary: string;
  readonly parts: () => readonly Part[];
}

/** Sentences, a list, or what comes with its own lines. */
type Part = string | readonly Item[] | ((paint: Paint) => string);

/** A name and what it means. */
type Item = readonly [name: string, what: string];

/** In the order of help. */
export const TOPICS: readonly Topic[] = [
  {
    name: "scenario",
    summary: "files that say what to simulate: all keys, lists, bundled ones by name",
    parts: () => [
      "A scenario is a YAML file that says what to simulate. A list where one value is expected makes a run of each " +
        "value, several lists a run of each combination. Flags such as --memory, and --set key.key=value for any key, " +
        "go before the file; a list is a,b there and [a, b] with --set. unaccepted init writes a file to begin with.",
      `Where a file is expected, the name of a bundled one does: ${bundledScenarioNames().join(", ")}.`,
      "Keys, with what they may be and their default:",
      keysOf(SCENARIO).map(({ path, value, default: byDefault, what }): Item => {
        const choice = `${value}; ${byDefault}`.replaceAll("`", "");
        return [path, `${what} (${choice})`];
      }),
    ],
  },
  {
    name: "policies",
    summary: "when memory is accepted, and by whom",
    parts: () => [
      `The policy says when memory is accepted and by whom; Linux's own is ${USUAL_POLICY}. A list of them is one run ` +
        "of each: --policy eager,lazy.",
      [...policies().byName].map(([name, { summary }]): Item => [name, summary]),
      "unaccepted run --list-policies names the parameters of each, which --set strategy.NAME=VALUE changes. " +
        "--policy ./mine.mjs loads a policy of your own (workloads/policies/low-water.mjs is one).",
    ],
  },
  {
    name: "workloads",
    summary: "what the guest does: recorded boots and tasks, and generated ones",
    parts: () => [
      "What the guest does is recorded from a real kernel or generated. --workload, and workload in a scenario, take " +
        "a bundled recording by its name, the path of a recording.yaml or of a trace, or " +
        "generate:NAME?PARAMETER=VALUE&... A workload that is no boot comes after the standard one, and its time is " +
        "the time after init.",
      "Generators:",
      GENERATORS.map(({ name, summary }): Item => [`generate:${name}`, summary]),
      `Recordings: ${bundledWorkloadNames().join(", ")}.`,
      "unaccepted trace list says more of each, and names the parameters of generators; unaccepted trace import reads " +
        "traces of your own.",
    ],
  },
  {
    name: "units",
    summary: "sizes and times, in what is typed and in what is printed",
    parts: () => [
      "Sizes are binary: 4GiB, 4G and 4096M are the same, a bare number is bytes, and decimal units such as GB are " +
        "refused, since nobody can tell which of the two was meant. Times have a unit: 250us, 1.5ms, 60s, 5m.",
      "Tables and texts have three digits and a unit. JSON, JSON Lines, CSV and Parquet have whole bytes and " +
        "nanoseconds; the name of a number ends with Bytes or Ns there. A ratio above 1x is better than the baseline, " +
        "a share is a part of 1.",
      "The page is 4 KiB. Linux accepts in blocks of 4 MiB (order 10); a bit of the table of unaccepted memory is a " +
        "unit of 2 MiB.",
    ],
  },
  {
    name: "waits",
    summary: "allocations that waited for memory to be accepted, and what percentiles are of",
    parts: () => [
      "An allocation that finds no accepted page waits until some is accepted. Waits during the boot and during the " +
        "workload are counted apart. Percentiles are over all allocations of their phase, of which those that did not " +
        "wait count as 0: a policy with fewer waits never looks worse for it.",
      MEASURES.filter(({ name }) => name.startsWith("waits.")).map(({ name, doc }): Item => [name, doc]),
    ],
  },
  {
    name: "measures",
    summary: "the numbers of a run, by the names that columns, conditions and objectives have",
    parts: () => [
      "Every number has one name: in JSON and CSV, and in flags that take measures, such as --fail-on, --objective " +
        "and --constraint.",
      MEASURES.map(({ name, doc }): Item => [name, doc]),
    ],
  },
  {
    name: "prices",
    summary: "what each operation takes, how sure that is, and how to change it",
    parts: () => [
      "Every operation that is counted has a price. Measured prices were published, derived ones follow from such by " +
        "arithmetic, assumed ones are nobody's and have a range. --set platform.NAME=TIME changes one; it then counts " +
        "as assumed. What the assumed ones are worth, --uncertainty says.",
      "--prices NAME takes those of a machine, --prices a,b runs on each of several, and --prices FILE on a machine of " +
        "your own: a file as unaccepted schema prices describes it, whose measured prices count as measured. What it " +
        "does not say is as below. Machines that come with the program:",
      bundledPriceNames().map((name): Item => [name, descriptionOf(name)]),
      ...PLATFORM_KINDS.map((kind) => (paint: Paint) => priceTable(kind, paint)),
    ],
  },
  {
    name: "uncertainty",
    summary: "ranges of results over the prices that are assumed",
    parts: () => [
      "--uncertainty makes every run again with the low and the high value of each assumed price, alone and all " +
        "together. Ranges are from the least to the greatest result; measured and derived prices stay as they are.",
      "An order of two policies survives where it is the same at every one of these ends; where it does not, the price " +
        "that turns it is named. The share of a time that rests on assumed prices says how much of it could move.",
      "Seeds are another matter: --repeat N runs N seeds where anything is random, and shows intervals of 95 % " +
        "confidence (Student's t).",
    ],
  },
  {
    name: "output",
    summary: "formats, colours, and how wide tables are",
    parts: () => [
      "Results go to stdout, everything else to stderr. --format takes table, json, jsonl, csv and md where a command " +
        "has them; csv, json and jsonl hold data alone, in which nothing is left out.",
      "Tables are as wide as the terminal. Into a pipe or a file they are as wide as COLUMNS says, or else 80 " +
        "characters, so that a file does not depend on the terminal it was made in. What has no room is named below " +
        "the table, with the width that is enough.",
      "Colours are for terminals only; NO_COLOR turns them off. --quiet leaves out progress and remarks.",
    ],
  },
  {
    name: "pictures",
    summary: "what plot draws of which results",
    parts: () => [
      "unaccepted plot RESULT... -o NAME.svg draws what these results show best, --picture NAME another one; the ending " +
        "of the file, .svg or .png, says which it is. Several results of one kind are drawn together, and what tells " +
        "their runs apart parts panels. What is left out or lies on something else is said in the picture.",
      PICTURES.map(({ name, what }): Item => [name, what]),
      "SVG has title and description for screen readers; PNG is twice as large and has the fonts in it. The same " +
        "results give the same bytes.",
    ],
  },
  {
    name: "exit-codes",
    summary: "what the program says to scripts",
    parts: () => [
      [
        [String(ExitCode.done), "done"],
        [String(ExitCode.failed), "a run failed, or a condition or check did not hold"],
        [String(ExitCode.usage), "flags or input files are wrong: one line on stderr says where"],
        [
          String(ExitCode.interrupted),
          "interrupted (Ctrl-C): stderr says what was done; files are whole or not there",
        ],
      ],
    ],
  },
];

function descriptionOf(name: string): string {
  const { platform, description = "" } = priceSetsFor("").find(name)!;
  return `${platform}: ${description}`;
}

interface PriceRow {
  readonly name: string;
  readonly what: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly basis: string;
}

const PRICE_COLUMNS: readonly Column<PriceRow>[] = [
  left("price", ({ name }) => name),
  right("value", ({ value }) => formatDuration(value), 1),
  right("low", ({ low }) => formatDuration(low), 3),
  right("high", ({ high }) => formatDuration(high), 3),
  left("basis", ({ basis }) => basis, 2),
  left("of", ({ what }) => what, 4),
];

function priceTable(kind: PlatformKind, paint: Paint): string {
  const rows = Object.entries(PLATFORMS[kind].parameters).map(([name, price]) => ({ name, ...price }));
  return tableText({ title: kind, columns: PRICE_COLUMNS, groups: [{ rows }], notes: [] }, paint).trimEnd();
}

/** Names that are longer stand on a line of their own. */
const LONG_NAME = 28;
const INDENT = "    ";

export function topicText({ name, summary, parts }: Topic, paint: Paint): string {
  const title = wrapText(`${name}: ${summary}`, paint).map((line) => paint("title", line));
  return [title.join("\n"), ...parts().map((part) => partText(part, paint))].join("\n\n");
}

function partText(part: Part, paint: Paint): string {
  if (typeof part === "function") return part(paint);
  if (typeof part === "string") return wrapped(part, paint.width).join("\n");
  if (part.every(([name]) => name.length <= LONG_NAME)) return listLines(part, paint).join("\n");
  return part
    .flatMap(([name, what]) => [
      `  ${name}`,
      ...wrapped(what, paint.width - INDENT.length).map((line) => `${INDENT}${line}`),
    ])
    .join("\n");
}

function wrapped(text: string, width: number): string[] {
  return wrapText(text, { width }).map((line) => line.trim());
}
