/** Texts of generated workloads, `generate:heap?size=1GiB&pages=small`, taken apart and put together. */

import { GENERATORS, type GeneratorEntry, type GeneratorParameter } from "../../index.js";
import { durationText, sizeText } from "./stops.js";

const PREFIX = "generate:";

export interface GeneratedText {
  readonly name: string;
  /** Those that the text says, as it says them. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** @returns undefined for the name of a recording */
export function generatedOf(workload: string): GeneratedText | undefined {
  if (!workload.startsWith(PREFIX)) return undefined;
  const [name = "", query = ""] = workload.slice(PREFIX.length).split("?", 2);
  return { name, parameters: Object.fromEntries(new URLSearchParams(query)) };
}

/** Parameters without a text are left out, and so are those with an empty one. */
export function generatedText({ name, parameters }: GeneratedText): string {
  const said = Object.entries(parameters).filter(([, text]) => text !== "");
  const query = said.map(([key, text]) => `${encodeURIComponent(key)}=${encodeURIComponent(text)}`).join("&");
  return query === "" ? `${PREFIX}${name}` : `${PREFIX}${name}?${query}`;
}

export function generatorNamed(name: string): GeneratorEntry | undefined {
  return GENERATORS.find((one) => one.name === name);
}

/** The default of a parameter as a user would write it. */
export function defaultOf({ unit, default: value }: GeneratorParameter): string {
  if (typeof value === "string") return value;
  if (unit === "bytes") return sizeText(value);
  return unit === "ns" ? durationText(value) : String(value);
}
