/** One or two timelines on one axis of time, to zoom, pan and pick slices from, and the same in words. */

import type { JSX, TargetedPointerEvent } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Slice, ThemeColours, Timeline } from "../../index.js";
import { drawTimelines } from "./timeline-draw.js";
import {
  hitAt,
  type Layout,
  layoutOf,
  moved,
  nsAt,
  type Span,
  spanAround,
  within,
  zoomed,
} from "./timeline-layout.js";
import { modelOf, pathTo, sliceAt } from "./timeline-model.js";
import { Legend, Longest, type Picked, Selection } from "./timeline-words.js";

interface TimelineViewProps {
  readonly timelines: readonly [Timeline, Timeline?];
  readonly colours: ThemeColours;
}

/** CPUs that are shown before somebody asks for all, and then. */
const FEW_TRACKS = 6;
const MANY_TRACKS = 64;

/** How near a pointer has to be to a slice; pixels. */
const NEAR = 4;

export function TimelineView({ timelines, colours }: TimelineViewProps): JSX.Element {
  const [first, second] = timelines;
  const models = useMemo(
    () => [first, second].flatMap((one) => (one === undefined ? [] : [modelOf(one)])),
    [first, second],
  );
  const endNs = Math.max(1, ...models.map((model) => model.endNs));
  const [span, setSpan] = useState<Span>({ fromNs: 0, untilNs: endNs });
  const [picked, setPicked] = useState<Picked | undefined>();
  const [tracksMost, setTracksMost] = useState(FEW_TRACKS);
  const [atNs, setAtNs] = useState<number | undefined>();
  const [width, setWidth] = useState(800);
  const canvas = useRef<HTMLCanvasElement>(null);
  const layout = layoutOf(models, width, tracksMost);

  const lastEndNs = useRef(endNs);

  // Another run has other slices. Who looks at a part of time goes on with that part, as far as there is one.
  useEffect(() => {
    const wasWhole = span.fromNs === 0 && span.untilNs >= lastEndNs.current;
    lastEndNs.current = endNs;
    setPicked(undefined);
    setSpan(wasWhole ? { fromNs: 0, untilNs: endNs } : within(span, endNs));
  }, [models]);

  useLayoutEffect(() => {
    const observer = new ResizeObserver(([entry]) => {
      const { width: wide } = entry!.contentRect;
      if (wide > 0) setWidth(Math.round(wide));
    });
    observer.observe(canvas.current!.parentElement!);
    return () => observer.disconnect();
  }, []);

  useLayoutEffect(() => {
    const element = canvas.current!;
    const scale = devicePixelRatio;
    element.width = Math.round(layout.width * scale);
    element.height = Math.round(layout.height * scale);
    const to = element.getContext("2d")!;
    to.scale(scale, scale);
    const related = new Set(
      (picked === undefined ? [] : (models[picked.side]?.flows.get(picked.slice) ?? [])).flat(),
    );
    drawTimelines(to, layout, span, colours, { selected: picked?.slice, related, atNs });
  });

  const show = (next: Picked, zooms: boolean): void => {
    setPicked(next);
    const isSeen = next.slice.startNs >= span.fromNs && next.slice.endNs <= span.untilNs;
    if (zooms) setSpan(spanAround(next.slice, endNs));
    else if (!isSeen) setSpan(movedTo(span, next.slice, endNs));
    const at = models[next.side]!.tracks.findIndex(({ cpu }) => cpu === next.slice.cpu);
    if (at >= tracksMost) setTracksMost(MANY_TRACKS);
  };
  const folded = Math.max(0, ...layout.sides.map((side) => side.folded));
  const isWhole = span.fromNs === 0 && span.untilNs >= endNs;
  return (
    <div class="timeline">
      <div class="timeline-buttons">
        <button
          type="button"
          onClick={() => setSpan(zoomed(span, 0.5, (span.fromNs + span.untilNs) / 2, endNs))}
        >
          Closer
        </button>
        <button
          type="button"
          disabled={isWhole}
          onClick={() => setSpan(zoomed(span, 2, (span.fromNs + span.untilNs) / 2, endNs))}
        >
          Farther
        </button>
        <button type="button" disabled={isWhole} onClick={() => setSpan({ fromNs: 0, untilNs: endNs })}>
          Whole run
        </button>
        <button
          type="button"
          disabled={models.every(({ stalls }) => stalls.length === 0)}
          onClick={() => stallAfter(1)}
        >
          Next wait
        </button>
        {tracksMost > FEW_TRACKS ? (
          <button type="button" onClick={() => setTracksMost(FEW_TRACKS)}>
            The busiest {FEW_TRACKS} vCPUs
          </button>
        ) : (
          folded > 0 && (
            <button type="button" onClick={() => setTracksMost(MANY_TRACKS)}>
              {folded > MANY_TRACKS - FEW_TRACKS
                ? `The busiest ${MANY_TRACKS} vCPUs`
                : `All vCPUs, ${folded} more`}
            </button>
          )
        )}
      </div>
      <Legend models={models} colours={colours} />
      <div class="timeline-canvas">
        {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: a canvas that takes keys is an application */}
        <canvas
          ref={canvas}
          role="application"
          tabIndex={0}
          aria-label="Timeline"
          aria-describedby="timeline-keys"
          style={{ width: `${layout.width}px`, height: `${layout.height}px` }}
          onKeyDown={(event) => {
            if (onKey(event.key)) event.preventDefault();
          }}
          onWheel={(event) => {
            if (!event.ctrlKey && !event.metaKey && !event.shiftKey) return;
            event.preventDefault();
            if (event.shiftKey) setSpan(moved(span, (event.deltaY + event.deltaX) / 800, endNs));
            else setSpan(zoomed(span, 1.0015 ** event.deltaY, nsAt(event.offsetX, span, layout), endNs));
          }}
          onPointerDown={(event) => beginDrag(event)}
          onPointerMove={(event) => {
            if (event.buttons === 0)
              setAtNs(event.offsetX >= layout.left ? nsAt(event.offsetX, span, layout) : undefined);
          }}
          onPointerLeave={() => setAtNs(undefined)}
          onDblClick={(event) => {
            const found = sliceUnder(event.offsetX, event.offsetY, span, layout);
            if (found !== undefined) show(found, true);
          }}
        />
      </div>
      <p class="timeline-hint" id="timeline-keys">
        Keys: + and − or W and S zoom, ← and → or A and D move, ↑ and ↓ go out of and into a slice, comma and
        full stop to its neighbours, N to the next wait, Enter zooms to it, Home shows the whole run. Pointer:
        drag moves, Ctrl and wheel zoom, double click zooms to a slice. Values of counters are those at the
        pointer, or else at the right edge.
        {folded > 0 && ` ${folded} less busy vCPUs are folded.`}
        {models.some(({ mergedBelowNs }) => mergedBelowNs > 0) &&
          " Of many short slices neighbours are one, which says how many it stands for."}
      </p>
      <Selection picked={picked} model={picked && models[picked.side]} count={models.length} show={show} />
      <Longest models={models} show={show} />
    </div>
  );

  function onKey(key: string): boolean {
    const middle =
      picked === undefined
        ? (span.fromNs + span.untilNs) / 2
        : (picked.slice.startNs + picked.slice.endNs) / 2;
    const around =
      middle >= span.fromNs && middle <= span.untilNs ? middle : (span.fromNs + span.untilNs) / 2;
    if (["+", "=", "w"].includes(key)) setSpan(zoomed(span, 1 / 1.5, around, endNs));
    else if (["-", "_", "s"].includes(key)) setSpan(zoomed(span, 1.5, around, endNs));
    else if (["ArrowLeft", "a"].includes(key)) setSpan(moved(span, -0.15, endNs));
    else if (["ArrowRight", "d"].includes(key)) setSpan(moved(span, 0.15, endNs));
    else if (key === "Home" || key === "0") setSpan({ fromNs: 0, untilNs: endNs });
    else if (key === "n" || key === "N") stallAfter(key === "n" ? 1 : -1);
    else if (key === "Escape") setPicked(undefined);
    else if (key === "Enter" && picked !== undefined) show(picked, true);
    else if (["ArrowUp", "ArrowDown", ",", "."].includes(key)) stepTo(key);
    else return false;
    return true;
  }

  /** Out of a slice, into it, or to a neighbour; without one to the first on the screen. */
  function stepTo(key: string): void {
    if (picked === undefined) {
      const slice = layout.sides[0]?.tracks[0]?.track.slices.find((one) => one.endNs > span.fromNs);
      if (slice !== undefined) show({ side: 0, slice }, false);
      return;
    }
    const { side, slice } = picked;
    const slices = models[side]!.tracks.find(({ cpu }) => cpu === slice.cpu)!.slices;
    const path = pathTo(slices, slice);
    const siblings = path.at(-2)?.children ?? slices;
    const next = {
      ArrowUp: path.at(-2),
      ArrowDown: slice.children[0],
      ",": siblings[siblings.indexOf(slice) - 1],
      ".": siblings[siblings.indexOf(slice) + 1],
    }[key];
    if (next !== undefined) show({ side, slice: next }, false);
  }

  /** To the next wait of the picked side, or the one before; around at the end. */
  function stallAfter(direction: 1 | -1): void {
    const side = picked?.side ?? models.findIndex(({ stalls }) => stalls.length > 0);
    const stalls = models[side]?.stalls ?? [];
    if (stalls.length === 0) return;
    const fromNs = picked?.slice.startNs ?? span.fromNs - direction;
    const slice =
      direction === 1
        ? (stalls.find((one) => one.startNs > fromNs) ?? stalls[0]!)
        : (stalls.findLast((one) => one.startNs < fromNs) ?? stalls.at(-1)!);
    show({ side, slice }, false);
  }

  /** A press that does not move picks; one that does moves time, until the button is up. */
  function beginDrag(event: TargetedPointerEvent<HTMLCanvasElement>): void {
    if (event.button !== 0) return;
    const element = event.currentTarget;
    const [startX, startY] = [event.offsetX, event.offsetY];
    const begin = span;
    let hasMoved = false;
    const move = (next: PointerEvent): void => {
      if (Math.abs(next.offsetX - startX) > 3) hasMoved = true;
      if (hasMoved) setSpan(moved(begin, (startX - next.offsetX) / (layout.width - layout.left), endNs));
    };
    const up = (): void => {
      element.removeEventListener("pointermove", move);
      element.removeEventListener("pointerup", up);
      element.removeEventListener("pointercancel", up);
      if (!hasMoved) setPicked(sliceUnder(startX, startY, begin, layout));
    };
    element.setPointerCapture(event.pointerId);
    element.addEventListener("pointermove", move);
    element.addEventListener("pointerup", up);
    element.addEventListener("pointercancel", up);
  }
}

/** The same length of time, with a slice in its middle. */
function movedTo({ fromNs, untilNs }: Span, { startNs, endNs: until }: Slice, endNs: number): Span {
  const half = (untilNs - fromNs) / 2;
  const middle = (startNs + until) / 2;
  return until - startNs > 2 * half
    ? spanAround({ startNs, endNs: until }, endNs)
    : within({ fromNs: middle - half, untilNs: middle + half }, endNs);
}

function sliceUnder(x: number, y: number, span: Span, layout: Layout): Picked | undefined {
  const hit = hitAt(y, layout);
  if (hit?.what !== "row" || x < layout.left) return undefined;
  const nearNs = ((span.untilNs - span.fromNs) * NEAR) / Math.max(layout.width - layout.left, 1);
  const slice = sliceAt(hit.place.track.slices, hit.row, nsAt(x, span, layout), nearNs);
  return slice && { side: hit.side, slice };
}
