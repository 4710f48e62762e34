/** Policies of one's own: `--policy ./mine.mjs`. Their files are code, and loaded only from the command line. */

import { z } from "zod";
import { expectedOf, readLeaf } from "../fields/read.js";
import { HIGH_MEMORY } from "../firmware/start.js";
import { ACCEPTING_THREADS } from "../policy/accepting-threads.js";
import type { Behaviour } from "../policy/behaviour.js";
import { behaviourOf, isPolicyFile, registerPolicy } from "../policy/policies.js";
import type { Policy, PolicyParameter } from "../policy/policy.js";
import { formatPath } from "../scenario/error.js";
import { findingsOf } from "../scenario/findings.js";
import { KiB, MAX_ORDER_BYTES, MiB, parseDuration, parseSize } from "../units.js";
import type { Arguments } from "./arguments.js";
import { readInputText, sha256 } from "./input-file.js";
import type { PolicyFile } from "./io.js";
import { UsageError } from "./usage-error.js";

/** What was typed, with names in the place of the files that were named. */
export interface WithPolicies {
  readonly argv: Arguments;
  readonly files: readonly PolicyFile[];
  /** Takes the policies of the files away again. */
  readonly forget: () => void;
}

/** Loads each file that `--policy` or `--baseline` names. @throws UsageError for one that makes no policy */
export async function loadPolicies(argv: Arguments): Promise<WithPolicies> {
  const names = new Map<string, string>();
  const files: PolicyFile[] = [];
  const registered: (() => void)[] = [];
  const forget = (): void => {
    for (const undo of registered) undo();
  };
  let named = argv;
  try {
    for (const flag of ["policy", "baseline"]) {
      const values: string[] = [];
      for (const text of argv.all(flag)) {
        const words = text.split(",").map((word) => word.trim());
        for (const path of words.filter((word) => isPolicyFile(word) && !names.has(word))) {
          const file = { path, text: readInputText(path) };
          const { name, undo } = await registerPolicyFile(file);
          registered.push(undo);
          files.push(file);
          names.set(path, name);
        }
        values.push(words.map((word) => names.get(word) ?? word).join(","));
      }
      if (values.length > 0) named = named.with(flag, values);
    }
  } catch (error) {
    forget();
    throw error;
  }
  return { argv: named, files, forget };
}

/**
 * Runs the code of a file, and adds the policy that it exports.
 *
 * @throws UsageError of one line that begins with the file
 */
export async function registerPolicyFile({
  path,
  text,
}: PolicyFile): Promise<{ readonly name: string; readonly undo: () => void }> {
  const given = await defaultExport(path, text);
  require(path, policySchema, given);
  const { name, summary, since, parameters } = given;
  const policy: Policy = {
    name,
    summary,
    since,
    parameters,
    sha256: sha256(text),
    behaviour: (values, behaviours) => {
      const behaviour = attempt(path, "behaviour", () => given.behaviour(values, behaviours));
      require(path, behaviourSchema, behaviour, ["behaviour"]);
      return withCheckedThreads(path, behaviour);
    },
  };
  behaviourOf(policy);
  try {
    return { name, undo: registerPolicy(policy) };
  } catch (error) {
    throw new UsageError(`${path}: ${(error as Error).message}`);
  }
}

/** As a module of its own, which cannot import others: what is hashed is all that runs. */
async function defaultExport(path: string, text: string): Promise<unknown> {
  let module: object;
  try {
    module = (await import(`data:text/javascript;base64,${Buffer.from(text).toString("base64")}`)) as object;
  } catch (error) {
    // Node keeps the line of a mistake to itself.
    const hint = error instanceof SyntaxError ? "; node --check shows where" : "";
    throw new UsageError(`${path}: cannot be loaded: ${textOf(error)}${hint}`);
  }
  if ("default" in module) return module.default;
  throw new UsageError(`${path}: expected a default export, which is the policy; found none`);
}

