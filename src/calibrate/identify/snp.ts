/** How the prices of an SNP guest are told (I1 to I9). */

import { MAX_ORDER_PAGES } from "../../units.js";
import { pagesOf } from "../boots.js";
import { type FitContext, type Identification, type Level, WIDEST_DIFFERENCE } from "../identification.js";
import { between, type FittedLine, less, type Quantity, scaled, sum } from "../quantity.js";
import {
  commonIdentifications,
  convertedPage,
  eagerPage,
  firmwareAlone,
  firmwarePage,
  hostClear,
  hostFault,
  LEAF_PAGES,
  LEAVES,
  leafOfDrain,
  lessAll,
  sumOfAll,
  vcpuStart,
  worldSwitch,
} from "./common.js";

/** Exits that do nothing, as perf names them: a read of an MSR leaves the guest by a VMGEXIT. */
const NULL_EXITS = ["vmgexit", "msr"];

/** 6.12 arch/x86/coco/sev/core.c: __set_pages_state asks for both halves of a block at once, then validates them. */
const STATE_CHANGE = "vmgexit_psc";
const VALIDATE = "pvalidate_pages";

/** The request for a block of 4 MiB, as the guest waits for it, or as the host sees it with the way out and back. */
function stateChange(context: FitContext, prefaulted: boolean): Quantity | undefined {
  const { measured } = context;
  const seen = measured.blockNs(prefaulted, STATE_CHANGE);
  if (seen !== undefined || prefaulted) return seen;
  return sumOfAll(measured.functionNs(["psc"]), worldSwitch(context, NULL_EXITS));
}

/** The call of 2 MiB that fails before those of 4 KiB, for each of these. */
function failedCall(context: FitContext, level: Level): Quantity {
  return scaled(context.assumed("pvalidateMismatchNs"), level === "4k" ? 1 / 512 : 0);
}

/** The host's split of its direct map, which the first of 512 pages of 4 KiB makes. */
function splitPart(context: FitContext, level: Level): Quantity {
  return scaled(context.assumed("directMapSplitNs"), level === "4k" ? 1 / 512 : 0);
}

/** Both, as they are part of validating what the host has not backed. */
function mismatchPart(context: FitContext, level: Level): Quantity {
  return sum(failedCall(context, level), splitPart(context, level));
}

/** What the request for a block takes for each leaf, but for its part for each page. */
function requestPart(context: FitContext, level: Level): Quantity {
  const parts = ["vmgexitNs", "userExitNs", "attributeSetNs"].map((name) => context.assumed(name));
  return scaled(sum(...parts), 1 / LEAVES[level]);
}

/** What of a block is neither request nor fault, for each leaf. */
function remainder(context: FitContext, level: Level): Quantity | undefined {
  const rest = lessAll(context.measured.blockNs(false), stateChange(context, false));
  return lessAll(
    rest === undefined ? undefined : scaled(rest, 1 / LEAVES[level]),
    wholeFault(context),
    mismatchPart(context, level),
  );
}

/** A nested page fault with what the host clears in it. */
function wholeFault(context: FitContext): Quantity | undefined {
  const host = context.measured.exitNs("drain", ["npf", "NPF"]);
  return sumOfAll(host, worldSwitch(context, NULL_EXITS));
}

