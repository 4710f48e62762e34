/** How the prices of an SNP guest are told (I1 to I9). */

import { MAX_ORDER_PAGES } from "../../units.js";
import type { FitContext, Identification, Level } from "../identification.js";
import { type Quantity, scaled, sum } from "../quantity.js";
import {
  commonIdentifications,
  convertedPage,
  eagerPage,
  firmwarePage,
  LEAF_PAGES,
  LEAVES,
  lessAll,
  sumOfAll,
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

/** The same with the host's split of its direct map, which the first page of 2 MiB makes. */
function mismatchPart(context: FitContext, level: Level): Quantity {
  const split = scaled(context.assumed("directMapSplitNs"), level === "4k" ? 1 / 512 : 0);
  return sum(failedCall(context, level), split);
}

/** What of a block is neither request nor fault, for each leaf. */
function remainder(context: FitContext, level: Level): Quantity | undefined {
  const rest = lessAll(context.measured.blockNs(false), stateChange(context, false));
  return lessAll(
    rest === undefined ? undefined : scaled(rest, 1 / LEAVES[level]),
    context.fitted(`npf${level}Ns`),
    mismatchPart(context, level),
  );
}

export function snpIdentifications(level: Level): readonly Identification[] {
  const fault = `npf${level}Ns`;
  const validate = `pvalidate${level}Ns`;
  const leaves = LEAVES[level];
  return [
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
    {
      id: "I1",
      parameter: fault,
      needs: ["H1", "G4"],
      how: "the host's part of a nested page fault while one worker drains, with the way out and back",
      fit: (context) =>
        sumOfAll(context.measured.exitNs("drain", ["npf", "NPF"]), worldSwitch(context, NULL_EXITS)),
      heldBack: {
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
        whole: (context) => context.fitted(fault),
      },
    },
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
      parameter: `prefault${level}Ns`,
      needs: ["H6", "G3"],
      how: "how much longer the request for a block takes where the host backs it ahead",
      fit: (context) => {
        const more = lessAll(stateChange(context, true), stateChange(context, false));
        return more === undefined ? undefined : scaled(more, 1 / leaves);
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
              validateLeaf(context, level),
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
    ...commonIdentifications(level),
  ];
}

/** PVALIDATE of a leaf that the host had backed ahead (H6). */
function prefaultedLeaf(context: FitContext, level: Level): Quantity | undefined {
  const seen = context.measured.blockNs(true, VALIDATE);
  if (seen === undefined) return undefined;
  return lessAll(scaled(seen, 1 / LEAVES[level]), mismatchPart(context, level));
}

function validateLeaf(context: FitContext, level: Level): Quantity | undefined {
  return prefaultedLeaf(context, level) ?? remainder(context, level);
}

function orZero(quantity: Quantity | undefined): Quantity {
  return quantity ?? { value: 0, half: 0, from: [] };
}
