/** Lists of what comes with the program: policies with their parameters, traces and generators. */

import type { Policy } from "../policy/policy.js";
import { jsonDocument } from "../results/formats.js";
import { formatBytes } from "../units.js";
import { alignedLines, type Paint, type Place, plainPaint, textOf, wrapText } from "./table.js";

/** Prints every policy: name, what it does, since when, and what can be tuned with `--set strategy.NAME=`. */
export function formatPolicyList(policies: readonly Policy[], paint: Paint = plainPaint): string {
  return policies
    .map((policy) => [
      paint("title", policy.name),
      ...wrapText(`  ${policy.summary}`, paint),
      ...wrapText(`  since: ${policy.since}`, paint),
      ...Object.entries(policy.parameters).flatMap(([name, { default: byDefault, what }]) =>
        wrapText(`  strategy.${name}=${byDefault}: ${what}`, paint),
      ),
    ])
    .map(textOf)
    .join("\n");
}

export function formatPolicyListJson(policies: readonly Policy[]): string {
  const list = policies.map(({ name, summary, since, parameters }) => ({
    name,
    summary,
    since,
    parameters: Object.entries(parameters).map(([parameter, { is: kind, default: byDefault, what }]) => {
      return { name: parameter, kind, default: byDefault, what };
    }),
  }));
  return jsonDocument({ policies: list });
}

export interface BundledTrace {
  /** As a scenario's `workload` or a command names it, from the directory of the package. */
  readonly path: string;
  /** As stored, packed or not. */
  readonly sizeBytes: number;
  readonly origin: string;
  /** One line on its contents. */
  readonly about: string;
}

export interface ListedGenerator {
  readonly name: string;
  readonly summary: string;
  /** Its model in the real world, and the facts it is based on. */
  readonly imitates: string;
  readonly parameters: readonly {
    readonly name: string;
    readonly what: string;
    /** As users write it. */
    readonly default: string;
  }[];
}

/** Two lines for each trace: the path to be copied, then the rest; then the generators with their parameters. */
export function formatTraceList(
  traces: readonly BundledTrace[],
  generators: readonly ListedGenerator[],
  place: Place = plainPaint,
): string {
  const generated = generators.map((one) => generatorLines(one, place));
  return `recorded\n${recordedLines(traces, place)}\ngenerated\n${generated.join("")}`;
}

function generatorLines({ name, summary, imitates, parameters }: ListedGenerator, place: Place): string {
  const rows = parameters.map((one) => [`    ${one.name}`, one.default, one.what]);
  const lines = alignedLines(["left", "right", "left"], rows, place);
  const about = [summary, `imitates: ${imitates}`].flatMap((text) => wrapText(`  ${text}`, place));
  return textOf([`generate:${name}`, ...about, ...lines]);
}

function recordedLines(traces: readonly BundledTrace[], place: Place): string {
  return textOf(
    traces.flatMap(({ path, sizeBytes, about, origin }) => {
      const size = `  ${formatBytes(sizeBytes).padStart("99.9 KiB".length)}`;
      return [path, ...alignedLines(["left", "left"], [[size, `${about} (${origin})`]], place)];
    }),
  );
}
