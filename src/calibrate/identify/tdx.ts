/** How the prices of a TDX guest are told (I1 to I9). */

import type { FitContext, Identification, Level } from "../identification.js";
import { known, type Quantity, scaled } from "../quantity.js";
import {
  bufferSlope,
  commonIdentifications,
  convertedPage,
  eagerPage,
  firmwarePage,
  hostClear,
  hostFault,
  LAUNCH,
  LEAF_PAGES,
  LEAVES,
  leafOfDrain,
  lessAll,
  sumOfAll,
  vcpuStart,
  worldSwitch,
} from "./common.js";

/** Exits that do nothing, as perf names them: CPUID and reads of MSRs are hypercalls of a TD. */
const NULL_EXITS = ["TDCALL", "CPUID", "MSR_READ"];
const REMOVE_CALLS = [["tdh_mem_range_block"], ["tdh_mem_track"], ["tdh_mem_page_remove"]];

/** A table of the secure EPT for every 512 pages of 4 KiB, beside each leaf. */
function tablePart(context: FitContext, level: Level): Quantity {
  return scaled(orAssumed(context, "septAddNs"), level === "4k" ? 1 / 512 : 0);
}

function orAssumed(context: FitContext, parameter: string): Quantity {
  return context.fitted(parameter) ?? context.assumed(parameter);
}

/** All of a leaf's acceptance, as blocks of 4 MiB show it. */
function leafOfBlock(context: FitContext, level: Level): Quantity | undefined {
  const block = context.measured.blockNs(false);
  return block === undefined ? undefined : scaled(block, 1 / LEAVES[level]);
}

/** The calls of 2 MiB that fail before 4 KiB are tried, for each page. */
function mismatchPart(context: FitContext, level: Level): Quantity {
  return scaled(context.assumed("tdcallFailNs"), level === "4k" ? 1 / 512 : 0);
}

/** An EPT violation with what the host clears in it. */
function wholeFault(context: FitContext, level: Level): Quantity | undefined {
  const host = context.measured.exitNs("drain", ["EPT_VIOLATION"]);
  return lessAll(sumOfAll(host, worldSwitch(context, NULL_EXITS)), tablePart(context, level));
}

/** @param clear the price of what the host clears for a leaf */
export function tdxIdentifications(level: Level, clear: string): readonly Identification[] {
  const fault = `eptViolation${level}Ns`;
  const zero = `acceptZero${level}Ns`;
  /** Pages of other readings as leaves. */
  const asLeaf = (page: Quantity | undefined): Quantity | undefined =>
    page === undefined ? undefined : scaled(page, LEAF_PAGES[level]);
  const rest = (context: FitContext): Quantity[] => [tablePart(context, level), mismatchPart(context, level)];
  return [
    ...commonIdentifications(level),
    {
      id: "I1",
      parameter: "septAddNs",
      needs: ["H2"],
      how: "time of the module's call",
      fit: ({ measured }) => measured.functionNs(["tdh_mem_sept_add"]),
    },
    hostClear(level, clear),
    ...hostFault(fault, clear, "an EPT violation", (context) => wholeFault(context, level), {
      readings: ["H6", "G3"],
      read: (context) =>
        lessAll(leafOfBlock(context, level), prefaultedLeaf(context, level), tablePart(context, level)),
    }),
    {
      id: "I2",
      parameter: zero,
      needs: ["G3", "H1", "G4"],
      how: "a block of 4 MiB without its faults; the call and the clearing cannot be told apart",
      ridge: [{ parameter: "tdcallNs", times: 1 }],
      fit: (context) => lessAll(leafOfBlock(context, level), wholeFault(context, level), ...rest(context)),
      heldBack: {
        readings: ["G7", "H5"],
        read: (context) =>
          lessAll(
            asLeaf(firmwarePage(context) ?? eagerPage(context)) ?? leafOfDrain(context, level),
            wholeFault(context, level),
            ...rest(context),
          ),
        whole: (context) => leafOfBlock(context, level),
      },
    },
    {
      id: "I2",
      parameter: fault,
      needs: ["G5"],
      how: "a block of 4 MiB, or a drain, in all; without H1 its fault, its call and what is cleared cannot be told apart",
      ridge: [
        { parameter: "tdcallNs", times: 1 },
        { parameter: zero, times: 1 },
        { parameter: clear, times: 1 },
      ],
      fit: (context) => lessAll(leafOfBlock(context, level) ?? leafOfDrain(context, level), ...rest(context)),
      heldBack: {
        readings: ["G7", "H5"],
        read: (context) => lessAll(asLeaf(firmwarePage(context) ?? eagerPage(context)), ...rest(context)),
      },
    },
    {
      id: "I5",
      parameter: "idleCpuDelayNs",
      needs: ["G4"],
      how: "slope of an exit over the square of how many other CPUs idle with their tick on, for one of 247",
      fit: ({ measured }) => measured.nullExitPerTickingCpu(),
    },
    {
      id: "I6",
      parameter: "septRemoveNs",
      needs: ["G7"],
      how: "slope of the kernel's boot over the bounce buffer, small guests with one CPU",
      // Each leaf is taken away by itself; those of 2 MiB are too few to show.
      fit: (context) => (level === "4k" ? convertedPage(context) : undefined),
      heldBack: {
        readings: ["H2"],
        read: ({ measured }) => sumOfAll(...REMOVE_CALLS.map((names) => measured.functionNs(names))),
        isLower: true,
      },
    },
    {
      id: "I6",
      parameter: "runningCpuDelayNs",
      needs: ["G7"],
      how: "how much steeper that slope is with more CPUs, which wait in the firmware meanwhile",
      fit: (context) => (level === "4k" ? delayPerCpu(context) : undefined),
    },
    LAUNCH,
    vcpuStart(() => known(0)),
  ];
}

/** Most CPUs tell it best. */
function delayPerCpu(context: FitContext): Quantity | undefined {
  const counts = [...context.measured.boots.values()].map(({ vcpus }) => vcpus);
  const most = Math.max(...counts);
  if (!(most > 1)) return undefined;
  const more = lessAll(bufferSlope(context, most), bufferSlope(context, 1));
  return more === undefined ? undefined : scaled(more, 1 / (most - 1));
}

/** Call and clearing of a leaf that the host had mapped ahead (H6). */
function prefaultedLeaf({ measured }: FitContext, level: Level): Quantity | undefined {
  const block = measured.blockNs(true);
  return block === undefined ? undefined : scaled(block, 1 / LEAVES[level]);
}
