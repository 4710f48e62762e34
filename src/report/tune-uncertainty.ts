/** How a recommendation stands over what is assumed, in a sentence. */

import type { Stage } from "../study/tune/objective.js";
import type { Sensitivity } from "../study/tune/result.js";
import { formatDuration } from "../units.js";
import { type KnobTexts, knobsText, percent, stageText } from "./tune-texts.js";

/**
 * `Over both ends of all 14 assumed prices that act ... it is 21 s to 55 s, and the best or within 3 % of the best of
 * 9 settings`, and which price would change it.
 */
export function uncertaintyText(found: Sensitivity, stage: Stage, texts: KnobTexts): string {
  const { variants, prices, settings, objective, regret, within } = found;
  if (variants.length === 0) return "No assumed price acts here, so the advice stands";
  const [low, high] = [stageText(stage, objective.low), stageText(stage, objective.high)];
  const range = low === high ? `it stays at ${low}` : `it is ${low} to ${high}`;
  const over = `Over low and high values of the ${prices.length} assumed prices that act here, alone and together, ${range}`;
  const flips = variants.filter(({ loss, broken }) => loss === null || loss >= within || broken.length > 0);
  const kept =
    regret === null ? "" : ` and ${standingText(regret)} the best of the ${settings} settings tried there`;
  if (flips.length === 0) return `${over}${kept}: no price changes the advice`;
  const changes = flips.map(({ parameter, end, valueNs, best, loss, broken, outcome }) => {
    const price = valueNs === null ? `all prices ${end}` : `${parameter} ${formatDuration(valueNs)} (${end})`;
    if (broken.length > 0) return `with ${price} it breaks ${broken.join(", ")}`;
    if (loss === null || best === null) return `with ${price} it does not get ready (${outcome})`;
    return `with ${price} ${knobsText(best, texts)} is better, by ${percent(loss)}`;
  });
  return `${over}${kept}. What would change the advice: ${changes.join("; ")}`;
}

/** `always`, or `at worst 3.2 % above`. */
function standingText(regret: number): string {
  return regret < 0.0005 ? "always" : `at worst ${percent(regret)} above`;
}
