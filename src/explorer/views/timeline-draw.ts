/** Draws timelines on a canvas. */

import { formatBytes, formatDuration, type Moment, type Slice, type ThemeColours } from "../../index.js";
import { type Layout, ROW, type SidePlace, type Span, ticksOf, WIDE, xOf } from "./timeline-layout.js";
import { bytesAt, type CounterLine, firstEndingAfter, kindOf, type SliceKind } from "./timeline-model.js";

const FONT = "11px system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif";
/** Slices that are narrower have no name. */
const NAMED_PIXELS = 34;

/** What is marked besides. */
export interface Marks {
  readonly selected: Slice | undefined;
  /** Flows of the selected slice, which are outlined, too. */
  readonly related: ReadonlySet<Slice>;
  readonly atNs: number | undefined;
}

/** Of each kind its place among the colours; what waits is loud, what surrounds it is quiet. */
const COLOUR_OF: Readonly<Record<SliceKind, number | undefined>> = {
  phase: undefined,
  step: 7,
  stall: 0,
  accept: 1,
  wait: 8,
  event: 3,
};

/** Of each counter, in its order. */
const COUNTER_COLOURS: readonly number[] = [1, 0, 3, 6];

interface Drawing {
  readonly to: CanvasRenderingContext2D;
  readonly layout: Layout;
  readonly span: Span;
  readonly colours: ThemeColours;
  readonly marks: Marks;
}

export function colourOf(kind: SliceKind, colours: ThemeColours): string {
  const at = COLOUR_OF[kind];
  return at === undefined ? colours.grid : colours.series[at]!;
}

export function counterColour(at: number, colours: ThemeColours): string {
  return colours.series[COUNTER_COLOURS[at % COUNTER_COLOURS.length]!]!;
}

/** @param to scaled so that a unit is a CSS pixel */
export function drawTimelines(
  to: CanvasRenderingContext2D,
  layout: Layout,
  span: Span,
  colours: ThemeColours,
  marks: Marks,
): void {
  const drawing: Drawing = { to, layout, span, colours, marks };
  const { width, height, left, sides } = layout;
  to.fillStyle = colours.background;
  to.fillRect(0, 0, width, height);
  to.font = FONT;
  to.textBaseline = "middle";
  to.lineWidth = 1;
  drawAxis(drawing);
  for (const side of sides) {
    drawNames(drawing, side);
    to.save();
    to.beginPath();
    to.rect(left, 0, width - left, height);
    to.clip();
    drawCounters(drawing, side);
    drawMoments(drawing, side);
    for (const { track, top } of side.tracks) drawSlices(drawing, track.slices, top, 0, track.cpu);
    to.restore();
  }
  if (marks.atNs !== undefined) {
    const x = Math.round(xOf(marks.atNs, span, layout)) + 0.5;
    if (x >= left) line(to, x, layout.axisHeight, x, height, colours.muted);
  }
}

function drawAxis({ to, layout, span, colours }: Drawing): void {
  const { left, width, height, axisHeight } = layout;
  for (const ns of ticksOf(span, width - left)) {
    const x = Math.round(xOf(ns, span, layout)) + 0.5;
    line(to, x, axisHeight - 5, x, height, colours.grid);
    to.fillStyle = colours.muted;
    const text = formatDuration(ns);
    const wide = to.measureText(text).width;
    to.fillText(text, Math.min(Math.max(x - wide / 2, left), width - wide - 2), axisHeight / 2 - 2);
  }
}

function line(
  to: CanvasRenderingContext2D,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
  colour: string,
): void {
  to.strokeStyle = colour;
  to.beginPath();
  to.moveTo(x0, y0);
  to.lineTo(x1, y1);
  to.stroke();
}

function drawNames({ to, layout, span, colours, marks }: Drawing, side: SidePlace): void {
  const { left } = layout;
  const { model, title, counters, moments, tracks } = side;
  if (title !== undefined) {
    to.fillStyle = colours.text;
    to.font = `bold ${FONT.replace("11px", "13px")}`;
    to.fillText(title, 2, side.top + 12);
    to.font = FONT;
  }
  const atNs = marks.atNs ?? span.untilNs;
  for (const [at, one] of model.counters.entries()) {
    const y = counters.top + 9 + at * ((counters.height - 4) / Math.max(model.counters.length, 1));
    const bytes = bytesAt(one, atNs);
    to.fillStyle = counterColour(at, colours);
    to.fillRect(2, y - 4, 8, 8);
    to.fillStyle = colours.text;
    // Where there is no room for its name, the legend has it.
    const value = bytes === undefined ? "none" : formatBytes(bytes);
    const wide = to.measureText(value).width;
    if (layout.width < WIDE) {
      to.fillText(fitted(to, value, left - 18), 14, y);
    } else {
      to.fillText(fitted(to, one.name, left - 26 - wide), 14, y);
      to.fillText(value, left - 8 - wide, y);
    }
  }
  to.fillStyle = colours.muted;
  if (model.moments.length > 0) to.fillText("marks", 2, moments.top + moments.height / 2);
  to.fillStyle = colours.text;
  for (const { track, top } of tracks) to.fillText(`vCPU ${track.cpu}`, 2, top + ROW / 2);
}

/** A text with its end cut off where there is no room. */
function fitted(to: CanvasRenderingContext2D, text: string, width: number): string {
  if (to.measureText(text).width <= width) return text;
  for (let length = text.length - 1; length > 1; length--) {
    const short = `${text.slice(0, length)}…`;
    if (to.measureText(short).width <= width) return short;
  }
  return "";
}

