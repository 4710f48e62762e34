/** From what is said of a machine to a scenario that can be run: what is not said is assumed, what cannot be said is left out. */

import { stringify } from "yaml";
import { PLATFORMS, type PlatformKind } from "../coco/platforms.js";
import { HOST } from "../guest/host-options.js";
import { ScenarioError } from "../scenario/error.js";
import { parseScenario } from "../scenario/load.js";
import { SCENARIO } from "../scenario/scenario.js";
import type { Joined, Source } from "./join.js";
import { MachineError } from "./statement.js";

/** A key of the scenario, with who says so. */
export interface Settled {
  readonly key: string;
  readonly value: unknown;
  readonly sources: readonly Source[];
  /** Why it has this value where no text says one. */
  readonly assumed?: string;
}

/** What a text says and a scenario cannot have, with the reason. */
export interface Refused extends Joined {
  readonly reason: string;
}

export interface SettledMachine {
  readonly values: readonly Settled[];
  readonly refused: readonly Refused[];
}

export interface Frame {
  readonly name: string;
  /** A workload as a scenario names it. */
  readonly workload: string;
}

/** @throws MachineError where what is said makes no machine that can be simulated */
export function settle(joined: readonly Joined[], frame: Frame): SettledMachine {
  if (!joined.some(({ key }) => key === "memory"))
    throw new MachineError(
      1,
      1,
      "a text that says how much memory the guest has, such as a boot log, /proc/iomem or a VMM's configuration",
      "none",
    );
  const refused: Refused[] = [];
  let said = joined;
  for (;;) {
    const values = [...assumptions(said, frame), ...said.map((one): Settled => one)];
    const issues = issuesOf(values);
    const wrong = issues.flatMap(({ path, message }) => {
      const own = said.filter(({ key }) => isPart(path, key) || isPart(key, path));
      return own.map((one) => ({ ...one, path, reason: message }));
    });
    const fatal = wrong.find(({ key }) => key === "memory");
    if (issues.length === 0) return { values, refused };
    if (fatal !== undefined || wrong.length === 0) throw unusable(fatal, issues[0]!.message);
    // A section that this machine cannot have goes as a whole.
    const first = wrong.filter(({ path }) => path === wrong[0]!.path);
    refused.push(...first);
    said = said.filter(({ key }) => !first.some((one) => one.key === key));
  }
}

/** Whether a path of a scenario is a place within another. */
function isPart(path: string, whole: string): boolean {
  return path === whole || path.startsWith(`${whole}.`) || path.startsWith(`${whole}[`);
}

function unusable(fatal: Refused | undefined, message: string): MachineError {
  const [, expected = message, found = "another"] = /expected (.*), found (.*)/.exec(message) ?? [];
  return new MachineError(fatal?.sources[0]?.line ?? 1, 1, expected, found);
}

function issuesOf(
  values: readonly Settled[],
): readonly { readonly path: string; readonly message: string }[] {
  try {
    parseScenario(stringify(documentOf(values)), "machine");
    return [];
  } catch (error) {
    if (!(error instanceof ScenarioError)) throw error;
    return error.issues;
  }
}

/** The values as a scenario file has them, nested. */
export function documentOf(values: readonly Settled[]): Record<string, unknown> {
  const document: Record<string, unknown> = {};
  for (const { key, value } of values) {
    const path = key.split(".");
    let place = document;
    for (const part of path.slice(0, -1)) {
      place[part] ??= {};
      place = place[part] as Record<string, unknown>;
    }
    place[path.at(-1)!] = value;
  }
  return document;
}

/** Keys that a run has in any case and that decide much, where nothing says them. */
function assumptions(said: readonly Joined[], { name, workload }: Frame): Settled[] {
  const kind = said.find(({ key }) => key === "platform.kind")?.value;
  const isConfidential =
    typeof kind === "string" &&
    Object.hasOwn(PLATFORMS, kind) &&
    PLATFORMS[kind as PlatformKind].isConfidential;
  const all: readonly (readonly [key: string, value: unknown, why: string])[] = [
    ["name", name, "after the file"],
    [
      "workload",
      workload,
      "the recorded boot that comes with the program, as no text says what the guest does",
    ],
    ["platform.kind", "none", "no line says what protects the memory"],
    ["kernel", SCENARIO.kernel.default, "no line says which kernel"],
    ["vcpus", SCENARIO.vcpus.default, "no line says how many"],
    ...(isConfidential
      ? ([
          ["policy", SCENARIO.policy.default, "what Linux does without accept_memory=eager"],
          [
            "host.pageSize",
            HOST.pageSize.default,
            "a guest cannot see with what pages its host backs memory",
          ],
        ] as const)
      : []),
  ];
  return all
    .filter(([key]) => !said.some((one) => one.key === key))
    .map(([key, value, assumed]) => ({ key, value, sources: [], assumed }));
}
