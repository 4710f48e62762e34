import { AcceptMemory } from "../accept/accept-memory.js";
import { createPlatform } from "../coco/create-platform.js";
import type { Basis } from "../coco/parameter.js";
import { platformParameters, withOverrides } from "../coco/parameters.js";
import type { CocoPlatform } from "../coco/platform.js";
import { priceList } from "../coco/price-list.js";
import { GuestMemory } from "../host/guest-memory.js";
import { POLICIES } from "../policy/policies.js";
import type { Policy } from "../policy/policy.js";
import type { Scenario } from "../scenario/scenario.js";
import { CostEvent } from "../sim/cost-events.js";
import { CostLedger } from "../sim/cost-ledger.js";
import { GuestClock } from "../sim/guest-clock.js";
import { VirtualCpus } from "../sim/virtual-cpus.js";

/** How recorded guest work becomes time of this guest. */
export interface WorkScale {
  /** Nanoseconds for each nanosecond recorded, above 0. */
  readonly value: number;
  readonly basis: Basis;
}

/** A guest before power on: its platform, its host, its clocks. */
export interface Guest {
  readonly scenario: Scenario;
  readonly policy: Policy;
  readonly clock: GuestClock;
  readonly platform: CocoPlatform;
  readonly host: GuestMemory;
}

/** @throws Error for a policy or timing parameter that does not exist; scenarios are checked for both */
export function createGuest(scenario: Scenario, work: WorkScale): Guest {
  const { kind, parameters } = scenario.platform;
  const policy = POLICIES.get(scenario.policy);
  if (policy === undefined) throw new Error(`guest: there is no policy ${scenario.policy}`);
  const prices = priceList(withOverrides(platformParameters(kind), parameters));
  prices.ns[CostEvent.guestWork] = work.value;
  prices.assumed[CostEvent.guestWork] = work.basis === "assumed" ? 1 : 0;
  const ledger = new CostLedger(prices);
  const platform = createPlatform(kind, ledger, scenario.host);
  return {
    scenario,
    policy,
    clock: new GuestClock(new VirtualCpus(scenario.vcpus), ledger),
    platform,
    host: new GuestMemory(platform, scenario.memoryBytes, scenario.host.pageSizeBytes),
  };
}

/** The running kernel's acceptance on this guest's platform. */
export function kernelAcceptance(
  guest: Guest,
  table: ConstructorParameters<typeof AcceptMemory>[0],
): AcceptMemory {
  return new AcceptMemory(table, {
    acceptMemory: (start, end) => guest.platform.kernelAccept(start, end),
  });
}
