/** The traces that come with the program, for people. */

import { formatBytes } from "../units.js";
import { plainTableLines } from "./plain-table.js";
import { wrapText } from "./wrap.js";

/** A trace that comes with the program. */
export interface BundledTrace {
  /** As a scenario's `workload` or a command names it, from the directory of the package. */
  readonly path: string;
  /** Of the file as it is. */
  readonly sizeBytes: number;
  /** Where it was recorded. */
  readonly origin: string;
  /** What it shows, in one line. */
  readonly about: string;
}

/** A generator with its parameters. */
export interface ListedGenerator {
  readonly name: string;
  /** One line. */
  readonly summary: string;
  /** What it repeats and from which facts. */
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
): string {
  return `recorded\n${recordedLines(traces)}\ngenerated\n${generators.map(generatorLines).join("")}`;
}

function generatorLines({ name, summary, imitates, parameters }: ListedGenerator): string {
  const rows = parameters.map((one) => [`    ${one.name}`, one.default, one.what]);
  const lines = plainTableLines({ aligns: ["left", "right", "left"], rows });
  return [`generate:${name}`, `  ${summary}`, ...wrapText(`  imitates: ${imitates}`), ...lines]
    .map((line) => `${line}\n`)
    .join("");
}

function recordedLines(traces: readonly BundledTrace[]): string {
  const rest = plainTableLines({
    aligns: ["right", "left"],
    rows: traces.map(({ sizeBytes, about, origin }) => [formatBytes(sizeBytes), `${about} (${origin})`]),
  });
  return traces.map(({ path }, index) => `${path}\n  ${rest[index]!}\n`).join("");
}
