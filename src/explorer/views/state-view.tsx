/** Memory at one instant: free lists, and what is unaccepted and backed over the address axis. */

import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import {
  type AddressAxis,
  type ByteRange,
  formatBytes,
  formatDuration,
  LAYERS,
  type MemoryState,
  type ThemeColours,
} from "../../index.js";
import { Scroll } from "../page/scroll.js";
import { colourOf, paintStrip, type Window } from "./map-paint.js";

interface StateProps {
  readonly state: MemoryState;
  readonly axis: AddressAxis;
  readonly window: Window;
  readonly colours: ThemeColours;
}

const ORDERS = 11;

export function StateView({ state, axis, window, colours }: StateProps): JSX.Element {
  const strips: readonly (readonly [what: string, ranges: readonly ByteRange[], layer: string])[] = [
    ["blocks that wait to be accepted", state.unaccepted, LAYERS.mapUnaccepted.name],
    ["unaccepted by the kernel's record", state.bitmap, LAYERS.onDemand.name],
    ["private memory that the host has given", state.host, LAYERS.host.name],
  ];
  return (
    <section aria-label="Memory after the accept">
      <p>
        {state.n === 0 ? "Before the first accept" : `After accept ${state.n}`}, until{" "}
        {formatDuration(state.atNs)}:
      </p>
      {strips.map(([what, ranges, layer]) => (
        <Strip
          key={what}
          what={what}
          ranges={ranges}
          colour={colourOf(layer, colours)}
          place={{ axis, window, colours }}
        />
      ))}
      <FreeLists state={state} />
    </section>
  );
}

interface StripProps {
  readonly what: string;
  readonly ranges: readonly ByteRange[];
  readonly colour: string;
  readonly place: Pick<StateProps, "axis" | "window" | "colours">;
}

function Strip({ what, ranges, colour, place }: StripProps): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (canvas.current !== null) paintStrip(canvas.current, ranges, colour, place);
  });
  const bytes = ranges.reduce((sum, [start, end]) => sum + end - start, 0);
  const first = ranges[0];
  const text = `${what}: ${formatBytes(bytes)} in ${ranges.length} ${ranges.length === 1 ? "range" : "ranges"}`;
  return (
    <figure class="map-strip">
      <figcaption>
        {text}
        {first !== undefined && `, the first 0x${first[0].toString(16)} to 0x${first[1].toString(16)}`}
      </figcaption>
      <canvas ref={canvas} />
    </figure>
  );
}

function FreeLists({ state: { freeLists } }: { readonly state: MemoryState }): JSX.Element {
  if (freeLists.length === 0) return <p class="hint">No page allocator has memory yet.</p>;
  return (
    <Scroll label="Free blocks by order">
      <table class="map-lists">
        <caption>Free blocks by order, as /proc/pagetypeinfo counts them</caption>
        <thead>
          <tr>
            <th scope="col">Node, zone, type</th>
            {Array.from({ length: ORDERS }, (_none, order) => (
              <th key={order} scope="col" class="value">
                {order}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {freeLists.map(({ node, zone, migratetype, blocks }) => (
            <tr key={`${node} ${zone} ${migratetype}`}>
              <th scope="row">
                {node} {zone} {migratetype}
              </th>
              {blocks.map((count, order) => (
                <td key={order} class="value">
                  {count}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
