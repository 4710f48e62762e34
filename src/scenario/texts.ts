/** Texts of a scenario file that only some room can tell good from bad: kernels, workloads. */

import type { Problem, Quantity } from "../fields/field.js";
import { kernelName, knowsUnacceptedMemory } from "../linux/kernel-rules.js";
import { GeneratorError, isGenerated, parseGeneratedWorkload } from "../workload/generators/index.js";

export const EXPECTED_KERNEL = "a Linux release from 6.5 on, as uname -r prints it";

/** The name of a kernel that can be simulated; undefined for any other value. */
export function kernelOf(value: Quantity): string | undefined {
  const name = kernelName(textOf(value));
  return name !== undefined && knowsUnacceptedMemory(name) ? name : undefined;
}

/** For `kernel`: what to do about a release that is too old. */
export function checkKernel(value: Quantity): Problem | undefined {
  if (kernelOf(value) !== undefined) return undefined;
  const message = `expected ${EXPECTED_KERNEL}`;
  const name = kernelName(textOf(value));
  if (name === undefined) return { message };
  const quotes =
    typeof value === "number" && !Number.isInteger(value)
      ? ` (YAML reads ${name}0 without quotes as ${name})`
      : "";
  const hint =
    `Linux ${name} knows nothing of unaccepted memory${quotes}: for such a guest leave kernel out and take policy ` +
    "firmware-delegated, where the firmware accepts all, or guest.unacceptedMemory=drops, where it is lost; " +
    "unaccepted matrix shows both";
  return { message, hint };
}

/** YAML takes `6.12` for a number, and `7.0` for 7. */
function textOf(value: Quantity): string {
  return typeof value === "number" && Number.isInteger(value) ? `${value}.0` : String(value);
}

/** For `workload`: a path, or a generated one, which must be one. */
export function checkWorkload(workload: string): Problem | undefined {
  if (!isGenerated(workload)) return undefined;
  try {
    parseGeneratedWorkload(workload);
    return undefined;
  } catch (error) {
    if (!(error instanceof GeneratorError)) throw error;
    return { message: error.message.split("\n")[0]! };
  }
}
