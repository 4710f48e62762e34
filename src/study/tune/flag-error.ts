/** Mistakes in what `tune` is asked for on the command line. */

import { ScenarioError } from "../../scenario/error.js";

/**
 * @param flag without dashes, such as `knob`
 * @param text its value as typed
 * @param column where in the value, from 1
 */
export function flagError(flag: string, text: string, column: number, message: string): ScenarioError {
  return new ScenarioError([
    { place: { flag: `--${flag} '${text}'` }, path: "", message: `column ${column}: ${message}` },
  ]);
}
