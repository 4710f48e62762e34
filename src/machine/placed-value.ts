/** Values of a structured text, JSON or TOML, each with its place. */

import { type Place, unexpected } from "./findings.js";

/** A value of a document with its place. */
export interface PlacedValue extends Place {
  /** Text, number or flag; null; undefined for objects and lists. */
  readonly scalar: string | number | boolean | null | undefined;
  /** Members of an object in the order of the file; empty for anything else. */
  readonly members: ReadonlyMap<string, PlacedValue>;
  /** Values of a list; empty for anything else. */
  readonly items: readonly PlacedValue[];
  readonly is: "object" | "list" | "text" | "number" | "flag" | "null";
}

/** A value within objects, by names; undefined where it is missing or null. */
export function within(value: PlacedValue | undefined, ...names: readonly string[]): PlacedValue | undefined {
  let found = value;
  for (const name of names) found = found?.members.get(name);
  return found?.is === "null" ? undefined : found;
}

/** @throws MachineError for anything but a whole number of at least so many */
export function wholeOf(value: PlacedValue, name: string, atLeast: number): number {
  const { scalar } = value;
  if (typeof scalar === "number" && Number.isSafeInteger(scalar) && scalar >= atLeast) return scalar;
  throw unexpected(value, `a whole number of at least ${atLeast} for ${name}`, written(value));
}

/** @throws MachineError for anything but true and false; false where it is missing */
export function flagOf(value: PlacedValue | undefined, name: string): boolean {
  if (value === undefined) return false;
  if (typeof value.scalar === "boolean") return value.scalar;
  throw unexpected(value, `true or false for ${name}`, written(value));
}

/** @throws MachineError for anything but text */
export function textOf(value: PlacedValue, name: string): string {
  if (typeof value.scalar === "string") return value.scalar;
  throw unexpected(value, `a text for ${name}`, written(value));
}

/** @throws MachineError for anything but an object */
export function objectOf(value: PlacedValue, name: string): PlacedValue {
  if (value.is === "object") return value;
  throw unexpected(value, `an object for ${name}`, written(value));
}

function written({ is, scalar }: PlacedValue): string {
  return scalar === undefined ? `${is === "object" ? "an object" : "a list"}` : JSON.stringify(scalar);
}

/** Members of a value that is no object. */
export const NO_MEMBERS: ReadonlyMap<string, PlacedValue> = new Map();
