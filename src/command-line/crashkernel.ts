/** `crashkernel=` (kernel/crash_reserve.c: parse_crashkernel, Linux 6.12). */
import { MiB, roundUp } from "../units.js";
import { memparse } from "./words.js";

interface Placed {
  readonly sizeBytes: number;
  /** `@`: this address and no other. */
  readonly address: number | undefined;
}

export interface CrashkernelRequest extends Placed {
  /** `,high`: above 4 GiB if possible. */
  readonly high: boolean;
  /** `,low`; undefined: the kernel decides. */
  readonly lowBytes: number | undefined;
}

export type Crashkernel = CrashkernelRequest | { readonly failure: string };

const SUFFIX = /,(high|low)$/;

/** Nothing may follow a size but `@ADDRESS`. */
function parseSimple(text: string): Placed | undefined {
  const size = memparse(text);
  if (size === undefined) return undefined;
  if (size.rest === "") return { sizeBytes: size.value, address: undefined };
  const address = size.rest.startsWith("@") ? memparse(size.rest.slice(1)) : undefined;
  return address?.rest === "" ? { sizeBytes: size.value, address: address.value || undefined } : undefined;
}

/** One `START-[END]:SIZE` of a list. */
interface Range {
  readonly start: number;
  readonly end: number;
  readonly sizeBytes: number;
}

/** `RANGE:SIZE[,RANGE:SIZE...][@ADDRESS]` (parse_crashkernel_mem). */
function parseRanges(text: string): { ranges: Range[]; address: number | undefined } | undefined {
  const [list, at, ...more] = text.split("@");
  const address = at === undefined ? undefined : memparse(at);
  if (more.length > 0 || (at !== undefined && (address === undefined || address.rest !== "")))
    return undefined;
  const ranges: Range[] = [];
  for (const entry of list!.split(",")) {
    const start = memparse(entry);
    if (start === undefined || !start.rest.startsWith("-")) return undefined;
    const end = start.rest.startsWith("-:")
      ? { value: Number.POSITIVE_INFINITY, rest: start.rest.slice(1) }
      : memparse(start.rest.slice(1));
    if (end === undefined || end.value <= start.value || !end.rest.startsWith(":")) return undefined;
    const size = memparse(end.rest.slice(1));
    if (size === undefined || size.rest !== "") return undefined;
    ranges.push({ start: start.value, end: end.value, sizeBytes: size.value });
  }
  return { ranges, address: address?.value || undefined };
}

export function isCrashkernel(value: string): boolean {
  if (SUFFIX.test(value)) return memparse(value)?.rest === value.slice(value.lastIndexOf(","));
  return (value.includes(":") ? parseRanges(value) : parseSimple(value)) !== undefined;
}

/**
 * The request that all `crashkernel=` add up to: of each kind the last one counts, and those with
 * `,high` and `,low` only where there is none without.
 *
 * @param ramBytes memory known to memblock
 * @returns undefined when there is no such word
 */
export function crashkernel(values: readonly string[], ramBytes: number): Crashkernel | undefined {
  if (values.length === 0) return undefined;
  const plain = values.findLast((value) => !SUFFIX.test(value));
  if (plain === undefined) return highRequest(values, ramBytes);
  const request = plain.includes(":") ? rangeRequest(plain, ramBytes) : parseSimple(plain);
  if (request === undefined) return { failure: "is not understood" };
  if ("failure" in request) return request;
  return checked({ ...request, high: false, lowBytes: 0 }, ramBytes);
}

function highRequest(values: readonly string[], ramBytes: number): Crashkernel {
  const size = (suffix: string): number | undefined => {
    const value = values.findLast((candidate) => candidate.endsWith(suffix));
    return value === undefined ? undefined : memparse(value)?.value;
  };
  const sizeBytes = size(",high");
  if (sizeBytes === undefined) return { failure: "with ,low needs another one with ,high" };
  return checked({ sizeBytes, address: undefined, high: true, lowBytes: size(",low") }, ramBytes);
}

function rangeRequest(value: string, ramBytes: number): Placed | { failure: string } | undefined {
  const parsed = parseRanges(value);
  if (parsed === undefined) return undefined;
  // Firmware keeps a little of the memory that a machine has.
  const total = roundUp(ramBytes, 128 * MiB);
  for (const { start, end, sizeBytes } of parsed.ranges) {
    if (sizeBytes >= total) return { failure: "asks for as much as there is" };
    if (total >= start && total < end) return { sizeBytes, address: parsed.address };
  }
  return { failure: "has no range for this much memory" };
}

function checked(request: CrashkernelRequest, ramBytes: number): Crashkernel {
  if (request.sizeBytes === 0) return { failure: "asks for nothing" };
  return request.sizeBytes >= ramBytes ? { failure: "asks for as much as there is" } : request;
}
