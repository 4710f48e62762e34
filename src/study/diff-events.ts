/** The change of a time by the events that were priced into it: how many more of each, and at what other price. */

import { eventsPricedBy } from "../coco/parameters.js";
import { PLATFORMS } from "../coco/platforms.js";

/** An event that happened more or less often, or at another price. Nanoseconds. */
export interface EventChange {
  readonly event: string;
  readonly a: EventShare;
  readonly b: EventShare;
  /** That it happened more or less often, at A's price, or B's where it never happened in A. */
  readonly byCountNs: number;
  /** That it cost more or less, as often as it happened in B. The two add up to the whole change. */
  readonly byPriceNs: number;
}

export interface EventShare {
  readonly count: number;
  /** Null where it never happened, so that nobody asked for its price. */
  readonly priceNs: number | null;
}

/** Of one result. */
export interface PricedEvents {
  readonly counts: Readonly<Record<string, number>>;
  /** Nanoseconds of each of them. */
  readonly prices: Readonly<Record<string, number>>;
}

/** @returns what accounts for most comes first */
export function eventChanges(a: PricedEvents, b: PricedEvents): EventChange[] {
  return [...new Set([...Object.keys(a.counts), ...Object.keys(b.counts)])]
    .map((event): EventChange => {
      const [own, other] = [shareOf(event, a), shareOf(event, b)];
      const priceNs = own.priceNs ?? other.priceNs ?? 0;
      return {
        event,
        a: own,
        b: other,
        byCountNs: (other.count - own.count) * priceNs,
        byPriceNs: other.count * ((other.priceNs ?? priceNs) - priceNs),
      };
    })
    .filter((one) => one.a.count !== one.b.count || one.byPriceNs !== 0)
    .sort((x, y) => weight(y) - weight(x));
}

function shareOf(event: string, { counts, prices }: PricedEvents): EventShare {
  return { count: counts[event] ?? 0, priceNs: prices[event] ?? null };
}

function weight({ byCountNs, byPriceNs }: EventChange): number {
  return Math.abs(byCountNs + byPriceNs);
}

/** What an event is, in words: that of its price on any platform; undefined for one that has none. */
export function eventWords(event: string): string | undefined {
  for (const { parameters } of Object.values(PLATFORMS)) {
    for (const [name, parameter] of Object.entries(parameters)) {
      if (eventsPricedBy(name, parameter).includes(event)) return parameter.what;
    }
  }
  return undefined;
}
