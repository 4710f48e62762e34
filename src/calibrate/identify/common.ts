/** Prices that every platform has, and how they are told. */

import { MAX_ORDER_PAGES } from "../../units.js";
import { type CalibrationBoot, isSmall, pagesOf } from "../boots.js";
import {
  type FitContext,
  type HeldBack,
  type Identification,
  type Level,
  WIDEST_DIFFERENCE,
} from "../identification.js";
import { between, type FittedLine, known, less, meanOf, type Quantity, scaled, sum } from "../quantity.js";

/** Leaves of one block of 4 MiB. */
export const LEAVES: Readonly<Record<Level, number>> = { "4k": MAX_ORDER_PAGES, "2m": 2 };

/** Pages of 4 KiB in a leaf. */
export const LEAF_PAGES: Readonly<Record<Level, number>> = { "4k": 1, "2m": 512 };

/**
 * What an exit takes besides the host's own part: the guest sees all of an exit that does nothing (G4), the host its
 * own part of that (H1). Where nobody measured the latter, it is between nothing and all.
 *
 * @param reasons names that perf has for such an exit
 */
export function worldSwitch({ measured }: FitContext, reasons: readonly string[]): Quantity | undefined {
  const whole = measured.nullExit("none");
  if (whole === undefined) return undefined;
  const host = measured.exitNs("exits", reasons);
  return host === undefined ? { ...between(0, whole.value), from: whole.from } : less(whole, host);
}

/** A page of 4 KiB cleared, by the processor's way to do it (arch/x86/lib/clear_page_64.S), of which larger ones are made. */
const CLEAR_CALLS = ["clear_page_erms", "clear_page_rep", "clear_page_orig"];

/** What the host clears for a leaf. @param clear the price of it */
export function hostClear(level: Level, clear: string): Identification {
  return {
    id: "I1",
    parameter: clear,
    needs: ["H2"],
    how: "time of the host's function that clears 4 KiB",
    fit: ({ measured }) => {
      const page = measured.functionNs(CLEAR_CALLS);
      return page === undefined ? undefined : scaled(page, LEAF_PAGES[level]);
    },
  };
}

/**
 * The exit at which the host backs a leaf, without what it clears; where nobody measured that, only their sum is known.
 *
 * @param whole exit and clearing, as host and guest show it
 * @param heldBack the same as another reading has it
 */
export function hostFault(
  fault: string,
  clear: string,
  what: string,
  whole: (context: FitContext) => Quantity | undefined,
  heldBack: Pick<HeldBack, "readings" | "read">,
): readonly Identification[] {
  const how = `the host's part of ${what} while one worker drains, with the way out and back`;
  return [
    {
      id: "I1",
      parameter: fault,
      needs: ["H1", "G4", "H2"],
      how: `${how}, without what it clears`,
      widest: WIDEST_DIFFERENCE,
      fit: (context) => lessAll(whole(context), context.fitted(clear)),
      heldBack: {
        ...heldBack,
        read: (context) => lessAll(heldBack.read(context), context.fitted(clear)),
        whole,
      },
    },
    {
      id: "I1",
      parameter: fault,
      needs: ["H1", "G4"],
      how: `${how}; what it clears cannot be told apart`,
      ridge: [{ parameter: clear, times: 1 }],
      fit: whole,
      heldBack,
    },
  ];
}

/** A page accepted by a kernel that accepts eagerly on one CPU, from boots of two sizes (I8). */
export function eagerPage({ measured }: FitContext): Quantity | undefined {
  const [eager, lazy] = [true, false].map((isEager) => measured.deferredLine(isEager, 1)?.slope);
  return eager === undefined || lazy === undefined ? undefined : less(eager, lazy);
}

/** A page accepted by the firmware, from guests whose memory lies below 4 GiB (I7). */
export function firmwarePage({ measured }: FitContext): Quantity | undefined {
  return measured.firmwareLine()?.slope;
}

/** All of a leaf's acceptance, as one worker's pages show it that are accepted, less those that are not (G5). */
export function leafOfDrain({ measured }: FitContext, level: Level): Quantity | undefined {
  const page = lessAll(measured.acceptedPageNs(1), measured.touchedPageNs(1));
  return page === undefined ? undefined : scaled(page, LEAF_PAGES[level]);
}

/** Rates below this share of as many times one worker's are held up by what all share. */
const SATURATED = 0.8;

/** What all CPUs share of accepting a leaf (I4), if so many workers wait for it. */
function sharedAccept({ measured }: FitContext, level: Level): Quantity | undefined {
  const counts = measured.workerCounts();
  const one = measured.acceptedPageNs(1);
  const most = counts.at(-1);
  if (one === undefined || most === undefined || most < 2) return undefined;
  const own = measured.acceptedPageNs(most);
  // A page takes each of n workers as long as one alone, or n times what all share.
  if (own === undefined || one.value >= SATURATED * own.value) return undefined;
  return scaled(own, LEAF_PAGES[level] / most);
}

