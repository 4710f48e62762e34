/** The files of the explorer: what the build made, scripts of what comes with the package, and files that the user names. */

import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  bundledPriceNames,
  bundledPrices,
  bundledScenarioText,
  bundledTrace,
  bundledWorkload,
  bundledWorkloadNames,
} from "./bundled.js";
import { readInput } from "./input-file.js";
import { UsageError } from "./usage-error.js";
import { PACKAGE } from "./version.js";

/** Content of a file, read when it is wanted. */
export type Content = () => Uint8Array;

/** What each path, relative to the page, holds. */
export type Site = ReadonlyMap<string, Content>;

/** The page itself. */
export const INDEX = "index.html";

/** The page and its worker, as `.ci/build.js` makes them. */
const BUILT: string = fileURLToPath(new URL("dist/explorer/", PACKAGE));

/**
 * @param given paths of files for the page to open; read again with each visit
 * @throws UsageError for one that cannot be read, and where the program runs from its sources and was not built
 */
export function explorerSite(given: readonly string[]): Site {
  for (const path of given) readInput(path);
  const files = given.map((path, at) => ({ path, name: basename(path), place: `given/${at}` }));
  const told = files.map(({ name, place }) => ({ name, path: place }));
  const traces = bundledWorkloadNames().map(
    (name) => [`traces/${name}.js`, () => traceScript(name)] as const,
  );
  const scripts: readonly (readonly [string, () => string])[] = [
    ["catalogue.js", catalogueScript],
    ["given.js", () => `var unacceptedGiven = ${scriptJson(told)};\n`],
    ...traces,
  ];
  return new Map([
    ...builtFiles(),
    ...scripts.map(([path, text]): [string, Content] => [path, () => Buffer.from(text())]),
    ...files.map(({ path, place }): [string, Content] => [place, () => readInput(path)]),
  ]);
}

function builtFiles(): [path: string, content: Content][] {
  let names: string[];
  try {
    names = readdirSync(BUILT).sort();
  } catch {
    throw new UsageError("explore: the page is not built; npm run build makes it");
  }
  return names.map((name) => [name, () => readFileSync(join(BUILT, name))]);
}

/** What `explorer/protocol.ts` calls a catalogue. */
function catalogueScript(): string {
  const prices = bundledPriceNames().map(
    (name) => [name, readFileSync(bundledPrices(name)!, "utf8")] as const,
  );
  const workloads = bundledWorkloadNames().map((name) => {
    const trace = bundledTrace(name)!;
    const description = readFileSync(bundledWorkload(name)!, "utf8");
    return [name, { description, trace: basename(trace), sizeBytes: statSync(trace).size }] as const;
  });
  const catalogue = {
    boot: bundledScenarioText("boot"),
    prices: Object.fromEntries(prices),
    workloads: Object.fromEntries(workloads),
  };
  return `var unacceptedCatalogue = ${scriptJson(catalogue)};\n`;
}

function traceScript(workload: string): string {
  const base64 = readFileSync(bundledTrace(workload)!).toString("base64");
  return `unacceptedTrace(${scriptJson(workload)}, "${base64}");\n`;
}

/** JSON as a part of a script; one that is put into a page would end at `</script>`. */
function scriptJson(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}
