/** Changes to the settings of one side. An empty text is no setting: the default holds. */

import {
  type PlatformKind,
  type Price,
  type PriceSet,
  policies,
  pricesOf,
  SCENARIO,
  type Scenario,
} from "../../index.js";
import type { SettingName, Settings } from "../settings.js";
import type { Understood } from "./scenario-of.js";

const PRICE_PREFIX = "platform.";
const STRATEGY_PREFIX = "strategy.";

/** Path of the key that the slider of pre-acceptance moves. */
export const PRE_ACCEPT = "firmware.preAcceptLimit";

export function withSetting(settings: Settings, name: SettingName, text: string): Settings {
  const { [name]: _before, ...others } = settings;
  return text === "" ? others : { ...others, [name]: text };
}

/** @param key path of the key, such as `platform.tdcallNs` */
export function withKey(settings: Settings, key: string, text: string): Settings {
  if (text !== "") return { ...settings, set: { ...settings.set, [key]: text } };
  const { [key]: _before, ...others } = settings.set;
  return { ...settings, set: others };
}

export function priceKey(name: string): string {
  return `${PRICE_PREFIX}${name}`;
}

export function strategyKey(name: string): string {
  return `${STRATEGY_PREFIX}${name}`;
}

export interface Chosen {
  readonly settings: Settings;
  /** What was taken back, as `KEY=VALUE` with the reason. */
  readonly takenBack: readonly string[];
}

/**
 * Another policy, platform or workload. What was set for the former one alone is taken back, where the reader of
 * scenarios refuses it beside the new one; otherwise every choice would begin with an error.
 *
 * @param understand reads settings
 */
export function withChoice(
  settings: Settings,
  name: SettingName,
  text: string,
  understand: (settings: Settings) => Understood,
): Chosen {
  let next = withSetting(settings, name, text);
  const takenBack: string[] = [];
  // The reader looks at what goes together only once each value is right by itself.
  for (let round = 0; round < 3; round++) {
    const read = understand(next);
    if (!("faults" in read)) break;
    for (const [at, [why = ""]] of read.faults) {
      const said = at === "prices" ? next.prices : next.set[at];
      if (said === undefined || at === name) continue;
      takenBack.push(`${at}=${said}: ${why}`);
      next = at === "prices" ? withSetting(next, at, "") : withKey(next, at, "");
    }
  }
  return { settings: next, takenBack };
}

/** The prices of a platform on a machine, in the order of their declaration. */
export function pricesFor(platform: PlatformKind, set: PriceSet | undefined): readonly [string, Price][] {
  return Object.entries(pricesOf(platform, set?.platform === platform ? set : undefined));
}

/** Whether pre-acceptance changes anything in such a run. */
export function canPreAccept(scenario: Scenario): boolean {
  const needs = SCENARIO.firmware.fields.preAcceptLimit.needs;
  return needs.every(({ met }) => (met as (run: Scenario) => boolean)(scenario));
}

/** Keys under `set` that no control of the page shows. */
export function otherKeys(settings: Settings, { platform, policy }: Scenario): readonly string[] {
  const prices = pricesOf(platform.kind, undefined);
  const parameters = policies().byName.get(policy)?.parameters ?? {};
  return Object.keys(settings.set).filter((key) => {
    if (key === PRE_ACCEPT) return false;
    if (key.startsWith(PRICE_PREFIX)) return !Object.hasOwn(prices, key.slice(PRICE_PREFIX.length));
    if (key.startsWith(STRATEGY_PREFIX)) return !Object.hasOwn(parameters, key.slice(STRATEGY_PREFIX.length));
    return true;
  });
}
