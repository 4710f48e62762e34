// A policy of your own, beside those that come with the program.
//
//     node policy.mjs
import { compare, definePolicy, formatTable, registerPolicy, runnerOf } from "unaccepted";
import { loadScenarios } from "unaccepted/node";

// Lazy, and a kernel thread that keeps some accepted memory free. All that a policy may be made of is in `behaviours`:
// see the types `Policy`, `Behaviour` and `Behaviours`.
const ahead = definePolicy({
  name: "ahead",
  summary: "lazy, and a thread that keeps accepted memory free",
  since: "an example; in no kernel",
  // What a scenario sets under `strategy`; sizes come with Bytes behind their name.
  parameters: {
    keep: { is: "size", min: "4MiB", default: "128MiB", what: "free accepted memory to keep" },
  },
  behaviour({ keepBytes }, { onAllocation, byThreads, upToTarget }) {
    return {
      ...onAllocation(),
      ...byThreads({
        threads: 1,
        bytesPerSecond: Number.POSITIVE_INFINITY,
        idleOnly: false,
        wantedPages: upToTarget(keepBytes),
      }),
    };
  },
});

// From here on scenarios can name it; what is returned takes it away again.
const forget = registerPolicy(ahead);
const runs = await loadScenarios("boot", [
  "platform=tdx",
  "policy=[lazy, ahead]",
  "memory=4GiB",
  "vcpus=2",
  "workload=generate:heap?size=2GiB",
  "strategy.keep=1GiB",
]);
console.log(formatTable(await compare(runs.map(({ scenario }) => scenario), runnerOf(runs))));
forget();
