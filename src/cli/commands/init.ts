/** `unaccepted init [FILE]`: a scenario of one's own, each key explained, and with the values of flags. */

import { existsSync } from "node:fs";
import { basename } from "node:path";
import { stringify } from "yaml";
import { PLATFORMS, type PlatformKind } from "../../coco/platforms.js";
import { type Key, keysOf } from "../../fields/keys.js";
import { FIRMWARE } from "../../guest/firmware-options.js";
import { HOST } from "../../guest/host-options.js";
import { PAGE_WIDTH } from "../../report/paint.js";
import { wrapText } from "../../report/table.js";
import { parseScenario } from "../../scenario/load.js";
import { SCENARIO } from "../../scenario/scenario.js";
import type { Arguments, RunCommand } from "../arguments.js";
import { bundledWorkload, STANDARD_WORKLOAD } from "../bundled.js";
import { print } from "../io.js";
import { sharedOptions } from "../options.js";
import { writeWhole } from "../output-file.js";
import { priceSetsFor } from "../price-sets.js";
import { UsageError } from "../usage-error.js";

/** Keys of the file in its order, with the values that it has where no flag gives others. */
const VALUES: Readonly<Record<string, unknown>> = {
  name: "guest",
  workload: STANDARD_WORKLOAD,
  platform: "tdx",
  policy: SCENARIO.policy.default,
  memory: "4GiB",
  vcpus: SCENARIO.vcpus.default,
  kernel: SCENARIO.kernel.default,
  "host.pageSize": HOST.pageSize.default,
  "firmware.preAcceptLimit": FIRMWARE.preAcceptLimit.default,
  seed: SCENARIO.seed.default,
};

export const run: RunCommand = async (argv, { io, policyFiles }) => {
  const [path] = argv.files;
  if (policyFiles.length > 0) {
    throw new UsageError("--policy: a scenario names policies of the program; give a file of one to run");
  }
  if (path !== undefined && !argv.has("force") && existsSync(path)) {
    throw new UsageError(`${path}: is there already; --force writes over it`);
  }
  const file = path ?? "guest.yaml";
  const text = starter(file, valuesThatMatter(valuesOf(argv, nameFor(file))));
  if (path === undefined) {
    print(io.stdout, text);
    return 0;
  }
  writeWhole(path, text);
  if (!argv.has("quiet")) print(io.stderr, `wrote ${path}; try unaccepted run ${path}\n`);
  return 0;
};

function nameFor(path: string): string {
  return basename(path).replace(/\.ya?ml$/, "") || "guest";
}

/** @throws ScenarioError that names the flag with a value that it cannot have */
function valuesOf(argv: Arguments, name: string): Record<string, unknown> {
  const { assignments } = sharedOptions(argv);
  const { workload, platform, memory } = VALUES;
  parseScenario(stringify({ name, workload, platform, memory }), "init", assignments, priceSetsFor("init"));
  const given = assignments.map(({ path, value }) => [path[0]!, value] as const);
  const typed = argv.one("workload");
  const bundled = typed !== undefined && bundledWorkload(typed) !== undefined ? { workload: typed } : {};
  return { ...VALUES, name, ...Object.fromEntries(given), ...bundled };
}

/** Without keys that matter on no platform of the guest. */
function valuesThatMatter(values: Record<string, unknown>): Record<string, unknown> {
  const platforms = [values.platform].flat() as PlatformKind[];
  if (platforms.some((platform) => PLATFORMS[platform].isConfidential)) return values;
  return Object.fromEntries(Object.entries(values).filter(([key]) => key !== "firmware.preAcceptLimit"));
}

function starter(path: string, values: Readonly<Record<string, unknown>>): string {
  const keys = new Map(keysOf(SCENARIO).map((key) => [key.path, key]));
  const lines = Object.entries(values).flatMap(([key, value]) => {
    const [section, inner] = key.split(".") as [string, string?];
    if (inner === undefined) return ["", ...commentOf(keys.get(key)!, ""), lineOf(key, value)];
    const own = [...commentOf(keys.get(key)!, "  "), `  ${lineOf(inner, value)}`];
    return ["", ...commentOf(keys.get(section)!, ""), `${section}:`, ...own];
  });
  const header = [
    "A guest to be simulated. Above each key is what it means and which values it may have; a list of values, such as [4GiB, 64GiB], makes a run of each.",
    `  unaccepted run ${path}`,
    `  unaccepted compare ${path} --policy eager,lazy --memory 4GiB,64GiB`,
    "  unaccepted help scenario, for all other keys",
  ];
  return `${[...header.flatMap((text) => commentLines(text, "")), ...lines].join("\n")}\n`;
}

function lineOf(key: string, value: unknown): string {
  const options = { collectionStyle: "flow", flowCollectionPadding: false, lineWidth: 0 } as const;
  return `${key}: ${stringify(value, options).trim()}`;
}

function commentOf({ what, value, default: byDefault }: Key, indent: string): string[] {
  const hasValues = value !== "mapping" && value !== "text";
  const values = value.startsWith("such as") ? ` S${value.slice(1)}.` : ` Values: ${value}.`;
  const otherwise = value === "mapping" || byDefault.endsWith("required") ? "" : ` Default: ${byDefault}.`;
  const text = `${what.replace(/\.$/, "")}.${hasValues ? values : ""}${otherwise}`;
  return commentLines(text.replaceAll("`", ""), indent);
}

function commentLines(text: string, indent: string): string[] {
  const start = `${indent}# `;
  return wrapText(text, { width: PAGE_WIDTH - start.length }).map(
    (line, at) => `${start}${at === 0 ? line : line.trim()}`,
  );
}