/** @param clear the price of what the host clears for a leaf */
export function snpIdentifications(level: Level, clear: string): readonly Identification[] {
  const fault = `npf${level}Ns`;
  const validate = `pvalidate${level}Ns`;
  const leaves = LEAVES[level];
  return [
    ...commonIdentifications(level),
    {
      id: "I3",
      parameter: "vmgexitNs",
      needs: ["G4"],
      how: "an exit that does nothing, by a read of an MSR",
      fit: ({ measured }) => measured.nullExit("none"),
      heldBack: {
        readings: ["H1"],
        read: ({ measured }) => measured.exitNs("exits", NULL_EXITS),
        isLower: true,
      },
    },
    hostClear(level, clear),
    ...hostFault(fault, clear, "a nested page fault", wholeFault, {
      readings: ["G7", "H5"],
      read: (context) => {
        const page = firmwarePage(context) ?? eagerPage(context);
        const request = scaled(orZero(stateChange(context, false)), LEAF_PAGES[level] / MAX_ORDER_PAGES);
        return lessAll(
          page === undefined ? undefined : scaled(page, LEAF_PAGES[level]),
          request,
          validateLeaf(context, level),
        );
      },
    }),
    {
      id: "I3",
      parameter: "userExitNs",
      needs: ["G3", "G4"],
      how: "the request for a block without its exit; the way to the VMM and its answer cannot be told apart",
      ridge: [
        { parameter: "attributeSetNs", times: 1 },
        { parameter: "attributeSetPageNs", times: MAX_ORDER_PAGES },
      ],
      fit: (context) => lessAll(stateChange(context, false), context.fitted("vmgexitNs")),
      heldBack: {
        readings: ["H2", "G4"],
        read: ({ measured }) => measured.functionNs(["psc"]),
        isLower: true,
      },
    },
    {
      id: "I3",
      parameter: validate,
      needs: ["G3", "H6"],
      how: "validating a block that the host has backed ahead, or what remains of one that it has not",
      fit: (context) => validateLeaf(context, level),
      heldBack: {
        readings: ["G3", "H1", "G4"],
        read: (context) =>
          prefaultedLeaf(context, level) === undefined ? undefined : remainder(context, level),
        whole: (context) => {
          const block = context.measured.blockNs(false);
          return block === undefined ? undefined : scaled(block, 1 / leaves);
        },
      },
    },
    {
      id: "I3",
      parameter: fault,
      needs: ["G5"],
      how: "a block of 4 MiB, or a drain, in all; without H1 its fault, its validation and what the host clears cannot be told apart",
      ridge: [
        { parameter: validate, times: 1 },
        { parameter: "attributeSetPageNs", times: LEAF_PAGES[level] },
        { parameter: clear, times: 1 },
      ],
      fit: (context) => {
        const block = context.measured.blockNs(false);
        const leaf = block === undefined ? leafOfDrain(context, level) : scaled(block, 1 / leaves);
        return lessAll(leaf, requestPart(context, level), mismatchPart(context, level));
      },
    },
    {
      id: "I3",
      parameter: `prefault${level}Ns`,
      needs: ["H6", "G3"],
      how: "how much longer the request for a block takes where the host backs it ahead",
      widest: WIDEST_DIFFERENCE,
      fit: (context) => {
        const more = lessAll(stateChange(context, true), stateChange(context, false));
        // The host splits its direct map and clears then, too.
        return more === undefined
          ? undefined
          : less(
              scaled(more, 1 / leaves),
              splitPart(context, level),
              context.fitted(clear) ?? context.assumed(clear),
            );
      },
    },
    {
      id: "I6",
      parameter: "rmpupdateSharedNs",
      needs: ["G7"],
      how: "slope of the kernel's boot over the bounce buffer, without taking the validation back",
      fit: (context) =>
        level === "4k"
          ? lessAll(
              convertedPage(context),
              context.fitted(validate),
              failedCall(context, level),
              context.assumed("attributeSetPageNs"),
            )
          : undefined,
    },
    {
      id: "I7",
      parameter: "launchPage4kNs",
      needs: ["H3"],
      how: "slope of the launch calls over measured bytes, two sizes of firmware",
      fit: ({ measured }) => measured.launchCallLine()?.slope,
    },
    {
      id: "I7",
      parameter: "launchNs",
      needs: ["H5", "H3"],
      how: "from the VMM's start until the guest first runs, extended to no measured page",
      fit: (context) =>
        lessAll(
          launchOverPages(context)?.intercept,
          context.assumed("vcpuStartNs"),
          metadataPart(context.fitted("launchPage4kNs")),
        ),
    },
    {
      id: "I7",
      parameter: "firmwareBdsNs",
      needs: ["H5", "G7"],
      how: "firmware of small guests on one CPU, extended to no memory; its phases cannot be told apart",
      ridge: [
        { parameter: "firmwareSecNs", times: 1 },
        { parameter: "firmwarePeiNs", times: 1 },
        { parameter: "firmwareDxeNs", times: 1 },
      ],
      fit: firmwareAlone,
    },
    // The state of each CPU is a page that is measured (KVM: snp_launch_update_vmsa).
    vcpuStart((context) => context.fitted("launchPage4kNs")),
  ];
}

/**
 * Pages besides the image: what its metadata names (OvmfPkg/ResetVector/X64/OvmfSevMetadata.asm), the secrets, the
 * table of CPUID, the state of one CPU. Assumption: as many as in OVMF from 2024 to 2026, or fewer or more by a third.
 */
const METADATA_PAGES = { least: 32, most: 64 } as const;

function metadataPart(page: Quantity | undefined): Quantity | undefined {
  if (page === undefined) return undefined;
  const { value, half } = between(METADATA_PAGES.least, METADATA_PAGES.most);
  return { value: value * page.value, half: half * page.value, from: page.from };
}

/** Launches on one CPU over the pages that they measure. */
function launchOverPages({ measured }: FitContext): FittedLine | undefined {
  const pages = new Map(
    measured.records.of("H3").map(({ boot, measuredBytes }) => [boot, pagesOf(measuredBytes)]),
  );
  return measured.bootLine(
    ({ name, vcpus }) => vcpus === 1 && pages.has(name),
    ({ name }) => pages.get(name),
    ({ launchNs }) => launchNs,
    ["H5", "H3"],
  );
}

/** PVALIDATE of a leaf that the host had backed ahead (H6). */
function prefaultedLeaf(context: FitContext, level: Level): Quantity | undefined {
  const seen = context.measured.blockNs(true, VALIDATE);
  if (seen === undefined) return undefined;
  return lessAll(scaled(seen, 1 / LEAVES[level]), failedCall(context, level));
}

function validateLeaf(context: FitContext, level: Level): Quantity | undefined {
  return prefaultedLeaf(context, level) ?? remainder(context, level);
}

function orZero(quantity: Quantity | undefined): Quantity {
  return quantity ?? { value: 0, half: 0, from: [] };
}
