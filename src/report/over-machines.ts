/** Over which machines an order of policies holds, and where it flips. */

import { type Measure, numberIn } from "../results/measures.js";
import { isSound } from "../results/problems.js";
import type { CompareRow } from "../results/row.js";
import { usualRank } from "../study/compare.js";
import { formatBytes } from "../units.js";
import { formatRatio, formatVcpus } from "./cells.js";
import { policyText, settingsText } from "./row-groups.js";

/** Rows of one input, but for their prices: by these, then by policy. */
interface Input {
  readonly title: string;
  readonly by: Measure;
  readonly byPrices: Map<string, Map<string, CompareRow>>;
}

/** One policy before another at some prices, though it comes after it at the first ones. */
interface Flip {
  readonly prices: string;
  readonly first: string;
  readonly second: string;
  /** How many times the first is better. */
  readonly ratio: number;
  readonly input: Input;
}

/** By less than this two runs count as even, as tables show them so. */
const EVEN = 1.005;

/**
 * A sentence about rows that ran at several prices; empty where no input has two policies at two prices. What counts
 * is the first measure that rows are ranked by, and the prices that come first say the order that is to hold.
 */
export function machinesSentence(rows: readonly CompareRow[], rank: readonly Measure[] | undefined): string {
  const inputs = inputsOf(rows, rank);
  if (inputs.length === 0) return "";
  const all = [...new Set(inputs.flatMap(({ byPrices }) => [...byPrices.keys()]))];
  const flips = inputs.flatMap(flipsOf);
  const flipped = new Set(flips.map(({ prices }) => prices));
  const [only] = inputs;
  const order = inputs.length === 1 ? `The order ${orderOf(only!).join(", ")}` : "The order of policies";
  if (flips.length === 0) {
    return `${order} holds at the prices of all ${all.length} machines (${all.join(", ")}).`;
  }
  const holding = listed(all.filter((name) => !flipped.has(name)));
  const others = [...flipped].map((name) => flipText(strongest(flips, name), inputs.length > 1));
  return `${order} holds at the prices ${holding}, and flips at ${others.join(", and at ")}.`;
}

function inputsOf(rows: readonly CompareRow[], rank: readonly Measure[] | undefined): Input[] {
  const inputs = new Map<string, Input>();
  for (const row of rows.filter(isSound)) {
    const title = titleOf(row);
    const key = JSON.stringify([title, row.scenario, row.kernel, row.workload, row.vcpus, settingsText(row)]);
    const [by] = rank ?? usualRank(row);
    const input = inputs.get(key) ?? { title, by: by!, byPrices: new Map() };
    inputs.set(key, input);
    const own = input.byPrices.get(row.prices) ?? new Map<string, CompareRow>();
    input.byPrices.set(row.prices, own.set(policyText(row), row));
  }
  return [...inputs.values()].filter(
    ({ byPrices }) => byPrices.size > 1 && [...byPrices.values()].some((own) => own.size > 1),
  );
}

function titleOf({ platform, memoryBytes, vcpus }: CompareRow): string {
  return `${platform}, ${formatBytes(memoryBytes)}, ${formatVcpus(vcpus)}`;
}

/** Policies at the first prices, the best first. */
function orderOf({ byPrices, by }: Input): string[] {
  const [first] = byPrices.values();
  return [...first!]
    .toSorted(([, a], [, b]) => advantage(by, b, a) - advantage(by, a, b))
    .map(([name]) => name);
}

/** How many times better a run is than another one. */
function advantage(by: Measure, run: CompareRow, other: CompareRow): number {
  const [own, theirs] = [numberIn(by, run), numberIn(by, other)];
  const ratio = by.better === "more" ? own / theirs : theirs / own;
  // Two that are 0 are even; one that is 0 where less is better is as good as can be.
  return Number.isNaN(ratio) ? 1 : ratio;
}

function flipsOf(input: Input): Flip[] {
  const [, ...others] = input.byPrices;
  const order = orderOf(input);
  const [reference] = input.byPrices.values();
  return others.flatMap(([prices, runs]) =>
    order.flatMap((second, at) =>
      order.slice(at + 1).flatMap((first): Flip[] => {
        const pairs = [reference!, runs].map((own) => [own.get(second), own.get(first)] as const);
        const [[better, worse], [later, earlier]] = pairs as [Pair, Pair];
        if (better === undefined || worse === undefined || later === undefined || earlier === undefined) {
          return [];
        }
        const ratio = advantage(input.by, earlier, later);
        const isFlip = advantage(input.by, better, worse) > EVEN && ratio > EVEN;
        return isFlip ? [{ prices, first, second, ratio, input }] : [];
      }),
    ),
  );
}

type Pair = readonly [CompareRow | undefined, CompareRow | undefined];

function strongest(flips: readonly Flip[], prices: string): Flip {
  return flips.filter((flip) => flip.prices === prices).reduce((a, b) => (b.ratio > a.ratio ? b : a));
}

/** `b, where eager is 1.2 times better by bootTimeNs than lazy (tdx, 4 GiB, 1 vCPU)`. */
function flipText({ prices, first, second, ratio, input }: Flip, isNamed: boolean): string {
  const times = formatRatio(ratio).replace(/x$/, " times");
  const how = TIMES.has(input.by.name) ? `${times} earlier than` : `${times} better by ${input.by.name} than`;
  return `${prices}, where ${first} is ${how} ${second}${isNamed ? ` (${input.title})` : ""}`;
}

const TIMES: ReadonlySet<string> = new Set(["bootTimeNs", "totalTimeNs"]);

function listed(names: readonly string[]): string {
  const last = names.at(-1)!;
  return names.length === 1 ? last : `${names.slice(0, -1).join(", ")} and ${last}`;
}
