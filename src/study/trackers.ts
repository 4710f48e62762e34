/** The same accept requests through each way to remember what is accepted. */

import { E820Ranges, KERNEL_ENTRIES, type TrackedRange, trackedMap } from "../accept/e820-ranges.js";
import {
  Bitmap2m,
  Bitmap4k,
  CountingHardware,
  PageFlag,
  type Tracker,
  type TrackerTraits,
  type TrackerUse,
} from "../accept/tracker.js";
import { ZERO_PAGE_ENTRIES } from "../efistub/setup-e820.js";
import type { Scenario } from "../scenario/scenario.js";
import { GuestEnded } from "../sim/guest-ended.js";
import { GiB, MiB } from "../units.js";
import type { LoadedWorkload } from "../workload/after-boot.js";
import { runGuest } from "./run-scenario.js";

/** Time to read or write a cache line in a stream at 10 GB/s; nanoseconds, an assumption. */
export const LINE_NS = 6.4;

export interface TrackerRow
  extends TrackerUse,
    TrackerTraits,
    Pick<Tracker, "name">,
    Pick<CountingHardware, "acceptedBytes" | "largePages" | "smallPages"> {
  /** Time of all requests for the tracker itself, without the accepting, and of the longest one. */
  readonly timeNs: number;
  readonly longestNs: number;
  readonly acceptCalls: number;
}

export interface TrackerComparison {
  readonly memoryBytes: number;
  /** Unaccepted memory before the first request. */
  readonly unacceptedBytes: number;
  readonly requests: number;
  readonly trackers: readonly TrackerRow[];
}

/**
 * Boots a guest, and repeats what its kernel asked to be accepted.
 *
 * @returns undefined for a guest without unaccepted memory, which has nothing to remember
 * @throws GuestEnded when the guest does not get as far as its kernel
 */
export function compareTrackers(scenario: Scenario, loaded: LoadedWorkload): TrackerComparison | undefined {
  const bounds: number[] = [];
  let map: readonly TrackedRange[] | undefined;
  const { ended } = runGuest(scenario, loaded, {
    onHandOver({ stub: { entries, table } }, acceptance) {
      map = trackedMap(entries, table);
      acceptance.onRequest = (start, sizeBytes) => bounds.push(start, start + sizeBytes);
    },
  });
  if (ended !== undefined) throw ended;
  if (map === undefined) throw new GuestEnded("oom", "the guest came to no kernel");
  if (!map.some(isUnaccepted)) return undefined;
  return compare(scenario.memoryBytes, map, bounds);
}

/**
 * Blocks of 4 MiB far from each other, as many as spread evenly over a guest of one range: what
 * ranges are worst at.
 */
export function isolatedBlocks(memoryBytes: number, blocks: number): TrackerComparison {
  const start = 4 * GiB;
  const map: TrackedRange[] = [{ start, end: start + memoryBytes, kind: "unaccepted" }];
  const step = Math.floor(memoryBytes / blocks / (4 * MiB)) * 4 * MiB;
  const bounds = Array.from({ length: blocks }, (_, block) => {
    // The first block leaves a gap below it, too.
    const from = start + block * step + Math.floor(step / 8 / MiB) * 4 * MiB;
    return [from, from + 4 * MiB];
  });
  return compare(memoryBytes, map, bounds.flat());
}

/** One request for everything, like a kernel that accepts at boot: the worst case of bitmaps and flags. */
export function wholeMemory(memoryBytes: number): TrackerComparison {
  const start = 4 * GiB;
  const end = start + memoryBytes;
  return compare(memoryBytes, [{ start, end, kind: "unaccepted" }], [start, end]);
}

/** @param bounds starts and ends of the requests, in turn */
function compare(
  memoryBytes: number,
  map: readonly TrackedRange[],
  bounds: readonly number[],
): TrackerComparison {
  const unaccepted = map.filter(isUnaccepted);
  const makers: readonly ((hardware: CountingHardware) => Tracker)[] = [
    (hardware) => new PageFlag(unaccepted, hardware),
    (hardware) => new E820Ranges("e820-zero-page", map, ZERO_PAGE_ENTRIES, hardware),
    (hardware) => new E820Ranges("e820-kernel", map, KERNEL_ENTRIES, hardware),
    (hardware) => new Bitmap2m(unaccepted, hardware),
    (hardware) => new Bitmap4k(unaccepted, hardware),
  ];
  return {
    memoryBytes,
    unacceptedBytes: unaccepted.reduce((sum, { start, end }) => sum + end - start, 0),
    requests: bounds.length / 2,
    trackers: makers.map((make) => {
      const hardware = new CountingHardware();
      return replay(make(hardware), hardware, bounds);
    }),
  };
}

function replay(tracker: Tracker, hardware: CountingHardware, bounds: readonly number[]): TrackerRow {
  for (let at = 0; at < bounds.length; at += 2) tracker.accept(bounds[at]!, bounds[at + 1]!);
  const { calls: acceptCalls, acceptedBytes, largePages, smallPages } = hardware;
  return {
    name: tracker.name,
    ...tracker.traits,
    ...tracker.use,
    timeNs: Math.round(tracker.use.lines * LINE_NS),
    longestNs: Math.round(tracker.use.longestLines * LINE_NS),
    acceptCalls,
    acceptedBytes,
    largePages,
    smallPages,
  };
}

function isUnaccepted({ kind }: TrackedRange): boolean {
  return kind === "unaccepted";
}
