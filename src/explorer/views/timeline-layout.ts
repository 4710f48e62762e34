/** Where the rows of one or two timelines lie, one above the other on one axis. Pixels. */

import type { Track, ViewModel } from "./timeline-model.js";

export const ROW = 17;
const AXIS = 24;
const COUNTERS = 76;
const MOMENTS = 20;
const GAP = 8;
const TITLE = 24;
/** From here on there is room for the names of counters beside their values. */
export const WIDE = 560;

export interface TrackPlace {
  readonly track: Track;
  readonly top: number;
}

export interface SidePlace {
  readonly model: ViewModel;
  /** `A` or `B`; absent where there is one timeline. */
  readonly title: string | undefined;
  readonly top: number;
  readonly counters: { readonly top: number; readonly height: number };
  readonly moments: { readonly top: number; readonly height: number };
  readonly tracks: readonly TrackPlace[];
  /** CPUs without a place. */
  readonly folded: number;
  readonly bottom: number;
}

export interface Layout {
  readonly sides: readonly SidePlace[];
  readonly axisHeight: number;
  /** Where time begins, right of the names. */
  readonly left: number;
  readonly width: number;
  readonly height: number;
}

/** @param tracksMost of each timeline */
export function layoutOf(models: readonly ViewModel[], width: number, tracksMost: number): Layout {
  let top = AXIS;
  const sides = models.map((model, side): SidePlace => {
    const begin = top;
    const title = models.length === 1 ? undefined : side === 0 ? "A" : "B";
    if (title !== undefined) top += TITLE;
    const counters = { top, height: COUNTERS };
    top += COUNTERS + GAP;
    const moments = { top, height: MOMENTS };
    top += MOMENTS + GAP;
    const tracks = model.tracks.slice(0, tracksMost).map((track) => {
      const place = { track, top };
      top += track.rows * ROW + GAP;
      return place;
    });
    const folded = model.tracks.length - tracks.length;
    top += GAP;
    return { model, title, top: begin, counters, moments, tracks, folded, bottom: top };
  });
  return { sides, axisHeight: AXIS, left: width < WIDE ? 68 : 150, width, height: top };
}

/** The part of time that is seen; nanoseconds. */
export interface Span {
  readonly fromNs: number;
  readonly untilNs: number;
}

/** Shorter spans say nothing more. */
const SHORTEST_NS = 100;

/** A span of the same length or another one within [0, endNs]. */
export function within({ fromNs, untilNs }: Span, endNs: number): Span {
  const ns = Math.min(Math.max(untilNs - fromNs, Math.min(SHORTEST_NS, endNs)), endNs);
  const from = Math.min(Math.max(0, fromNs), endNs - ns);
  return { fromNs: from, untilNs: from + ns };
}

/** @param factor below 1 for less time, which is seen closer @param aroundNs what stays in its place */
export function zoomed({ fromNs, untilNs }: Span, factor: number, aroundNs: number, endNs: number): Span {
  const next = {
    fromNs: aroundNs - (aroundNs - fromNs) * factor,
    untilNs: aroundNs + (untilNs - aroundNs) * factor,
  };
  // At the shortest span, time would slip away below the pointer.
  return next.untilNs - next.fromNs < SHORTEST_NS && factor < 1 ? { fromNs, untilNs } : within(next, endNs);
}

/** @param part of what is seen, negative to the left */
export function moved({ fromNs, untilNs }: Span, part: number, endNs: number): Span {
  const ns = (untilNs - fromNs) * part;
  return within({ fromNs: fromNs + ns, untilNs: untilNs + ns }, endNs);
}

/** A span that shows a slice with what is around it. */
export function spanAround(
  { startNs, endNs: until }: { readonly startNs: number; readonly endNs: number },
  endNs: number,
): Span {
  const margin = Math.max((until - startNs) * 0.6, SHORTEST_NS / 2);
  return within({ fromNs: startNs - margin, untilNs: until + margin }, endNs);
}

export function xOf(ns: number, { fromNs, untilNs }: Span, { left, width }: Layout): number {
  return left + ((ns - fromNs) / Math.max(untilNs - fromNs, 1)) * (width - left);
}

export function nsAt(x: number, { fromNs, untilNs }: Span, { left, width }: Layout): number {
  return fromNs + ((x - left) / Math.max(width - left, 1)) * (untilNs - fromNs);
}

/** Times of an axis: multiples of 1, 2 or 5 of a power of ten, as many as there is room for. */
export function ticksOf({ fromNs, untilNs }: Span, pixels: number): number[] {
  const least = ((untilNs - fromNs) * 90) / Math.max(pixels, 90);
  const power = 10 ** Math.floor(Math.log10(Math.max(least, 1)));
  const step = [1, 2, 5, 10].map((times) => times * power).find((one) => one >= least)!;
  const first = Math.ceil(fromNs / step);
  const count = Math.floor(untilNs / step) - first + 1;
  return Array.from({ length: Math.max(0, count) }, (_none, at) => (first + at) * step);
}

/** What lies at a point. */
export type Hit =
  | { readonly what: "row"; readonly side: number; readonly place: TrackPlace; readonly row: number }
  | { readonly what: "counters" | "moments"; readonly side: number };

export function hitAt(y: number, { sides }: Layout): Hit | undefined {
  for (const [side, { counters, moments, tracks }] of sides.entries()) {
    for (const [what, { top, height }] of [
      ["counters", counters],
      ["moments", moments],
    ] as const) {
      if (y >= top && y < top + height) return { what, side };
    }
    for (const place of tracks) {
      const row = Math.floor((y - place.top) / ROW);
      if (row >= 0 && row < place.track.rows) return { what: "row", side, place, row };
    }
  }
  return undefined;
}
