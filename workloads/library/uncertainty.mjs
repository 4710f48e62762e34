// How far a result can be trusted: the same runs at both ends of each assumed price.
//
//     node uncertainty.mjs
import { compare, formatDuration, formatUncertainty, rangeVariants, runnerOf, uncertainty } from "unaccepted";
import { loadScenarios } from "unaccepted/node";

const loaded = await loadScenarios("boot", ["platform=tdx", "policy=[eager, lazy]", "memory=1GiB"]);
const scenarios = loaded.map(({ scenario }) => scenario);
const run = runnerOf(loaded);

const rows = await compare(scenarios, (scenario) => run(scenario));
const found = await uncertainty(rows, scenarios, async (variant, of) => run(variant, of));
console.log(formatUncertainty(found));

for (const { policy, uncertainty: ranges } of found.rows) {
  const { low, high, movedMostBy } = ranges.bootTimeNs;
  const why = movedMostBy === null ? "" : `, most of it by ${movedMostBy.parameter}`;
  console.log(`${policy}: boots in ${formatDuration(low)} to ${formatDuration(high)}${why}`);
}
const [first] = scenarios;
if (first !== undefined) console.log(`${rangeVariants(first).length} runs besides the one at the defaults`);
