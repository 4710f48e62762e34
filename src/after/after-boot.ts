import { attack } from "./attack.js";
import { bounced } from "./bounced.js";
import { dmaBuffers } from "./dma-buffers.js";
import { drain } from "./drain.js";
import type { Feature } from "./feature.js";
import { hotplug } from "./hotplug/hotplug.js";
import { kexec } from "./kexec/kexec.js";
import { bootRequests, requestsAfterBoot } from "./requests.js";

/** All that can happen to a guest once its init runs, in this order. */
export const AFTER_BOOT = [
  dmaBuffers as typeof dmaBuffers,
  bounced as typeof bounced,
  attack as typeof attack,
  bootRequests as typeof bootRequests,
  hotplug as typeof hotplug,
  requestsAfterBoot as typeof requestsAfterBoot,
  drain as typeof drain,
  kexec as typeof kexec,
] as const;

type AnyFeature = (typeof AFTER_BOOT)[number];
type PlanOf<One> = One extends Feature<string, infer Plan, unknown> ? Plan : never;
type FactsOf<One> = One extends Feature<string, never, infer Facts> ? Facts : never;

export type AfterBootPlans = {
  readonly [One in AnyFeature as PlanOf<One> extends undefined ? never : One["name"]]?: PlanOf<One>;
};

export type AfterBootFacts = {
  readonly [One in AnyFeature as FactsOf<One> extends undefined ? never : One["name"]]?: FactsOf<One>;
};
