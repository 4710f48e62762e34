/** Values of a scenario that have names of their own outside of files: flags of the command line, fields of the explorer. */

import type { Assignment } from "./set.js";

/** Where a typed value goes. */
export interface TypedKey {
  readonly path: readonly string[];
  /** Digits are a number in the file. */
  readonly numeric?: true;
}

export type TypedName =
  | "platform"
  | "policy"
  | "memory"
  | "vcpus"
  | "kernel"
  | "workload"
  | "prices"
  | "seed";

export const TYPED_KEYS: Readonly<Record<TypedName, TypedKey>> = {
  platform: { path: ["platform", "kind"] },
  policy: { path: ["policy"] },
  memory: { path: ["memory"] },
  vcpus: { path: ["vcpus"], numeric: true },
  kernel: { path: ["kernel"] },
  workload: { path: ["workload"] },
  prices: { path: ["prices"] },
  seed: { path: ["seed"], numeric: true },
};

/**
 * What a typed text writes over a scenario file: a value, or a list of those with commas between them.
 *
 * @param flag as it was typed, for messages: `--platform tdx,snp`
 * @param named gives what a file would say for a name: a path for that of a workload
 */
export function typedAssignment(
  flag: string,
  { path, numeric }: TypedKey,
  text: string,
  named: (text: string) => string = (own) => own,
): Assignment {
  const values = text.split(",").map((value) => {
    const trimmed = value.trim();
    // Anything but a number stays text, for the schema to say what it expected.
    return numeric === true && /^\d+$/.test(trimmed) ? Number(trimmed) : named(trimmed);
  });
  return { flag, path, value: values.length === 1 ? values[0] : values };
}
