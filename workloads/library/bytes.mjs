// Workloads as bytes, without files: as in a browser, where `read` would fetch. Nothing of `unaccepted` itself needs Node.
//
//     node bytes.mjs
import { readFile } from "node:fs/promises";
import { compare, formatMarkdown, parseScenario, runnerOf, Workloads } from "unaccepted";

// Only for this example: where the package's `workloads` lies.
const root = new URL("../workloads/", import.meta.resolve("unaccepted"));

// Is asked for paths: of descriptions, of the traces that they name, and of the boot that goes before a workload. In a
// browser: async (path) => new Uint8Array(await (await fetch(`/workloads/${path}`)).arrayBuffer())
const read = (/** @type {string} */ path) => readFile(new URL(path, root));

// Reads each file once, and holds it against the digest in its description.
const workloads = new Workloads(read);

const scenarios = parseScenario(
  "name: bytes\nworkload: [recorded/linux-7.3.4-debian-1c4g/recording.yaml, 'generate:fork']\n" +
    "platform: tdx\npolicy: lazy\nmemory: 1GiB\nvcpus: 8\n",
  "bytes.yaml",
);
const runs = [];
for (const scenario of scenarios) runs.push({ scenario, workload: await workloads.of(scenario) });
console.log(formatMarkdown(await compare(scenarios, runnerOf(runs))));
