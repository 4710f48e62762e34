/** A timeline in words: what its colours mean, the slice that is picked, the longest phases and waits. */

import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { formatDuration, type Slice, type ThemeColours } from "../../index.js";
import { Scroll } from "../page/scroll.js";
import { colourOf, counterColour } from "./timeline-draw.js";
import { pathTo, type SliceKind, type ViewModel } from "./timeline-model.js";

/** A slice of the first or the second timeline. */
export interface Picked {
  readonly side: number;
  readonly slice: Slice;
}

type Show = (picked: Picked, zooms: boolean) => void;

const KINDS: readonly (readonly [SliceKind, string])[] = [
  ["phase", "phase"],
  ["step", "step of the kernel"],
  ["stall", "allocation waits"],
  ["accept", "accepts"],
  ["wait", "waits for others"],
  ["event", "event or work"],
];

interface LegendProps {
  readonly models: readonly ViewModel[];
  readonly colours: ThemeColours;
}

export function Legend({ models, colours }: LegendProps): JSX.Element {
  const counters = models.reduce(
    (most, one) => (one.counters.length > most.length ? one.counters : most),
    models[0]!.counters,
  );
  return (
    <ul class="timeline-legend">
      {counters.map(({ name }, at) => (
        <li key={name}>
          <span class="line" style={{ background: counterColour(at, colours) }} />
          {name}
        </li>
      ))}
      {KINDS.map(([kind, text]) => (
        <li key={kind}>
          <span style={{ background: colourOf(kind, colours) }} />
          {text}
        </li>
      ))}
    </ul>
  );
}

function sideName(side: number, count: number): string {
  return count === 1 ? "" : side === 0 ? "A: " : "B: ";
}

interface SelectionProps {
  readonly picked: Picked | undefined;
  readonly model: ViewModel | undefined;
  readonly count: number;
  readonly show: Show;
}

export function Selection({ picked, model, count, show }: SelectionProps): JSX.Element {
  if (picked === undefined || model === undefined) {
    return (
      <div class="timeline-selection" aria-live="polite">
        <p>No slice is picked.</p>
      </div>
    );
  }
  const { side, slice } = picked;
  const track = model.tracks.find(({ cpu }) => cpu === slice.cpu);
  const around = track === undefined ? [] : pathTo(track.slices, slice).slice(0, -1);
  const flows = model.flows.get(slice) ?? [];
  const item = (one: Slice): JSX.Element => (
    <button
      type="button"
      class="quiet"
      aria-pressed={one === slice}
      onClick={() => show({ side, slice: one }, false)}
    >
      {one.what} {formatDuration(lengthOf(one))}
    </button>
  );
  return (
    <div class="timeline-selection" aria-live="polite">
      <p>
        <strong>
          {sideName(side, count)}
          {slice.what}
        </strong>{" "}
        at {formatDuration(slice.startNs)} for {formatDuration(lengthOf(slice))} on vCPU {slice.cpu}
        {detailsText(slice)}
        {around.length > 0 && `, in ${around.map(({ what }) => what).join(" › ")}`}.
      </p>
      {flows.map((flow) => (
        <p key={`${flow[0]!.startNs} ${flow[1]?.startNs}`} class="timeline-flow">
          Waits for:{" "}
          {flow.map((one, at) => (
            <span key={one.what}>
              {at > 0 && " → "}
              {item(one)}
            </span>
          ))}
        </p>
      ))}
    </div>
  );
}

function detailsText({ details = {} }: Slice): string {
  return Object.entries(details)
    .map(([name, value]) => `, ${name} ${typeof value === "number" ? value.toLocaleString("en") : value}`)
    .join("");
}

/** Most rows of each kind. */
const LONGEST = 10;

interface LongestProps {
  readonly models: readonly ViewModel[];
  readonly show: Show;
}

export function Longest({ models, show }: LongestProps): JSX.Element {
  const count = models.length;
  const rows = useMemo(() => models.flatMap(rowsOf), [models]);
  const waits = models.map(({ stalls }) => stalls.length);
  return (
    <details class="timeline-table">
      <summary>As a table: phases and the longest waits</summary>
      <Scroll label="Phases and the longest waits">
        <table>
          <caption>
            {waits
              .map((all, side) => `${sideName(side, count)}${Math.min(LONGEST, all)} of ${all} waits`)
              .join("; ")}
          </caption>
          <thead>
            <tr>
              <th scope="col">{count > 1 ? "Of" : "Kind"}</th>
              <th scope="col">What</th>
              <th scope="col">vCPU</th>
              <th scope="col" class="value">
                At
              </th>
              <th scope="col" class="value">
                For
              </th>
              <th scope="col">Mostly</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ side, slice, kind, mostly }) => (
              <tr key={`${side} ${slice.cpu} ${slice.startNs} ${kind}`}>
                <td>
                  {sideName(side, count)}
                  {kind}
                </td>
                <th scope="row">
                  <button type="button" class="quiet" onClick={() => show({ side, slice }, true)}>
                    {slice.what}
                  </button>
                </th>
                <td>{slice.cpu}</td>
                <td class="value">{formatDuration(slice.startNs)}</td>
                <td class="value">{formatDuration(lengthOf(slice))}</td>
                <td>{mostly}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </details>
  );
}

function rowsOf(
  { phases, stalls }: ViewModel,
  side: number,
): (Picked & { readonly kind: "phase" | "wait"; readonly mostly: string })[] {
  const longest = stalls.toSorted((one, other) => lengthOf(other) - lengthOf(one)).slice(0, LONGEST);
  const row = (kind: "phase" | "wait") => (slice: Slice) => ({ side, slice, kind, mostly: mostlyOf(slice) });
  return [...phases.filter((one) => lengthOf(one) > 0).map(row("phase")), ...longest.map(row("wait"))];
}

function lengthOf({ startNs, endNs }: Slice): number {
  return endNs - startNs;
}

/** The longest of what lies in it, and in that. */
function mostlyOf({ children }: Slice): string {
  const longest = children.toSorted((one, other) => lengthOf(other) - lengthOf(one))[0];
  if (longest === undefined) return "";
  const inner = mostlyOf(longest);
  return `${longest.what} ${formatDuration(lengthOf(longest))}${inner === "" ? "" : ` › ${inner}`}`;
}
