/** Kernels as scenarios name them. */

import { kernelName, knowsUnacceptedMemory } from "../linux/kernel-rules.js";
import type { Quantity } from "./document.js";

/** What a value of `kernel` must be, for messages. */
export const EXPECTED_KERNEL = "a Linux release from 6.5 on, as uname -r prints it";

/** The name of a kernel that can be simulated; undefined for any other value. */
export function kernelOf(value: Quantity): string | undefined {
  const name = kernelName(textOf(value));
  return name !== undefined && knowsUnacceptedMemory(name) ? name : undefined;
}

/** What to do about a release that is too old; undefined for what is no release. */
export function kernelHint(value: Quantity): string | undefined {
  const name = kernelName(textOf(value));
  if (name === undefined) return undefined;
  const quotes =
    typeof value === "number" && !Number.isInteger(value)
      ? ` (YAML reads ${name}0 without quotes as ${name})`
      : "";
  return (
    `Linux ${name} knows nothing of unaccepted memory${quotes}: for such a guest leave kernel out and take policy ` +
    "firmware-delegated, where the firmware accepts all, or guest.unacceptedMemory=drops, where it is lost; " +
    "unaccepted matrix shows both"
  );
}

/** YAML takes `6.12` for a number, and `7.0` for 7. */
function textOf(value: Quantity): string {
  return typeof value === "number" && Number.isInteger(value) ? `${value}.0` : String(value);
}
