import { COST_EVENT_NAMES, type CostEvent, type CostEventName } from "../sim/cost-events.js";
import type { PriceList } from "../sim/cost-ledger.js";

/**
 * Where a number comes from: `measured` and published; `derived` from such numbers by
 * arithmetic; `assumed`, because nobody has published it.
 */
export type Basis = "measured" | "derived" | "assumed";

export interface Parameter {
  /** The operation whose price it is. */
  readonly what: string;
  readonly value: number;
  /** Least and greatest value that is plausible. */
  readonly low: number;
  readonly high: number;
  readonly unit: "ns";
  readonly basis: Basis;
  /** Public document, thread or repository with its date, or what an assumption rests on. */
  readonly source: string;
  /** Events that cost it. Absent: the one whose name it has, but for the unit. */
  readonly prices?: readonly CostEventName[];
}

/** Parameters by name: that of the event it prices, and its unit. */
export type ParameterSet = Readonly<Record<string, Parameter>>;

/** A parameter in nanoseconds: what it is the price of, its value and range, where that comes from. */
type MakeParameter = (
  what: string,
  range: readonly [value: number, low: number, high: number],
  source: string,
  prices?: readonly CostEventName[],
) => Parameter;

function parameterOf(basis: Basis): MakeParameter {
  return (what, [value, low, high], source, prices) => {
    const priced = prices === undefined ? {} : { prices };
    return { what, value, low, high, unit: "ns", basis, source, ...priced };
  };
}

export const measured: MakeParameter = parameterOf("measured");
export const derived: MakeParameter = parameterOf("derived");
export const assumed: MakeParameter = parameterOf("assumed");

/** The work of VMM and guest kernel that is there whatever protects the guest. */
export const COMMON_PARAMETERS: ParameterSet = {
  vcpuStartNs: derived(
    "the VMM creates a virtual CPU",
    [206_000, 100_000, 400_000],
    "cloud-hypervisor pull request 8847 (2026-09-08), plain guests on c7i.metal, means of 100 runs: 10.7 ms to the " +
      "first entry with 4 vCPUs, 36.2 ms with 128; for protected guests, whose CPUs cost further calls of module or " +
      "firmware, an assumption; range half to twice",
  ),
  initStructPageNs: derived(
    "one struct page initialised",
    [20, 9, 90],
    "Mel Gorman, lkml 1504.3/03018 (2015): 1 TiB on 4 nodes in 1.14 s each is 17 ns a page, 64 GiB is 48 ns; " +
      "Pavel Tatashin, lkml 1708.0/01930 (2017): 28 to 38 ns for the zeroing in it; " +
      "Daniel Jordan, ktask series (Linux 4.15): 89 ns by one thread",
  ),
  exceptionNs: assumed(
    "the exception of a first touch, entered and decoded (fault-driven, page-flag)",
    [1_500, 500, 10_000],
    "assumption: entry on its own stack, the reason from the module or the GHCB, decoding, return",
  ),
  userTouch4kNs: derived(
    "a process touches a new page, without acceptance (drain)",
    [3_500, 1_000, 5_000],
    "github.com/intel/lkvs BM/tdx-guest/tdx_mem_test.sh (2024-05-24): what is left of 11.3 to 16.3 us for a " +
      "page of 4 KiB that `tail /dev/zero` makes the guest accept",
  ),
  leafSplitNs: assumed(
    "a leaf of the direct map is split",
    [1_000, 400, 3_000],
    "assumption: half for the page, half for writing 512 entries",
  ),
  leafChangeNs: assumed(
    "an entry of the direct map is changed",
    [10, 2, 50],
    "assumption: a walk of the page tables, mostly cached, and a write",
  ),
  tlbFlushNs: assumed(
    "a flush of TLBs",
    [2_000, 500, 5_000],
    "assumption: sending the interrupts and waiting for answers",
  ),
  tlbFlushCpuNs: assumed(
    "a flush of TLBs, for each CPU",
    [100, 20, 1_000],
    "assumption: an answer more to wait for",
  ),
};

/** The clearing of 4 KiB by the host of a protected guest, which is part of no other price. */
export const HOST_CLEAR_4K: Parameter = assumed(
  "the host clears 4 KiB",
  [400, 200, 800],
  "assumption: 10 GB/s (5 to 20)",
);

/** Of some events, those that have a price on a platform; the others do not happen there. */
export function pricedEvents(parameters: ParameterSet, events: readonly CostEvent[]): readonly CostEvent[] {
  const priced = new Set(
    Object.entries(parameters).flatMap(([name, parameter]) => eventsPricedBy(name, parameter)),
  );
  return events.filter((event) => priced.has(COST_EVENT_NAMES[event]!));
}

/** Those whose value nobody knows; what is measured or derived is certain, and what has no range. */
export function assumedParameters(parameters: ParameterSet): ParameterSet {
  return Object.fromEntries(
    Object.entries(parameters).filter(([, { basis, low, high }]) => basis === "assumed" && low < high),
  );
}

/**
 * The same parameters with some values replaced. A replaced value counts as assumed, as nothing is
 * known of where it comes from, and its range shrinks to itself.
 *
 * @param overrides nanoseconds, 0 or more, by name; each of them is among the parameters
 */
export function withOverrides(
  parameters: ParameterSet,
  overrides: Readonly<Record<string, number>>,
): ParameterSet {
  const replaced = { ...parameters };
  for (const [name, ns] of Object.entries(overrides)) {
    const source = "set by the user";
    replaced[name] = { ...parameters[name]!, value: ns, low: ns, high: ns, basis: "assumed", source };
  }
  return replaced;
}

/**
 * Names of the events that a parameter is the price of. A page's part of what all CPUs share is the price of none: its
 * name is that of no event.
 */
export function eventsPricedBy(
  name: string,
  { prices = [name.replace(/Ns$/, "")] }: Parameter,
): readonly string[] {
  return prices;
}

/** Prices of all events. Those a platform has no parameter for do not happen on it and cost nothing. */
export function priceList(parameters: ParameterSet): PriceList {
  const ns = new Float64Array(COST_EVENT_NAMES.length);
  const assumed = new Uint8Array(COST_EVENT_NAMES.length);
  for (const [name, parameter] of Object.entries(parameters)) {
    for (const event of eventsPricedBy(name, parameter).map((one) => COST_EVENT_NAMES.indexOf(one))) {
      if (event < 0) continue;
      ns[event] = parameter.value;
      assumed[event] = parameter.basis === "assumed" ? 1 : 0;
    }
  }
  return { ns, assumed };
}
