/** What the controls of one side need to know. */

import type { PriceSets, Scenario } from "../../index.js";
import type { Catalogue, Side } from "../protocol.js";
import type { BaseScenario, SettingName, Settings } from "../settings.js";
import type { Faults } from "./scenario-of.js";

export interface SideView {
  readonly side: Side;
  readonly settings: Settings;
  readonly base: BaseScenario;
  /** That of the settings, or the last one that was understood. */
  readonly scenario: Scenario;
  readonly faults: Faults;
  /** The other side, if there is one; its scenario tells what differs. */
  readonly other?: { readonly side: Side; readonly scenario: Scenario } | undefined;
  /** Name of the trace that takes the place of the workload, if one was given. */
  readonly trace?: string | undefined;
  readonly change: (settings: Settings) => void;
  /** The same for what other settings depend on: a policy, a platform, prices. */
  readonly choose: (name: SettingName, text: string) => void;
}

/** What comes with the program. */
export interface Bundled {
  readonly catalogue: Catalogue;
  readonly prices: PriceSets;
}

/** `B: eager`, where the other side has another text; undefined where it has the same or does not exist. */
export function otherText({ scenario, other }: SideView, text: (of: Scenario) => string): string | undefined {
  if (other === undefined) return undefined;
  const theirs = text(other.scenario);
  return theirs === text(scenario) ? undefined : `${other.side.toUpperCase()}: ${theirs}`;
}
