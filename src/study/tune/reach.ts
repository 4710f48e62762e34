/** How far a knob reaches that goes up to all of a guest's memory. */

import { firmwareOf, ramOf } from "../../guest/guest.js";
import { ScenarioError } from "../../scenario/error.js";
import type { Scenario } from "../../scenario/scenario.js";
import { type Knob, type Reach, rangeUpTo } from "./knob.js";

const LIMIT = "firmware.preAcceptLimit";

/** Knobs that move the end of RAM, or change what the limit is. */
const MOVE_THE_END: readonly string[] = [
  "memory",
  "machine",
  "platform.kind",
  "preset",
  "firmware.preset",
  "vmm.kind",
  "vmm.lowMemory",
  "vmm.maxMemory",
  "vmm.slots",
];

/** The limit of what the firmware accepts, in this guest. */
function limitReach(scenario: Scenario): Reach {
  const { limitIs } = firmwareOf(scenario);
  if (limitIs === "amount") return { allBytes: scenario.memoryBytes, is: limitIs, holes: [] };
  const ram = ramOf(scenario);
  const holes = ram.slice(1).map(({ start }, at) => ({ start: ram[at]!.end, end: start }));
  return { allBytes: ram.at(-1)!.end, is: limitIs, holes };
}

/**
 * The knobs for one guest: a range that was asked for up to `all` ends where this guest's RAM does.
 *
 * @throws ScenarioError for such a range of another knob, or beside a knob that moves that end
 */
export function knobsFor(knobs: readonly Knob[], scenario: Scenario): Knob[] {
  return knobs.map((knob) => {
    const { path, openFrom } = knob;
    if (path !== LIMIT) {
      if (openFrom === undefined) return knob;
      throw refusal(path, `expected an end in its unit: a range up to all is known of ${LIMIT} only`);
    }
    const reach = limitReach(scenario);
    if (openFrom === undefined) return { ...knob, reach };
    const moving = knobs.find((other) => MOVE_THE_END.includes(other.path));
    if (moving === undefined) return { ...knob, reach, values: rangeUpTo(knob, reach) };
    const why = `how much all is depends on ${moving.path}, which is a knob too`;
    throw refusal(path, `expected an end of the range as a size, such as 64GiB: ${why}`);
  });
}

function refusal(path: string, message: string): ScenarioError {
  return new ScenarioError([{ place: { flag: `--knob ${path}` }, path: "", message }]);
}
