// What changed between two results, and which events and prices account for it.
//
//     node diff.mjs                   of two runs that it makes
//     node diff.mjs old.json new.json  of what `unaccepted compare --json` printed
import { readFileSync } from "node:fs";
import { compare, diffRows, formatDiff, formatJson, parseRows, runnerOf } from "unaccepted";
import { loadScenarios } from "unaccepted/node";

/** @param {string[]} assignments */
async function resultsOf(...assignments) {
  const runs = await loadScenarios("boot", ["platform=snp", "policy=lazy", "memory=1GiB", ...assignments]);
  return formatJson(await compare(runs.map(({ scenario }) => scenario), runnerOf(runs)));
}

const [, , a = "as it is", b = "with dear faults"] = process.argv;
const texts =
  process.argv.length > 3
    ? [readFileSync(a, "utf8"), readFileSync(b, "utf8")]
    : [await resultsOf(), await resultsOf("platform.npf4kNs=9us")];

// Reads documents and JSON Lines, and says where one is damaged.
const [before, after] = [parseRows(texts[0] ?? "", a), parseRows(texts[1] ?? "", b)];
const diff = diffRows(before.rows, after.rows);
console.log(formatDiff(diff, { a, b }));

for (const { times } of diff.pairs) {
  for (const { name, changeNs, events, otherNs } of times) {
    const [most] = events;
    if (most !== undefined) {
      const ns = most.byCountNs + most.byPriceNs;
      console.log(`${name}: ${changeNs} ns, ${ns} of it by ${most.event}, ${otherNs} by no event`);
    }
  }
}