export function commonIdentifications(level: Level): readonly Identification[] {
  return [
    {
      id: "I4",
      parameter: `sharedAccept${level}Ns`,
      needs: ["G5"],
      how: "time of a page when the most workers drain, if they are held up; nothing where they are not",
      fit: (context) => sharedAccept(context, level),
      heldBack: {
        readings: ["G7"],
        read: (context) => manyCpusPage(context, level),
      },
    },
    {
      id: "I9",
      parameter: "userTouch4kNs",
      needs: ["G5"],
      how: "one worker's page in the second pass, when all is accepted",
      fit: ({ measured }) => measured.touchedPageNs(1),
      heldBack: { readings: ["G6"], read: ({ measured }) => measured.benchPageNs(), isLower: true },
    },
    {
      id: "I8",
      parameter: "initStructPageNs",
      needs: ["G7"],
      how: "slope of deferred init over memory, lazy boots with one CPU",
      fit: ({ measured }) => measured.deferredLine(false, 1)?.slope,
    },
    {
      id: "I7",
      parameter: "firmwareFixedNs",
      needs: ["H5", "G7"],
      how: "firmware of small guests on one CPU, extended to no memory",
      fit: firmwareAlone,
    },
  ];
}

/** The same as `sharedAccept` from eager boots with as many CPUs as there are. */
function manyCpusPage({ measured }: FitContext, level: Level): Quantity | undefined {
  const boots = [...measured.boots.values()].filter(({ isEager }) => isEager);
  const most = Math.max(...boots.map(({ vcpus }) => vcpus));
  if (!(most > 1)) return undefined;
  const line = measured.deferredLine(true, most);
  return line === undefined ? undefined : scaled(line.slope, LEAF_PAGES[level]);
}

/** Firmware that accepts nothing; only where it is known when the guest first runs. */
export function firmwareAlone({ measured }: FitContext): Quantity | undefined {
  const boots = [...measured.boots.values()];
  return boots.some(({ firmwareNs }) => firmwareNs !== undefined)
    ? measured.firmwareLine()?.intercept
    : undefined;
}

/** A launch of which the firmware's size says nothing. */
export const LAUNCH: Identification = {
  id: "I7",
  parameter: "launchNs",
  needs: ["H5"],
  how: "from the VMM's start until the guest first runs, extended to no CPU",
  fit: launchAlone,
};

/** A plain guest accepts nothing. */
export function plainIdentifications(level: Level): readonly Identification[] {
  return [...commonIdentifications(level), LAUNCH, vcpuStart(() => known(0))];
}

/** @param more what else each CPU takes of a launch */
export function vcpuStart(more: (context: FitContext) => Quantity | undefined): Identification {
  return {
    id: "I7",
    parameter: "vcpuStartNs",
    needs: ["H5"],
    how: "slope over CPUs of the time from the VMM's start until the guest first runs",
    widest: WIDEST_DIFFERENCE,
    fit: (context) => lessAll(launchLine(context)?.slope, more(context)),
  };
}

/** Launches over CPUs, where nothing tells that the VMM measured more or less. */
function launchLine({ measured }: FitContext): FittedLine | undefined {
  const launches = new Set(measured.records.of("H3").map(({ boot }) => boot));
  return measured.bootLine(
    ({ name, isPrefaulted }) => !isPrefaulted && !launches.has(name),
    ({ vcpus }) => vcpus,
    ({ launchNs }) => launchNs,
    ["H5"],
  );
}

/** A launch without its CPUs: boots of several, or of one, whose own start is then assumed. */
function launchAlone(context: FitContext): Quantity | undefined {
  const line = launchLine(context);
  if (line !== undefined) return line.intercept;
  const boots = [...context.measured.boots.values()].filter(({ vcpus }) => vcpus === 1);
  const times = boots.flatMap(({ launchNs }) => launchNs ?? []);
  if (times.length < 2) return undefined;
  return lessAll(meanOf(times, ["H5"]), context.assumed("vcpuStartNs"));
}

/**
 * Slope of the kernel's boot over the pages of its bounce buffer, in guests that accept nothing and are of one size:
 * that with most sizes of the buffer (I6).
 */
export function convertedPage(context: FitContext, vcpus = 1): Quantity | undefined {
  const slope = bufferSlope(context, vcpus);
  // Deferred init leaves out what is reserved, as the buffer is, and the simulated kernel takes no time for its struct
  // pages elsewhere; a real one may take as much.
  const init = context.fitted("initStructPageNs") ?? context.assumed("initStructPageNs");
  return slope === undefined ? undefined : sum(slope, { ...init, half: init.value });
}

/** The same with whatever else grows with the buffer. */
export function bufferSlope({ measured }: FitContext, vcpus: number): Quantity | undefined {
  const counts = (boot: CalibrationBoot): boolean =>
    isSmall(boot) && boot.vcpus === vcpus && boot.swiotlbBytes !== undefined;
  const sizes = new Map<number, Set<number>>();
  for (const boot of measured.boots.values()) {
    if (!counts(boot)) continue;
    const buffers = sizes.get(boot.memoryBytes) ?? new Set();
    sizes.set(boot.memoryBytes, buffers.add(boot.swiotlbBytes!));
  }
  const [usual] = [...sizes].sort(([, a], [, b]) => b.size - a.size)[0] ?? [];
  return measured.bootLine(
    (boot) => counts(boot) && boot.memoryBytes === usual,
    ({ swiotlbBytes }) => pagesOf(swiotlbBytes!),
    ({ kernelNs }) => kernelNs,
    ["G7", "H5"],
  )?.slope;
}

/** A sum of what is there; undefined where one is not. */
export function sumOfAll(...parts: readonly (Quantity | undefined)[]): Quantity | undefined {
  const there = parts.filter((one) => one !== undefined);
  return there.length === parts.length ? sum(...there) : undefined;
}

/** @returns undefined where one is not there */
export function lessAll(
  whole: Quantity | undefined,
  ...parts: readonly (Quantity | undefined)[]
): Quantity | undefined {
  const there = parts.filter((one) => one !== undefined);
  return whole === undefined || there.length < parts.length ? undefined : less(whole, ...there);
}
