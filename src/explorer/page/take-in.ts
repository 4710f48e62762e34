/** Files on their way in: each to where it belongs on the desk. */

import type { PriceSets, StoredRow } from "../../index.js";
import type { DroppedFile, Side } from "../protocol.js";
import type { Desk } from "./desk.js";
import { givenOf } from "./given-file.js";
import { settingsOfRow } from "./row-settings.js";

/** The side that files and rows go to: the one whose settings are shown. */
function shownSide({ state }: Desk): Side {
  return state.b === undefined ? "a" : state.editing;
}

/** @returns whether it became the scenario or workload of a side */
export function takeIn(
  desk: Desk,
  file: DroppedFile,
  prices: PriceSets,
  side: Side = shownSide(desk),
): boolean {
  const given = givenOf(file, prices);
  switch (given.kind) {
    case "refused":
      desk.remark([given.line]);
      return false;
    case "result":
      desk.show(given.result);
      return false;
    case "trace":
      desk.give(side, file, desk.base, (desk.state[side] ?? desk.state.a).settings);
      return true;
    case "scenario":
      desk.give(side, file, given.base, given.settings);
      desk.remark(given.remarks);
      return true;
  }
}

/** Files that came with the page: of scenarios and traces the first is side A, the next one side B. */
export function takeInAll(desk: Desk, files: readonly DroppedFile[], prices: PriceSets): void {
  let side: Side = "a";
  for (const file of files) if (takeIn(desk, file, prices, side)) side = "b";
}

export function openRow(desk: Desk, row: StoredRow): void {
  const side = shownSide(desk);
  desk.putAway(side);
  desk.change(side, settingsOfRow(row));
  desk.remark([
    "Opened from a row of a result, which says of its scenario what tells it from other rows; other keys are as in " +
      "the scenario boot.",
  ]);
}
