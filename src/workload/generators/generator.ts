import { z } from "zod";
import { chanceAt } from "../../sim/prng.js";
import { formatBytes, formatDuration, parseDuration, parseSize } from "../../units.js";
import type { RequestWriter } from "./request-writer.js";

export interface TargetMachine {
  readonly memoryBytes: number;
  readonly vcpus: number;
  readonly nodes: number;
}

/** The part of a boot before its first request. */
export interface BeforeRequests {
  /** Pages that the kernel takes before and keeps. */
  readonly unseenPages: number;
  /** `kernel image` and `initrd`, by number as requests that free them name them. */
  readonly reserved: readonly { readonly name: string; readonly bytes: number }[];
}

/** Requests of one kind of workload. The same parameters, machine and seed give the same requests. */
interface Generator<Specs extends Parameters> {
  readonly name: string;
  readonly summary: string;
  /** The real machine it imitates, omissions, and sources. */
  readonly imitates: string;
  readonly parameters: Specs;
  /** For a boot; every other workload begins on a machine that is up. */
  readonly before?: (values: Values<Specs>, machine: TargetMachine) => BeforeRequests;
  /** Stops at least every some thousand requests, so that they can be taken out. */
  readonly requests: (
    values: Values<Specs>,
    machine: TargetMachine,
    writer: RequestWriter,
    random: Random,
  ) => Iterable<void>;
}

export interface Workload {
  readonly name: string;
  readonly imitates: string;
  readonly before?: (machine: TargetMachine) => BeforeRequests;
  readonly requests: (machine: TargetMachine, writer: RequestWriter, random: Random) => Iterable<void>;
}

export interface GeneratorEntry
  extends Pick<Generator<Parameters>, "name" | "summary" | "imitates" | "parameters"> {
  readonly boots: boolean;
  /** Makes what takes parameters as users write them (texts or numbers), all of them optional. */
  readonly schema: () => z.ZodType<Workload>;
}

export function generator<Specs extends Parameters>(made: Generator<Specs>): GeneratorEntry {
  const { name, summary, imitates, parameters, before, requests } = made;
  const schema = (): z.ZodType<Workload> =>
    parametersSchema(parameters).transform(
      (values): Workload => ({
        name,
        imitates,
        ...(before === undefined ? {} : { before: (machine) => before(values, machine) }),
        requests: (machine, writer, random) => requests(values, machine, writer, random),
      }),
    );
  return { name, summary, imitates, parameters, boots: before !== undefined, schema };
}

export type ParameterUnit = "bytes" | "ns" | "count" | "share" | "name";

export interface Parameter<T extends string | number = string | number> {
  readonly what: string;
  readonly unit: ParameterUnit;
  readonly default: T;
  /** What a user should have written. */
  readonly expected: string;
  /** @returns undefined for what is not that */
  readonly read: (given: unknown) => T | undefined;
}

export type Parameters = Readonly<Record<string, Parameter>>;
type Values<Specs extends Parameters> = {
  readonly [name in keyof Specs]: Specs[name] extends Parameter<infer T> ? T : never;
};

/** Bytes, written such as `4GiB`. */
export function size(what: string, value: number, min: number, max: number): Parameter<number> {
  const expected = `expected a size from ${formatBytes(min)} to ${formatBytes(max)}, such as 64MiB`;
  return { what, unit: "bytes", default: value, expected, read: whole(parseSize, min, max) };
}

/** A time, written such as `250us`. */
export function time(what: string, value: number, maxNs: number): Parameter<number> {
  const expected = `expected a time from 0 to ${formatDuration(maxNs)}, such as 250us`;
  return { what, unit: "ns", default: value, expected, read: whole(parseDuration, 0, maxNs) };
}

export function count(what: string, value: number, min: number, max: number): Parameter<number> {
  const expected = `expected an integer from ${min} to ${max}`;
  const parse = (text: string): number | undefined => (/^\d{1,15}$/.test(text) ? Number(text) : undefined);
  return { what, unit: "count", default: value, expected, read: whole(parse, min, max) };
}

export function share(what: string, value: number): Parameter<number> {
  const expected = "expected a number from 0 to 1";
  const parse = (text: string): number | undefined =>
    /^\d*\.?\d+$/.test(text) ? Number.parseFloat(text) : undefined;
  return { what, unit: "share", default: value, expected, read: between(parse, 0, 1) };
}

export function choice<const Name extends string>(
  what: string,
  value: NoInfer<Name>,
  names: readonly Name[],
): Parameter<Name> {
  const expected = `expected one of ${names.join(", ")}`;
  return {
    what,
    unit: "name",
    default: value,
    expected,
    read: (given) => names.find((n) => n === given),
  };
}

/** All parameters of a generator; missing ones have their defaults, an unknown one is refused. */
function parametersSchema<Specs extends Parameters>(parameters: Specs): z.ZodType<Values<Specs>> {
  const shape: Record<string, z.ZodType> = {};
  for (const [name, { expected, read, default: value }] of Object.entries(parameters))
    shape[name] = leaf(expected, read)
      .optional()
      .transform((given) => given ?? value);
  return z.strictObject(shape) as unknown as z.ZodType<Values<Specs>>;
}

function whole(
  parse: (text: string) => number | undefined,
  min: number,
  max: number,
): (given: unknown) => number | undefined {
  const read = between(parse, min, max);
  return (given) => {
    const value = read(given);
    return value === undefined ? undefined : Math.round(value);
  };
}

function between(
  parse: (text: string) => number | undefined,
  min: number,
  max: number,
): (given: unknown) => number | undefined {
  return (given) => {
    const value = typeof given === "string" ? parse(given) : given;
    return typeof value === "number" && value >= min && value <= max ? value : undefined;
  };
}

function leaf<T>(expected: string, read: (given: unknown) => T | undefined): z.ZodType<T> {
  return z.unknown().transform((given, context) => {
    const value = read(given);
    if (value !== undefined) return value;
    context.issues.push({ code: "custom", input: given, message: expected });
    return z.NEVER;
  });
}

export class Random {
  readonly #seed: number;
  #index = 0;

  /** @param seed 0 to 2^32 - 1 */
  constructor(seed: number) {
    this.#seed = seed;
  }

  next(): number {
    return chanceAt(this.#seed, this.#index++);
  }

  below(end: number): number {
    return Math.floor(this.next() * end);
  }

  /** A positive number of this mean; how large it will be does not depend on how large it is already. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.next());
  }

  shuffle<T>(list: T[]): T[] {
    for (let i = list.length - 1; i > 0; i--) {
      const other = this.below(i + 1);
      [list[i], list[other]] = [list[other]!, list[i]!];
    }
    return list;
  }
}