function drawCounters({ to, layout, span, colours }: Drawing, { model, counters }: SidePlace): void {
  const { top, height } = counters;
  const most = Math.max(1, ...model.counters.flatMap(({ samples }) => samples.map(({ bytes }) => bytes)));
  line(to, layout.left, top + height + 0.5, layout.width, top + height + 0.5, colours.grid);
  for (const [at, one] of model.counters.entries()) {
    to.strokeStyle = counterColour(at, colours);
    to.lineWidth = 1.5;
    to.beginPath();
    stepLine({ to, layout, span }, one, (bytes) => top + height - (bytes / most) * (height - 4));
    to.stroke();
    to.lineWidth = 1;
  }
}

/** A value stays until the next sample. */
function stepLine(
  { to, layout, span }: Pick<Drawing, "to" | "layout" | "span">,
  { samples }: CounterLine,
  yOf: (bytes: number) => number,
): void {
  const first = Math.max(
    0,
    samples.findLastIndex(({ atNs }) => atNs <= span.fromNs),
  );
  let y: number | undefined;
  for (let at = first; at < samples.length; at++) {
    const { atNs, bytes } = samples[at]!;
    if (atNs > span.untilNs) break;
    const x = xOf(atNs, span, layout);
    if (y === undefined) to.moveTo(x, yOf(bytes));
    else to.lineTo(x, y);
    y = yOf(bytes);
    to.lineTo(x, y);
  }
  if (y !== undefined) to.lineTo(xOf(Math.min(span.untilNs, samples.at(-1)!.atNs), span, layout), y);
}

/** A triangle for each that has a place of its own, and its name where there is room up to the next. */
function drawMoments({ to, layout, span, colours }: Drawing, { model, moments }: SidePlace): void {
  const y = moments.top + moments.height / 2;
  const places: { readonly x: number; readonly moment: Moment }[] = [];
  for (const moment of model.moments) {
    if (moment.atNs < span.fromNs || moment.atNs > span.untilNs) continue;
    const x = xOf(moment.atNs, span, layout);
    const last = places.at(-1);
    if (last !== undefined && x < last.x + 2) {
      if (!isAlarming(last.moment) && isAlarming(moment)) places[places.length - 1] = { x: last.x, moment };
    } else places.push({ x, moment });
  }
  for (const [at, { x, moment }] of places.entries()) {
    to.fillStyle = colours.series[isAlarming(moment) ? 8 : 6]!;
    to.beginPath();
    to.moveTo(x, y + 5);
    to.lineTo(x - 4, y - 4);
    to.lineTo(x + 4, y - 4);
    to.fill();
    const room = (places[at + 1]?.x ?? layout.width) - x - 16;
    if (to.measureText(moment.what).width > room) continue;
    to.fillStyle = colours.muted;
    to.fillText(moment.what, x + 8, y);
  }
}

function isAlarming({ what }: Moment): boolean {
  return /^(?:oom|deadline|terminated|soft lockup|no page found|free below)/.test(what);
}

function drawSlices(
  drawing: Drawing,
  slices: readonly Slice[],
  top: number,
  depth: number,
  cpu: number,
): void {
  const { to, layout, span, colours, marks } = drawing;
  let drawnTo = -1;
  for (let at = firstEndingAfter(slices, span.fromNs); at < slices.length; at++) {
    const slice = slices[at]!;
    if (slice.startNs > span.untilNs) break;
    const x = xOf(slice.startNs, span, layout);
    const end = xOf(slice.endNs, span, layout);
    const isMarked = slice === marks.selected || marks.related.has(slice);
    // Of many on one pixel one is drawn.
    if (end < drawnTo + 0.6 && !isMarked) continue;
    drawnTo = end;
    const [from, until] = [Math.max(x, layout.left - 4), Math.min(end, layout.width + 4)];
    const kind = kindOf(slice, depth, cpu);
    const colour = colourOf(kind, colours);
    const wide = Math.max(until - from - (end - x > 3 ? 1 : 0), 1);
    to.fillStyle = colour;
    to.fillRect(from, top, wide, ROW - 2);
    if (kind === "stall" && wide > 6) hatch(drawing, from, top, wide);
    if (wide > NAMED_PIXELS) {
      to.fillStyle = kind === "phase" ? colours.text : contrastTo(colour);
      const shownFrom = Math.max(from, layout.left);
      to.fillText(fitted(to, slice.what, until - shownFrom - 8), shownFrom + 4, top + ROW / 2 - 0.5);
    }
    if (isMarked) {
      to.strokeStyle = colours.text;
      to.lineWidth = slice === marks.selected ? 3 : 1.5;
      to.strokeRect(from, top - 0.5, Math.max(wide, 2), ROW - 1);
      to.lineWidth = 1;
    }
    if (end - x > 1) drawSlices(drawing, slice.children, top + ROW, depth + 1, cpu);
  }
}

/** A stall has another pattern, besides its colour: a darker edge below. */
function hatch({ to, colours }: Drawing, x: number, top: number, wide: number): void {
  to.fillStyle = colours.text;
  to.fillRect(x, top + ROW - 5, wide, 3);
}

/** Black or white, whichever is read better on a colour (WCAG 2.2, relative luminance). */
function contrastTo(colour: string): string {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? "#000000" : "#ffffff";
}
