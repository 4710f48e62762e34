/** The timing parameters that a scenario can override, as the platforms name them. */

import { platformParameters } from "../coco/parameters.js";
import type { PlatformKind } from "./scenario.js";

const KINDS: readonly PlatformKind[] = ["tdx", "snp", "none"];

/** Names of the parameters of all platforms, each once. */
export function parameterNames(): string[] {
  return [...new Set(KINDS.flatMap((kind) => Object.keys(platformParameters(kind))))];
}

/** Whether a platform has a parameter of this name. */
export function hasParameter(kind: PlatformKind, name: string): boolean {
  return Object.hasOwn(platformParameters(kind), name);
}

/** What a parameter is on each platform that has it, in nanoseconds. */
export function parameterDefaults(name: string): { readonly kind: PlatformKind; readonly value: number }[] {
  return KINDS.flatMap((kind) => {
    const value = platformParameters(kind)[name]?.value;
    return value === undefined ? [] : [{ kind, value }];
  });
}