function textOf(error: unknown): string {
  return String(error).replaceAll(/data:text\/javascript[^\s'")]*/g, "the file");
}

function attempt<T>(path: string, what: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw new UsageError(`${path}: ${what}: ${textOf(error)}`);
  }
}

function require<T>(
  path: string,
  schema: z.ZodType<T>,
  value: unknown,
  around: readonly string[] = [],
): asserts value is T {
  const { error } = schema.safeParse(value);
  if (error === undefined) return;
  const finding = findingsOf(error, value, schema)[0]!;
  const place = formatPath([...around, ...finding.path]);
  throw new UsageError(`${path}: ${place === "" ? "" : `${place}: `}${finding.message}`);
}

/** Numbers that a run gets from the file are looked at as they come. */
function withCheckedThreads(path: string, behaviour: Behaviour): Behaviour {
  const { threads } = behaviour;
  if (threads === undefined) return behaviour;
  const what = "behaviour.threads.wantedPages";
  return {
    ...behaviour,
    threads: {
      ...threads,
      wantedPages: (allocator) => {
        const ofZone = attempt(path, what, () => threads.wantedPages(allocator));
        return (zone) => {
          const pages: unknown = attempt(path, what, () => ofZone(zone));
          if (typeof pages === "number" && !Number.isNaN(pages)) return pages;
          throw new UsageError(
            `${path}: ${what}: expected a number of pages for a zone, found ${String(pages)}`,
          );
        };
      },
    },
  };
}

const line: z.ZodType<string> = z.string().min(1);
const aFunction: z.ZodType = z.custom((value) => typeof value === "function", "expected a function");

function quantity(expected: string, parse: (text: string) => number | undefined): z.ZodType<string | number> {
  return z.custom<string | number>(
    (value) => ["string", "number"].includes(typeof value) && parse(String(value)) !== undefined,
    `expected ${expected}`,
  );
}

const size: z.ZodType<string | number> = quantity("a size such as 4MiB", parseSize);
const isSet: z.ZodType<true> = z.literal(true);
const anything: z.ZodType = z.custom((value) => value !== undefined, "expected a default");

const parameterSchema: z.ZodType = z
  .discriminatedUnion(
    "is",
    [
      z.strictObject({
        is: z.literal("size"),
        what: line,
        min: size.exactOptional(),
        max: size.exactOptional(),
        multipleOf: size.exactOptional(),
        powerOfTwo: isSet.exactOptional(),
        orAll: isSet.exactOptional(),
        default: anything,
      }),
      z.strictObject({ is: z.literal("count"), what: line, min: z.int(), max: z.int(), default: z.int() }),
      z.strictObject({ is: z.literal("flag"), what: line, default: z.boolean() }),
      z.strictObject({
        is: z.literal("time"),
        what: line,
        default: quantity("a time such as 250us", parseDuration),
      }),
    ],
    {
      error: ({ code }) => (code === "invalid_union" ? "expected one of size, count, flag, time" : undefined),
    },
  )
  .check(({ value, issues }) => {
    const field = value as PolicyParameter;
    const { default: byDefault } = field;
    const fits =
      field.is === "count"
        ? (byDefault as number) >= field.min && (byDefault as number) <= field.max
        : readLeaf(field, byDefault) !== undefined;
    if (fits) return;
    issues.push({
      code: "custom",
      input: value,
      path: ["default"],
      message: "expected a value within the bounds",
    });
  });

const policySchema: z.ZodType<Policy> = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]*$/, "expected a name such as low-water"),
  summary: line,
  since: line,
  parameters: z.record(
    z.string().regex(/^[a-z][A-Za-z0-9]*$/, "expected a name such as batchMax"),
    parameterSchema,
  ),
  behaviour: aFunction,
}) as unknown as z.ZodType<Policy>;

function number(expected: string, fits: (value: number) => boolean): z.ZodType<number> {
  return z.custom<number>((value) => typeof value === "number" && fits(value), `expected ${expected}`);
}

function powerOfTwo(least: number, most: number, expected: string): z.ZodType<number> {
  return number(expected, (value) => value >= least && value <= most && Number.isInteger(Math.log2(value)));
}

const batch: z.ZodType<number> = powerOfTwo(4 * KiB, 1024 * MiB, "bytes, a power of two from 4 KiB to 1 GiB");
const cpus: z.ZodType<number> = number("a whole number from 1 to 1024", (value) => {
  return Number.isInteger(value) && value >= 1 && value <= 1024;
});
const nice: z.ZodType<number | "idle"> = z.custom<number | "idle">(
  (value) => {
    const { min, max, or } = ACCEPTING_THREADS.nice;
    return value === or || (Number.isInteger(value) && (value as number) >= min && (value as number) <= max);
  },
  `expected ${expectedOf(ACCEPTING_THREADS.nice)}`,
);

const behaviourSchema: z.ZodType<Behaviour> = z
  .strictObject({
    firmwareAcceptsAll: z.boolean().exactOptional(),
    firmwareAcceptsAtExit: z.boolean().exactOptional(),
    highMemory: z.enum(HIGH_MEMORY).exactOptional(),
    acpiBlockBytes: powerOfTwo(
      128 * MiB,
      2048 * MiB,
      "bytes, a power of two from 128 MiB to 2 GiB",
    ).exactOptional(),
    commandLine: z.string().exactOptional(),
    kernelAcceptsAll: z.boolean().exactOptional(),
    acceptingCpus: cpus.exactOptional(),
    acceptAtOnceBytes: powerOfTwo(
      MAX_ORDER_BYTES,
      1024 * MiB,
      "bytes, a power of two from 4 MiB to 1 GiB",
    ).exactOptional(),
    touch: z.strictObject({ batchBytes: batch, batchMaxBytes: batch }).exactOptional(),
    flagsPages: z.boolean().exactOptional(),
    threads: z
      .strictObject({
        threads: cpus,
        bytesPerSecond: number("bytes, 1 MiB or more, or Infinity", (value) => value >= MiB),
        idleOnly: z.boolean(),
        nice: nice.exactOptional(),
        bound: z.boolean().exactOptional(),
        wantedPages: aFunction,
      })
      .exactOptional(),
  })
  .check(({ value: { touch, flagsPages, threads, kernelAcceptsAll }, issues }) => {
    const refuse = (key: string, message: string): void => {
      issues.push({ code: "custom", input: undefined, path: [key], message });
    };
    if (touch !== undefined && kernelAcceptsAll === true)
      refuse("touch", "expected no kernelAcceptsAll beside it");
    if (flagsPages === true && touch === undefined) refuse("flagsPages", "expected touch beside it");
    if (threads !== undefined && (touch !== undefined || kernelAcceptsAll === true)) {
      refuse("threads", "expected neither touch nor kernelAcceptsAll beside them");
    }
  }) as unknown as z.ZodType<Behaviour>;
